"""Letters as offices write them, read into the fields of a registration (R-071)."""

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import zipped
from scheduler.mailroom import moments, reader, sheets, template
from scheduler.mailroom.letter import read as read_letter
from scheduler.mailroom.places import Places
from scheduler.mailroom.reading import Reading
from scheduler.profiles import load
from scheduler.registry import parse
from scheduler.seed import khanh_hoa_2023
from tests.scheduler.mailroom.corpus import CASES, Case
from tests.scheduler.mailroom.letters import letter
from tests.scheduler.world import NOW, ZONE

_DIRECTORY = parse(khanh_hoa_2023(), load(), ())
PLACES = Places([each.unit for each in _DIRECTORY], [each.point for each in _DIRECTORY])


KNOWN = {each.point.id for each in _DIRECTORY}


def reading(body: str, subject: str = "", attachments: tuple[tuple[str, bytes], ...] = ()) -> Reading:
    came = read_letter(letter(body=body, subject=subject, attachments=attachments))
    return reader.read(came, PLACES, "571", NOW, ZONE)


def local(value: Any) -> str | None:
    """Write an interval as the corpus does."""
    if value is None:
        return None
    start, end = (datetime.fromisoformat(at).astimezone(ZONE) if at else None for at in (value["start"], value["end"]))
    assert start is not None
    if end is None:
        return f"{start:%d/%m/%Y %H:%M}-"
    return f"{start:%d/%m/%Y %H:%M}-" + (f"{end:%H:%M}" if end.date() == start.date() else f"{end:%d/%m/%Y %H:%M}")


def told(found: Reading, case: Case) -> dict[str, Any]:
    """Write a reading as the corpus does."""
    content: dict[str, Any] = found.content()
    points = content.get("points")
    if points is not None and case.points is not None and case.points[-1].startswith("#"):
        points = [points[0], f"#{len(points)}"]
    return {
        "official": local(content.get("official")),
        "rehearsal": local(content.get("rehearsal")),
        "title": content.get("title"),
        "host": content.get("host_point"),
        "points": None if points is None else tuple(points),
        "contact": (content.get("contact_name"), content.get("contact_phone")),
        "recording": content.get("recording"),
        "klass": content.get("class"),
        "secret": content.get("secret"),
        "questions": frozenset(f"{asked.field}:{asked.word}" for asked in found.questions),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_corpus(case: Case) -> None:
    expected = {name: getattr(case, name) for name in told(Reading((), ()), case)}
    assert told(reading(case.body, case.subject), case) == expected


def test_every_field_says_where_it_was_read() -> None:
    content: dict[str, Any] = reading(CASES[0].body, CASES[0].subject).content()
    fields = set(content) - {"read", "questions"}
    assert {one["field"] for one in content["read"]} == fields
    said = {one["field"]: (one["where"], one["said"]) for one in content["read"]}
    assert said["points"] == ("letter", "UBND thị trấn Vạn Giã, UBND xã Đại Lãnh")
    assert said["host_point"] == ("mailbox", "ubnd.vanninh@khanhhoa.gov.vn")


VALUES = {
    template.ROWS[0]: "Giao ban tháng 4",
    template.ROWS[3]: "từ 14 giờ 00 đến 16 giờ 30 ngày 05/4/2023",
    template.ROWS[4]: "8h00-9h00 cùng ngày",
    template.ROWS[5]: "xã Vạn Phú\nxã Vạn Bình",
    template.ROWS[6]: "Nguyễn Văn An",
    template.ROWS[7]: "0905123456",
    template.ROWS[8]: "có",
    template.ROWS[10]: "không",
}


@pytest.mark.parametrize("kind", template.KINDS)
def test_the_form_is_read_back(kind: str) -> None:
    found = reading("Gửi kèm phiếu đăng ký.", attachments=((f"Phiếu.{kind}", template.write(kind, VALUES)),))
    case = Case(
        "form",
        "",
        rehearsal="05/04/2023 08:00-09:00",
        title="Giao ban tháng 4",
        points=("vn.vanphu", "vn.vanbinh"),
        contact=("Nguyễn Văn An", "0905123456"),
        recording=True,
        secret=False,
    )
    assert told(found, case) == {name: getattr(case, name) for name in told(found, case)}
    assert {one.where for one in found.found} == {f"Phiếu.{kind}", "mailbox"}


@pytest.mark.parametrize("kind", template.KINDS)
def test_an_empty_form_says_nothing(kind: str) -> None:
    found = reading("", attachments=((f"Phiếu.{kind}", template.write(kind)),))
    assert [one.field for one in found.found] == ["host_point"]
    assert ("attachment", "unread-attachment") in {(one.field, one.word) for one in found.questions}


def test_a_form_that_says_otherwise_is_asked_about() -> None:
    found = reading(CASES[1].body, attachments=(("Phiếu.csv", template.write("csv", VALUES)),))
    assert {one.field for one in found.questions if one.word == "two-values"} == {
        "points",
        "contact_name",
        "contact_phone",
        "recording",
    }


def test_files_that_are_no_form_are_asked_about() -> None:
    files = (("a.pdf", b"%PDF"), ("b.docx", b"PK"), ("c.xlsx", template.write("docx")))
    found = reading(CASES[0].body, attachments=files)
    assert [one.value for one in found.questions] == ["a.pdf", "b.docx", "c.xlsx"]


def test_dates_of_cells() -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
    cells = '<row><c t="inlineStr"><is><t>Thời gian</t></is></c><c s="1"><v>45021.583333333336</v></c></row>'
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/styles.xml", f"<styleSheet {space}>{styles}</styleSheet>")
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>")
    assert sheets.read("a.xlsx", out.getvalue()) == [["Thời gian", "14:00 05/04/2023"]]


def test_a_bomb_is_no_form() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (zipped.MAX_PART + 1))
    with pytest.raises(sheets.NoSheet):
        sheets.read("a.docx", out.getvalue())
    entities = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", entities)
    with pytest.raises(sheets.NoSheet):
        sheets.read("a.docx", out.getvalue())


