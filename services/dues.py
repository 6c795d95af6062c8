"""Dues: the points that users should have, as SQL for both databases.

Reckoned from posts and standing votes alone, by the rules of Question2Answer (`app/db/points.php`), independently of
the deeds that paid them.
"""

from models import PostKind
from services.points import AMOUNTS

# Wide, so that what many votes are worth does not overflow.
_RULES_IN_FORCE = f"""
    SELECT {", ".join(f"CAST({name} AS BIGINT) AS {name}" for name in AMOUNTS)}
    FROM points_rules ORDER BY version DESC LIMIT 1
"""


def _capped(rate: str, votes: str, cap: str, beyond: str) -> str:
    return (
        f"CASE WHEN rules.{cap} IS NOT NULL AND rules.{rate} * {votes} {beyond} rules.{cap} "
        f"THEN {'-' if beyond.startswith('< -') else ''}rules.{cap} ELSE rules.{rate} * {votes} END"
    )


def _worth(up: str, down: str) -> str:
    """What so many votes on a post are worth, as an expression over `post` and `rules`."""
    cases = []
    for kind in PostKind:
        gain = _capped(f"{kind.value}_upvoted", up, f"{kind.value}_max_gain", ">")
        loss = _capped(f"{kind.value}_downvoted", down, f"{kind.value}_max_loss", "< -")
        cases.append(f"WHEN '{kind.value}' THEN {gain} + {loss}")
    return f"CASE post.kind {' '.join(cases)} END"


def points_due(rules: str = _RULES_IN_FORCE, among: str = "TRUE") -> str:
    """What users should have by their posts and votes, as SQL: common tables, of which `due` has (id, amount).

    `rules` selects one row of amounts. `among` is a condition on the users that matter, with {user} for their id.
    """

    def those(user: str) -> str:
        return among.format(user=user)

    return f"""
    rules AS ({rules}),
    given AS (
        SELECT user_id AS id, amount FROM points_entry
        WHERE reason IN ('imported', 'adjustment') AND {those("user_id")}
        UNION ALL
        SELECT users.id, rules.joined FROM users, rules WHERE NOT users.is_imported AND {those("users.id")}
        UNION ALL
        SELECT post.author_id, CASE post.kind WHEN 'question' THEN rules.question_posted ELSE rules.answer_posted END
        FROM post, rules
        WHERE post.kind <> 'comment' AND post.state = 'visible' AND NOT post.is_imported AND {those("post.author_id")}
        UNION ALL
        SELECT question.author_id, rules.best_answer_chosen
        FROM post AS question
        JOIN post AS answer ON answer.thread_id = question.thread_id AND answer.is_best AND NOT answer.is_best_imported
        CROSS JOIN rules
        WHERE question.kind = 'question' AND question.state = 'visible' AND {those("question.author_id")}
        UNION ALL
        SELECT answer.author_id, rules.chosen_as_best
        FROM post AS answer
        JOIN post AS question ON question.thread_id = answer.thread_id AND question.kind = 'question'
        CROSS JOIN rules
        WHERE answer.is_best AND NOT answer.is_best_imported AND answer.state = 'visible'
        AND (question.author_id IS NULL OR question.author_id <> answer.author_id) AND {those("answer.author_id")}
        UNION ALL
        SELECT vote.user_id, rules.vote_cast
        FROM vote JOIN post ON post.id = vote.post_id AND post.kind <> 'comment' CROSS JOIN rules
        WHERE vote.value <> 0 AND {those("vote.user_id")}
        UNION ALL
        SELECT post.author_id,
            {_worth("post.up_votes", "post.down_votes")}
            - {_worth("post.imported_up_votes", "post.imported_down_votes")}
        FROM post, rules
        WHERE (post.up_votes <> post.imported_up_votes OR post.down_votes <> post.imported_down_votes)
        AND {those("post.author_id")}
    ),
    due AS (SELECT id, CAST(SUM(amount) AS BIGINT) AS amount FROM given WHERE id IS NOT NULL GROUP BY id)
    """
