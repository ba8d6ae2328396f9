"""Sets up logs: lines of text, or JSON objects with the session, the seat and the request that they are about."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
VARIABLE = "DIEMCAU_LOG_FORMAT"
_ids: ContextVar[Mapping[str, str]] = ContextVar("ids of log lines", default={})  # noqa: B039 - it is never changed


@contextmanager
def about(
    *, session: str | None = None, seat: str | None = None, request: str | None = None, trace: str | None = None
) -> Iterator[None]:
    """Give these ids to all lines that are logged within, and by tasks that are begun there; None changes nothing."""
    given = {"session": session, "seat": seat, "request": request, "trace": trace}
    before = _ids.set({**_ids.get(), **{name: id_ for name, id_ in given.items() if id_ is not None}})
    try:
        yield
    finally:
        _ids.reset(before)


def trace_id() -> str | None:
    """Return the id of the trace that lines are about now, None where nothing is traced."""
    return _ids.get().get("trace")


class JsonFormatter(logging.Formatter):
    """Writes a line as one JSON object: time (RFC 3339), level, logger, message, known ids, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as text, without a line break."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_ids.get(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def set_up(level: str, *filters: logging.Filter, environ: Mapping[str, str] = os.environ) -> None:
    """Log to stderr from a level on, in the format that the environment names. Raises ValueError for an unknown one."""
    form = environ.get(VARIABLE) or "text"
    if form not in ("text", "json"):
        raise ValueError(f"{VARIABLE}={form!r}: must be text or json")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else logging.Formatter(FORMAT))
    for each in filters:
        handler.addFilter(each)
    logging.basicConfig(level=level, handlers=[handler])
