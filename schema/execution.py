"""How operations are run: documents read once, budgets kept, mistakes told to the client, bugs masked and logged."""

import re
import secrets
import traceback
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType
from graphql.execution import MiddlewareManager
from strawberry.exceptions import StrawberryInputCoercionError

from models import replicas
from models.meter import metering
from models.outages import Seldom, outage
from planner import metrics
from planner.asked import Asked, Remembered, refused
from planner.deeds import Deed, NotShown
from planner.documents import MOST_MISTAKES, Document, Documents
from planner.executor import PlannedExecutor
from planner.inputs import NotPlain
from planner.planner import planned
from planner.trusted import hash_of
from schema.context import Context
from schema.places import answered_at
from services import budgets
from services.errors import RateLimited
from settings import settings

log = structlog.get_logger()
#: Waits for a query, and may give up.
Watch = Callable[[Awaitable[ExecutionResult]], Awaitable[ExecutionResult]]
#: Characters of a new document that cost as much to read as one row.
_READ = 2

#: The code of an error that is an outage of the database: see `models.outages`.
UNAVAILABLE = "SERVICE_UNAVAILABLE"
#: The code of an error that is a bug of ours.
INTERNAL = "INTERNAL_ERROR"
#: What PostgreSQL adds to an error: the values of rows.
_DETAIL = re.compile(r"^DETAIL: .*\n?", re.MULTILINE)
_outages = Seldom(seconds=1)


class NotAllowed(Exception):
    """An operation of a kind that may not come this way."""

    def __init__(self, operation: OperationType) -> None:
        super().__init__(f"{operation.value} is not allowed here")
        self.operation = operation


class GivenUp(Exception):
    """What a watch raises where nobody waits for the answer any more."""


def told(error: GraphQLError) -> GraphQLError:
    """An error as the client is told of it: a bug becomes an id."""
    return masked(error.original_error, error) if is_bug(error) and error.original_error else error


def masked(bug: Exception, at: GraphQLError | None = None) -> GraphQLError:
    """What the client is told of a bug: an id, under which the log has the traceback; of an outage, what is out."""
    nodes, path = (at.nodes, at.path) if at else (None, None)
    trace = meter.trace if (meter := metering.get()) is not None else None
    if (what := outage(bug)) is not None:
        if trace is not None:
            trace.failed(UNAVAILABLE)
        if times := _outages.times():
            log.warning("the database cannot work", error=type(bug).__name__, told=what, times=times)
        return GraphQLError(what, nodes=nodes, path=path, extensions={"code": UNAVAILABLE})
    error_id = secrets.token_hex(8)
    if trace is not None:
        trace.failed(INTERNAL, error_id)
    # A text, not `exc_info`: some renderers would show the frames' variables too, a password among them.
    lines = _DETAIL.sub("", "".join(traceback.format_exception(bug)))
    log.error("an operation failed", error_id=error_id, path=path, traceback=lines)
    return GraphQLError(
        f"Something went wrong here. The server's log has it under {error_id}.",
        nodes=nodes,
        path=path,
        extensions={"code": INTERNAL, "id": error_id},
    )


def _too_dear(cost: int, error: RateLimited) -> GraphQLError:
    return refused("RATE_LIMITED", error.message, cost=cost, retryAt=error.retry_at)


def with_told_errors(result: ExecutionResult) -> ExecutionResult:
    """A result whose errors are as the client is told of them."""
    return ExecutionResult(result.data, [told(error) for error in result.errors]) if result.errors else result


def given(result: Any) -> Callable[..., Any]:
    """Middleware of graphql-core: the root field has given `result` already."""

    def middleware(resolve: Any, source: Any, info: Any, **arguments: Any) -> Any:
        return result if info.path.prev is None else resolve(source, info, **arguments)

    return middleware


def is_bug(error: GraphQLError) -> bool:
    """Whether an error is the server's fault: raised by our code, and not meant for the client."""
    cause = error.original_error
    if error.path is None and isinstance(cause, ValueError):
        return False  # a literal that cannot be read, such as an Int of 5,000 digits: nothing was executed yet
    return cause is not None and not isinstance(cause, GraphQLError | StrawberryInputCoercionError)


