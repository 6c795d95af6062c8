"""The life of posts: whatever anybody tries, in any order, the books add up, and nobody reads what is hidden from them.

Each run begins with a new forum. Before each try the actor asks `viewerCan`, and what happens must be what it said.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from command_line import tell
from crowd import answered_by, asked_by, category_at, commented_by, member
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from life import ACTORS, ASKED_BEFORE, PEOPLE, Life, mutations

import models
from models import database
from schema.nodes import split_id
from services import audit

#: How many forums live, and how many deeds are tried in each.
LIVES = int(os.environ.get("LIVES", "3"))
DEEDS = 60

#: Who tries: the staff more often than others, since there is more that they may do.
OFTEN = (*ACTORS, "editor", "moderator", "admin", "admin", "admin")

Forum = Callable[[], AbstractContextManager[str]]


@pytest.fixture
def forums(migrated_template: str, tmp_path: Path) -> Forum:
    """Makes forums, one after the other, each gone with its block."""
    number = iter(range(1_000_000))

    @contextmanager
    def made() -> Iterator[str]:
        if migrated_template.startswith("sqlite"):
            file = tmp_path / f"life{next(number)}.db"
            shutil.copy(migrated_template.removeprefix("sqlite://"), file)
            yield f"sqlite://{file}"
            return
        parts = urlsplit(migrated_template)
        name, server = f"plainspoken_test_{os.getpid()}_life", parts._replace(path="/postgres").geturl()
        asyncio.run(tell(server, f"CREATE DATABASE {name} TEMPLATE {parts.path.strip('/')}"))
        try:
            yield parts._replace(path=f"/{name}").geturl()
        finally:
            asyncio.run(tell(server, f"DROP DATABASE {name} WITH (FORCE)"))

    return made


def machine(forums: Forum) -> type[RuleBasedStateMachine]:
    """A forum's life, as hypothesis lives it."""

    class Lived(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.life = Life()
            self.runner = asyncio.Runner()
            self.forum = forums()
            self.runner.run(database.connect(self.forum.__enter__()))

        @initialize()
        def begin(self) -> None:
            self.runner.run(_begin(self.life))

        @rule(data=st.data(), name=st.sampled_from(sorted(mutations())), who=st.sampled_from(OFTEN))
        def try_something(self, data: st.DataObject, name: str, who: str | None) -> None:
            given = self.life.input_of(mutations()[name], data.draw)
            self.runner.run(_try(self.life, name, who, given))

        def teardown(self) -> None:
            try:
                self.runner.run(_judge(self.life))
            finally:
                self.runner.run(database.disconnect())
                self.runner.close()
                self.forum.__exit__(None, None, None)

    return Lived


async def _begin(life: Life) -> None:
    """People, and a thread with something in it."""
    for name, level in PEOPLE.items():
        user = await member(name)
        await models.User.filter(id=user.id).update(level=level)
    for path in ("home", "home/garden", "work"):
        await category_at(path)
    ann, bob = await models.User.get(name="ann"), await models.User.get(name="bob")
    thread, question = await asked_by(ann, category="home/garden", tags=("tree",))
    await commented_by(bob, await answered_by(bob, thread))
    await commented_by(ann, question)
    await asked_by(bob, "What else is there to ask?", category="work", tags=("tree", "soil"))
    await life.refresh()


async def _try(life: Life, name: str, who: str | None, given: dict[str, Any]) -> None:
    """Ask whether the deed may be done, do it, and see that what was said is what happened."""
    actor = await life.actor(who)
    permission = None
    if name in ASKED_BEFORE and not given.get("claimToken"):
        field, action = ASKED_BEFORE[name]
        permission = await life.may(actor, given[field], action(given)) if split_id(given[field]) else None
        is_seen = permission is not None
    result = await life.do(name, actor, given)
    kind = result["__typename"]
    if name in ASKED_BEFORE and not given.get("claimToken"):
        told = (name, who, given, permission, result)
        if not is_seen:
            assert kind in ("NotFound", "InvalidInput"), told
        elif permission and not permission["allowed"]:
            assert kind in ("NotPermitted", "InvalidInput", "NotFound"), told
            if kind == "NotPermitted":
                refused = result["permission_Permission_0"]
                assert refused["reason_Refusal_0"] == permission["reason"], told
                assert result["message_String_0"] == permission["message"], told
        else:
            assert kind != "RateLimited", told
            # What is asked beyond the deed itself has rules of its own: an edit that moves, say.
            assert kind != "NotPermitted" or name == "editPost", told
    await life.remember(given, result)
    await life.refresh()
    seen = repr(result)
    assert [word for word in await life.hidden_from(await life.actor(who)) if word in seen] == [], (name, who, given)


async def _judge(life: Life) -> None:
    """The books add up, and nobody reads what is hidden from them."""
    found = {finding.name: finding.offenders async for finding in audit.check() if finding.offenders}
    assert found == {}
    for who in ACTORS:
        actor = await life.actor(who)
        readable = await life.readable(actor)
        assert [word for word in await life.hidden_from(actor) if word in readable] == [], who


def test_whatever_is_tried_the_books_add_up_and_nobody_reads_what_is_hidden(forums: Forum) -> None:
    run_state_machine_as_test(
        machine(forums),
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=DEEDS,
            deadline=None,
            print_blob=True,
            # Making a failure smaller takes hours: what was tried is told as it is.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
