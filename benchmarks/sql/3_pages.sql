-- The pages as JSON made by PostgreSQL, one statement a page: the limit with a database. The server passes them through.
CREATE FUNCTION bench_id(kind text, key bigint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT translate(encode(convert_to(kind || ':' || key, 'UTF8'), 'base64'), E'=\n', '')
$$;
CREATE FUNCTION bench_moment(at timestamptz) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;
CREATE FUNCTION bench_compact(points int) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE
        WHEN points < 1000 THEN points::text
        WHEN points < 100000 THEN (points + 50) / 1000 || '.' || (points + 50) / 100 % 10 || 'k'
        WHEN points < 1000000 THEN (points + 500) / 1000 || 'k'
        WHEN points < 100000000 THEN (points + 50000) / 1000000 || '.' || (points + 50000) / 100000 % 10 || 'm'
        ELSE (points + 500000) / 1000000 || 'm'
    END
$$;
CREATE FUNCTION bench_author(author users) RETURNS json STABLE LANGUAGE sql AS $$
    SELECT json_build_object('id', bench_id('User', author.id), 'name', author.name, 'points', author.points,
        'pointsCompact', bench_compact(author.points))
$$;
CREATE FUNCTION bench_vote(value smallint) RETURNS text STABLE LANGUAGE sql AS $$
    SELECT CASE value WHEN 1 THEN 'UP' WHEN -1 THEN 'DOWN' ELSE 'NONE' END
$$;
CREATE FUNCTION bench_comments(post_id bigint, viewer bigint) RETURNS json STABLE LANGUAGE sql AS $$
    SELECT json_build_object('nodes', COALESCE(json_agg(json_build_object(
        'id', bench_id('Post', post.id), 'bodyHtml', body_html, 'createdAt', bench_moment(post.created_at),
        'score', score, 'viewerVote', bench_vote(value), 'author', bench_author(users)
    ) ORDER BY post.created_at, post.id), '[]'))
    FROM (
        SELECT * FROM post WHERE parent_id = post_id AND is_buried = FALSE AND state = 'visible' ORDER BY created_at, id LIMIT 5
    ) AS post
    JOIN users ON users.id = author_id LEFT JOIN vote ON vote.post_id = post.id AND vote.user_id = viewer
$$;
CREATE FUNCTION bench_tags(number bigint) RETURNS json STABLE LANGUAGE sql AS $$
    SELECT json_agg(json_build_object('id', bench_id('Tag', tag.id), 'name', name) ORDER BY position)
    FROM thread_tag JOIN tag ON tag.id = tag_id WHERE thread_id = number
$$;
CREATE FUNCTION bench_category(category category) RETURNS json STABLE LANGUAGE sql AS $$
    SELECT json_build_object('id', bench_id('Category', category.id), 'name', category.name, 'path', category.path)
$$;
CREATE FUNCTION bench_question_page(number bigint, answers int, token_hash text) RETURNS text STABLE LANGUAGE sql AS $$
    WITH viewer AS (
        SELECT (SELECT user_id FROM session WHERE session.token_hash = $3 AND expires_at > now()) AS id
    )
    SELECT json_build_object('data', json_build_object('thread', json_build_object(
        'id', bench_id('Thread', thread.id), 'title', title, 'createdAt', bench_moment(thread.created_at),
        'viewCount', view_count, 'answerCount', answer_count,
        'category', bench_category(category), 'tags', bench_tags(thread.id),
        'question', (
            SELECT json_build_object(
                'id', bench_id('Post', post.id), 'bodyHtml', body_html, 'createdAt', bench_moment(post.created_at),
                'score', post.score, 'viewerVote', bench_vote(value), 'author', bench_author(users),
                'comments', bench_comments(post.id, viewer.id)
            )
            FROM post JOIN users ON users.id = author_id
            LEFT JOIN vote ON vote.post_id = post.id AND vote.user_id = viewer.id
            WHERE thread_id = thread.id AND kind = 'question' AND post.is_buried = FALSE AND post.state = 'visible'
        ),
        'answers', json_build_object('nodes', (
            SELECT COALESCE(json_agg(json_build_object(
                'id', bench_id('Post', post.id), 'bodyHtml', body_html, 'createdAt', bench_moment(post.created_at),
                'score', post.score, 'viewerVote', bench_vote(value), 'author', bench_author(users),
                'isBest', is_best, 'comments', bench_comments(post.id, viewer.id)
            ) ORDER BY is_best DESC, post.score DESC, post.id), '[]')
            FROM (
                SELECT * FROM post WHERE thread_id = thread.id AND kind = 'answer' AND post.is_buried = FALSE AND post.state = 'visible'
                ORDER BY is_best DESC, score DESC, id LIMIT $2
            ) AS post
            JOIN users ON users.id = author_id
            LEFT JOIN vote ON vote.post_id = post.id AND vote.user_id = viewer.id
        ))
    )))::text
    FROM viewer, thread JOIN category ON category.id = category_id WHERE thread.id = $1 AND thread.state = 'visible'
$$;
CREATE FUNCTION bench_home() RETURNS text STABLE LANGUAGE sql AS $$
    SELECT json_build_object('data', json_build_object('threads', json_build_object('nodes', json_agg(json_build_object(
        'id', bench_id('Thread', thread.id), 'number', thread.id, 'title', title, 'answerCount', answer_count,
        'viewCount', view_count, 'lastActivityAt', bench_moment(last_activity_at),
        'category', bench_category(category), 'tags', bench_tags(thread.id),
        'question', json_build_object('id', bench_id('Post', post.id), 'score', post.score,
            'author', bench_author(users))
    ) ORDER BY thread.created_at DESC, thread.id DESC))))::text
    FROM (SELECT * FROM thread WHERE state = 'visible' ORDER BY created_at DESC, id DESC LIMIT 30) AS thread
    JOIN category ON category.id = category_id
    JOIN post ON thread_id = thread.id AND kind = 'question' AND post.is_buried = FALSE AND post.state = 'visible'
    JOIN users ON users.id = post.author_id
$$;