class ExecutedSchema(strawberry.Schema):
    """A Strawberry schema that answers by plans where it can, and every error in a document alike, over HTTP and in a
    stream.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"execution_context_class": PlannedExecutor, **kwargs})
        self.forget()

    def forget(self) -> None:
        """Begin anew, without any documents: for tests that change the settings."""
        self.documents = Documents(self)
        self._remembered = Remembered()

    def document(self, asked: Asked | str, context: Context) -> Document:
        """The document that is asked for. Raises GraphQLError where none is meant, or may be, or it does not parse."""
        asked = Asked(asked) if isinstance(asked, str) else asked
        text = self._remembered.text(asked)
        document = self.documents.known(text)
        if document is None:
            try:
                budgets.spend(context.viewer, cost := len(text) // _READ)
            except RateLimited as error:
                raise _too_dear(cost, error) from error
            document = self.documents.read(text)
            if settings().documents_policy == "prefer" and not document.is_trusted:
                log.info("a document is not trusted", hash=hash_of(text), operations=document.names)
        if not document.errors:
            self._remembered.remember(asked)
        return document

    def text(self, asked: Asked | str) -> str:
        """The text of the document that is asked for, for the log; empty where none is known."""
        try:
            return asked if isinstance(asked, str) else self._remembered.text(asked)
        except GraphQLError:
            return ""

    def admit(
        self,
        document: Document,
        definition: OperationDefinitionNode,
        variables: dict[str, Any] | None,
        context: Context,
    ) -> None:
        """Take the cost of an operation out of the viewer's budget: before it is run, or watched.

        Raises GraphQLError where it is too dear, for one operation or for what is left.
        """
        context.cost = cost = document.cost(definition, variables or {})
        try:
            used = budgets.spend(context.viewer, cost)
        except RateLimited as error:
            raise _too_dear(cost, error) from error
        if context.wants_cost or document.asks(definition, "rateLimit"):
            budgets.note(cost, used)
            context.notes_reads = False  # the answer is this request's alone
        if not document.is_trusted and settings().documents_policy == "prefer":
            metrics.untrusted()

    async def run(
        self,
        asked: Asked | str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
        allowed: Collection[OperationType],
        watch: Watch | None = None,
    ) -> ExecutionResult:
        """The result of a query or a mutation, ready for JSON, bugs masked. Raises NotAllowed.

        A query is given to `watch`, which may cancel it and raise a GraphQLError or GivenUp; a deed is never broken off
        half done.
        """
        try:
            document = self.document(asked, context)
            definition = document.operation(operation_name)
            if definition.operation not in allowed:
                raise NotAllowed(definition.operation)
            if document.errors:
                return ExecutionResult(None, list(document.errors))
            self.admit(document, definition, variables, context)
            is_query = definition.operation is OperationType.QUERY
            places = replicas.current()
            if places is None:
                work = self._answer(document, definition, variables, operation_name, context)
            else:
                answer = partial(self._answer, document, definition, variables, operation_name, context)
                work = answered_at(places, answer, context, is_query=is_query)
            if watch is None or not is_query:
                return await work
            return await watch(work)
        except GraphQLError as error:
            return ExecutionResult(None, [error])

    async def _answer(
        self,
        document: Document,
        definition: OperationDefinitionNode,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
    ) -> ExecutionResult:
        if settings().planner:
            context.plans = plans = document.plans(definition)
            if definition.operation is OperationType.QUERY:
                coerced = plans.coerced(variables or {})
                try:
                    answer = None if coerced is None else await planned(plans, coerced, context)
                except Exception as out:
                    return ExecutionResult(None, [masked(out)])
                if answer is not None:
                    return ExecutionResult(answer[0])
            elif deed := document.deed(definition):
                return await self._done(deed, document, variables or {}, operation_name, context)
        return await self._executed(document, variables, operation_name, context)

    async def _done(
        self, deed: Deed, document: Document, variables: dict[str, Any], operation_name: str | None, context: Context
    ) -> ExecutionResult:
        """What a mutation answers that is done the short way."""
        try:
            arguments = deed.arguments(variables)
        except NotPlain:
            return await self._executed(document, variables, operation_name, context)
        try:
            return with_told_errors(await deed.do(arguments, context))
        except NotShown as done:
            return await self._executed(document, variables, operation_name, context, given(done.result))

    async def _executed(
        self,
        document: Document,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
        middleware: Any = None,
    ) -> ExecutionResult:
        """What graphql-core's executor answers: the definition of right."""
        executor = PlannedExecutor.build(
            self._schema,
            document.node,
            context_value=context,
            raw_variable_values=variables,
            operation_name=operation_name,
            operation_extensions=None,
            middleware=None if middleware is None else MiddlewareManager(middleware),
            hide_suggestions=not settings().introspection,
            max_coercion_errors=MOST_MISTAKES,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result: Any = executor.execute_operation()
        return with_told_errors(await result if executor.is_awaitable(result) else result)
