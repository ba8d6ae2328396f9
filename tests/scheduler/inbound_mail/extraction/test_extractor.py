"""Letters as offices write them, read into the fields of a registration (R-071).

Also tests `contacts.py`, `labelled_fields.py`, `result.py`, `slot_kinds.py`, `sources.py`, `titles.py`,
`unit_names.py` and `vn_datetimes.py`.
"""

import io
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.files import csv_file, safe_zip
from scheduler.inbound_mail import attached_form, form_template
from scheduler.inbound_mail.extraction import extractor, vn_datetimes
from scheduler.inbound_mail.extraction.result import Reading
from scheduler.inbound_mail.message import read as read_letter
from scheduler.units.naming import fold
from tests.scheduler.inbound_mail.corpus import CASES, Case
from tests.scheduler.inbound_mail.letters import letter
from tests.scheduler.inbound_mail.unit_names import _DIRECTORY, PLACES
from tests.scheduler.world import NOW, ZONE

KNOWN = {each.point.id for each in _DIRECTORY}


def reading(body: str, subject: str = "", attachments: tuple[tuple[str, bytes], ...] = ()) -> Reading:
    message = read_letter(letter(body=body, subject=subject, attachments=attachments))
    return extractor.read(message, PLACES, "571", NOW, ZONE)


def local(value: Any) -> str | None:
    """Return an interval in the notation of the corpus."""
    if value is None:
        return None
    start, end = (datetime.fromisoformat(at).astimezone(ZONE) if at else None for at in (value["start"], value["end"]))
    assert start is not None
    if end is None:
        return f"{start:%d/%m/%Y %H:%M}-"
    return f"{start:%d/%m/%Y %H:%M}-" + (f"{end:%H:%M}" if end.date() == start.date() else f"{end:%d/%m/%Y %H:%M}")


def read_fields(found: Reading, case: Case) -> dict[str, Any]:
    """Return a reading in the notation of the corpus."""
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
        "questions": frozenset(f"{question.field}:{question.word}" for question in found.questions),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_corpus(case: Case) -> None:
    expected = {name: getattr(case, name) for name in read_fields(Reading((), ()), case)}
    assert read_fields(reading(case.body, case.subject), case) == expected


def test_every_field_says_where_it_was_read() -> None:
    content: dict[str, Any] = reading(CASES[0].body, CASES[0].subject).content()
    fields = set(content) - {"read", "questions"}
    assert {one["field"] for one in content["read"]} == fields
    sources = {one["field"]: (one["where"], one["said"]) for one in content["read"]}
    assert sources["points"] == ("letter", "UBND thị trấn Vạn Giã, UBND xã Đại Lãnh")
    assert sources["host_point"] == ("mailbox", "ubnd.vanninh@khanhhoa.gov.vn")


VALUES = {
    form_template.ROWS[0]: "Giao ban tháng 4",
    form_template.ROWS[3]: "từ 14 giờ 00 đến 16 giờ 30 ngày 05/4/2023",
    form_template.ROWS[4]: "8h00-9h00 cùng ngày",
    form_template.ROWS[5]: "xã Vạn Phú\nxã Vạn Bình",
    form_template.ROWS[6]: "Nguyễn Văn An",
    form_template.ROWS[7]: "0905123456",
    form_template.ROWS[8]: "có",
    form_template.ROWS[10]: "không",
}


@pytest.mark.parametrize("kind", form_template.KINDS)
def test_the_form_is_read_back(kind: str) -> None:
    found = reading("Gửi kèm phiếu đăng ký.", attachments=((f"Phiếu.{kind}", form_template.write(kind, VALUES)),))
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
    assert read_fields(found, case) == {name: getattr(case, name) for name in read_fields(found, case)}
    assert {one.where for one in found.found} == {f"Phiếu.{kind}", "mailbox"}


# The seven items of Điều 13.2.a, by the regulation's own words.

ITEMS = {
    "Tên cơ quan (hoặc điểm cầu) chủ trì họp": "UBND huyện Vạn Ninh",
    "Danh sách điểm cầu thành phần": "xã Vạn Phú, xã Vạn Bình",
    "Thời gian tổng duyệt": "08 giờ 00 đến 09 giờ 00 ngày 05/4/2023",
    "Thời gian họp chính thức": "14 giờ 00 ngày 05/4/2023",
    "Thời gian dự kiến kết thúc": "16 giờ 30",
    "Thông tin đầu mối liên hệ": "Nguyễn Văn An, 0905 123 456",
    "Hỗ trợ kỹ thuật khác (nếu có)": "ghi hình",
}
Rows = list[list[str]]


def seven(where: str, name: str = "Nguyễn Văn An") -> tuple[dict[str, Any], set[str]]:
    """Return the values of the seven items, and where each was read."""
    case = Case(
        "seven",
        "",
        rehearsal="05/04/2023 08:00-09:00",
        points=("vn.vanphu", "vn.vanbinh"),
        contact=(name, "0905 123 456"),
        recording=True,
        questions=frozenset({"title:required", "secret:not-declared"}),
    )
    return {key: getattr(case, key) for key in read_fields(Reading((), ()), case)}, {where}


