"""Spans, made by OpenTelemetry and sent in the background: the one module that loads it, and only if it is wanted.

Each span is given its parent, and never looks for it in its surroundings: none leaks from a request into another.
"""

import os
import re
from asyncio import CancelledError
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

from dotenv import dotenv_values
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)

from models import tracing
from settings import settings

#: Characters of a statement that are sent; of a page's there are several thousand.
_LONGEST = 1_000
#: What a statement changes; and of one that only reads, what: `given` and functions that give rows are no tables.
_CHANGES = re.compile(r'(?<!FOR )(?<!KEY )(?<!DO )\b(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')
_READS = re.compile(r'\b(?:FROM|JOIN) "?(?!given\b|LATERAL\b|s\d)(\w+)\b"?(?!\()')
_LONGEST_SUMMARY = 255


class Spans:
    """The spans of this process, as a `models.tracing.Tracer`."""

    def __init__(self) -> None:
        # OpenTelemetry reads the environment alone, and our settings a file `.env`, too.
        for name, value in {**dotenv_values(".env"), **_endpoint()}.items():
            if name.startswith("OTEL_") and value:
                os.environ.setdefault(name, value)
        resource = Resource.create({"process.pid": os.getpid()})
        if str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: "plainspoken"}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("plainspoken")

    def begin(self, headers: Mapping[str, str] | None = None, *, is_part: bool = True) -> "Trace | None":
        """See models.tracing."""
        around, links = Context(), []
        if headers is not None:
            around = propagate.extract(headers, around)
            told = get_current_span(around).get_span_context()
            if not is_part:
                around, links = Context(), [Link(told)] if told.is_valid else []
        span = self._tracer.start_span("GraphQL Operation", around, SpanKind.SERVER, links=links)
        return Trace(self._tracer, span) if span.is_recording() else None

    def together(self, traces: Sequence[tracing.Trace]) -> "Trace":
        """See models.tracing."""
        first, *others = cast("Sequence[Trace]", traces)
        links = [Link(each.span.get_span_context()) for each in others]
        span = self._tracer.start_span("together", first.below, links=links)
        for each in others:
            each.span.add_link(span.get_span_context())
        return Trace(self._tracer, span)

    def finish(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class Trace:
    """A span that is under way, as a `models.tracing.Trace`."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self._errors: list[str] = []
        self.span = span
        self.id = format_trace_id(span.get_span_context().trace_id)
        #: Where that which it is the parent of begins.
        self.below = set_span_in_context(span, Context())

    @contextmanager
    def statement(self, texts: Sequence[str], system: str) -> Iterator["Statement"]:
        """See models.tracing."""
        text = "; ".join(dict.fromkeys(texts))
        said: dict[str, Any] = {"db.system.name": system, "db.query.text": _short(text)}
        if len(texts) > 1:
            said["db.operation.batch.size"] = len(texts)
        summary = said["db.query.summary"] = summary_of(text)
        statement = Statement(self._tracer.start_span(summary, self.below, SpanKind.CLIENT, said))
        try:
            yield statement
        except CancelledError:
            raise
        except BaseException as error:
            # Its message may hold values; what the database calls it does not.
            if code := getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None):
                statement.span.set_attribute("db.response.status_code", str(code))
            statement.span.set_attribute("error.type", type(error).__name__)
            statement.span.set_status(StatusCode.ERROR)
            raise
        finally:
            statement.end()

    def failed(self, code: str, error_id: str | None = None) -> None:
        """See models.tracing."""
        self.span.set_status(StatusCode.ERROR, code)
        self.span.set_attribute("error.type", code)
        if error_id is not None:
            self._errors.append(error_id)
            self.span.set_attribute("plainspoken.error.ids", self._errors)

    def end(self, name: str, attributes: tracing.Attributes) -> None:
        """See models.tracing."""
        self.span.update_name(name)
        self.span.set_attributes(attributes)
        self.span.end()


class Statement:
    """The span of a statement that is under way."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self._is_forgotten = False

    def forget(self) -> None:
        """See models.tracing."""
        self._is_forgotten = True

    def end(self) -> None:
        """End it, unless it is to be forgotten: one that never ends is never sent."""
        if not self._is_forgotten:
            self.span.end()


@lru_cache(maxsize=1_000)
def summary_of(text: str) -> str:
    """What a statement does to which tables: `SELECT post users`; `INSERT vote UPDATE post`; `COMMIT`."""
    does = [f"{deed.partition(' ')[0]} {table}" for deed, table in _CHANGES.findall(text)]
    if not does:
        word = text.partition(" ")[0]
        does = ["SELECT" if word == "WITH" else word, *_READS.findall(text)]
    return " ".join(dict.fromkeys(does))[:_LONGEST_SUMMARY]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _endpoint() -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": settings().otel_exporter_otlp_endpoint}
