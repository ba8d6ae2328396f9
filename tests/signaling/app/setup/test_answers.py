"""Answers are judged one by one and as a file; no fault repeats a value."""

from collections.abc import Callable
from pathlib import Path

import pytest

from signaling.app.setup import answers
from signaling.app.setup.answers import BadAnswer, Mail
from signaling.core.errors import BadInput
from signaling.core.texts import field_text

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("hop.khanhhoa.gov.vn", "hop.khanhhoa.gov.vn"),
        (" HOP.Example. ", "hop.example"),
        ("10.1.2.3", "10.1.2.3"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("mcu", "mcu"),
    ],
)
def test_a_host_is_a_name_or_an_address(given: str, taken: str) -> None:
    assert answers.checked_host(given) == taken


@pytest.mark.parametrize(
    "text", ["", "https://hop.example", "hop.example:8443", "10.1.2.300", "họp.vn", "-a.vn", "a..b"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer, match="setup-host"):
        answers.checked_host(text)


@pytest.mark.parametrize(
    ("judge", "text", "word"),
    [
        (answers.checked_port, "0", "setup-port"),
        (answers.checked_port, "65536", "setup-port"),
        (answers.checked_port, "٣", "setup-port"),
        (answers.checked_count, "0", "setup-count"),
        (answers.checked_count, "100001", "setup-count"),
        (answers.checked_sender, "hop", "setup-mailbox"),
        (answers.checked_account, "Quản trị", "setup-account"),
    ],
)
def test_a_wrong_answer_has_its_words(judge: Callable[[str], object], text: str, word: str) -> None:
    with pytest.raises(BadAnswer, match=word):
        judge(text)
    assert field_text(word, "vi") != field_text("no such word", "vi") != field_text(word, "en")


def test_the_rules_of_passwords_are_those_of_accounts() -> None:
    assert answers.checked_password("", "admin") == ""
    assert answers.checked_password("mot mat khau rat dai", "admin") == "mot mat khau rat dai"
    for text, word in (("ngan", "password-length"), ("administrator", "password-of-account")):
        with pytest.raises(BadAnswer, match=word):
            answers.checked_password(text, "administrator")


def test_a_mail_server_is_written_as_the_settings_read_it() -> None:
    mail = Mail(host="mail.example", user="hop", password="p@ss/word", sender="hop@mail.example")
    assert mail.url == "smtps://hop:p%40ss%2Fword@mail.example:465"
    assert Mail(host="::1", tls="starttls", sender="a@b.example").url == "smtp://[::1]:587"
    assert Mail(host="::1", port=25, tls="none", sender="a@b.example").url == "smtp+plain://[::1]:25"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[address]\nhost = 'x y'\nport = 0\n", [("address.host", "setup-host"), ("address.port", "setup-port")]),
        ("[address]\nport = 1\n", [("address.host", "missing")]),
        ("[addres]\n", [("addres", "extra_forbidden")]),
        ("[certificate]\nsource = 'acme'\n", [("certificate.source", "literal_error")]),
        ("[certificate]\nsource = 'files'\nkey = 'k'\n", [("certificate", "setup-files")]),
        ("[certificate]\nsource = 'present'\nkey = 'k'\ncertificate = 'c'\n", [("certificate", "setup-files")]),
        ("[administrator]\npassword = 'topsecret'\n", [("administrator.password", "password-length")]),
        ("[mail]\nhost = 'mail.example'\n", [("mail.sender", "setup-sender")]),
        ("[units]\n", [("units", "setup-units")]),
        ("[units]\ntable = 'a.csv'\nshipped = 'khanh-hoa'\n", [("units", "setup-units")]),
        (
            "[capacity]\nsessions = true\npoints = '7'\n",
            [("capacity.sessions", "int_type"), ("capacity.points", "int_type")],
        ),
    ],
)
def test_every_fault_of_a_file_is_named(text: str, faults: list[tuple[str, str]]) -> None:
    given = answers.read(text.encode())
    assert [(fault.field, fault.detail) for fault in given.faults] == faults
    assert "topsecret" not in str(given)
    assert given.answers == answers.Answers()


def test_a_part_with_a_fault_is_left_out_of_the_others() -> None:
    for read, text in (
        (answers.read, "[address]\nport = 1\n[profile]\nfiles = 'KH-2023'\n[sso]\nfiles = ''\n"),
        (answers.read_json, '{"address": {"port": 1}, "profile": {"files": "KH-2023"}, "sso": {"files": ""}}'),
    ):
        given = read(text.encode())
        assert given.answers == answers.Answers(profile=answers.Profile(files="KH-2023"))
        assert [fault.field for fault in given.faults] == ["address.host", "sso.file", "sso.files"]
        assert given.unread == {"address", "sso"}
    with pytest.raises(BadInput):
        answers.read_json(b"[]")


def test_what_is_no_toml_is_refused_with_its_line() -> None:
    for content, detail in (
        (b"[address]\nhost = = 1\n", "TOML: Invalid value (at line 2, column 8)"),
        (b"a = " + b"[" * 9000, "setup-toml"),
        (b"a = " + b"9" * 9000, "setup-toml"),
        (b"[address]\n" + b"a." * 128 + b"a = 1", "TOML: More than 127 dots (at line 2)"),
        (b"\xff", "setup-not-utf8"),
        (b"#" * (answers.MAX_BYTES + 1), "setup-too-large"),
    ):
        with pytest.raises(BadInput) as refused:
            answers.read(content)
        assert [(fault.field, fault.detail) for fault in refused.value.faults] == [("", detail)]


def test_the_file_that_the_documents_show_is_read() -> None:
    shown = (ROOT / "docs" / "operations.md").read_text().split("```toml\n")[1].split("```")[0]
    read = answers.read(shown.replace("…", "mot mat khau rat dai").encode()).answers
    assert read.model_fields_set == set(answers.Answers.model_fields)
    assert read.mail is not None
    assert read.mail.url == "smtps://hop:mot%20mat%20khau%20rat%20dai@mail.khanhhoa.gov.vn:465"


def test_what_is_left_out_stays() -> None:
    assert answers.read(b"") == answers.Given(answers.Answers())
