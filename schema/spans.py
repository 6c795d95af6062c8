"""Spans of what is executed, by OpenTelemetry's conventions for GraphQL and with nothing that anybody wrote.

https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans: a span is called by the kind of its operation, since
clients may make up as many names as they like; those of trusted documents are ours, and stand beside it.
"""

from collections.abc import Awaitable

from graphql import OperationDefinitionNode

from models import tracing
from models.meter import Meter, metering
from planner.documents import Document
from planner.trusted import hash_of

#: What a span is called where nobody knows what was meant.
UNREAD = "GraphQL Operation"
LONGEST_NAME = 100


def short_hash(text: str) -> str:
    """The beginning of the SHA-256 of a document: the document itself may hold what somebody wrote."""
    return hash_of(text)[:16]


def described(document: Document, definition: OperationDefinitionNode) -> tuple[str, tracing.Attributes]:
    """What the span of an operation is called, and says of it."""
    kind = definition.operation.value
    said = {"graphql.operation.type": kind, "plainspoken.document.hash": short_hash(document.text)}
    if definition.name is None:
        return kind, said
    name = definition.name.value[:LONGEST_NAME]
    return f"{kind} {name}" if document.is_trusted else kind, {**said, "graphql.operation.name": name}


async def traced(
    work: Awaitable[None], document: Document, definition: OperationDefinitionNode, listeners: int
) -> None:
    """Do a round of a feed in a span of its own: it is of no listener's trace, since it is for all of them."""
    meter = Meter(None if tracing.tracer is None else tracing.tracer.begin())
    token = metering.set(meter)
    try:
        await work
    finally:
        metering.reset(token)
        if meter.trace is not None:
            name, said = described(document, definition)
            meter.end(name, {**said, "plainspoken.listeners": listeners})
