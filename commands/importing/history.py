"""The history of a post: its states, one after the other, and the Markdown it was written in."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from commands.importing import attributes
from commands.importing.attributes import time
from commands.importing.staging import Row, Staging
from services.text import clean

# Types of history rows: initial, edit and rollback of each part, and an applied suggestion that carries its text.
# https://meta.stackexchange.com/a/2678 (the schema of the data dump)
_TITLES = (1, 4, 7)
_BODIES = (2, 5, 8, 24)
_TAGS = (3, 6, 9)
_SUGGESTED = 24
CLOSED, REOPENED = 10, 11


@dataclass(frozen=True)
class State:
    """A post as it was saved: what an action left as it was is None until `History.complete` fills it in."""

    title: str | None = None
    body: str | None = None
    tags: list[str] | None = None
    editor_id: int | None = None
    comment: str | None = None
    saved_at: datetime = attributes.NO_TIME


@dataclass(frozen=True)
class History:
    """What is known of a post's past; nothing, where the dump has no history of it."""

    states: list[State] = field(default_factory=list)
    #: Its closing and reopening events, in order.
    closings: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, staging: Staging, post_id: int) -> "History":
        """The history of a post of the dump."""
        rows = staging.rows(
            """SELECT PostHistory.*, LocalUser.LocalId AS EditorId
            FROM PostHistory LEFT JOIN LocalUser ON LocalUser.Id = UserId WHERE PostId = ? ORDER BY PostHistory.Id""",
            post_id,
        )
        return cls(_states(rows), [row for row in rows if row["PostHistoryTypeId"] in (CLOSED, REOPENED)])

    @property
    def title(self) -> str | None:
        """The newest title that is known."""
        return next((state.title for state in reversed(self.states) if state.title), None)

    @property
    def body(self) -> str | None:
        """The newest text, in Markdown; None where none is known, or where it is empty."""
        return next((state.body for state in reversed(self.states) if state.body is not None), None) or None

    @property
    def tags(self) -> list[str]:
        """The newest tags that are known."""
        return next((state.tags for state in reversed(self.states) if state.tags), [])

    def complete(self, title: str | None, body: str, tags: list[str] | None) -> list[State]:
        """All states in full: what an action did not change is as it was before.

        What is not known of the first states is as it was when first known, else as given, which is how it is now.
        """
        now = State(title=title, body=body, tags=tags)
        for part in ("title", "body", "tags"):
            known = (getattr(state, part) for state in self.states)
            now = replace(now, **{part: next((value for value in known if value is not None), getattr(now, part))})
        filled = []
        for state in self.states:
            now = replace(
                state,
                title=now.title if state.title is None else state.title,
                body=now.body if state.body is None else state.body,
                tags=now.tags if state.tags is None else state.tags,
            )
            filled.append(now)
        return filled


def _states(rows: Iterable[Row]) -> list[State]:
    """One state for each action, which may have changed several parts at once."""
    states: dict[object, State] = {}
    for row in rows:
        event = row["PostHistoryTypeId"]
        if event not in (*_TITLES, *_BODIES, *_TAGS) or (event == _SUGGESTED and not row["Text"]):
            continue
        action = row["RevisionGUID"] or (row["CreationDate"], row["UserId"])
        before = states.get(action) or State(saved_at=time(row["CreationDate"]))
        text = row["Text"] or ""
        # A suggestion is told twice, as itself and as the edit that it became: the edit's text counts.
        is_body = event in _BODIES and not (event == _SUGGESTED and before.body is not None)
        states[action] = replace(
            before,
            title=attributes.line(text, attributes.TITLE_LENGTH) if event in _TITLES else before.title,
            body=clean(text) if is_body else before.body,
            tags=attributes.tags(text) if event in _TAGS else before.tags,
            editor_id=before.editor_id or row["EditorId"],
            comment=before.comment or row["Comment"] or None,
        )
    return list(states.values())
