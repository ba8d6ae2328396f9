"""Writes the form that offices fill in and attach, as DOCX, XLSX or CSV; `attached_form` reads it back. Pure."""

from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from scheduler.files import csv_file, docx, office_package
from scheduler.files.docx import Document, Paragraph, Run, Table
from scheduler.files.office_package import OFFICE

TITLE = "PHIẾU ĐĂNG KÝ HỌP TRỰC TUYẾN"
ROWS = (
    "Nội dung họp",
    "Loại họp (thường / đột xuất / khẩn cấp)",
    "Đơn vị chủ trì",
    "Thời gian họp chính thức (từ 14 giờ 00 đến 16 giờ 30 ngày 05/4/2023)",
    "Tổng duyệt (nếu có)",
    "Điểm cầu thành phần (mỗi đơn vị một dòng, hoặc: UBND các huyện, thị xã, thành phố)",
    "Họ tên đầu mối",
    "Số điện thoại",
    "Ghi hình (có / không)",
    "Hỗ trợ kỹ thuật khác",
    "Nội dung bí mật nhà nước (có / không)",
)
"""The labels of the form; text in brackets is a hint."""

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORKBOOK_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_WIDTHS_MM = (70, 90)


def write(kind: str, values: Mapping[str, str] | None = None) -> bytes:
    """Return the form as ``docx``, ``xlsx`` or ``csv``, with values by label filled in. Raises KeyError."""
    rows = [(label, (values or {}).get(label, "")) for label in ROWS]
    return _WRITERS[kind](rows)


KINDS = ("docx", "xlsx", "csv")
Rows = list[tuple[str, str]]


def _docx(rows: Rows) -> bytes:
    title = Paragraph((Run(TITLE, bold=True),), align="center")
    cells = tuple((_cell(label), _cell(value)) for label, value in rows)
    return docx.write(Document((title, Table(_WIDTHS_MM, cells, headed=False), Paragraph()), size=13))


def _cell(text: str) -> tuple[Paragraph, ...]:
    return (Paragraph((Run(text),), align="left", after=0),)


def _xlsx(rows: Rows) -> bytes:
    lines = "".join(
        f'<row r="{number}">{_text_cell(f"A{number}", label)}{_text_cell(f"B{number}", value)}</row>'
        for number, (label, value) in enumerate(rows, 1)
    )
    sheet = f'<cols><col min="1" max="2" width="60" customWidth="1"/></cols><sheetData>{lines}</sheetData>'
    return office_package.package(
        "xl/workbook.xml",
        {
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="Dang ky" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": office_package.relations({"r1": ("worksheet", "worksheets/sheet1.xml")}),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}">{sheet}</worksheet>',
        },
        {
            "xl/workbook.xml": f"{_WORKBOOK_TYPES}.sheet.main+xml",
            "xl/worksheets/sheet1.xml": f"{_WORKBOOK_TYPES}.worksheet+xml",
        },
    )


def _text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


_WRITERS: dict[str, Callable[[Rows], bytes]] = {"docx": _docx, "xlsx": _xlsx, "csv": csv_file.file}
