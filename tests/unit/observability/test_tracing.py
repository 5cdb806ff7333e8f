from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rollbook.observability import tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield exporter
    provider.shutdown()


def test_a_step_continues_the_trace_that_came(spans: InMemorySpanExporter) -> None:
    step = tracing.step("decide", SAMPLED)
    assert step is not None
    step.end(partition=3)
    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == TRACE
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == SPAN
    assert span.attributes == {"partition": 3}
    assert step.traceparent == f"00-{TRACE}-{span.context.span_id:016x}-01"


def test_the_next_step_continues_from_the_step_before(spans: InMemorySpanExporter) -> None:
    door = tracing.begin("POST")
    step = tracing.step("decide", door.traceparent)
    assert step is not None
    step.end()
    door.end()
    decided, asked = spans.get_finished_spans()
    assert decided.parent is not None
    assert decided.parent.span_id == asked.context.span_id
    assert decided.context.trace_id == asked.context.trace_id


@pytest.mark.parametrize(
    "traceparent",
    [
        *(None, "", "junk", SAMPLED.upper(), SAMPLED + "\n", f"01-{TRACE}-{SPAN}-01"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE}-{SPAN}-00"),
    ],
)
def test_where_no_trace_was_begun_none_is(
    spans: InMemorySpanExporter, traceparent: str | None
) -> None:
    assert tracing.step("decide", traceparent) is None
    assert spans.get_finished_spans() == ()


@given(st.text(max_size=80))
def test_no_header_breaks_a_step(traceparent: str) -> None:
    tracing.step("decide", traceparent)


def test_without_an_exporter_nothing_is_set_up() -> None:
    assert tracing.configure("test", None) is None
