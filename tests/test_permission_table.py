"""Who may do what, as a table: Question2Answer's rules (a4, a5) once more, in a form that can be read at a glance.

A cell says what `viewerCan` answers. A row's words are the thread: open, closed by another, closed by its author. A
word's letters are the states of the post or thread. One word stands for all three, one letter for all states.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from models import HiddenBy, PostKind, PostState, User, UserLevel
from services.actors import Actor, Writer
from services.errors import RefusalReason
from services.permissions import PostAction, PostFacts, ThreadAction, ThreadFacts, post_permission, thread_permission
from settings import settings

LETTERS: dict[str, RefusalReason | None] = {
    ".": None,
    "s": RefusalReason.SIGN_IN,
    "l": RefusalReason.LEVEL,
    "p": RefusalReason.POINTS,
    "b": RefusalReason.BLOCKED,
    "c": RefusalReason.CONFIRM_EMAIL,
    "o": RefusalReason.OWN_POST,
    "x": RefusalReason.CLOSED,
    "q": RefusalReason.QUEUED,
    "h": RefusalReason.HIDDEN,
    "d": RefusalReason.DISABLED,
    "a": RefusalReason.ALREADY_DONE,
}
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HERE, THERE, AUTHOR, STRANGER = 7, 8, 100, 101

SECRET = Writer("a" * 64)


def account(id: int = 1, level: UserLevel = UserLevel.REGISTERED, **more: object) -> User:
    return User(id=id, level=level, **({"points": 0, "blocked_at": None, "levels_in": None} | more))


ACTORS: dict[str, Actor] = {
    "visitor": None,
    "writer": Writer("b" * 64),
    "registered": account(),
    "confirmed": account(email_confirmed_at=NOON),
    "blocked": account(email_confirmed_at=NOON, blocked_at=NOON),
    **{level.name.lower(): account(level=level) for level in UserLevel if level > UserLevel.REGISTERED},
    "blocked_owner": account(level=UserLevel.OWNER, blocked_at=NOON),
    "editor_here": account(levels_in={str(HERE): UserLevel.EDITOR}),
    "editor_there": account(levels_in={str(THERE): UserLevel.EDITOR}),
    # These four see what they wrote themselves; all others see what `author` wrote.
    "author": account(AUTHOR, email_confirmed_at=NOON),
    "blocked_author": account(AUTHOR, email_confirmed_at=NOON, blocked_at=NOON),
    "editing_author": account(AUTHOR, UserLevel.EDITOR),
    "anonymous_author": SECRET,
}
GROUPS = {
    "nobody": "visitor writer",
    "members": "registered confirmed approved",
    "staff": "moderator admin owner",
}

#: Visible, queued, hidden by its author, by the staff, by flags, by who rejected it; and visible, but buried.
POST_STATES: dict[str, tuple[PostState, HiddenBy | None, bool]] = {
    "visible": (PostState.VISIBLE, None, False),
    "queued": (PostState.QUEUED, None, False),
    "hidden by author": (PostState.HIDDEN, HiddenBy.AUTHOR, False),
    "hidden by staff": (PostState.HIDDEN, HiddenBy.STAFF, False),
    "hidden by flags": (PostState.HIDDEN, HiddenBy.FLAGS, False),
    "rejected": (PostState.HIDDEN, HiddenBy.REJECTION, False),
    "buried": (PostState.VISIBLE, None, True),
}
#: Visible, queued, hidden.
THREAD_STATES = (PostState.VISIBLE, PostState.QUEUED, PostState.HIDDEN)
THREADS = ("open", "closed by another", "closed by its author")

ON_POSTS = """
VOTE_UP VOTE_DOWN on question answer comment
    nobody anonymous_author                                 s
    members expert editor staff editor_here editor_there    .qhhhhh
    blocked blocked_owner blocked_author                    b
    author editing_author                                   o

COMMENT on question answer
    nobody members expert editor staff editor_here editor_there author editing_author anonymous_author  .qhhhhh
    blocked blocked_owner blocked_author                                                                b

COMMENT on comment
    nobody members expert editor staff editor_here editor_there author editing_author anonymous_author  d
    blocked blocked_owner blocked_author                                                                b

