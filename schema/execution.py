"""How operations are run: documents parsed and validated once, mistakes told to the client, bugs masked and logged."""

import re
import secrets
import traceback
from collections.abc import AsyncGenerator, Callable, Collection
from typing import Any

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError, OperationType
from graphql.execution import MiddlewareManager
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.types.execution import PreExecutionError

from models.outages import Seldom, outage
from planner.deeds import Deed, NotShown
from planner.documents import Document, Documents
from planner.executor import PlannedExecutor
from planner.inputs import NotPlain
from planner.planner import planned
from schema.context import Context
from settings import settings

log = structlog.get_logger()

#: The code of an error that is an outage of the database: see `models.outages`.
UNAVAILABLE = "SERVICE_UNAVAILABLE"
#: What PostgreSQL adds to an error: the values of rows.
_DETAIL = re.compile(r"^DETAIL: .*\n?", re.MULTILINE)
_outages = Seldom(seconds=1)


class NotAllowed(Exception):
    """An operation of a kind that may not come this way."""

    def __init__(self, operation: OperationType) -> None:
        super().__init__(f"{operation.value} is not allowed here")
        self.operation = operation


class KnownDocuments(SchemaExtension):
    """For a stream: takes the document, and what validation found in it, from those that were read before."""

    def on_parse(self) -> Any:
        execution = self.execution_context
        schema: Any = execution.schema
        if execution.query:
            document = schema.documents.read(execution.query)
            definition = document.operation(execution._provided_operation_name)
            execution.graphql_document = document.node
            execution.validation_rules = ()
            execution.pre_execution_errors = list(document.errors) or None
            if settings().planner and not document.errors:
                execution.context.plans = document.plans(definition)
        yield


class MaskBugs(MaskErrors):
    """For a stream: replaces what only a bug can raise by an id, under which the log holds the traceback."""

    def __init__(self) -> None:
        super().__init__(should_mask_error=is_bug)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        return told(error)


def told(error: GraphQLError) -> GraphQLError:
    """An error as the client is told of it: a bug becomes an id."""
    return masked(error.original_error, error) if is_bug(error) and error.original_error else error


def masked(bug: Exception, at: GraphQLError | None = None) -> GraphQLError:
    """What the client is told of a bug: an id, under which the log has the traceback; of an outage, what is out."""
    nodes, path = (at.nodes, at.path) if at else (None, None)
    if (what := outage(bug)) is not None:
        if times := _outages.times():
            log.warning("the database cannot work", error=type(bug).__name__, told=what, times=times)
        return GraphQLError(what, nodes=nodes, path=path, extensions={"code": UNAVAILABLE})
    error_id = secrets.token_hex(8)
    # A text, not `exc_info`: some renderers would show the frames' variables too, a password among them.
    trace = _DETAIL.sub("", "".join(traceback.format_exception(bug)))
    log.error("an operation failed", error_id=error_id, path=path, traceback=trace)
    return GraphQLError(
        f"Something went wrong here. The server's log has it under {error_id}.",
        nodes=nodes,
        path=path,
        extensions={"code": "INTERNAL_ERROR", "id": error_id},
    )


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
        self.documents = Documents(self)

    async def run(
        self,
        query: str,
        variables: dict[str, Any] | None,
        operation_name: str | None,
        context: Context,
        allowed: Collection[OperationType],
    ) -> ExecutionResult:
        """The result of a query or a mutation, ready for JSON, bugs masked. Raises NotAllowed."""
        try:
            document = self.documents.read(query)
            definition = document.operation(operation_name)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        if definition.operation not in allowed:
            raise NotAllowed(definition.operation)
        if document.errors:
            return ExecutionResult(None, list(document.errors))
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
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result: Any = executor.execute_operation()
        return with_told_errors(await result if executor.is_awaitable(result) else result)

    async def _prepare_operation_async(self, context: Any, extensions_runner: Any) -> Any:
        # KnownDocuments raises while a document is parsed. `stream` does not catch that, and a websocket would get
        # no answer; so it becomes what a document that does not parse gives.
        try:
            return await super()._prepare_operation_async(context, extensions_runner)
        except GraphQLError as failure:
            error = failure
        except MissingQueryError:
            error = GraphQLError("There is no query.")
        context.pre_execution_errors = [error]
        return PreExecutionError(data=None, errors=[error])

    async def _stream_non_subscription(self, execution_context: Any, *_: Any) -> AsyncGenerator[Any, None]:
        result = await self.run(
            execution_context.query,
            execution_context.variables,
            execution_context._provided_operation_name,
            execution_context.context,
            (OperationType.QUERY, OperationType.MUTATION),
        )
        yield strawberry.types.ExecutionResult(data=result.data, errors=result.errors)

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Strawberry logs every error here with its traceback, also a client's slip; MaskBugs logs the bugs."""


def extensions() -> list[Any]:
    """The extensions of the schema, outermost first; made anew for each stream."""
    return [MaskBugs, KnownDocuments]
