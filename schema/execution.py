"""How operations are run: documents parsed and validated once, mistakes told to the client, bugs masked and logged."""

import secrets
import traceback
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, OperationDefinitionNode
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.extensions import MaskErrors, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.types.execution import PreExecutionError

log = structlog.get_logger()

#: Documents whose parsed and validated form is kept.
KEPT_DOCUMENTS = 1_000
#: Tokens of a document, comments not counted: some fifty times those of a large page.
MOST_TOKENS = 10_000


class OneOperation(SchemaExtension):
    """Refuses a document in which it is not clear what to execute, as the specification asks (GetOperation)."""

    def on_parse(self) -> Any:
        yield
        document = self.execution_context.graphql_document
        if document is None:
            return
        name = self.execution_context._provided_operation_name
        operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        if not operations:
            raise GraphQLError("There is no operation in the document.")
        if name is None and len(operations) > 1:
            raise GraphQLError("Give operationName: the document has several operations.")
        if name is not None and name not in [each.name.value for each in operations if each.name]:
            raise GraphQLError(f"There is no operation {name[:100]!r} in the document.")


class MaskBugs(MaskErrors):
    """Replaces what only a bug can raise by an id, under which the log holds the traceback."""

    def __init__(self) -> None:
        super().__init__(should_mask_error=is_bug)

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        assert error.original_error is not None  # noqa: S101  or it would be no bug
        return masked(error.original_error, error)


def masked(bug: Exception, at: GraphQLError | None = None) -> GraphQLError:
    """What the client is told of a bug: an id, under which the log has the traceback."""
    error_id = secrets.token_hex(8)
    # A text, not `exc_info`: some renderers would show the frames' variables too, a password among them.
    trace = "".join(traceback.format_exception(bug))
    nodes, path = (at.nodes, at.path) if at else (None, None)
    log.error("an operation failed", error_id=error_id, path=path, traceback=trace)
    return GraphQLError(
        f"Something went wrong here. The server's log has it under {error_id}.",
        nodes=nodes,
        path=path,
        extensions={"code": "INTERNAL_ERROR", "id": error_id},
    )


def is_bug(error: GraphQLError) -> bool:
    """Whether an error is the server's fault: raised by our code, and not meant for the client."""
    cause = error.original_error
    if error.path is None and isinstance(cause, ValueError):
        return False  # a literal that cannot be read, such as an Int of 5,000 digits: nothing was executed yet
    return cause is not None and not isinstance(cause, GraphQLError | StrawberryInputCoercionError)


class ExecutedSchema(strawberry.Schema):
    """A Strawberry schema that answers every error in a document alike, over HTTP and in a stream."""

    async def _prepare_operation_async(self, context: Any, extensions_runner: Any) -> Any:
        # ParserCache and OneOperation raise while a document is parsed. `execute` catches that, `stream` does
        # not, and a websocket would get no answer; so it becomes what a document that does not parse gives.
        try:
            return await super()._prepare_operation_async(context, extensions_runner)
        except GraphQLError as failure:
            error = failure
        except MissingQueryError:
            error = GraphQLError("There is no query.")
        context.pre_execution_errors = [error]
        return PreExecutionError(data=None, errors=[error])

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Strawberry logs every error here with its traceback, also a client's slip; MaskBugs logs the bugs."""


def extensions() -> list[Any]:
    """The extensions of the schema, outermost first; made anew for each operation."""
    return [
        MaskBugs,
        lambda: MaxTokensLimiter(max_token_count=MOST_TOKENS),
        lambda: ParserCache(maxsize=KEPT_DOCUMENTS),
        OneOperation,
        lambda: ValidationCache(maxsize=KEPT_DOCUMENTS),
    ]
