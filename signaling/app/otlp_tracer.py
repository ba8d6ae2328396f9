"""Sends spans to an OpenTelemetry collector: OTLP by HTTP, from a queue with a bound, by a thread of its own.

Imported where a collector is named, and only then (decision 139).
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.util.types import AttributeValue

from signaling.core.tracing import Attributes, Counts, Kind, Span, Tracer

log = logging.getLogger(__name__)

QUEUE = 2048
"""Spans that may wait to be sent; further ones are dropped."""
BATCH = 256
DELAY_S = 2.0
"""Longest time for which a span waits for others to be sent with, where the collector answers."""
TIMEOUT_S = 10.0
"""Time for a batch to be sent, with what is tried again; then it is dropped."""
CLOSE_S = 0.5
"""Time for the last spans to be sent when the server ends; the next server waits for its end."""
KINDS = {"internal": trace.SpanKind.INTERNAL, "server": trace.SpanKind.SERVER, "client": trace.SpanKind.CLIENT}


class OtlpTracer(Tracer):
    """Begins spans that go to a collector once they have ended. Nobody waits for it, and what it misses is counted."""

    def __init__(self, url: str, authority: Path | None = None) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # it logs each batch that fails: we say it once
        file = None if authority is None else str(authority)
        self._exporter = _Exporter(OTLPSpanExporter(url, certificate_file=file, timeout=TIMEOUT_S), url)
        self._processor = _Processor(self._exporter)
        resource = Resource.create(
            {"service.name": "diemcau", "service.version": version("diemcau"), "host.name": socket.gethostname()}
        )
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("diemcau")

    def begin(self, name: str, kind: Kind, attributes: Attributes, parent: Span) -> Span:
        """Begin a span."""
        above = trace.set_span_in_context(parent.traced, Context()) if isinstance(parent, _Span) else Context()
        return _Span(self._tracer.start_span(name, above, KINDS[kind], _values(attributes)))

    def counts(self) -> Counts:
        """Return what became of the spans that ended."""
        processor, exporter = self._processor, self._exporter
        return Counts(exporter.sent, exporter.failed + processor.dropped, processor.queued - exporter.taken)

    async def close(self) -> None:
        """Send what waits, unless the collector is away or takes too long."""
        closing = threading.Thread(target=self._processor.shutdown, daemon=True)
        closing.start()
        if not self._exporter.away:
            await asyncio.to_thread(closing.join, CLOSE_S)


class _Span(Span):
    def __init__(self, traced: trace.Span) -> None:
        self.traced = traced
        self.trace_id = trace.format_trace_id(traced.get_span_context().trace_id)

    def set(self, attributes: Attributes) -> None:
        if self.traced.is_recording():
            self.traced.set_attributes(_values(attributes))

    def fail(self, kind: str) -> None:
        if self.traced.is_recording():
            self.traced.set_attribute("error.type", kind)
            self.traced.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        if self.traced.is_recording():
            self.traced.end()


def _values(attributes: Attributes) -> dict[str, AttributeValue]:
    return {str(name): value for name, value in attributes.items()}


class _Exporter(SpanExporter):
    """Counts what the collector took, in the thread that sends, and logs when it goes away and comes back."""

    def __init__(self, exporter: SpanExporter, url: str) -> None:
        self._exporter = exporter
        self._url = url
        self.away = False
        # counters
        self.taken = self.sent = self.failed = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.sent += len(spans)
            if self.away:
                log.warning("= traces go to %s again", self._url)
        else:
            self.failed += len(spans)
            if not self.away:
                log.warning("x traces cannot be sent to %s, and are dropped until it answers", self._url)
        self.away = result is not SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Processor(BatchSpanProcessor):
    """Drops, and counts, the spans that a full queue does not take."""

    def __init__(self, exporter: _Exporter) -> None:
        super().__init__(exporter, QUEUE, DELAY_S * 1000, BATCH)
        self._taking = exporter
        # counters
        self.queued = self.dropped = 0

    def on_end(self, span: ReadableSpan) -> None:
        if self.queued - self._taking.taken >= QUEUE:
            self.dropped += 1
            return
        self.queued += 1
        super().on_end(span)
