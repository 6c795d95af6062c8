-- A vote by hand on PostgreSQL, for all servers that are not this one: whose session it is, the row lock, and all that
-- `services/voting.py` accounts for, in one call. (A statement of CTEs alone would count wrongly under concurrency:
-- each reads the snapshot from before the other's commit.)
CREATE FUNCTION bench_cast_vote(token_hash text, post_id bigint, value int,
    OUT id bigint, OUT score int, OUT up_votes int, OUT down_votes int, OUT version int)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    voter bigint;
    target post;
    before int;
    more_up int;
    more_down int;
    rules points_rules;
    was int;
    is_now int;
    payee record;
    total int;
BEGIN
    SELECT user_id INTO voter FROM session
    WHERE session.token_hash = bench_cast_vote.token_hash AND expires_at > now();
    SELECT * INTO target FROM post WHERE post.id = bench_cast_vote.post_id AND is_buried = FALSE AND state = 'visible' FOR NO KEY UPDATE;
    IF voter IS NULL OR target.id IS NULL OR target.author_id = voter THEN
        RAISE 'There is no such session or post, or it is the voter''s own.';
    END IF;
    SELECT vote.value INTO before FROM vote WHERE vote.user_id = voter AND vote.post_id = target.id;
    before := COALESCE(before, 0);
    IF before <> bench_cast_vote.value THEN
        INSERT INTO vote (user_id, post_id, value, created_at, updated_at)
        VALUES (voter, target.id, bench_cast_vote.value, now(), now())
        ON CONFLICT (user_id, post_id) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at;
        more_up := (bench_cast_vote.value = 1)::int - (before = 1)::int;
        more_down := (bench_cast_vote.value = -1)::int - (before = -1)::int;
        SELECT * INTO rules FROM points_rules ORDER BY version DESC LIMIT 1;
        was := bench_worth(rules, target.kind, target.up_votes, target.down_votes);
        UPDATE post SET up_votes = post.up_votes + more_up, down_votes = post.down_votes + more_down,
            score = post.score + more_up - more_down, version = post.version + 1
        WHERE post.id = target.id RETURNING * INTO target;
        is_now := bench_worth(rules, target.kind, target.up_votes, target.down_votes);
        IF target.kind = 'question' THEN
            UPDATE thread SET score = target.score,
                hotness = hotness + rules.hot_votes * 160000.0 * (more_up - more_down)
            WHERE thread.id = target.thread_id;
        END IF;
        -- In the order of their ids, so that two votes that pay the same people cannot wait for each other.
        FOR payee IN
            SELECT * FROM (VALUES
                (voter, CASE target.kind WHEN 'comment' THEN 0 ELSE rules.vote_cast END
                    * (abs(bench_cast_vote.value) - abs(before)), 'vote_cast'),
                (target.author_id, is_now - was, 'vote_received')
            ) AS due (user_id, amount, reason)
            WHERE due.amount <> 0 AND due.user_id IS NOT NULL ORDER BY due.user_id
        LOOP
            UPDATE users SET points = points + payee.amount WHERE users.id = payee.user_id RETURNING points INTO total;
            INSERT INTO points_entry (user_id, amount, total, reason, post_id, rules_id, created_at)
            VALUES (payee.user_id, payee.amount, total, payee.reason, target.id, rules.version, clock_timestamp());
        END LOOP;
    END IF;
    SELECT target.id, target.score, target.up_votes, target.down_votes, target.version
    INTO id, score, up_votes, down_votes, version;
END $$;
