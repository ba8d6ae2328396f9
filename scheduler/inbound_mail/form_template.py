"""Writes the form that offices fill in and attach, as DOCX, XLSX or CSV; `attached_form` reads it back. Pure."""

import io
import zipfile
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from scheduler.files import csv_file

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

_FIXED = (1980, 1, 1, 0, 0, 0)  # the same file every time
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORKSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def write(kind: str, values: Mapping[str, str] | None = None) -> bytes:
    """Return the form as ``docx``, ``xlsx`` or ``csv``, with values by label filled in. Raises KeyError."""
    rows = [(label, (values or {}).get(label, "")) for label in ROWS]
    return _WRITERS[kind](rows)


KINDS = ("docx", "xlsx", "csv")
Rows = list[tuple[str, str]]


def _docx(rows: Rows) -> bytes:
    cells = "".join(f"<w:tr>{_cell(label, 4200)}{_cell(value, 5400)}</w:tr>" for label, value in rows)
    edges = "".join(
        f'<w:{e} w:val="single" w:sz="4"/>' for e in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    body = f"{_paragraph(TITLE)}<w:tbl><w:tblPr><w:tblBorders>{edges}</w:tblBorders></w:tblPr>{cells}</w:tbl><w:p/>"
    return _package(
        "word/document.xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
        {"word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'},
    )


def _cell(text: str, width: int) -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_paragraph(text)}</w:tc>'


def _paragraph(text: str) -> str:
    runs = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(text_line)}</w:t>' for text_line in text.split("\n"))
    return f"<w:p><w:r>{runs}</w:r></w:p>"


def _xlsx(rows: Rows) -> bytes:
    lines = "".join(
        f'<row r="{number}">{_text_cell(f"A{number}", label)}{_text_cell(f"B{number}", value)}</row>'
        for number, (label, value) in enumerate(rows, 1)
    )
    sheet = f'<cols><col min="1" max="2" width="60" customWidth="1"/></cols><sheetData>{lines}</sheetData>'
    related = f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    return _package(
        "xl/workbook.xml",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        {
            "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Dang ky" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{related}</Relationships>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}">{sheet}</worksheet>',
        },
    )


def _text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _package(main: str, kind: str, parts: Mapping[str, str]) -> bytes:
    """Return an Office Open XML package (ECMA-376) of some parts."""
    sheet = f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_WORKSHEET}"/>'
    whole = {
        "[Content_Types].xml": f'<Types xmlns="{_CONTENT_TYPES}">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/>{sheet if main.startswith("xl") else ""}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        f'Target="{main}"/></Relationships>',
        **parts,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in whole.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED), _HEAD + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


_WRITERS: dict[str, Callable[[Rows], bytes]] = {"docx": _docx, "xlsx": _xlsx, "csv": csv_file.file}
