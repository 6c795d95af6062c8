-- What votes on a post are worth to its author: gain and loss are capped apart (`services/points.py`).
CREATE FUNCTION bench_worth(rules points_rules, kind text, up int, down int) RETURNS int
LANGUAGE sql STABLE AS $$
    SELECT CASE kind
        WHEN 'question' THEN
            LEAST(rules.question_upvoted * up, COALESCE(rules.question_max_gain, rules.question_upvoted * up))
            + GREATEST(rules.question_downvoted * down, -COALESCE(rules.question_max_loss, -rules.question_downvoted * down))
        WHEN 'answer' THEN
            LEAST(rules.answer_upvoted * up, COALESCE(rules.answer_max_gain, rules.answer_upvoted * up))
            + GREATEST(rules.answer_downvoted * down, -COALESCE(rules.answer_max_loss, -rules.answer_downvoted * down))
        ELSE
            LEAST(rules.comment_upvoted * up, COALESCE(rules.comment_max_gain, rules.comment_upvoted * up))
            + GREATEST(rules.comment_downvoted * down, -COALESCE(rules.comment_max_loss, -rules.comment_downvoted * down))
    END
$$;