EDIT on question
    nobody                              s
    members expert blocked editor_there l
    editor staff editor_here            .qhhhhh xqhhhhh xqhhhhh
    blocked_owner blocked_author        b
    author editing_author               ..hhhhh xxhhhhh xxhhhhh
    anonymous_author                    ..hhhhh xxhhhhh xxhhhhh

EDIT on answer
    nobody                              s
    members blocked editor_there        l
    expert editor staff editor_here     .qhhhhh
    blocked_owner blocked_author        b
    author editing_author               ..hhhhh
    anonymous_author                    ..hhhhh

EDIT on comment
    nobody                              s
    members expert blocked editor_there l
    editor staff editor_here            .qhhhhh
    blocked_owner blocked_author        b
    author editing_author               ..hhhhh
    anonymous_author                    ..hhhhh

FLAG on question answer comment
    nobody anonymous_author                                 s
    registered editor_there                                 c
    confirmed approved expert editor staff editor_here      .qhhhhh
    blocked blocked_owner blocked_author                    b
    author editing_author                                   o

HIDE on question
    nobody                              s
    members expert blocked editor_there l
    editor staff editor_here            .qaaaa.
    blocked_owner                       b
    author                              ..aaaa. lllllll ..aaaa.
    anonymous_author                    ..aaaa. sssssss ..aaaa.
    editing_author                      ..aaaa. .qaaaa. ..aaaa.
    blocked_author                      bbbbbbb lllllll bbbbbbb

HIDE on answer comment
    nobody                              s
    members expert blocked editor_there l
    editor staff editor_here            .qaaaa.
    blocked_owner blocked_author        b
    author editing_author               ..aaaa.
    anonymous_author                    ..aaaa.

RESTORE on question answer comment
    nobody                              s
    members expert blocked editor_there l
    editor staff editor_here            aq....a
    blocked_owner                       b
    author                              aq.llla
    anonymous_author                    aq.sssa
    editing_author                      aq....a
    blocked_author                      bbblllb

DELETE on question answer comment
    nobody anonymous_author                                                                 s
    members expert editor blocked editor_here editor_there author editing_author blocked_author  l
    staff                                                                                   dd....d
    blocked_owner                                                                           b

APPROVE on question answer comment
    nobody anonymous_author                             s
    members blocked editor_there author blocked_author  l
    expert editor staff editor_here editing_author      a.aaaaa
    blocked_owner                                       b

CLAIM on question answer comment
    nobody anonymous_author                                 s
    members expert editor staff editor_here editor_there    d
    author editing_author                                   a
    blocked blocked_owner blocked_author                    b

CONVERT on question
    nobody anonymous_author                                     s
    members expert blocked editor_there author blocked_author   l
    editor staff editor_here editing_author                     d
    blocked_owner                                               b

CONVERT on answer
    nobody anonymous_author                                     s
    members expert blocked editor_there author blocked_author   l
    editor staff editor_here editing_author                     .qhhhhh
    blocked_owner                                               b

CONVERT on comment
    nobody anonymous_author                                     s
    members expert blocked editor_there author blocked_author   l
    editor staff editor_here editing_author                     .qhhhhh xqhhhhh xqhhhhh
    blocked_owner                                               b
"""

ON_THREADS = """
ANSWER
    nobody members expert editor staff editor_here editor_there author editing_author anonymous_author  .qh xqh xqh
    blocked blocked_owner blocked_author                                                                b

CLOSE
    nobody                                                      s
    members expert blocked editor_there                         l
    editor staff editor_here author editing_author anonymous_author   .qh aqh aqh
    blocked_owner blocked_author                                b

REOPEN
    nobody                                                      s
    members expert blocked editor_there                         l
    editor staff editor_here editing_author                     aqh .qh .qh
    blocked_owner                                               b
    author                                                      aqh lll .qh
    anonymous_author                                            aqh sss .qh
    blocked_author                                              bbb lll bbb

MOVE RETAG
    nobody                                                      s
    members expert blocked editor_there                         l
    editor staff editor_here                                    .qh
    blocked_owner blocked_author                                b
    author editing_author anonymous_author                      ..h

CHOOSE_BEST_ANSWER
    nobody                                                              s
    members blocked editor_there                                        l
    expert editor staff editor_here author editing_author anonymous_author   .qh
    blocked_owner blocked_author                                        b

FOLLOW
    nobody members expert editor staff editor_here editor_there author editing_author anonymous_author  d
    blocked blocked_owner blocked_author                                                                d
