"""Traces: the spans of requests, GraphQL operations, SQL statements, jobs and deliveries, for ARCADIA_OTLP_ENDPOINT.

Without an endpoint a span is an empty block, and what sends spans is not imported. Attributes are names and
identifiers: never the parameters of SQL, tokens or bodies. docs/operations.md lists them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from app.otlp import SpanRecorder

Attributes = Mapping[str, Any]
"""Values by name; None is omitted, and what is no number or text is sent as text."""
Kind = Literal["SERVER", "INTERNAL", "CLIENT", "CONSUMER"]

STOP_SECONDS = 5
"""How long the end of a process waits for the last spans to be sent."""

_recorders: "list[SpanRecorder]" = []
"""The recorder of this process, if traces are sent."""
_NOT_TRACED = nullcontext()


@asynccontextmanager
async def sending_traces(endpoint: str | None, service: str) -> AsyncIterator[None]:
    """Sends the spans of the block to the endpoint, as this service's; does nothing without an endpoint."""
    if endpoint is None or is_tracing():
        yield
        return
    from app.otlp import SpanRecorder

    recorder = SpanRecorder(endpoint, service)
    _recorders.append(recorder)
    try:
        yield
    finally:
        _recorders.remove(recorder)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.to_thread(recorder.send_rest)
        except TimeoutError:
            recorder.give_up()


def is_tracing() -> bool:
    return bool(_recorders)


def span(
    name: str,
    kind: Kind,
    attributes: Attributes,
    *,
    parent: str | None = None,
    link: str | None = None,
) -> AbstractContextManager[None]:
    """Records the block as a span, whose children are the spans within it. An exception marks it as failed, with the
    exception's type.

    parent, link: W3C traceparent of the span that this one belongs to, or that caused it.
    """
    return _recorders[0].span(name, kind, attributes, parent, link) if _recorders else _NOT_TRACED


def describe_span(attributes: Attributes, *, name: str | None = None, failed: bool = False) -> None:
    """Adds to the current span."""
    if _recorders:
        _recorders[0].describe(attributes, name, failed=failed)


def record_statement(query: Any) -> None:
    """Records a statement that asyncpg has just run (its LoggedQuery) as a child of the current span, if there is one;
    without its arguments.
    """
    if _recorders:
        _recorders[0].statement(query.query, query.elapsed, query.exception)


def span_reference() -> dict[str, str]:
    """Returns the W3C traceparent of the current span by its name; nothing if there is none."""
    return _recorders[0].reference() if _recorders else {}
