"""One trace from the door through Kafka to the row in Postgres, by W3C `traceparent`."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def configure(service: str, exporter: SpanExporter | None = None) -> TracerProvider | None:
    """Send this process's spans to `exporter`, or to where OTEL_EXPORTER_OTLP_ENDPOINT says.

    With neither, spans cost nothing.
    """
    if exporter is None:
        if "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
            return None
        # Here, since it loads a web client and a code generator's library.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )

        exporter = OTLPSpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider


@dataclass(frozen=True, slots=True)
class Step:
    """One open span of a trace that somebody else began."""

    span: trace.Span

    @property
    def traceparent(self) -> str:
        """What the next step continues from."""
        return format_context(self.span.get_span_context())

    def end(self, **attributes: str | int) -> None:
        """Close the span."""
        self.span.set_attributes(attributes)
        self.span.end()


def format_context(context: SpanContext) -> str:
    """The context as a `traceparent` header."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def step(
    name: str,
    traceparent: str | None,
    kind: SpanKind = SpanKind.CONSUMER,
    attributes: Mapping[str, str | int] | None = None,
) -> Step | None:
    """A span that continues `traceparent`; None when there is none or it is not sampled."""
    if traceparent is None or (match := TRACEPARENT.fullmatch(traceparent)) is None:
        return None
    if not int(match[3], 16) & TraceFlags.SAMPLED:
        return None
    remote = SpanContext(int(match[1], 16), int(match[2], 16), True, TraceFlags(int(match[3], 16)))
    if not remote.is_valid:
        return None
    context = trace.set_span_in_context(NonRecordingSpan(remote))
    return Step(trace.get_tracer("rollbook").start_span(name, context, kind, attributes))


def begin(name: str, attributes: Mapping[str, str | int] | None = None) -> Step:
    """The first span of a new trace."""
    tracer = trace.get_tracer("rollbook")
    return Step(tracer.start_span(name, kind=SpanKind.SERVER, attributes=attributes))
