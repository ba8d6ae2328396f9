"""Letters are parsed: encodings, HTML, attachments, and bytes that are no letter.

Also tests `html_to_text.py`.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.inbound_mail import html_to_text
from scheduler.inbound_mail import message as module
from scheduler.inbound_mail.message import MAX_ATTACHMENT, Attachment, read
from tests.scheduler.inbound_mail.letters import VAN_NINH, letter


def test_a_letter_of_a_mail_program() -> None:
    raw = letter(
        body="Kính gửi Sở,\n\nUBND huyện đăng ký họp.\n", attachments=(("Phiếu đăng ký.csv", b"a;b"), ("c.docx", b"PK"))
    )
    message = read(raw)
    assert (message.id, message.sender, message.return_path) == ("<1@vanninh>", VAN_NINH, None)
    assert message.subject == "Đăng ký họp trực tuyến"
    assert message.body == "Kính gửi Sở,\n\nUBND huyện đăng ký họp."
    assert message.attachments == (Attachment("Phiếu đăng ký.csv", [["a", "b"]]), Attachment("c.docx", None))


@pytest.mark.parametrize(
    ("field", "sender"),
    [
        ("UBND <Ubnd.VanNinh@KhanhHoa.gov.vn>", VAN_NINH),
        (f'"{VAN_NINH}" <x@gmail.com>', "x@gmail.com"),
        (f"{VAN_NINH}, x@gmail.com", ""),
        ("ai đó", ""),
        ("<a@b@c>", ""),
        ("=?utf-8?b?xJHGoW4gduG7iw==?= <a@b.vn>", "a@b.vn"),
    ],
)
def test_a_sender_is_one_address(field: str, sender: str) -> None:
    assert read(f"From: {field}\r\n\r\nx".encode()).sender == sender


def test_a_letter_without_an_id_is_known_by_its_content() -> None:
    first, second = read(b"From: a@b.vn\n\none"), read(b"From: a@b.vn\n\ntwo")
    assert first.id.startswith("sha256:")
    assert first.id == read(b"From: a@b.vn\n\none").id != second.id


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?q?H=E1=BB=8Dp_?= =?utf-8?q?giao_ban?=", "Họp giao ban"),
        ("Họp giao ban", "Họp giao ban"),
        ("=?no-such-charset?q?Hop?= giao ban", "Hop giao ban"),
        ("Ho\u0323p", "Họp"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("a\r\n b", "a b"),
    ],
)
def test_subjects(header: str, subject: str) -> None:
    assert read(f"Subject: {header}\r\n\r\n".encode()).subject == subject


def test_hypertext_alone_is_read_as_text() -> None:
    page = (
        "<html><head><style>p {}</style></head><body><p>Kính gửi&nbsp;Sở,</p>UBND <b>huyện</b><br>đăng ký"
        "<table><tr><td><p>Nội dung</p></td><td>Giao ban</td></tr></table></body></html>"
    )
    raw = f"From: a@b.vn\nContent-Type: text/html; charset=utf-8\n\n{page}".encode()
    assert read(raw).body == "Kính gửi Sở,\nUBND huyện\nđăng ký\nNội dung\tGiao ban"


def test_an_attachment_is_named_when_it_is_too_large() -> None:
    message = read(letter(attachments=(("a.csv", b"x" * (MAX_ATTACHMENT + 1)), ("b.csv", b"y"))))
    assert message.attachments == (Attachment("a.csv", None), Attachment("b.csv", [["y"]]))


def test_a_letter_cut_off_is_read_as_far_as_it_goes() -> None:
    raw = letter(body="Kính gửi Sở", attachments=(("Phiếu.docx", b"z" * 10_000),))
    message = read(raw[: len(raw) // 2])
    assert (message.sender, message.body, message.attachments[0].name) == (VAN_NINH, "Kính gửi Sở", "Phiếu.docx")


def test_one_nested_beyond_reason_has_headers_only() -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000))
    message = read(f"From: a@b.vn\n{nested}".encode())
    assert (message.sender, message.body) == ("a@b.vn", "")


@given(
    st.binary(max_size=2000)
    | st.text(max_size=500).map(lambda text: f"Subject: {text}\nFrom: {text}\n\n".encode("utf-8", "surrogatepass"))
)
def test_any_bytes_are_a_letter(raw: bytes) -> None:
    message = read(raw)
    texts = (message.id, message.sender, message.subject, message.body.replace("\n", "").replace("\t", ""))
    assert all(text.isprintable() for text in texts)
    assert message.sender == "" or module._ADDRESS.fullmatch(message.sender)
    assert read(raw) == message


@given(st.text(alphabet="<>/ptdrb &;#x1a\n\"'=!-", max_size=300))
def test_any_text_is_hypertext(text: str) -> None:
    assert "\r" not in html_to_text.plain(text)
