"""The trace of a command goes on into the tables."""

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rollbook.domain.catalog import ModelRegistered
from rollbook.projector.app import steps
from rollbook.projector.handlers import read
from rollbook.readmodel.offsets import Place
from tests.unit.projector.books import Book


def exporter() -> InMemorySpanExporter:
    """Receives the spans of this process from now on; there is one provider for all tests."""
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    made = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(made))
    return made


def test_a_record_that_carries_a_trace_continues_it() -> None:
    spans = exporter()
    book = Book()
    book.claims()
    book.says("a/traced", ModelRegistered(), traceparent=f"00-{1:032x}-{2:016x}-01")
    book.says("a/unsampled", ModelRegistered(), traceparent=f"00-{3:032x}-{4:016x}-00")
    book.says("a/silent", ModelRegistered())
    for opened in steps(read(0, Place(), book.records)):
        opened.end()
    (span,) = spans.get_finished_spans()
    assert span.name == "project ModelRegistered"
    assert span.context is not None
    assert span.context.trace_id == 1
    assert span.parent is not None
    assert span.parent.span_id == 2
    assert span.attributes == {"position": "0:1"}
