"""Writes a report as PDF, with the font of the picture labels."""

import io
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

import mediaserver
from signaling.reports.report_tables import Sheet

FONT = "BeVietnamPro"
NAME_MM = 70
LINE = HexColor("#b8c2cc")
HEAD = HexColor("#e3edf7")


def register_font() -> None:
    """Let reportlab know the font, whose Vietnamese letters the standard ones of PDF lack."""
    path = Path(mediaserver.__file__).parent / "fonts" / "BeVietnamPro-Medium.ttf"
    pdfmetrics.registerFont(TTFont(FONT, path))


def pdf(title: str, sheets: Sequence[Sheet]) -> bytes:
    """Return the PDF: all tables one after the other, heads repeated on each page."""
    register_font()
    big, small = (ParagraphStyle(str(size), fontName=FONT, fontSize=size, leading=size * 1.3) for size in (15, 8))
    written = io.BytesIO()
    margin = 12 * mm
    paper = SimpleDocTemplate(
        written,
        pagesize=landscape(A4),
        title=title,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
    )
    story: list[object] = [Paragraph(escape(title), big)]
    for sheet in sheets:
        story += [Spacer(1, 6 * mm), _table(sheet, small, paper.width)]
    paper.build(story)
    return written.getvalue()


def _table(sheet: Sheet, style: ParagraphStyle, width: float) -> Table:
    rest = (width - NAME_MM * mm) / (len(sheet.head) - 1)
    rows = [[Paragraph(escape(str(cell)), style) for cell in row] for row in (sheet.head, *sheet.rows)]
    table = Table(rows, [NAME_MM * mm, *[min(rest, 40 * mm)] * (len(sheet.head) - 1)], repeatRows=1, hAlign="LEFT")
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.4, LINE), ("BACKGROUND", (0, 0), (-1, 0), HEAD)]))
    return table
