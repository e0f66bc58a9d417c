"""Sends spans by OTLP (HTTP with protobuf), from a thread of OpenTelemetry's. Only imported when traces are sent."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORT_SECONDS = 5
"""How long the receiver may take for one batch, with repetitions."""
MAX_ATTRIBUTE_LENGTH = 4_096
LOG_SECONDS = 60

_CONTEXT = TraceContextTextMapPropagator()


class _Seldom(logging.Filter):
    """Lets one line through in a minute: a receiver that is down fails for every batch."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + LOG_SECONDS
        return super().filter(record)


for _name in (OTLPSpanExporter.__module__, "opentelemetry.sdk._shared_internal"):
    logging.getLogger(_name).addFilter(_Seldom())


class SpanRecorder:
    """Records spans and sends them, in batches, to ENDPOINT/v1/traces. What cannot be sent is dropped."""

    def __init__(self, endpoint: str, service: str) -> None:
        resource = Resource.create({"service.name": service, "service.version": version("arcadia-billing")})
        self._exporter = OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces", timeout=EXPORT_SECONDS)
        self._processor = BatchSpanProcessor(self._exporter)
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("arcadia")

    def send_rest(self) -> None:
        """Sends what is left, and ends the thread. Blocks."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]  # typed in part

    def give_up(self) -> None:
        """Ends a `send_rest` that takes too long."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # typed in part

    @contextmanager
    def span(
        self, name: str, kind: str, attributes: Mapping[str, Any], parent: str | None, link: str | None
    ) -> Iterator[None]:
        links = [trace.Link(trace.get_current_span(_context_of(link)).get_span_context())] if link else None
        with self._tracer.start_as_current_span(
            name,
            context=_context_of(parent) if parent else None,
            kind=trace.SpanKind[kind],
            attributes=_attributes(attributes),
            links=links,
            record_exception=False,  # its message may contain values
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def describe(self, attributes: Mapping[str, Any], name: str | None, *, failed: bool) -> None:
        span = trace.get_current_span()
        span.set_attributes(_attributes(attributes))
        if name is not None:
            span.update_name(name)
        if failed:
            span.set_status(trace.StatusCode.ERROR)

    def statement(self, sql: str, seconds: float, error: BaseException | None) -> None:
        # The current span may have ended already: asyncpg reports a statement in the event loop's next iteration.
        if not trace.get_current_span().get_span_context().is_valid:
            return
        end = time.time_ns()
        span = self._tracer.start_span(
            sql.split(maxsplit=1)[0].rstrip(";"),
            kind=trace.SpanKind.CLIENT,
            attributes={"db.system.name": "postgresql", "db.query.text": sql[:MAX_ATTRIBUTE_LENGTH]},
            start_time=end - round(seconds * 1e9),
        )
        if error is not None:
            span.set_status(trace.StatusCode.ERROR, type(error).__name__)
        span.end(end)

    def reference(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier)
        return {name: value for name, value in carrier.items() if name == "traceparent"}


def _context_of(traceparent: str) -> Context:
    return _CONTEXT.extract({"traceparent": traceparent})


def _attributes(values: Mapping[str, Any]) -> dict[str, str | int]:
    return {
        name: value if isinstance(value, int) else str(value)[:MAX_ATTRIBUTE_LENGTH]
        for name, value in values.items()
        if value is not None
    }
