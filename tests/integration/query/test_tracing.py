"""One trace leads from the HTTP request through the command service to the row in Postgres."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rollbook.observability import tracing
from tests.integration.query.system import Caller, until

PARENT = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def exporter() -> Iterator[InMemorySpanExporter]:
    """What this process's spans are written to; a process can set its provider only once."""
    found = InMemorySpanExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        tracing.configure("tests", InMemorySpanExporter())
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(found))
    yield found
    found.shutdown()


def chain(exporter: InMemorySpanExporter, trace_id: str, length: int) -> list[ReadableSpan]:
    """The trace's spans from the first to the last, each the parent of the next."""

    def found() -> list[ReadableSpan]:
        spans = exporter.get_finished_spans()
        return [s for s in spans if f"{s.context.trace_id:032x}" == trace_id]

    until(lambda: len(found()) == length)
    by_parent = {s.parent.span_id if s.parent else 0: s for s in found()}
    first = by_parent.get(0) or by_parent[int(PARENT, 16)]
    ordered = [first]
    while (following := by_parent.get(ordered[-1].context.span_id)) is not None:
        ordered.append(following)
    return ordered


def test_a_request_begins_a_trace_that_ends_in_the_tables(
    exporter: InMemorySpanExporter, caller: Caller
) -> None:
    key = str(uuid4())
    caller.done("RegisterModel", {}, Idempotency_Key=key)

    def first() -> list[ReadableSpan]:
        spans = exporter.get_finished_spans()
        return [s for s in spans if (s.attributes or {}).get("rollbook.command_id") == key]

    until(lambda: len(first()) == 1)
    spans = chain(exporter, f"{first()[0].context.trace_id:032x}", 3)
    assert [s.name.split()[0] for s in spans] == ["POST", "decide", "project"]
    assert spans[0].name == "POST RegisterModel"
    assert (spans[0].attributes or {})["http.response.status_code"] == 200


def test_a_request_continues_its_callers_trace(
    exporter: InMemorySpanExporter, caller: Caller
) -> None:
    trace_id = uuid4().hex
    caller.done("RegisterModel", {}, traceparent=f"00-{trace_id}-{PARENT}-01")
    spans = chain(exporter, trace_id, 3)
    assert [s.name.split()[0] for s in spans] == ["POST", "decide", "project"]
    assert spans[0].parent is not None
    assert f"{spans[0].parent.span_id:016x}" == PARENT


def test_a_refused_request_says_so_in_its_span(
    exporter: InMemorySpanExporter, caller: Caller
) -> None:
    key = str(uuid4())
    assert caller.send("TagModel", {"tags": {}}, Idempotency_Key=key).status_code == 422

    def statuses() -> list[object]:
        return [
            (s.attributes or {})["http.response.status_code"]
            for s in exporter.get_finished_spans()
            if (s.attributes or {}).get("rollbook.command_id") == key
        ]

    until(lambda: statuses() == [422])


def test_a_caller_who_does_not_sample_gets_no_spans(
    exporter: InMemorySpanExporter, caller: Caller
) -> None:
    trace_id = uuid4().hex
    caller.done("RegisterModel", {}, traceparent=f"00-{trace_id}-{PARENT}-00")
    position = caller.done("TagModel", {"tags": {"a": "b"}})["position"]
    assert caller.read(min_position=position).status_code == 200
    spans = exporter.get_finished_spans()
    assert not [s for s in spans if f"{s.context.trace_id:032x}" == trace_id]
