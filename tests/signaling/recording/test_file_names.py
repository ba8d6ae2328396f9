"""Downloads are named by date, unit and title."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from signaling.http.uploads import attachment
from signaling.recording.file_names import MAX_TITLE, file_name
from signaling.recording.model import Recording, Solo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
STARTED = datetime(2026, 4, 4, 18, 0, tzinfo=UTC)
WHOLE = Recording("r", "a85ec0be", 0, "x.mp4", "Giao ban: tháng 4/2026", "So.NV", "so.nv", STARTED)
VOICE = Solo("s", "x.m4a", "So.TTTT · 2", 0, 0, "")


def test_ux_defect_18_a_recording_is_named_by_date_unit_and_title() -> None:
    assert file_name(WHOLE, None, "Sở Nội vụ", ZONE) == "2026-04-05 Sở Nội vụ – Giao ban tháng 4 2026.mp4"
    second = replace(WHOLE, part=2)
    assert file_name(second, None, "Sở Nội vụ", ZONE) == "2026-04-05 Sở Nội vụ – Giao ban tháng 4 2026 – phần 2.mp4"
    assert file_name(WHOLE, VOICE, "Sở Nội vụ", ZONE) == "2026-04-05 Sở Nội vụ – Giao ban tháng 4 2026 – So.TTTT.m4a"


@pytest.mark.parametrize("title", ["../../etc/passwd", "a\r\nSet-Cookie: x", 'a"b<c>d|e?f*g', "Họp. ", "x" * 300])
def test_a_title_of_any_kind_makes_a_name_that_file_systems_accept(title: str) -> None:
    name = file_name(replace(WHOLE, title=title), None, "Sở", ZONE)
    assert not set(name) & set('\\/:*?"<>|\r\n')
    assert len(name) <= len("2026-04-05 Sở – .mp4") + MAX_TITLE
    assert attachment(name)["Content-Disposition"].isascii()


def test_a_name_is_sent_in_utf_8_unless_it_is_plain() -> None:
    assert attachment("people.csv") == {"Content-Disposition": 'attachment; filename="people.csv"'}
    assert attachment("Sở.mp4") == {"Content-Disposition": "attachment; filename*=UTF-8''S%E1%BB%9F.mp4"}
