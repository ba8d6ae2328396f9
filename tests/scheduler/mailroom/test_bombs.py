"""Letters that cost whoever reads them much: short work is made of them, and what is too much is set aside."""

import time

import pytest

from scheduler.mailroom import letter as mail
from scheduler.mailroom.letter import read
from tests import bombs
from tests.scheduler.mailroom.letters import letter


@pytest.mark.parametrize("name", bombs.LETTERS)
def test_a_long_letter_is_soon_read(name: str) -> None:
    raw = bombs.LETTERS[name](1_000_000)
    began = time.process_time()
    came = read(raw)
    assert time.process_time() - began < 3
    assert came.sender == bombs.SENDER
    assert mail.head(raw).sender == came.sender


def test_a_letter_of_thousands_of_parts_has_none() -> None:
    raw = bombs.LETTERS["parts"](100_000)
    assert (read(raw).body, read(raw).attachments) == ("", ())


def test_texts_are_read_in_the_charsets_of_texts() -> None:
    raw = letter(body="Họp").replace(b'charset="utf-8"', b'charset="punycode"')
    assert read(raw).body == "Họp"
    assert read(b"Subject: =?cp1258?q?H=D0p?= =?punycode?q?a-b?=\n\n").subject == "HĐpa-b"
