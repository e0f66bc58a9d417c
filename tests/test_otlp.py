"""What a receiver of OTLP gets of a span."""

import pytest

from app.tracing import sending_traces, span
from tests.otlp_receiver import FAILED, otlp_receiver


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
