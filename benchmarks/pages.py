"""What is asked: the documents, and their requests as bytes, ready before anything is timed."""

import base64
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.forum import READERS, Shape, token

DOCUMENTS = Path(__file__).parent / "documents"
#: The documents as this server, and all that share its schema, understand them.
OURS = {file.stem: file.read_text() for file in DOCUMENTS.glob("*.graphql")}
_OPERATIONS = {"question_page": "QuestionPage", "deep_page": "DeepPage", "home": "Home", "vote": "CastVote"}

#: How a server with another schema is asked: a document's name and variables to its own document and variables.
Ask = Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]
#: What its answer says in our schema's words.
Understand = Callable[[bytes], Any]


@dataclass(frozen=True)
class Asked:
    """One thing that is asked: a document by its name, its variables, and by whom (None for a visitor)."""

    document: str
    variables: dict[str, Any]
    user_id: int | None = None


@dataclass(frozen=True)
class Page:
    """Something that is measured: its name in tables, its document, and what is asked of it in turn."""

    name: str
    document: str
    asked: Sequence[Asked]


def pages(shape: Shape) -> dict[str, Page]:
    """Everything that is read, by name. Signed-in readers ask, but for home and where the name says visitor."""
    readers = range(1, READERS + 1)
    ten = shape.numbers(10)
    found = [_threads("question page", "question_page", ten, readers), Page("home", "home", [Asked("home", {})])]
    if deep := shape.numbers(100):
        found.append(_threads("deep page", "deep_page", deep, readers[:5]))
    found.append(_threads("question page, visitor", "question_page", ten, [None]))
    return {page.name: page for page in found}


def growing(shape: Shape) -> list[Page]:
    """The question page of threads with more and more answers."""
    return [
        _threads(_answers(answers), "deep_page" if answers > 10 else "question_page", shape.numbers(answers), [1])
        for answers, _ in shape.pages
    ]


def _answers(amount: int) -> str:
    return f"{amount} answer{'s' * (amount > 1)}"


def _threads(name: str, document: str, numbers: range, readers: Sequence[int | None]) -> Page:
    asked = [Asked(document, {"number": number}, reader) for number in numbers for reader in readers]
    random.Random(2).shuffle(asked)  # noqa: S311  a figure of chance, not a secret
    return Page(name, document, asked[:200])


def request(asked: Asked, ask: Ask | None = None) -> bytes:
    """The HTTP request, as it goes to the socket, for this schema or for the one that `ask` speaks."""
    query, variables = OURS[asked.document], asked.variables
    if ask is not None:
        query, variables = ask(asked.document, variables)
    given = {"query": query, "operationName": _OPERATIONS[asked.document], "variables": variables}
    body = orjson.dumps(given)
    authorization = f"authorization: Bearer {token(asked.user_id)}\r\n" if asked.user_id else ""
    head = (
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\n"
        f"{authorization}content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def post_id(number: int) -> str:
    """A post's id in the graph."""
    return base64.urlsafe_b64encode(f"Post:{number}".encode()).rstrip(b"=").decode()


def key_of(id: str) -> int:
    """The number in an id of the graph."""
    return int(base64.urlsafe_b64decode(id + "==").partition(b":")[2])
