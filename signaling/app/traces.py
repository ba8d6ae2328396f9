"""The collector of OpenTelemetry that the settings name, if any, and traces that go there while a server runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from signaling.core import tracing

PATH = "/v1/traces"
"""Path of traces at a collector (OTLP/HTTP)."""


@dataclass(frozen=True, slots=True)
class TracesSettings:
    """The URL that spans are sent to, and certificates (PEM) of its authority; None: those that this machine knows."""

    url: str
    authority: Path | None = None


def parse(text: str) -> str:
    """Parse ``http://host:4318`` or ``https://host:4318``, with another path than `PATH` if it has one.

    Raises ValueError.
    """
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
        raise ValueError("must look like http://host:4318 or https://host:4318")
    _ = url.port  # raises ValueError for one that is no port
    return text if url.path.strip("/") else f"{url.scheme}://{url.netloc}{PATH}"


@asynccontextmanager
async def traced(settings: TracesSettings | None) -> AsyncIterator[None]:
    """Trace what this process does until the context ends; without settings nothing is loaded."""
    if settings is None:
        yield
        return
    from signaling.app.otlp_tracer import OtlpTracer  # noqa: PLC0415 - 7 MB that a server without a collector saves

    tracer = OtlpTracer(settings.url, settings.authority)
    try:
        with tracing.used(tracer):
            yield
    finally:
        await tracer.close()
