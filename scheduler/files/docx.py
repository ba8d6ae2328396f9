"""Writes text documents as DOCX (ECMA-376 part 1, WordprocessingML): paragraphs and tables on A4. Pure.

Pages look as Nghị định 30/2020/NĐ-CP, Phụ lục I, asks of administrative documents: A4, Times New Roman, margins of 20,
20, 30 and 20 mm, the number of the page in the middle of its head from the second page on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from scheduler.files import office_package
from scheduler.files.office_package import OFFICE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_TWIPS_PER_MM = 1440 / 25.4
_TWIPS_PER_POINT = 20
_FIRST_LINE_MM = 10
_RULE_EIGHTHS = 6  # width of a line in eighths of a point

Align = Literal["left", "center", "right", "both"]


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text in one style; `size` is in points."""

    text: str
    bold: bool = False
    italic: bool = False
    size: float | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of runs.

    `after` is the space below it in points; `indented` is its first line; one that is `kept` stands on the page of the
    next. With a `rule` it is a line instead, so many mm from both sides.
    """

    runs: tuple[Run, ...] = ()
    align: Align = "both"
    after: float = 6
    indented: bool = False
    kept: bool = False
    rule: float = 0

    @property
    def text(self) -> str:
        """Its text without styles."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each cell has paragraphs. The first row of a `headed` one is repeated on each page."""

    widths: tuple[int, ...]
    """Of its columns, in mm."""
    rows: tuple[tuple[tuple[Paragraph, ...], ...], ...]
    headed: bool = True
    bordered: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """A document; its text is set in `size` points."""

    blocks: tuple[Paragraph | Table, ...]
    size: float = 14


def write(document: Document) -> bytes:
    """Return the DOCX of a document: the same bytes for the same document."""
    body = "".join(_table(block) if isinstance(block, Table) else _paragraph(block) for block in document.blocks)
    page = (
        '<w:sectPr><w:headerReference w:type="default" r:id="r2"/><w:pgSz w:w="11906" w:h="16838"/>'
        f'<w:pgMar w:top="{_mm(20)}" w:right="{_mm(20)}" w:bottom="{_mm(20)}" w:left="{_mm(30)}" w:header="{_mm(10)}"'
        f' w:footer="{_mm(10)}" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )
    return office_package.package(
        "word/document.xml",
        {
            "word/document.xml": f'<w:document xmlns:w="{_WORD}" xmlns:r="{OFFICE}"><w:body>{body}{page}</w:body>'
            "</w:document>",
            "word/styles.xml": _styles(document.size),
            "word/header1.xml": f'<w:hdr xmlns:w="{_WORD}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr>'
            '<w:fldSimple w:instr=" PAGE "><w:r><w:t>2</w:t></w:r></w:fldSimple></w:p></w:hdr>',
            "word/_rels/document.xml.rels": office_package.relations(
                {"r1": ("styles", "styles.xml"), "r2": ("header", "header1.xml")}
            ),
        },
        {
            "word/document.xml": f"{_TYPES}.document.main+xml",
            "word/styles.xml": f"{_TYPES}.styles+xml",
            "word/header1.xml": f"{_TYPES}.header+xml",
        },
    )


def _styles(size: float) -> str:
    font = "".join(f' w:{script}="Times New Roman"' for script in ("ascii", "hAnsi", "cs", "eastAsia"))
    half_points = round(2 * size)
    sizes = f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
    default = f'<w:rPrDefault><w:rPr><w:rFonts{font}/>{sizes}<w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault>'
    return f'<w:styles xmlns:w="{_WORD}"><w:docDefaults>{default}</w:docDefaults></w:styles>'


def _table(table: Table) -> str:
    edges = ("top", "left", "bottom", "right", "insideH", "insideV") if table.bordered else ()
    borders = "".join(f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for edge in edges)
    total = _mm(sum(table.widths))
    room = '<w:top w:w="40" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/>' if table.bordered else ""
    grid = "".join(f'<w:gridCol w:w="{_mm(width)}"/>' for width in table.widths)
    rows = "".join(_row(row, table, head=table.headed and number == 0) for number, row in enumerate(table.rows))
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{total}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{room}</w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{rows}</w:tbl>"
    )


def _row(cells: Sequence[Sequence[Paragraph]], table: Table, head: bool) -> str:
    properties = f"<w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>"
    written = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{_mm(width)}" w:type="dxa"/></w:tcPr>{"".join(map(_paragraph, cell))}</w:tc>'
        for width, cell in zip(table.widths, cells, strict=True)
    )
    return f"<w:tr>{properties}{written}</w:tr>"


def _paragraph(paragraph: Paragraph) -> str:
    if paragraph.rule:
        return _rule(paragraph)
    properties = (
        ("<w:keepNext/>" if paragraph.kept else "")
        + f'<w:spacing w:after="{round(paragraph.after * _TWIPS_PER_POINT)}"/>'
        + (f'<w:ind w:firstLine="{_mm(_FIRST_LINE_MM)}"/>' if paragraph.indented else "")
        + f'<w:jc w:val="{paragraph.align}"/>'
    )
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(map(_run, paragraph.runs))}</w:p>"


def _rule(paragraph: Paragraph) -> str:
    side, after = _mm(paragraph.rule), round(paragraph.after * _TWIPS_PER_POINT)
    return (
        f'<w:p><w:pPr><w:pBdr><w:top w:val="single" w:sz="{_RULE_EIGHTHS}" w:space="0" w:color="000000"/></w:pBdr>'
        f'<w:spacing w:before="60" w:after="{after}" w:line="40" w:lineRule="exact"/>'
        f'<w:ind w:left="{side}" w:right="{side}"/></w:pPr></w:p>'
    )


def _run(run: Run) -> str:
    half_points = "" if run.size is None else f'<w:sz w:val="{round(2 * run.size)}"/>'
    style = f"{'<w:b/>' if run.bold else ''}{'<w:i/>' if run.italic else ''}{half_points}"
    text = office_package.xml_text(run.text)
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    return f"<w:r>{f'<w:rPr>{style}</w:rPr>' if style else ''}{lines}</w:r>"


def _mm(millimetres: float) -> int:
    """Return a length in twentieths of a point."""
    return round(millimetres * _TWIPS_PER_MM)
