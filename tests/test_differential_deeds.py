"""What mutations and subscriptions give is read by plans as graphql-core's executor reads it, whatever is asked of it.

Also: how many fields of the clients' documents run compiled, deeds and all.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from both_ways import answer, fallbacks, planner_off
from clients import Client, document
from crowd import WORDS
from graphql import GraphQLError
from random_documents import Asked, random_selection
from random_forum import Forum, random_forum
from random_values import random_variables

import models
from planner.executor import PlannedExecutor
from schema.nodes import global_id

SEED = int(os.environ.get("RANDOM_SEED", "0"))
TIMES = int(os.environ.get("RANDOM_DEEDS", "25"))
TITLE = "What is compiled, and what is not?"
NAMES = sorted(file.stem for file in (Path(__file__).parent / "documents").glob("*.graphql"))
#: Each deed, with its input's type, the field of its payload and that field's type.
DEEDS = {
    "askQuestion": ("AskQuestionInput!", "thread", "Thread"),
    "postAnswer": ("PostAnswerInput!", "answer", "Answer"),
    "postComment": ("PostCommentInput!", "parent", "Post"),
    "castVote": ("CastVoteInput!", "post", "Post"),
}


@pytest.fixture
async def filled(forum: str) -> Forum:
    """A forum full of everything."""
    return await random_forum(SEED)


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, ...]]:
    """The fields that graphql-core's executor has executed, each as the keys that lead to it."""
    fields: set[tuple[str, ...]] = set()
    execute_field = PlannedExecutor.execute_field

    def noting(self: Any, parent_type: Any, source: Any, details: Any, path: Any, *rest: Any) -> Any:
        fields.add(tuple(key for key in path.as_list() if isinstance(key, str)))
        return execute_field(self, parent_type, source, details, path, *rest)

    monkeypatch.setattr(PlannedExecutor, "execute_field", noting)
    return fields


