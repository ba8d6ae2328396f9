"""The report of a test call as responses have it."""

from pydantic import TypeAdapter

from mediaserver import api
from signaling.calls import call_test
from signaling.http.route import Model


class StreamReport(Model):
    """Measurements of sound or picture: packets, codecs, losses both ways, addresses; sizes and rates of pictures."""

    received_codec: str
    received: int
    received_octets: int
    lost: int
    sent_codec: str
    sent: int
    lost_there: int | None
    named: str
    source: str
    width: int
    height: int
    pictures: int
    keyframes: int
    keyframe_after: float | None
    sent_width: int = 0
    """0 of records that were kept before it was measured, as the next two."""
    sent_height: int = 0
    sent_pictures: int = 0


class CallTestReport(Model):
    """Measurements of a test call in so many seconds, and findings of faults."""

    seconds: float
    round_trip: float | None
    sound: StreamReport | None
    picture: StreamReport | None
    picture_rate: float
    picture_kbps: int
    sent_rate: float = 0.0
    findings: list[call_test.Finding]


_STORED = TypeAdapter(CallTestReport)


def stored(report: str) -> CallTestReport | None:
    """Return the report that a record keeps; None without one."""
    return _STORED.validate_json(report) if report else None


def sent(report: call_test.CallTestReport) -> CallTestReport:
    """Return a report for a response."""
    return CallTestReport(
        seconds=report.seconds,
        round_trip=report.round_trip,
        sound=_stream(report.sound),
        picture=_stream(report.picture),
        picture_rate=report.picture_rate,
        picture_kbps=report.picture_kbps,
        sent_rate=report.sent_rate,
        findings=list(report.findings),
    )


def _stream(stream: api.StreamReport | None) -> StreamReport | None:
    if stream is None:
        return None
    return StreamReport(**{name: getattr(stream, name) for name in StreamReport.model_fields})