def read_seven(body: str, attachments: tuple[tuple[str, bytes], ...] = ()) -> tuple[dict[str, Any], set[str]]:
    found = reading(body, attachments=attachments)
    return read_fields(found, Case("seven", "")), {one.where for one in found.found}


def docx(*blocks: Rows | str) -> bytes:
    """Return a document of tables and paragraphs."""

    def paragraph(text: str) -> str:
        return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"

    def table(rows: Rows) -> str:
        lines = ("".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows)
        return f"<w:tbl>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"

    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(paragraph(block) if isinstance(block, str) else table(block) for block in blocks)
    return zipped_parts({"word/document.xml": f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'})


def xlsx(rows: Rows) -> bytes:
    """Return a workbook as programs write it: cells with nothing in them are left out."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    lines = (
        "".join(
            f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for place, cell in enumerate(row)
            if cell
        )
        for number, row in enumerate(rows, 1)
    )
    data = "".join(f"<row>{line}</row>" for line in lines)
    return zipped_parts(
        {"xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{data}</sheetData></worksheet>'}
    )


def zipped_parts(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


MARKS = [
    "- ",
    "– ",
    "+ ",
    "* ",
    "• ",
    "{n}. ",
    "{n}) ",
    "({n}) ",
    "{n}/ ",
    "{a}) ",
    "{a}. ",
    "{r}. ",
    "2.{n}. ",
    "2.{n} ",
    "",
]
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII"]
CASES_OF_LETTERS = {
    "as it is": str,
    "capitals": str.upper,
    "plain": fold,
    "plain small": lambda text: fold(text).lower(),
}


def marked(mark: str, place: int) -> str:
    return mark.format(n=place + 1, a="abcdefg"[place], r=ROMAN[place])


@pytest.mark.parametrize("letters", CASES_OF_LETTERS.values(), ids=CASES_OF_LETTERS)
@pytest.mark.parametrize("between", [": ", " : ", ":", " – ", "\t", ":\n", "\n"])
@pytest.mark.parametrize("mark", MARKS)
def test_the_seven_items_are_read_in_the_regulations_words(
    mark: str, between: str, letters: Callable[[str], str]
) -> None:
    lines = [
        f"{marked(mark, place)}{letters(label)}{between}{value}" for place, (label, value) in enumerate(ITEMS.items())
    ]
    body = "\n".join(["UBND huyện Vạn Ninh đăng ký họp trực tuyến, cụ thể như sau:", *lines, "", "Trân trọng./."])
    assert read_seven(body) == seven("letter")


@pytest.mark.parametrize("letters", [fold, str.upper])
def test_the_seven_items_are_read_in_a_letter_without_diacritics_or_in_capitals(letters: Callable[[str], str]) -> None:
    body = "\n".join(f"- {label}: {value}" for label, value in ITEMS.items())
    assert read_seven(letters(body)) == seven("letter", letters("Nguyễn Văn An"))


def with_numbers(rows: Rows) -> Rows:
    return [["TT", "Nội dung", "Thông tin đăng ký"], *([str(n), *row] for n, row in enumerate(rows, 1))]


def one_below_another(rows: Rows) -> Rows:
    """Return the rows with a row for each point, as in a table with merged cells."""
    first, second = rows[1][1].split(", ")
    return [rows[0], [rows[1][0], first], ["", second], *rows[2:]]


def beside_each_other(rows: Rows) -> Rows:
    return [["STT", *(label for label, _ in rows)], ["1", *(value for _, value in rows)]]


TABLES: dict[str, Callable[[Rows], Rows]] = {
    "two columns": lambda rows: rows,
    "numbered": with_numbers,
    "merged cells": one_below_another,
    "labels as the head": beside_each_other,
    "label and value in one cell": lambda rows: [["", f"{label}: {value}"] for label, value in rows],
}


@pytest.mark.parametrize("letters", [str, str.upper, fold, lambda text: unicodedata.normalize("NFD", text)])
@pytest.mark.parametrize("arranged", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("kind", ["docx", "xlsx", "csv"])
def test_the_seven_items_are_read_in_any_form(
    kind: str, arranged: Callable[[Rows], Rows], letters: Callable[[str], str]
) -> None:
    rows = arranged([[letters(label), value] for label, value in ITEMS.items()])
    data = {"docx": docx, "xlsx": xlsx, "csv": csv_file.file}[kind](rows)  # type: ignore[operator]
    assert read_seven("Gửi kèm phiếu đăng ký.", ((f"Phiếu.{kind}", data),)) == seven(f"Phiếu.{kind}")


def test_the_seven_items_are_read_in_the_paragraphs_of_a_document() -> None:
    lines = [f"{place}. {label}: {value}" for place, (label, value) in enumerate(ITEMS.items(), 1)]
    lines[1:2] = ["2. Danh sách điểm cầu thành phần:", "xã Vạn Phú", "xã Vạn Bình"]
    data = docx("UBND huyện Vạn Ninh đăng ký họp", *lines[:3], "</w:t><w:br/><w:t>".join(lines[3:]), "Trân trọng./.")
    assert read_seven("Gửi kèm công văn.", (("cv.docx", data),)) == seven("cv.docx")


def test_the_seven_items_are_read_in_a_table_of_a_hypertext_letter() -> None:
    rows = "".join(
        f"<tr><td>{n}</td><td><b>{label}</b></td><td>{value}</td></tr>"
        for n, (label, value) in enumerate(ITEMS.items(), 1)
    )
    raw = letter(body=f"<p>Đăng ký họp trực tuyến</p><table>{rows}</table>").replace(b"text/plain", b"text/html")
    found = extractor.read(read_letter(raw), PLACES, "571", NOW, ZONE)
    assert (read_fields(found, Case("seven", "")), {one.where for one in found.found}) == seven("letter")


def test_an_end_that_is_about_an_hour_is_no_length() -> None:
    span = vn_datetimes.span("từ 14 giờ 00 ngày 05/4/2023 đến khoảng 16 giờ 30", date(2023, 4, 3))
    assert span is not None and span.end == datetime.combine(date(2023, 4, 5), time(16, 30))


@pytest.mark.parametrize("kind", form_template.KINDS)
def test_an_empty_form_says_nothing(kind: str) -> None:
    found = reading("", attachments=((f"Phiếu.{kind}", form_template.write(kind)),))
    assert [one.field for one in found.found] == ["host_point"]
    assert ("attachment", "unread-attachment") in {(one.field, one.word) for one in found.questions}


def test_a_form_that_contradicts_the_letter_becomes_a_question() -> None:
    found = reading(CASES[1].body, attachments=(("Phiếu.csv", form_template.write("csv", VALUES)),))
    assert {one.field for one in found.questions if one.word == "two-values"} == {
        "points",
        "contact_name",
        "contact_phone",
        "recording",
    }


def test_files_that_are_no_form_become_questions() -> None:
    files = (("a.pdf", b"%PDF"), ("b.docx", b"PK"), ("c.xlsx", form_template.write("docx")))
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
    assert attached_form.read("a.xlsx", out.getvalue()) == [["Thời gian", "14:00 05/04/2023"]]


def test_a_bomb_is_no_form() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (safe_zip.MAX_ENTRY_BYTES + 1))
    with pytest.raises(attached_form.UnreadableForm):
        attached_form.read("a.docx", out.getvalue())
    entities = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", entities)
    with pytest.raises(attached_form.UnreadableForm):
        attached_form.read("a.docx", out.getvalue())


@pytest.mark.parametrize(
    ("subject", "body", "wanted"),
    [
        ("Đăng ký họp", "họp lúc 14h ngày 05/4/2023", True),
        ("Cảm ơn", "Cảm ơn Sở.", False),
        ("Re: Đã nhận đăng ký – HTT-2023-0412", "Xin dời đăng ký họp sang 15h00", False),
        ("Đăng ký họp", "15h00 ngày 05/4/2023\n> HTT-2023-0412", True),
    ],
)
def test_letters_are_recognised_as_registrations(subject: str, body: str, wanted: bool) -> None:
    assert extractor.asks(read_letter(letter(subject=subject, body=body))) is wanted


WORDS = [word for case in CASES for word in case.body.split(" ")]
SHREDS = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=40).map(" ".join)


@settings(max_examples=150)
@given(SHREDS, SHREDS)
def test_any_letter_is_read_without_a_guess(body: str, subject: str) -> None:
    found = reading(body, " ".join(subject.split())[:100])
    content: dict[str, Any] = found.content()
    fields_asked = {one.field for one in found.questions}
    for name in ("title", "host_point", "points", "official", "contact_name", "contact_phone"):
        assert name in content or name in fields_asked
    assert set(content.get("points", ())) <= KNOWN
    assert all(one.where == "mailbox" or one.quote for one in found.found)
    if content.get("official"):
        assert content["official"]["end"] is not None or "official" in fields_asked


@given(
    st.binary(max_size=300),
    st.sampled_from(["docx", "xlsx", "csv"]),
    st.sampled_from([b"", form_template.write("docx"), form_template.write("xlsx")]),
)
def test_any_file_is_rows_or_no_form(data: bytes, kind: str, good: bytes) -> None:
    middle = len(good) // 2
    try:
        rows = attached_form.read(f"a.{kind}", good[:middle] + data + good[middle:])
    except attached_form.UnreadableForm:
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
        span = vn_datetimes.span(text, date(2023, 4, 3))
        assert span is not None and (span.start, span.end) == (begin, end), text
