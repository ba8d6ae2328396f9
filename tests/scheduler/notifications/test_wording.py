"""Texts of notices: the contents of mails, and secrets that no group message has."""

import ipaddress
import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.notifications import wording
from scheduler.notifications.wording import WORDINGS, Kind, NoticeFacts
from tests.scheduler.world import ZONE, at

FACTS = NoticeFacts(
    "HTT-2023-0412",
    "Giao ban tuần 14",
    "Sở Thông tin và Truyền thông",
    (
        ("tong_duyet", int(at("05/04/2023 07:00").timestamp()), int(at("05/04/2023 07:30").timestamp())),
        ("chinh_thuc", int(at("05/04/2023 08:00").timestamp()), int(at("06/04/2023 09:00").timestamp())),
    ),
    3,
)
KINDS: tuple[Kind, ...] = get_args(Kind)

codes = st.text("0123456789", min_size=9, max_size=18)
apart = st.tuples(codes, st.sampled_from([" ", ".", "-", "\u00a0", "  "])).map(lambda it: it[1].join(it[0]))
addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
secrets = st.one_of(codes, apart, addresses)


def test_every_kind_has_words() -> None:
    assert set(WORDINGS) == set(KINDS)


def test_a_letter_says_everything() -> None:
    assert wording.subject("granted", FACTS) == "Đã cấp mã phiên họp – HTT-2023-0412 – Giao ban tuần 14"
    assert wording.letter("granted", FACTS, "0123456789", ZONE).splitlines() == [
        WORDINGS["granted"].opening,
        "",
        "Số: HTT-2023-0412",
        "Nội dung: Giao ban tuần 14",
        "Chủ trì: Sở Thông tin và Truyền thông",
        "Tổng duyệt: 07:00–07:30 05/04/2023",
        "Chính thức: 08:00 05/04/2023 – 09:00 06/04/2023",
        "Số điểm cầu: 3",
        "Mã phiên họp: 0123456789",
        "",
        "--",
        WORDINGS["granted"].english,
    ]


def test_r070_a_mail_states_the_form_and_a_group_message_does_not() -> None:
    described = replace(FACTS, said=("Hình thức họp: Trực tuyến", "Số người dự kiến: 20"))
    assert NoticeFacts.read(described.text()) == described
    assert wording.letter("check-call", described, None, ZONE).splitlines()[7:10] == ["Số điểm cầu: 3", *described.said]
    assert wording.group_text("check-call", described, ZONE) == wording.group_text("check-call", FACTS, ZONE)


def test_a_group_gets_host_time_and_status() -> None:
    facts = replace(FACTS, slots=FACTS.slots[:1])
    assert wording.group_text("granted", facts, ZONE) == (
        "Phiên họp của Sở Thông tin và Truyền thông (HTT-2023-0412): đã cấp mã. Tổng duyệt: 07:00–07:30 05/04/2023"
    )


@pytest.mark.parametrize("kind", ["granted", "changed", "reinstated"])
def test_a_dead_code_is_in_no_notice(kind: Kind) -> None:
    assert f"Mã phiên họp: {wording.NO_CODE}" in wording.letter(kind, FACTS, None, ZONE).splitlines()


@given(st.sampled_from(sorted(set(KINDS) - {"granted", "changed", "reinstated"})), codes)
def test_only_letters_of_a_code_carry_it(kind: Kind, code: str) -> None:
    assert code not in wording.letter(kind, FACTS, code, ZONE)


@given(st.sampled_from(KINDS), secrets, st.text(max_size=20), st.text(max_size=20))
def test_a_group_never_gets_a_code_or_an_address(kind: Kind, secret: str, before: str, after: str) -> None:
    dirty = replace(FACTS, title=secret, reason=secret, host=f"{before} {secret} {after}")
    group_text = wording.group_text(kind, dirty, ZONE)
    digits = re.sub(r"[^0-9]", "", secret)
    name = group_text.removeprefix("Phiên họp của ").split(" (HTT-2023-0412)")[0]
    assert not re.search(r"[0-9]{9}", re.sub(r"[\W_]", "", name))
    assert secret not in group_text
    assert len(digits) < 9 or digits not in re.sub(r"\s", "", name)
    assert not any(_is_address(word) for word in re.split(r"[^0-9A-Fa-f.:]+", group_text))


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word.strip(".:") if word.count(":") < 2 else word)
    except ValueError:
        return False
    return True


@given(st.builds(NoticeFacts, st.text(), st.text(), st.text(), st.just(FACTS.slots), st.integers(0, 999), st.text()))
def test_facts_are_read_back(facts: NoticeFacts) -> None:
    assert NoticeFacts.read(facts.text()) == facts


@given(st.sampled_from(KINDS), st.text())
def test_a_subject_is_one_line(kind: Kind, title: str) -> None:
    assert len(wording.subject(kind, replace(FACTS, title=title)).splitlines()) == 1
