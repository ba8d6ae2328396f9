"""Writes a report as a spreadsheet (Office Open XML)."""

import io
from collections.abc import Sequence

from scheduler.files.office_package import xml_text
from signaling.reports.report_tables import Sheet

NAME_WIDTH, NUMBER_WIDTH = 44, 14


def xlsx(title: str, sheets: Sequence[Sheet]) -> bytes:
    """Return the file: one sheet for each table, numbers as numbers."""
    from openpyxl import Workbook  # noqa: PLC0415 - a server starts without it
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook()
    book.properties.title = title
    book.remove(book.worksheets[0])
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        page.append([xml_text(title)])
        page.append(list(sheet.head))
        for row in sheet.rows:
            page.append([xml_text(cell) if isinstance(cell, str) else cell for cell in row])
            for cell in page[page.max_row]:
                cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type  # never a formula
        for cell in (*page[1], *page[2]):
            cell.font = Font(bold=True)
        page.freeze_panes = "B3"
        for column in range(1, len(sheet.head) + 1):
            page.column_dimensions[get_column_letter(column)].width = NAME_WIDTH if column == 1 else NUMBER_WIDTH
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
