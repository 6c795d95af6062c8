"""What the log tells of operations: which, how long, by how many statements, and of slow ones by which plan.

Nobody's data is in it: a document is known by its hash and the operation's name, and neither variables nor who asked
are told. A request's id is that of a proxy before us (`X-Request-Id`), or made when the first line needs one.
"""

import re
import secrets
from collections.abc import Collection, Mapping, MutableMapping
from time import perf_counter
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError, OperationType

from models import tracing
from models.meter import Meter, metering
from planner.asked import Asked
from planner.explain import CannotExplain, explain
from schema.context import Context
from schema.execution import ExecutedSchema, GivenUp, NotAllowed, Watch
from schema.spans import LONGEST_NAME, UNREAD, described, short_hash
from settings import settings

log = structlog.get_logger()

#: A plan takes longer to tell than most operations: each document's is told once in so many seconds.
PLANS_APART = 60.0
_MOST_REMEMBERED = 1_000
_REQUEST_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


class Operation(Meter):
    """An operation that is under way."""

    __slots__ = ("_request_id", "_schema", "asked", "began_at", "context", "wanted")

    def __init__(self, schema: "WatchedSchema", asked: Asked | str, wanted: str | None, context: Context) -> None:
        super().__init__()
        self._schema = schema
        self.asked, self.wanted, self.context = asked, wanted, context
        self._request_id: str | None = None
        self.began_at = perf_counter()
        if tracing.tracer is not None:
            # A socket's operations are many, and go on long after its handshake: none is a part of that.
            request = context.request
            self.trace = tracing.tracer.begin(request.headers, is_part=request.scope["type"] == "http")

    @property
    def request_id(self) -> str:
        """What all lines about this operation have in common."""
        if self._request_id is None:
            given = self.context.request.headers.get("x-request-id", "")
            self._request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        return self._request_id

    @property
    def query(self) -> str:
        """The text of the document; empty where it was named, and nobody knows it."""
        return self._schema.text(self.asked)

    @property
    def hash(self) -> str:
        """The beginning of the SHA-256 of the document: the document itself may hold what somebody wrote."""
        return short_hash(self.query)

    @property
    def name(self) -> str:
        """Its name in the document; empty where it has none, or there is no such operation."""
        try:
            named = self._schema.documents.read(self.query).operation(self.wanted).name
        except GraphQLError:
            return ""
        return named.value[:LONGEST_NAME] if named else ""

    def told(self) -> dict[str, Any]:
        """What a line about it says of it."""
        return {"request_id": self.request_id, "operation": self.name, "hash": self.hash}

    def end_trace(self, outcome: str, result: ExecutionResult | None, raised: BaseException | None) -> None:
        """End its span, if it has one. An error of ours makes that one that failed; a client's mistake does not."""
        if self.trace is None:
            return
        if isinstance(raised, Exception) and not isinstance(raised, NotAllowed | GivenUp):
            self.trace.failed(outcome)
        if result is not None and any((each.extensions or {}).get("code") == "TIMEOUT" for each in result.errors or ()):
            self.trace.failed("TIMEOUT")
        said: dict[str, str | int] = {"plainspoken.outcome": outcome}
        if self.context.cost is not None:
            said["plainspoken.cost"] = self.context.cost
        try:
            document = self._schema.documents.read(self.query)
            name, more = described(document, document.operation(self.wanted))
        except GraphQLError:
            name, more = UNREAD, {"plainspoken.document.hash": self.hash}
        self.end(name, {**said, **more})


def with_operation(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A step of structlog's: a line that is written while an operation is under way says which, and in which trace."""
    meter = metering.get()
    if meter is None:
        return event
    told = meter.told() if isinstance(meter, Operation) else {}
    if meter.trace is not None:
        told["trace_id"] = meter.trace.id
    return {**told, **event}


class WatchedSchema(ExecutedSchema):
    """A schema whose operations are measured as they run, and told of as the settings say."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans_told: dict[str, float] = {}

    async def run(
        self,
        asked: Asked | str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
        allowed: Collection[OperationType],
        watch: Watch | None = None,
    ) -> ExecutionResult:
        """The result of a query or a mutation, ready for JSON, bugs masked. Raises NotAllowed."""
        operation = Operation(self, asked, operation_name, context)
        token = metering.set(operation)
        outcome, result, raised = "", None, None
        try:
            result = await super().run(asked, variables, operation_name, context, allowed, watch)
            outcome = "errors" if result.errors else "ok"
            return result
        except BaseException as end:  # cancelled, perhaps
            outcome, raised = type(end).__name__, end
            raise
        finally:
            seconds, configured = perf_counter() - operation.began_at, settings()
            is_slow = 0 < configured.slow_operation_ms <= seconds * 1000
            if is_slow or configured.log_operations:
                self._tell(operation, outcome, seconds, variables, is_slow=is_slow)
            operation.end_trace(outcome, result, raised)
            metering.reset(token)

    def _tell(
        self, operation: Operation, outcome: str, seconds: float, variables: dict[str, Any] | None, *, is_slow: bool
    ) -> None:
        said: dict[str, Any] = {
            "outcome": outcome,
            "milliseconds": round(seconds * 1000, 1),
            "statements": operation.statements,
        }
        if operation.context.cost is not None:
            said["cost"] = operation.context.cost
        if not is_slow:
            log.info("operation", **said)
            return
        if plan := self._plan(operation, variables):
            said["plan"] = plan
        log.warning("a slow operation", **said)

    def _plan(self, operation: Operation, variables: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The steps of an operation as `qa explain` tells them, without a value; none if they were told just now."""
        now, which = perf_counter(), operation.hash
        if now - self._plans_told.get(which, -PLANS_APART) < PLANS_APART:
            return []
        if len(self._plans_told) >= _MOST_REMEMBERED:
            self._plans_told.clear()
        self._plans_told[which] = now
        viewer = operation.context.viewer
        try:
            [told] = explain(self.documents, operation.query, operation.wanted, variables, viewer)
        except (CannotExplain, ValueError):
            return []
        steps: list[dict[str, Any]] = []
        for part in told.parts:
            steps += [{"reads": step.reads, "sql": step.sql} for step in part.steps]
            if part.plan is None:
                steps.append({"falls back": part.reason})
        return steps
