"""Findings of test calls."""

import json
from dataclasses import replace
from typing import Any

import pytest

from mediaserver.api import CallReport
from signaling.calls.call_test import evaluate
from signaling.calls.wire import sent, stored
from tests.signaling.calls.measured import EARLY, LATE, PICTURE, SOUND


def test_a_faultless_call_has_no_findings() -> None:
    report = evaluate(EARLY, LATE)
    assert (report.picture_rate, report.picture_kbps, report.round_trip, report.seconds) == (25.0, 1000, 0.02, 8.0)
    assert (report.sent_rate, report.findings) == (30.0, ())
    picture = sent(report).picture
    assert picture is not None and (picture.sent_width, picture.sent_height) == (1920, 1080)


def test_a_report_of_a_release_before_is_read() -> None:
    """It says nothing of the pictures that the device got."""
    kept = sent(evaluate(EARLY, LATE)).model_dump()
    for later in ("sent_width", "sent_height", "sent_pictures"):
        del kept["sound"][later], kept["picture"][later]
    del kept["sent_rate"]
    read = stored(json.dumps(kept))
    assert read is not None and read.picture is not None
    assert (read.sent_rate, read.picture.sent_width, read.picture.sent_pictures) == (0.0, 0, 0)


@pytest.mark.parametrize(
    ("sound", "picture", "findings"),
    [
        ({"received": 0, "lost": 0}, {}, ["no-sound-from"]),
        ({"sent": 0}, {}, ["no-sound-to"]),
        ({}, {"pictures": 0}, ["no-picture-from"]),
        ({}, {"sent": 0, "lost_there": 0}, ["no-picture-to"]),
        ({}, {"keyframe_after": None}, ["no-keyframe"]),
        ({}, {"keyframe_after": 2.5}, ["slow-keyframe"]),
        ({}, {"pictures": 100}, ["few-pictures"]),
        ({"lost": 20}, {}, ["lossy-up"]),
        ({}, {"lost_there": 20}, ["lossy-down"]),
        ({"lost_there": None}, {"lost_there": None}, ["no-reports"]),
        ({"source": "10.9.9.9:4000"}, {}, ["media-elsewhere"]),
        ({"named": "[fd00::1]:4000", "source": "[fd00::1]:5000"}, {"source": ""}, []),
    ],
)
def test_each_fault_is_found_by_itself(sound: dict[str, Any], picture: dict[str, Any], findings: list[str]) -> None:
    late = CallReport(8.0, replace(SOUND, **sound), replace(PICTURE, **picture), 0.02)
    assert list(evaluate(EARLY, late).findings) == findings


def test_a_call_without_media_lacks_everything() -> None:
    nothing = CallReport(0.0, None, None, None)
    report = evaluate(nothing, nothing)
    assert report.findings == ("no-sound-from", "no-sound-to", "no-picture-from", "no-picture-to", "no-reports")
    assert sent(report).sound is None
