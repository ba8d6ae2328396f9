"""Documents read back from the file without the code that wrote it; also tests `office_package.py`."""

import io
from zipfile import ZipFile

from scheduler.files import docx, file_type
from scheduler.files.docx import Document, Paragraph, Run, Table
from tests.docx_reader import WORD, paragraphs, part

MINUTES = Document(
    (
        Paragraph((Run("BIÊN BẢN", bold=True), Run(" họp <giao ban> & \x0b\ud800khác\ndòng hai")), "center"),
        Table((20, 30), (((Paragraph((Run("STT"),)),), (Paragraph((Run("Điểm cầu"),)),)),)),
        Paragraph(rule=20),
    )
)


def test_a_document_has_its_text_once_and_nothing_that_xml_forbids() -> None:
    written = docx.write(MINUTES)
    assert paragraphs(written) == ["BIÊN BẢN họp <giao ban> & khác\ndòng hai", "STT", "Điểm cầu", ""]
    assert file_type.kind(written) == "docx"
    assert docx.write(MINUTES) == written


def test_pages_are_those_of_administrative_documents() -> None:
    """Nghị định 30/2020/NĐ-CP, Phụ lục I: A4, Times New Roman, number in the middle of the head, not on page 1."""
    written = docx.write(MINUTES)
    (page,) = part(written, "word/document.xml").iter(WORD + "pgSz")
    (margins,) = part(written, "word/document.xml").iter(WORD + "pgMar")
    (fonts,) = part(written, "word/styles.xml").iter(WORD + "rFonts")
    assert [page.get(WORD + side) for side in "wh"] == ["11906", "16838"]
    sides = [round(int(margins.get(WORD + side, "")) / 1440 * 25.4) for side in ("top", "bottom", "left", "right")]
    assert (sides, fonts.get(WORD + "ascii")) == ([20, 20, 30, 20], "Times New Roman")
    (number,) = part(written, "word/header1.xml").iter(WORD + "fldSimple")
    assert number.get(WORD + "instr") == " PAGE "
    assert len(list(part(written, "word/document.xml").iter(WORD + "titlePg"))) == 1
    (head,) = part(written, "word/document.xml").iter(WORD + "tblHeader")
    assert head is not None
    with ZipFile(io.BytesIO(written)) as archive:
        assert archive.testzip() is None
