"""Who sees what: each kind of viewer, and each state."""

from itertools import product

import pytest
from crowd import answered_by, asked_by, category_at, commented_by, member

import models
from models import HiddenBy, PostState, UserLevel
from models.database import transaction
from services.actors import Actor, Writer
from services.settling import settled
from services.visibility import everybody_sees, sight, visible, visible_posts, visible_revisions, visible_threads

WRITER, OTHER_WRITER = Writer("a" * 64), Writer("b" * 64)

#: What each viewer sees of threads and posts: V visible, Q queued, H hidden, B visible but under what is not, which its
#: own author does not see either. First of ann's threads in the category here, then of a writer's, which are in none.
SEEN = """
    visitor         V       V
    writer          V       VQH
    other_writer    V       V
    bob             V       V
    ann             VQH     V
    approved        V       V
    expert          VQ      VQ
    editor          VQHB    VQHB
    moderator       VQHB    VQHB
    admin           VQHB    VQHB
    owner           VQHB    VQHB
    blocked_editor  VQHB    VQHB
    expert_here     VQ      V
    editor_here     VQHB    V
    editor_there    V       V
"""


async def with_state(thread: models.Thread, post: models.Post, state: PostState) -> None:
    """Give a post a state, and have all that follows follow."""
    async with transaction(), settled(thread.id):
        hidden_by = HiddenBy.STAFF if state is PostState.HIDDEN else None
        await models.Post.filter(id=post.id).update(state=state, hidden_by=hidden_by)


async def owned(thread: models.Thread, owner: Actor) -> None:
    """Have a thread and all of its posts be by a writer."""
    if isinstance(owner, Writer):
        async with transaction(), settled(thread.id):
            await models.Post.filter(thread_id=thread.id).update(author_id=None, writer_key=owner.key)


async def test_each_viewer_sees_the_states_that_the_table_says(forum: str) -> None:
    here, there = await category_at("here"), await category_at("there")
    ann = await member("ann")

    async def person(name: str, level: UserLevel = UserLevel.REGISTERED, **more: object) -> models.User:
        made = await member(name)
        await models.User.filter(id=made.id).update(level=level, **more)
        return await models.User.get(id=made.id)

    viewers: dict[str, Actor] = {
        "visitor": None,
        "writer": WRITER,
        "other_writer": OTHER_WRITER,
        "ann": ann,
        "bob": await person("bob"),
        **{level.name.lower(): await person(level.name, level) for level in UserLevel if level},
        "blocked_editor": await person("blocked", UserLevel.EDITOR, blocked_at=ann.created_at),
        "expert_here": await person("expert here", levels_in={str(here.id): UserLevel.EXPERT}),
        "editor_here": await person("editor here", levels_in={str(here.id): UserLevel.EDITOR}),
        "editor_there": await person("editor there", levels_in={str(there.id): UserLevel.EDITOR}),
    }
    threads: dict[int, tuple[str, str]] = {}
    posts: dict[int, tuple[str, str]] = {}
    states = {"V": PostState.VISIBLE, "Q": PostState.QUEUED, "H": PostState.HIDDEN}
    for whose, (letter, state) in product(("ann", "writer"), states.items()):
        category = "here" if whose == "ann" else None
        # A thread whose question has the state, and one in which an answer and a comment have it.
        thread, question = await asked_by(ann, category=category)
        below = await answered_by(ann, thread)
        calm, asked = await asked_by(ann, category=category)
        answer = await answered_by(ann, calm)
        comment = await commented_by(ann, asked)
        under = await commented_by(ann, answer)
        for each in (thread, calm):
            await owned(each, viewers[whose])
        await with_state(thread, question, state)
        for post in (answer, comment):
            await with_state(calm, post, state)
        threads |= {thread.id: (whose, letter), calm.id: (whose, "V")}
        posts |= {question.id: (whose, letter), answer.id: (whose, letter), comment.id: (whose, letter)}
        buried = "V" if letter == "V" else "B"
        posts |= {asked.id: (whose, "V"), below.id: (whose, buried), under.id: (whose, buried)}
    now = ann.created_at
    for post_id in posts:
        await models.Revision.create(post_id=post_id, number=1, body="b", body_html="<p>b</p>", edited_at=now)

    lines = [line.split() for line in SEEN.strip().splitlines()]
    assert {name for name, *_ in lines} == viewers.keys()
    for name, of_ann, of_writer in lines:
        viewer, seen = viewers[name], {"ann": of_ann, "writer": of_writer}
        right = {key for key, (whose, letter) in posts.items() if letter in seen[whose]}
        found = {post.id for post in await visible_posts(viewer)}
        assert {posts[each] for each in found ^ right} == set(), name
        assert {revision.post_id for revision in await visible_revisions(viewer)} == found
        right = {key for key, (whose, letter) in threads.items() if letter in seen[whose]}
        assert {thread.id for thread in await visible_threads(viewer)} == right, name
        assert await visible(models.Post, viewer).count() == len(found)
        for post in await models.Post.all():
            assert not everybody_sees(post) or post.id in found


def test_viewers_of_one_sight_share_statements_and_others_do_not() -> None:
    def account(level: UserLevel = UserLevel.REGISTERED, **levels_in: int) -> models.User:
        return models.User(id=1, level=level, levels_in=levels_in or None)

    kinds = [
        None,
        WRITER,
        account(),
        account(UserLevel.EXPERT),
        account(UserLevel.EDITOR),
        account(**{"7": UserLevel.EDITOR}),
        account(**{"7": UserLevel.EXPERT}),
        account(**{"8": UserLevel.EDITOR}),
    ]
    assert len({sight(viewer) for viewer in kinds}) == len(kinds)
    assert sight(WRITER) == sight(OTHER_WRITER)
    assert sight(account()) == sight(account(UserLevel.APPROVED)) == sight(account(**{"7": UserLevel.APPROVED}))
    assert sight(account(UserLevel.MODERATOR)) == sight(account(UserLevel.OWNER, **{"7": UserLevel.EDITOR}))


@pytest.mark.parametrize("model", [models.User, models.Tag, models.Category, models.PointsEntry])
async def test_what_has_no_rule_is_for_all_to_see(forum: str, model: type[models.User]) -> None:
    await member("ann")
    assert await visible(model, None).count() == await model.all().count()
