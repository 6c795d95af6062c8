"""What questions and answers have in common: text, author, votes, and how they were before."""

from typing import Any

import orjson

from commands.importing import attributes, markup
from commands.importing.attributes import maybe_time, number, time
from commands.importing.history import History
from commands.importing.site import Site
from commands.importing.staging import Row
from models import PostKind, PostState
from services.markdown import render, sanitised

#: The rows of Posts.xml with the ids here of those they name, and their votes.
POSTS = """
    Posts.*, Author.LocalId AS AuthorId, Editor.LocalId AS EditorId,
    COALESCE(VoteCount.Up, 0) AS Up, COALESCE(VoteCount.Down, 0) AS Down
    FROM Posts
    LEFT JOIN LocalUser AS Author ON Author.Id = Posts.OwnerUserId
    LEFT JOIN LocalUser AS Editor ON Editor.Id = Posts.LastEditorUserId
    LEFT JOIN VoteCount ON VoteCount.PostId = Posts.Id
"""


def post(site: Site, row: Row, history: History, kind: PostKind, *, local_id: int, thread_id: int) -> dict[str, Any]:
    """A question or an answer of the dump as a post of ours. Its score is the dump's, its votes have no voters."""
    shown = sanitised(row["Body"] or "")
    up, down = _votes(site, row)
    return {
        "id": local_id,
        "thread_id": thread_id,
        "kind": kind.value,
        "author_id": row["AuthorId"],
        "author_name": author_name(row["AuthorId"], row["OwnerDisplayName"], row["OwnerUserId"]),
        "body": history.body or markup.from_html(shown),
        "body_html": shown.html,
        "body_text": shown.text,
        "state": PostState.VISIBLE.value,
        **counted(up, down),
        "is_best": False,
        "is_imported": True,
        "is_best_imported": False,
        "created_at": time(row["CreationDate"], row["LastEditDate"], row["LastActivityDate"]),
        "edited_at": maybe_time(row["LastEditDate"]),
        "editor_id": row["EditorId"],
    }


def counted(up: int, down: int) -> dict[str, int]:
    """The columns of a post for votes that have no voters."""
    return {
        "score": up - down,
        "up_votes": up,
        "down_votes": down,
        "imported_up_votes": up,
        "imported_down_votes": down,
    }


def author_name(author_id: int | None, display_name: str | None, external_id: object) -> str | None:
    """The name to show for an author without an account here: as the dump has it, or as Stack Exchange shows it."""
    if author_id is not None:
        return None
    return attributes.name(display_name) or (f"user{external_id}" if isinstance(external_id, int) else None)


def revisions(
    history: History, post_id: int, *, title: str | None, body: str, tags: list[str] | None
) -> list[dict[str, Any]]:
    """The saved states of a post, if it was ever edited."""
    if len(history.states) < 2:
        return []
    return [
        {
            "post_id": post_id,
            "number": place,
            "title": state.title,
            "body": state.body,
            "body_html": render(state.body or "").html,
            "tags": None if state.tags is None else orjson.dumps(state.tags).decode(),
            "editor_id": state.editor_id,
            "comment": state.comment,
            "edited_at": state.saved_at,
        }
        for place, state in enumerate(history.complete(title, body, tags), start=1)
    ]


def _votes(site: Site, row: Row) -> tuple[int, int]:
    """The votes up and down: as Votes.xml has them, with as many more as it takes to give the score."""
    up, down = row["Up"], row["Down"]
    score = number(row["Score"])
    if score is None or score == up - down:
        return up, down
    site.report.note("scores that the votes of the dump do not explain: the scores stand")
    return max(up, down + score), max(down, up - score)
