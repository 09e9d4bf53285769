"""OpenTelemetry: the request and its jobs are one trace.

The trace context goes with a job in its row. Spans are made and sent only where HEADWATER_OTLP_ENDPOINT names a
collector; without one nothing of OpenTelemetry's SDK is loaded, and what a request said of its trace is passed on as it
came.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from jobs.claims import Claim
from tenancy.origin import coming_from

__all__ = ["following_trace", "send_spans_to", "span", "tracer"]

_PROPAGATOR = TraceContextTextMapPropagator()
_active: list[Tracer] = []


def send_spans_to(endpoint: str, *, service: str) -> None:
    """Make spans from now on, and send them in the background to an OTLP collector over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    use(provider.get_tracer("headwater"))


def use(tracer: Tracer) -> None:
    """Make spans with this tracer from now on."""
    _active[:] = [tracer]


def tracer() -> Tracer | None:
    """What makes spans; None: nobody wants any."""
    return _active[0] if _active else None


@contextmanager
def span(name: str, traceparent: str | None, *, kind: SpanKind, attributes: dict[str, str]) -> Iterator[None]:
    """A span below `traceparent`; what is started inside belongs below the span. Without a tracer: below
    `traceparent`."""
    making = tracer()
    if making is None:
        with coming_from(traceparent):
            yield
        return
    context = _PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {})
    with making.start_as_current_span(name, context=context, kind=kind, attributes=attributes) as current:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, trace.set_span_in_context(current))
        with coming_from(carrier.get("traceparent")):
            yield


@contextmanager
def following_trace(claim: Claim) -> Iterator[None]:
    """An attempt at a job, as part of what started it."""
    attributes = {"headwater.job.id": f"job_{claim.id.hex}", "headwater.job.attempt": str(claim.attempt)}
    with span(claim.kind, claim.traceparent, kind=SpanKind.CONSUMER, attributes=attributes):
        yield
