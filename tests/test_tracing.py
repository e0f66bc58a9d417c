"""Without an endpoint nothing that sends traces is imported, and a span is an empty block."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.tracing import describe_span, sending_traces, span, span_reference
from tests.otlp_receiver import FAILED, otlp_receiver

IMPORTED = """
import sys

import app.asgi
import app.cli.serving

senders = ("app.otlp", "google.protobuf", "opentelemetry.exporter", "opentelemetry.sdk.trace", "requests")
print(sorted(set(senders) & set(sys.modules)))
"""


def test_without_an_endpoint_nothing_that_sends_traces_is_imported(tmp_path: Path) -> None:
    environment = {"ARCADIA_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", IMPORTED]
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == "[]\n"


async def test_without_an_endpoint_nothing_is_recorded() -> None:
    async with sending_traces(None, "tests"):
        with span("one", "INTERNAL", {}):
            describe_span({"name": "value"})
            assert span_reference() == {}


async def test_an_exception_marks_its_span_by_its_type() -> None:
    with otlp_receiver() as traces:
        async with sending_traces(traces.url + "/", "tests"):
            with pytest.raises(ValueError, match="a-secret"), span("one", "INTERNAL", {"none": None, "number": 1}):
                raise ValueError("a-secret")
    assert traces.paths == ["/v1/traces"]
    assert (traces.named("one").status, traces.named("one").attributes) == ((FAILED, "ValueError"), {"number": 1})
    assert "a-secret" not in str(traces.spans)


async def test_a_traceparent_that_is_none_is_ignored() -> None:
    with otlp_receiver() as traces:
        async with sending_traces(traces.url, "tests"):
            with span("one", "SERVER", {}, parent="00-zz-1-01"):
                pass
            with span("unsampled", "SERVER", {}, parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"):
                pass
    assert [(one.name, one.parent, one.links) for one in traces.spans] == [("one", "", [])]