"""

#: What the setting PERMISSIONS makes of it: points, a level, a confirmed address.
PERMISSIONS = """{
    "vote": {"points": 50}, "vote_down": {"points": 200}, "comment": {"points": 10, "confirmed": true},
    "answer": {"level": "approved"}, "hide": {"level": "moderator"}, "close": {"level": null}
}"""
UNDER_PERMISSIONS = """
VOTE_UP     visitor s  poor p  rich .  richer .  expert .  approved p
VOTE_DOWN   visitor s  rich p  richer .  expert .
COMMENT     visitor s  poor p  rich c  richer .  expert .  approved p
ANSWER      visitor s  poor l  rich l  richer l  expert .  approved .
HIDE        visitor s  poor l  rich l  editor l  editor_here l  moderator .
CLOSE       visitor .  poor .  rich .  writer .  blocked b
"""


def read(table: str, states: int) -> dict[str, dict[str, str]]:
    """By heading and actor, the letters of all cells: the states of an open thread, and of the closed ones."""
    found: dict[str, dict[str, str]] = {}
    for block in table.strip().split("\n\n"):
        heading, *rows = block.splitlines()
        actors = found.setdefault(heading, {})
        for row in rows:
            words = row.split()
            names = [word for word in words if word in ACTORS or word in GROUPS]
            cells = [word * states if len(word) == 1 else word for word in words[len(names) :]]
            letters = "".join(cells * 3 if len(cells) == 1 else cells)
            assert len(letters) == 3 * states, row
            for actor in " ".join(GROUPS.get(name, name) for name in names).split():
                assert actor not in actors, f"{actor} stands twice under {heading}"
                actors[actor] = letters
        assert actors.keys() == ACTORS.keys(), f"{heading}: {ACTORS.keys() ^ actors.keys()}"
    return found


def author_seen_by(actor: str) -> tuple[int | None, str | None]:
    """Whose the post is that an actor looks at: their account, and the key of their browser."""
    return (None, SECRET.key) if actor == "anonymous_author" else (AUTHOR, None)


def closed_by(thread: str, actor: str) -> tuple[datetime | None, int | None]:
    if thread == "open":
        return None, None
    return NOON, STRANGER if thread == "closed by another" else author_seen_by(actor)[0]


def post_seen_by(actor: str, kind: PostKind, state: str, thread: str) -> PostFacts:
    author_id, writer_key = author_seen_by(actor)
    closed_at, closed_by_id = closed_by(thread, actor)
    is_state, hidden_by, is_buried = POST_STATES[state]
    return PostFacts(
        kind, author_id, writer_key, is_state, is_buried, hidden_by,
        flag_count=0, child_count=0, category_id=HERE, closed_at=closed_at, closed_by_id=closed_by_id,
        duplicate_count=0,
    )  # fmt: skip


def thread_seen_by(actor: str, state: PostState, thread: str) -> ThreadFacts:
    return ThreadFacts(*author_seen_by(actor), state, HERE, *closed_by(thread, actor))


@pytest.fixture(autouse=True)
def with_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that sends mail: only there an address can be confirmed."""
    monkeypatch.setattr(settings(), "mail_server", "smtp://127.0.0.1")


def test_what_may_be_done_with_posts_is_as_the_table_has_it() -> None:
    wrong = []
    for heading, rows in read(ON_POSTS, len(POST_STATES)).items():
        actions, kinds = (part.split() for part in heading.split(" on "))
        for actor, letters in rows.items():
            cells = [(thread, state) for thread in THREADS for state in POST_STATES]
            for (thread, state), letter in zip(cells, letters, strict=True):
                for kind in map(PostKind, kinds):
                    if kind is PostKind.QUESTION and state == "buried":
                        continue  # it stands under nothing
                    for action in actions:
                        post = post_seen_by(actor, kind, state, thread)
                        refusal = post_permission(ACTORS[actor], post, PostAction[action]).refusal
                        if (refusal and refusal.reason) != LETTERS[letter]:
                            wrong.append((action, actor, kind.value, state, thread, letter, refusal))
    assert wrong == []


