"""One operation answered both ways: by a plan, and by graphql-core's executor, which is right by definition."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType
from random_documents import Asked
from starlette.requests import HTTPConnection

import models
from planner import metrics
from planner.selection import CannotPlan
from schema import schema
from schema.context import Context
from settings import settings

_CONNECTION = {"type": "http", "scheme": "http", "path": "/graphql", "headers": [(b"host", b"127.0.0.1")]}
_ALLOWED = (OperationType.QUERY, OperationType.MUTATION)
# Of a bug the client is told where the log has it: the id differs each time.
_BUG_ID = re.compile(rb"(?<=has it under )[0-9a-f]{16}|(?<=\"id\":\")[0-9a-f]{16}(?=\"\})")


@dataclass(frozen=True)
class Answers:
    """Both answers as JSON, errors and all, and why the first one did not come from a plan, if it did not."""

    planned: bytes
    executed: bytes
    fallback: Exception | None

    @property
    def is_right(self) -> bool:
        """Whether the two agree, nothing failed that never should, and a plan answered unless it has a reason."""
        return self.agree and b"INTERNAL_ERROR" not in self.executed and self.is_due

    @property
    def agree(self) -> bool:
        """Whether the two are the same but for the ids of bugs."""
        return _BUG_ID.sub(b"", self.planned) == _BUG_ID.sub(b"", self.executed)

    @property
    def is_due(self) -> bool:
        """Whether there is no fallback, or one for a good reason.

        Good ones are that the operation has an error to be told; that a wrong argument stands where graphql-core has
        no object to look at it for; and what the planner says it does not plan.
        """
        return (
            b'"errors"' in self.executed
            or self.fallback is None
            or isinstance(self.fallback, GraphQLError | CannotPlan)
        )

    def __str__(self) -> str:
        """Where they part."""
        pairs = enumerate(zip(self.planned, self.executed, strict=False))
        place = next((index for index, (one, other) in pairs if one != other), 0)
        begin = max(0, place - 200)
        shown = [text[begin : place + 300].decode(errors="replace") for text in (self.planned, self.executed)]
        return f"by plan:      ..{shown[0]}\ngraphql-core: ..{shown[1]}\nfallback: {self.fallback!r}"


async def both(asked: Asked, viewer: models.User | None) -> Answers:
    """What a viewer is answered, both ways; for queries, which change nothing between the two."""
    with fallbacks() as reasons:
        planned = await answer(asked, viewer)
    answers = Answers(planned, await executed(asked, viewer), reasons[0] if reasons else None)
    # Of several errors that end the whole answer graphql-core tells one: the first, and that is now this, now that.
    for _ in range(5 if reasons else 0):
        if not answers.agree:
            answers = replace(answers, executed=await executed(asked, viewer))
    return answers


async def executed(asked: Asked, viewer: models.User | None) -> bytes:
    """The answer of graphql-core's executor."""
    with planner_off():
        return await answer(asked, viewer)


async def answer(asked: Asked, viewer: models.User | None) -> bytes:
    """The answer to an operation, as HTTP would have it."""
    context = Context(HTTPConnection(_CONNECTION), viewer)
    return written(await schema.run(asked.query, asked.variables, asked.operation_name, context, _ALLOWED))


def written(result: ExecutionResult) -> bytes:
    """A result as JSON."""
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    return orjson.dumps(body, option=orjson.OPT_UTC_Z)


@contextmanager
def planner_off() -> Iterator[None]:
    """Operations are executed field by field, whatever PLANNER says."""
    before = settings().planner
    settings().planner = False
    try:
        yield
    finally:
        settings().planner = before


@contextmanager
def fallbacks() -> Iterator[list[Exception]]:
    """Why operations, or rows of them, were not answered by plans, as it happens."""
    reasons: list[Exception] = []
    count = metrics.fell_back

    def note(operation: str, reason: Exception) -> None:
        reasons.append(reason)
        count(operation, reason)

    metrics.fell_back = note
    try:
        yield reasons
    finally:
        metrics.fell_back = count