@pytest.mark.parametrize(
    ("subject", "body", "wanted"),
    [
        ("Đăng ký họp", "họp lúc 14h ngày 05/4/2023", True),
        ("Cảm ơn", "Cảm ơn Sở.", False),
        ("Re: Đã nhận đăng ký – HTT-2023-0412", "Xin dời đăng ký họp sang 15h00", False),
        ("Đăng ký họp", "15h00 ngày 05/4/2023\n> HTT-2023-0412", True),
    ],
)
def test_which_letters_are_registrations(subject: str, body: str, wanted: bool) -> None:
    assert reader.asks(read_letter(letter(subject=subject, body=body))) is wanted


WORDS = [word for case in CASES for word in case.body.split(" ")]
SHREDS = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=40).map(" ".join)


@settings(max_examples=150)
@given(SHREDS, SHREDS)
def test_any_letter_is_read_without_a_guess(body: str, subject: str) -> None:
    found = reading(body, " ".join(subject.split())[:100])
    content: dict[str, Any] = found.content()
    asked = {one.field for one in found.questions}
    for name in ("title", "host_point", "points", "official", "contact_name", "contact_phone"):
        assert name in content or name in asked
    assert set(content.get("points", ())) <= KNOWN
    assert all(one.where == "mailbox" or one.said for one in found.found)
    if content.get("official"):
        assert content["official"]["end"] is not None or "official" in asked


@given(
    st.binary(max_size=300),
    st.sampled_from(["docx", "xlsx", "csv"]),
    st.sampled_from([b"", template.write("docx"), template.write("xlsx")]),
)
def test_any_file_is_rows_or_no_form(data: bytes, kind: str, good: bytes) -> None:
    middle = len(good) // 2
    try:
        rows = sheets.read(f"a.{kind}", good[:middle] + data + good[middle:])
    except sheets.NoSheet:
        return
    assert all(any(row) for row in rows)


@given(st.dates(date(2023, 4, 4), date(2030, 1, 1)), st.times(), st.integers(1, 600))
def test_times_that_were_written_are_read(day: date, start: time, minutes: int) -> None:
    begin = datetime.combine(day, start.replace(second=0, microsecond=0, tzinfo=None))
    end = begin + timedelta(minutes=minutes)
    for text in (
        f"từ {begin:%H giờ %M ngày %d/%m/%Y} đến {end:%H giờ %M ngày %d/%m/%Y}",
        f"{begin.hour}h{begin:%M} ngày {day.day} tháng {day.month} năm {day.year} – {end:%Hh%M} ngày {end:%d-%m-%Y}",
        f"{begin:%H:%M %d.%m.%Y}, kéo dài {minutes} phút",
    ):
        span = moments.span(text, date(2023, 4, 3))
        assert span is not None and (span.start, span.end) == (begin, end), text
