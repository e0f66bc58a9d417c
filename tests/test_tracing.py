"""Without an endpoint nothing that sends traces is imported, and a span is an empty block."""

import subprocess
import sys
from pathlib import Path

from app.tracing import describe_span, sending_traces, span, span_reference

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
