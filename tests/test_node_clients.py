"""What other people's tools and clients make of the schema and the server: graphql-eslint, Relay, graphql-ws."""

import asyncio
import json
import os
import shutil
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from clients import Client
from node_packages import NODE_FILES, node_packages

from commands.schema import SNAPSHOT

#: How long a tool may take, in seconds: many times what it needs.
PATIENCE = 60


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of `tests/node`, their packages, and the schema beside them."""
    packages = node_packages()
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(NODE_FILES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(SNAPSHOT, folder)
    (folder / "node_modules").symlink_to(packages)
    return folder


@pytest.fixture
async def compiled(workshop: Path) -> Path:
    """The workshop, with what relay-compiler makes of the page in `tests/node/relay`."""
    status, said = await told(workshop, "node_modules/.bin/relay-compiler")
    assert status == 0, said
    return workshop


@asynccontextmanager
async def running(workshop: Path, *command: str, **options: Any) -> AsyncIterator[Process]:
    """A program in the workshop; ended when the block is left."""
    environment = {**os.environ, "NO_COLOR": "1"}
    process = await asyncio.create_subprocess_exec(*command, cwd=workshop, env=environment, stdout=PIPE, **options)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told(workshop: Path, *command: str, **options: Any) -> tuple[int | None, str]:
    """Run a tool to its end: its status, and all that it says."""
    async with running(workshop, *command, **{"stderr": STDOUT, **options}) as process:
        said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        return process.returncode, said.decode()


async def asked_by_ann(visitor: Client) -> dict[str, Any]:
    """A thread with a question of a new user's."""
    ann = await visitor.sign_up("ann")
    asked = await ann.do("ask_question", title="What do other people's clients see?", body="All of it, I hope.")
    thread: dict[str, Any] = asked["thread"]
    return thread


def origin(visitor: Client) -> str:
    return str(visitor.http.base_url).rstrip("/")


async def test_graphql_eslint_finds_nothing_in_the_schema(workshop: Path) -> None:
    status, said = await told(workshop, "node_modules/.bin/eslint", "schema.graphql")
    assert (status, said) == (0, "")


async def test_relay_compiles_a_page_with_pagination_refetching_and_appended_edges(compiled: Path) -> None:
    artifacts = {file.name.removesuffix(".graphql.js") for file in (compiled / "relay" / "__generated__").iterdir()}
    assert artifacts == {
        "QuestionPageQuery",
        "QuestionPage_post",
        "QuestionPage_answers",
        "QuestionPage_comments",
        "QuestionPageAnswersQuery",
        "QuestionPageCommentsQuery",
        "QuestionPagePostAnswerMutation",
        "QuestionPagePostCommentMutation",
        "QuestionPageCastVoteMutation",
        "QuestionPageVotesSubscription",
    }


async def test_relays_store_is_right_after_mutations_without_loading_anything_again(
    visitor: Client, compiled: Path
) -> None:
    thread = await asked_by_ann(visitor)
    bob = await visitor.sign_up("bob")
    assert bob.token is not None
    command = ("node", "question_page.mjs", origin(visitor), bob.token, str(thread["number"]))
    status, said = await told(compiled, *command)
    assert status == 0, said
    assert json.loads(said) == {
        "done": {"answered": "PostAnswerPayload", "commented": "PostCommentPayload", "voted": "CastVotePayload"},
        "shown": {
            "answerCount": 1,
            "answers": ["<p>An answer by way of Relay.</p>"],
            "commentCount": 1,
            "comments": ["<p>A comment by way of Relay.</p>"],
            "score": 1,
            "viewerVote": "UP",
            "authorsPoints": thread["question"]["author"]["points"] + 10,
        },
    }


@pytest.mark.parametrize("client", ["graphql-ws", "graphql-sse", "apollo", "urql", "urql over fetch"])
async def test_a_client_sees_the_present_state_and_then_a_vote(visitor: Client, workshop: Path, client: str) -> None:
    post_id = (await asked_by_ann(visitor))["question"]["id"]
    bob = await visitor.sign_up("bob")
    async with running(workshop, "node", "watch_votes.mjs", client, origin(visitor), post_id, "2") as watching:
        assert watching.stdout is not None
        present = json.loads(await asyncio.wait_for(watching.stdout.readline(), PATIENCE))
        assert present == {"id": post_id, "score": 0, "viewerVote": "NONE"}
        await bob.do("cast_vote", postId=post_id, value="UP")
        voted = json.loads(await asyncio.wait_for(watching.stdout.readline(), PATIENCE))
        assert voted == {"id": post_id, "score": 1, "viewerVote": "NONE"}
        assert await asyncio.wait_for(watching.wait(), PATIENCE) == 0
