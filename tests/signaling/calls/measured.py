"""Counters of a faultless test call, at its two moments."""

from dataclasses import replace

from mediaserver.api import CallReport, StreamReport

SOUND = StreamReport("G722", 400, 64_000, 1, "G722", 400, 0, "10.1.1.1:4000", "10.1.1.1:4000")
PICTURE = StreamReport(
    *("H264", 900, 900_000, 0, "H264", 500, 3, "10.1.1.1:4002", "10.1.1.1:4002", 1280, 720, 200, 2, 0.25),
    *(1920, 1080, 220),
)
EARLY = CallReport(3.0, SOUND, replace(PICTURE, pictures=75, received_octets=275_000, sent_pictures=70), None)
LATE = CallReport(8.0, SOUND, PICTURE, 0.02)
