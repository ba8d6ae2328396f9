"""Automatic replies go to people, never to machines or lists (RFC 3834)."""

from typing import Any

import pytest

from scheduler.inbound_mail.autoreply_policy import answerable, automatic, listed
from scheduler.inbound_mail.message import read
from tests.scheduler.inbound_mail.letters import OFFICE, letter

PERSON = "ubnd.vanninh@gmail.com"


def test_a_person_is_answered() -> None:
    assert answerable(read(letter(PERSON)), OFFICE)
    assert answerable(read(letter(PERSON, Return_Path=f"<{PERSON}>", Auto_Submitted="no")), OFFICE)


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        (PERSON, {"Auto_Submitted": "auto-replied; owner-email=x"}),
        (PERSON, {"Auto_Submitted": "auto-generated"}),
        (PERSON, {"Return_Path": "<>"}),
        (PERSON, {"X_Autoreply": "yes"}),
        ("MAILER-DAEMON@mx.vn", {}),
        ("noreply@bank.vn", {}),
    ],
)
def test_machines(sender: str, headers: dict[str, Any]) -> None:
    assert automatic(read(letter(sender, **headers)))
    assert not answerable(read(letter(sender, **headers)), OFFICE)


@pytest.mark.parametrize(
    "headers", [{"List_Id": "<tin.vn>"}, {"Precedence": "Bulk"}, {"List_Unsubscribe": "<mailto:x>"}]
)
def test_lists(headers: dict[str, Any]) -> None:
    assert listed(read(letter(PERSON, **headers)))
    assert not answerable(read(letter(PERSON, **headers)), OFFICE)


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        (OFFICE, {}),
        ("a@b.vn, c@d.vn", {}),
        (PERSON, {"Return_Path": "<other@gmail.com>"}),
        (PERSON, {"X_Auto_Response_Suppress": "OOF, AutoReply"}),
    ],
)
def test_others_who_are_left_alone(sender: str, headers: dict[str, Any]) -> None:
    message = read(letter(sender, **headers))
    assert not automatic(message) and not answerable(message, OFFICE)


@pytest.mark.parametrize("kind", ["multipart/report; report-type=delivery-status", "text/calendar; method=REPLY"])
def test_reports_are_machines_words(kind: str) -> None:
    assert automatic(read(f"From: {PERSON}\nContent-Type: {kind}\n\n".encode()))
