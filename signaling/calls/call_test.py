"""The report of a test call: what a room system sent and got, and what of that is wrong."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from mediaserver.api import CallReport, StreamReport
from signaling.calls.model import Outcome
from signaling.messages.calls import ProtectionWord

Finding = Literal[
    "no-sound-from", "no-sound-to", "no-picture-from", "no-picture-to", "no-keyframe",
    "lossy-up", "lossy-down", "no-reports", "media-elsewhere", "few-pictures", "slow-keyframe",
]  # fmt: skip
"""What is wrong with a call: no sound or picture from the device, or to it; no key frame when asked for one, or a late
one; packets lost; no receiver reports; media from another address than its SDP names; few pictures a second."""
CallTestState = Literal["calling", "measuring", "done"]
"""Where a test call stands."""
MAX_LOSS: Final = 0.02
MIN_PICTURE_RATE: Final = 10.0
MAX_KEYFRAME_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class CallTestReport:
    """Measurements of a test call: `picture_rate` in pictures per second and `picture_kbps` at its end, `sent_rate` of
    the pictures that it was sent; `findings` say what is wrong, none for a faultless call."""

    seconds: float
    round_trip: float | None
    sound: StreamReport | None
    picture: StreamReport | None
    picture_rate: float
    picture_kbps: int
    sent_rate: float
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class CallTest:
    """One test call. While it goes on the rest is empty; `status` is the SIP status of a refusal, `report` what was
    measured in a call that was answered."""

    device: str
    began: datetime
    target: str
    state: CallTestState = "calling"
    outcome: Outcome = ""
    status: int = 0
    transport: str = ""
    protection: ProtectionWord = ""
    report: CallTestReport | None = None


def evaluate(before: CallReport, after: CallReport) -> CallTestReport:
    """Return the report of a call by what it carried up to two moments; a key frame was requested at the first one."""
    seconds = max(after.seconds - before.seconds, 0.001)
    early, late = before.picture or StreamReport(), after.picture or StreamReport()
    rate = round(max(0, late.pictures - early.pictures) / seconds, 1)
    sent_rate = round(max(0, late.sent_pictures - early.sent_pictures) / seconds, 1)
    kbps = round(max(0, late.received_octets - early.received_octets) * 8 / seconds / 1000)
    found = (*_sound(after.sound), *_picture(after.picture, rate), *_both(after))
    return CallTestReport(
        round(after.seconds, 1), after.round_trip, after.sound, after.picture, rate, kbps, sent_rate, tuple(found)
    )


def _sound(sound: StreamReport | None) -> list[Finding]:
    found: list[Finding] = []
    if sound is None or not sound.received:
        found.append("no-sound-from")
    if sound is None or not sound.sent:
        found.append("no-sound-to")
    return found


def _picture(picture: StreamReport | None, rate: float) -> list[Finding]:
    found: list[Finding] = []
    if picture is None or not picture.pictures:
        found.append("no-picture-from")
    elif picture.keyframe_after is None:
        found.append("no-keyframe")
    elif picture.keyframe_after > MAX_KEYFRAME_S:
        found.append("slow-keyframe")
    if picture is not None and picture.pictures and rate < MIN_PICTURE_RATE:
        found.append("few-pictures")
    if picture is None or not picture.sent:
        found.append("no-picture-to")
    return found


def _both(report: CallReport) -> list[Finding]:
    streams = [each for each in (report.sound, report.picture) if each is not None]
    found: list[Finding] = []
    if any(each.lost > MAX_LOSS * (each.lost + each.received) for each in streams):
        found.append("lossy-up")
    if any((each.lost_there or 0) > MAX_LOSS * each.sent for each in streams):
        found.append("lossy-down")
    if all(each.lost_there is None for each in streams):
        found.append("no-reports")
    if any(each.source and each.named and _host(each.source) != _host(each.named) for each in streams):
        found.append("media-elsewhere")
    return found


def _host(address: str) -> str | None:
    return urlsplit(f"//{address}").hostname