def test_what_may_be_done_with_threads_is_as_the_table_has_it() -> None:
    wrong = []
    for heading, rows in read(ON_THREADS, len(THREAD_STATES)).items():
        for actor, letters in rows.items():
            cells = [(thread, state) for thread in THREADS for state in THREAD_STATES]
            for (thread, state), letter in zip(cells, letters, strict=True):
                for action in heading.split():
                    facts = thread_seen_by(actor, state, thread)
                    refusal = thread_permission(ACTORS[actor], facts, ThreadAction[action]).refusal
                    if (refusal and refusal.reason) != LETTERS[letter]:
                        wrong.append((action, actor, state.value, thread, letter, refusal))
    assert wrong == []


def test_the_table_knows_every_action() -> None:
    posts = {action for heading in read(ON_POSTS, 7) for action in heading.partition(" on ")[0].split()}
    assert posts == set(PostAction.__members__)
    assert {action for heading in read(ON_THREADS, 3) for action in heading.split()} == set(ThreadAction.__members__)


def test_the_setting_permissions_changes_what_deeds_take(setting: Callable[..., None]) -> None:
    setting(permissions=PERMISSIONS, mail_server="smtp://127.0.0.1")
    people = ACTORS | {
        "poor": account(points=9),
        "rich": account(points=50),
        "richer": account(points=200, email_confirmed_at=NOON),
    }
    wrong = []
    for line in UNDER_PERMISSIONS.strip().splitlines():
        action, *cells = line.split()
        for actor, letter in zip(cells[::2], cells[1::2], strict=True):
            if action in PostAction.__members__:
                post = post_seen_by(actor, PostKind.ANSWER, "visible", "open")
                refusal = post_permission(people[actor], post, PostAction[action]).refusal
            else:
                thread = thread_seen_by(actor, PostState.VISIBLE, "open")
                refusal = thread_permission(people[actor], thread, ThreadAction[action]).refusal
            if (refusal and refusal.reason) != LETTERS[letter]:
                wrong.append((action, actor, letter, refusal))
            if refusal and refusal.reason is RefusalReason.POINTS:
                assert refusal.points_required == {"VOTE_DOWN": 200, "COMMENT": 10}.get(action, 50), line
    assert wrong == []


def reason(actor: str, post: PostFacts, action: PostAction) -> RefusalReason | None:
    refusal = post_permission(ACTORS[actor], post, action).refusal
    return refusal.reason if refusal else None


def test_what_was_flagged_its_author_does_not_show_again() -> None:
    post = post_seen_by("author", PostKind.ANSWER, "hidden by author", "open")._replace(flag_count=1)
    assert reason("author", post, PostAction.RESTORE) is RefusalReason.LEVEL
    assert reason("editor", post, PostAction.RESTORE) is None


def test_what_something_stands_under_or_refers_to_is_not_deleted() -> None:
    question = post_seen_by("owner", PostKind.QUESTION, "hidden by staff", "open")
    answer = question._replace(kind=PostKind.ANSWER)
    assert reason("owner", question, PostAction.DELETE) is None
    for post in (
        question._replace(child_count=1),
        question._replace(duplicate_count=1),
        answer._replace(child_count=1),
    ):
        assert reason("owner", post, PostAction.DELETE) is RefusalReason.DISABLED
    assert reason("owner", answer._replace(duplicate_count=1), PostAction.DELETE) is None


def test_what_was_written_without_an_account_may_be_claimed_in_any_state_but_not_while_it_is_buried() -> None:
    for state in POST_STATES:
        post = post_seen_by("anonymous_author", PostKind.ANSWER, state, "open")
        for actor in ("registered", "owner", "author"):
            expected = RefusalReason.HIDDEN if state == "buried" else None
            assert reason(actor, post, PostAction.CLAIM) is expected
        assert reason("blocked", post, PostAction.CLAIM) is RefusalReason.BLOCKED
    assert reason("owner", post._replace(writer_key=None), PostAction.CLAIM) is RefusalReason.DISABLED


def test_a_writers_own_is_not_another_writers_nor_an_accounts() -> None:
    theirs = post_seen_by("anonymous_author", PostKind.ANSWER, "visible", "open")
    assert reason("writer", theirs, PostAction.EDIT) is RefusalReason.SIGN_IN
    assert reason("author", theirs, PostAction.EDIT) is RefusalReason.LEVEL
    claimed = theirs._replace(author_id=AUTHOR)
    assert reason("anonymous_author", claimed, PostAction.EDIT) is RefusalReason.SIGN_IN
