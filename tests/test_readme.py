"""README, done as it says."""

import json
import re
from pathlib import Path

import pytest
from clients import Client
from rich.console import Console

from commands.seed.forum import replay
from settings import ROOT

_README = (ROOT / "README.md").read_text(encoding="utf-8")
_EXAMPLES = re.findall(r"```graphql\n(.*?)```\n\n```json\n(.*?)```", _README, flags=re.DOTALL)


async def test_each_document_gives_the_answer_that_stands_below_it(visitor: Client) -> None:
    await replay(Console(quiet=True))
    assert len(_EXAMPLES) == 7
    async with visitor.socket() as socket:
        for document, answer in _EXAMPLES:
            if document.startswith("subscription"):
                await socket.send(type="subscribe", id="1", payload={"query": document})
                assert (await socket.receive())["payload"] == json.loads(answer)
            else:
                # The cookie that signIn sets goes with what follows, as in a browser.
                assert await visitor.post(document) == json.loads(answer)


@pytest.mark.parametrize("path", re.findall(r"`((?:services|schema|models|tests)/\w[\w/]*\.\w+)`", _README))
def test_the_files_it_names_are_there(path: str) -> None:
    assert Path(ROOT, path).exists() or "thank" in path
