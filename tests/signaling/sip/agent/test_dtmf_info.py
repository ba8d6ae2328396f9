"""Tests of DTMF digits in INFO requests."""

import pytest

from signaling.sip.agent.dtmf_info import PLAIN, RELAY, read


@pytest.mark.parametrize(
    ("content_type", "body", "digit"),
    [
        (RELAY, "Signal=5\r\nDuration=160\r\n", "5"),
        (RELAY, "Duration = 160\nsignal = *", "*"),
        (RELAY, "Signal=10", "*"),
        (RELAY, "Signal=11", "#"),
        (RELAY, "Signal=d", "D"),
        (RELAY, "Signal=16", None),
        (RELAY, "Signal=55", None),
        (RELAY, "5", None),
        (RELAY, "", None),
        (PLAIN, "7\r\n", "7"),
        (PLAIN, " # ", "#"),
        (PLAIN, "Signal=7", None),
        (PLAIN, "", None),
    ],
)
def test_a_body_names_one_digit_or_none(content_type: str, body: str, digit: str | None) -> None:
    assert read(content_type, body) == digit
