"""Records calls of functions as OpenTelemetry's spans and metrics.

Everything that leaves the app is listed here, name by name: times, statuses, a request id. No text
of a query and no name of a user, a file or a product is among it.
"""

from __future__ import annotations

import functools

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared_code.domain.ports import IMPORTED_NS, Operation

_PROPAGATOR = TraceContextTextMapPropagator()


class Emitter:
    """Used by one thread. The first call that it emits counts as the process's cold start."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._meter = meter
        self._is_cold = True
        self._requests = self._histogram("request_ms")
        self._cold_starts = meter.create_counter(
            "cold_starts", description="Processes that answered for the first time."
        )
        self._cache_lookups = meter.create_counter(
            "cache_lookups", description="Queries whose embedding was remembered, or not."
        )

    def emit(self, operation: Operation) -> None:
        is_cold, self._is_cold = self._is_cold, False
        self._trace(operation, is_cold=is_cold)
        self._measure(operation, is_cold=is_cold)

    def _trace(self, operation: Operation, *, is_cold: bool) -> None:
        span = self._tracer.start_span(
            operation.function,
            context=_parent_context(operation.parent),
            kind=SpanKind.INTERNAL,  # the host records the request itself
            start_time=operation.started_ns,
            attributes={
                "status": operation.status,  # Azure's exporter drops http.response.status_code here
                "request_id": operation.request_id,
                "cold_start": is_cold,
                **_cache_attributes(operation),
            },
        )
        if operation.status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        self._trace_stages(operation, span)
        span.end(operation.ended_ns)

    def _trace_stages(self, operation: Operation, span: Span) -> None:
        context = set_span_in_context(span)
        for name, started_ns, ended_ns in operation.stages.intervals:
            stage = self._tracer.start_span(name, context=context, start_time=started_ns)
            stage.end(ended_ns)

    def _measure(self, operation: Operation, *, is_cold: bool) -> None:
        function = {"function": operation.function}
        duration_ms = (operation.ended_ns - operation.started_ns) / 1e6
        self._requests.record(duration_ms, {**function, "status": operation.status})
        for name, started_ns, ended_ns in operation.stages.intervals:
            self._histogram(f"{name}_ms").record((ended_ns - started_ns) / 1e6, function)
        if cache_result := operation.stages.marks.get("cache"):
            self._cache_lookups.add(1, {**function, "result": cache_result})
        if is_cold:
            self._cold_starts.add(1, function)
            since_import_ms = (operation.ended_ns - IMPORTED_NS) / 1e6
            self._histogram("cold_start_ms").record(since_import_ms, function)

    @functools.cache  # noqa: B019  # lives as long as the process
    def _histogram(self, name: str) -> Histogram:
        return self._meter.create_histogram(name, unit="ms")


def _parent_context(traceparent: str) -> Context | None:
    """Returns None, for a trace of its own, where the caller sent no valid ``traceparent``."""
    return _PROPAGATOR.extract({"traceparent": traceparent}) if traceparent else None


def _cache_attributes(operation: Operation) -> dict[str, str]:
    cache_result = operation.stages.marks.get("cache")
    return {"cache": cache_result} if cache_result else {}