def keys(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The fields that an answer has, each as the keys that lead to it; those of a list's items are the same ones."""
    if isinstance(data, list):
        for each in data:
            yield from keys(each, path)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            yield from keys(value, (*path, key))


def inputs(chance: Random, filled: Forum, author: models.User) -> dict[str, dict[str, Any]]:
    """What `author` can give each deed, by its name."""
    seen = [post for post in filled.posts if post.state == "visible" and post.author_id != author.id]
    above = [post for post in seen if post.kind != "comment"]
    open_threads = [each for each in filled.threads if each.state == "visible" and each.closed_at is None]
    body = f"{WORDS} {chance.random()}"
    return {
        "askQuestion": {"title": f"{TITLE} {chance.random()}", "body": body, "tags": ["plants", "new"]},
        "postAnswer": {"threadId": global_id(chance.choice(open_threads)), "body": body},
        "postComment": {"parentId": global_id(chance.choice(above)), "body": body},
        "editPost": {"postId": global_id(chance.choice(seen)), "body": body, "tags": ["plants", "new"]},
        "retagThread": {"threadId": global_id(chance.choice(open_threads)), "tags": ["plants", "new"]},
        "castVote": {"postId": global_id(chance.choice(seen)), "value": chance.choice(("UP", "DOWN", "NONE"))},
        "signIn": {"login": author.name, "password": "a long one"},
        "signUp": {"name": f"u{chance.random()}", "email": f"{chance.random()}@example.org", "password": "a long one"},
    }


@pytest.mark.parametrize("deed", DEEDS)
async def test_what_a_deed_gives_is_what_the_executor_reads_afterwards(deed: str, filled: Forum) -> None:
    input_type, field, type_name = DEEDS[deed]
    payload = f"{deed[0].upper()}{deed[1:]}Payload"
    for seed in range(SEED, SEED + TIMES):
        chance = Random(seed)
        author = chance.choice(filled.users)
        selection, rest = random_selection(chance, filled, type_name)
        text = f"{rest.query} fragment Given on {type_name} {selection}"
        declared = ", ".join(["$input: " + input_type, *rest.declared])
        given = rest.variables | {"input": inputs(chance, filled, author)[deed]}
        shown = f"{field} {{ ...Id ...Given }}"
        do = f"mutation ({declared}) {{ {deed}(input: $input) {{ ... on {payload} {{ {shown} }} }} }}"
        asked = Asked(f"{do} {text} fragment Id on Node {{ given: id }}", given)
        with fallbacks() as reasons:
            done = orjson.loads(await answer(asked, author))
        assert "errors" not in done, f"{asked}\n{done}"
        assert not unexpected(reasons), f"{asked}\n{reasons}"
        [result] = done["data"].values()
        node = f"query ({', '.join(['$id: ID!', *rest.declared])}) {{ node(id: $id) {{ ...Id ...Given }} }}"
        read = Asked(
            f"{node} {text} fragment Id on Node {{ given: id }}", rest.variables | {"id": result[field]["given"]}
        )
        with planner_off():
            seen = orjson.loads(await answer(read, author))
        assert orjson.dumps(result[field]) == orjson.dumps(seen["data"]["node"]), asked


def unexpected(reasons: list[Exception]) -> list[Exception]:
    """The fallbacks that should not be: not those for an argument that graphql-core need not read."""
    return [each for each in reasons if not isinstance(each, GraphQLError)]


def spoiled(chance: Random, given: Any) -> Any:
    """An input with something wrong in it, most of the time."""
    wrong: Any = (None, 1, 1.5, True, [], ["x"], {}, {"x": 1}, "", "nothing", "x" * 40_000, 2**40, "\x00", "VXNlcjox")
    if not isinstance(given, dict) or chance.random() < 0.1:
        return chance.choice((*wrong, [given], given))
    key = chance.choice([*given, "nothing"])
    changed = {**given, key: chance.choice((*wrong, spoiled(chance, given.get(key))))}
    if chance.random() < 0.3:
        del changed[key]
    return dict(chance.sample(list(changed.items()), len(changed)))


@pytest.mark.parametrize("deed", [*DEEDS, "signUp", "signIn"])
async def test_what_is_wrong_with_an_input_is_told_alike_both_ways(deed: str, filled: Forum) -> None:
    text = document(re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", deed))
    for seed in range(SEED, SEED + 4 * TIMES):
        chance = Random(seed)
        author = chance.choice((None, filled.users[0], filled.users[1]))
        given = inputs(chance, filled, author or filled.users[2])[deed]
        variables = chance.choice(({"input": spoiled(chance, given)}, {"input": spoiled(chance, given), "x": 1}, {}))
        planned = await answer(Asked(text, variables), author)
        with planner_off():
            executed = await answer(Asked(text, variables), author)
        if b"Payload" in planned:
            assert b"Payload" in executed or b"Conflict" in executed or deed == "signUp", (variables, planned, executed)
        else:
            assert planned == executed, variables


async def test_what_a_subscription_gives_is_what_the_executor_reads(filled: Forum, visitor: Client) -> None:
    ann = await visitor.sign_up("ann")
    viewer = await models.User.get(name="ann")
    seen = [post for post in filled.posts if post.state == "visible"]
    async with ann.socket() as socket:
        for seed in range(SEED, SEED + TIMES):
            chance = Random(seed)
            selection, rest = random_selection(chance, filled, "Post")
            ids = {"id": global_id(chance.choice(seen))}
            text = f"{rest.query} fragment Given on Post {selection}"
            declared = ", ".join(["$id: ID!", *rest.declared])
            watch = f"subscription ({declared}) {{ votesChanged(postIds: [$id]) {{ ...Given }} }} {text}"
            await socket.send(
                type="subscribe", id=str(seed), payload={"query": watch, "variables": rest.variables | ids}
            )
            with fallbacks() as reasons:
                given = (await socket.next())["votesChanged"]
            await socket.send(type="complete", id=str(seed))
            assert not unexpected(reasons), f"{watch}\n{reasons}"
            read = Asked(f"query ({declared}) {{ node(id: $id) {{ ...Given }} }} {text}", rest.variables | ids)
            with planner_off():
                shown = orjson.loads(await answer(read, viewer))
            assert orjson.dumps(given) == orjson.dumps(shown["data"]["node"]), watch


async def test_nearly_all_fields_of_the_clients_documents_run_compiled(
    filled: Forum, executed: set[tuple[str, ...]]
) -> None:
    chance, ann = Random(SEED), filled.users[1]
    answered, left = set(), set()
    for name in (each for each in NAMES if not document(each).startswith("subscription")):
        deed = "".join(word.capitalize() if place else word for place, word in enumerate(name.split("_")))
        for _ in range(TIMES):
            given = inputs(chance, filled, ann)
            variables = random_variables(chance, filled, document(name))
            if "input" in variables:
                variables["input"] = given.get(deed, variables["input"])
            executed.clear()
            data = orjson.loads(await answer(Asked(document(name), variables), ann)).get("data")
            answered |= (fields := {(name, *path) for path in keys(data)})
            left |= fields & {(name, *path) for path in executed}
    assert len(left) <= 0.05 * len(answered), left
