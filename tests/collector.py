"""A collector of OpenTelemetry's spans, as the tests need one: it takes OTLP over HTTP, and keeps what comes."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("opentelemetry.proto", reason="OpenTelemetry is not installed: requirements-otel.lock")

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status


@dataclass(frozen=True)
class Span:
    """A span as it was sent; ids are hexadecimal, `links` are pairs of a trace's id and a span's."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    seconds: float
    is_error: bool
    said: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    process: dict[str, Any]

    @classmethod
    def of(cls, span: SentSpan, process: dict[str, Any]) -> "Span":
        """As the protocol has it."""
        return cls(
            span.name,
            SentSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
            span.status.code == Status.STATUS_CODE_ERROR,
            said(span.attributes),
            tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
            process,
        )


def said(attributes: Any) -> dict[str, Any]:
    """Attributes as Python has them."""
    found: list[KeyValue] = list(attributes)
    return {each.key: _value(each.value) for each in found}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None


@dataclass
class Collector:
    """What came, in the order in which spans ended in each process; and all its bytes, as they came."""

    url: str = ""
    spans: list[Span] = field(default_factory=list, repr=False)
    raw: bytearray = field(default_factory=bytearray, repr=False)

    def take(self, body: bytes) -> None:
        """Take what a process sends at once."""
        self.raw += body
        for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
            process = said(sent.resource.attributes)
            self.spans += [Span.of(span, process) for scope in sent.scope_spans for span in scope.spans]

    def called(self, name: str) -> list[Span]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]

    def operations(self, name: str) -> list[Span]:
        """The spans of operations of a name."""
        return [span for span in self.spans if span.said.get("graphql.operation.name") == name]

    def below(self, span: Span) -> list[Span]:
        """The spans whose parent it is."""
        return [each for each in self.spans if (each.trace, each.parent) == (span.trace, span.id)]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens while the block lasts."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces", self.path
            assert self.headers["content-type"] == "application/x-protobuf"
            collector.take(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
