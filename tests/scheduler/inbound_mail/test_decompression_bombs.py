"""Letters that are expensive to read are read up to limits, and the rest is ignored.

Also tests `attached_form.py`.
"""

from contextlib import suppress

import pytest

from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail import attached_form
from scheduler.inbound_mail import message as mail
from scheduler.inbound_mail.extraction import extractor, slot_kinds, sources
from scheduler.inbound_mail.message import read
from signaling.core import child_process
from tests import bombs
from tests.scheduler.inbound_mail.letters import VAN_NINH, letter
from tests.scheduler.inbound_mail.unit_names import PLACES
from tests.scheduler.world import NOW, ZONE


@pytest.mark.parametrize("name", bombs.LETTERS)
async def test_a_long_letter_is_read_to_its_end_by_the_process_that_reads(name: str) -> None:
    """Otherwise the kernel would end the child at its CPU limit, and nothing would be read."""
    raw = bombs.LETTERS[name](1_000_000)
    message = await mail.read_untrusted(SandboxedParser(child_process.output), raw)
    assert message is not None
    assert (message.sender, mail.head(raw).sender) == (bombs.SENDER, bombs.SENDER)


def test_a_letter_of_thousands_of_parts_has_none() -> None:
    raw = bombs.LETTERS["parts"](100_000)
    assert (read(raw).body, read(raw).attachments) == ("", ())


@pytest.mark.parametrize("name", bombs.FORMS)
def test_a_form_of_much_is_cut_or_none(name: str) -> None:
    data = bombs.FORMS[name]()
    rows: attached_form.Rows = []
    with suppress(attached_form.UnreadableForm):
        rows = attached_form.read(name, data)
    assert sum(len(cell) for row in rows for cell in row) <= attached_form.MAX_TEXT


def test_a_table_in_a_cell_has_rows_of_its_own() -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:t>b</w:t></w:p></w:tc><w:tc><w:t>c</w:t></w:tc></w:tr></w:tbl>"
    row = f"<w:tr><w:tc><w:t>a</w:t>{inner}<w:p><w:t>d</w:t></w:p></w:tc></w:tr>"
    wrapped = f"<w:sdt><w:sdtContent>{row}</w:sdtContent></w:sdt>"
    assert attached_form.read("a.docx", bombs.document(f"<w:tbl>{wrapped}</w:tbl>")) == [["a\nd"], ["b", "c"]]


def test_texts_are_read_in_the_charsets_of_texts() -> None:
    raw = letter(body="Họp").replace(b'charset="utf-8"', b'charset="punycode"')
    assert read(raw).body == "Họp"
    assert read(b"Subject: =?cp1258?q?H=D0p?= =?punycode?q?a-b?=\n\n").subject == "HĐpa-b"


def test_many_times_and_ends_are_not_weighed_with_each_other() -> None:
    """Each time is combined with two ends at most, so that the effort does not grow with the square of the length."""
    text = "".join(f"Thời gian: {n % 24}h ngày 5/4/2023\nKết thúc: {n % 24}h30\n" for n in range(600))
    found = list(slot_kinds.labelled(sources.body(read(letter(body=text))), NOW.date()))
    assert len(found) > 400
    assert sum(map(len, found)) < sources.MAX_READ * 3


@pytest.mark.parametrize("text", ["thời gian: 14h ngày 5/4\n", "thành phần: UBND xã Vạn Phú; ", "14h00 ", "- a\n"])
def test_the_reading_of_a_huge_letter_is_cut_too(text: str) -> None:
    """The extractor runs in the server's process, because it needs the units."""
    much = (text * attached_form.MAX_CELL)[: attached_form.MAX_CELL]
    rows = [["Thời gian", much], ["Thành phần", much], *[[much]] * 8]
    attached = tuple(mail.Attachment(f"{number}.csv", rows) for number in range(mail.MAX_ATTACHMENTS))
    message = mail.OfficialLetter(
        "<1@x>", VAN_NINH, None, "Đăng ký họp", (text * 20_000)[: mail.MAX_BODY], attached, ()
    )
    extractor.asks(message)
    assert len(str(extractor.read(message, PLACES, "571", NOW, ZONE).content())) < 20_000
