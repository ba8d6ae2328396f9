"""Particulars that a registration must state, by the profile's codes (Điều 4, 5.2, 12.3, 13.1, 13.2.a)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.booking.sessions import particulars
from scheduler.core.model import Request
from scheduler.policy.profile_files import load
from tests.scheduler.world import NOW, REQUEST, SUDDEN, URGENT

POLICY = load().policies[-1]
RULES = POLICY.registration


def faults(request: Request) -> list[tuple[str, str, str]]:
    found = particulars.validate(particulars.normalise(request), POLICY)
    return [(fault.field, fault.word, fault.value) for fault in found]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, []),
        ({"purpose": ""}, [("purpose", "required", "")]),
        ({"kind": "hop"}, [("kind", "unknown-code", "hop")]),
        ({"form": ""}, [("form", "required", "")]),
        ({"secret": None}, [("secret", "required", "")]),
        ({"klass": "dot_xuat"}, [("reason", "required", "")]),
        ({"klass": "dot_xuat", **SUDDEN}, []),
        ({"klass": "khan_cap"}, [("ground", "required", ""), ("reason", "required", "")]),
        ({"klass": "khan_cap", **URGENT}, []),
        ({"klass": "khan_cap", "ground": "gap", "reason": "x"}, [("ground", "unknown-code", "gap")]),
        ({"klass": "thuong", "ground": "thien_tai"}, [("ground", "not-for-class", "")]),
        ({"support": ("phien_dich", "may_bay")}, [("support", "unknown-code", "may_bay")]),
        ({"people": 0}, [("people", "people-range", "100000")]),
        ({"people": 100_000, "support_note": "Máy chiếu", "second_name": "Trần B"}, []),
        ({"second_name": "x" * 101}, [("second_name", "too-long", "100")]),
        ({"people_at": {"so.tttt": 12, "nt.xuonghuan": 8}}, []),
        ({"people_at": {"so.tttt": 12, "nt.xuonghuan": 8}, "people": 20}, []),
        ({"people_at": {"so.tttt": 12, "nt.xuonghuan": 8}, "people": 19}, [("people", "fewer-than-counted", "20")]),
        ({"people_at": {"cr.bangoi": 5}}, [("people_at", "not-in-session", "cr.bangoi")]),
        ({"people_at": {"so.tttt": 0}}, [("people_at", "people-range", "100000")]),
        ({"people_at": {"so.tttt": 60_000, "nt.xuonghuan": 60_000}}, [("people", "people-range", "100000")]),
    ],
)
def test_missing_or_unknown_particulars_are_errors(
    fields: dict[str, object], expected: list[tuple[str, str, str]]
) -> None:
    assert faults(replace(REQUEST, **fields)) == expected  # type: ignore[arg-type]


def test_texts_have_one_form_and_support_is_named_once() -> None:
    typed = replace(REQUEST, reason=" a  b ", support=("khac", "phien_dich", "khac"), second_phone=" 0905 ")
    normal = particulars.normalise(typed)
    assert (normal.reason, normal.support, normal.second_phone) == ("a b", ("khac", "phien_dich"), "0905")


def test_r070_people_are_the_sum_of_the_points_unless_more_are_stated() -> None:
    counted = replace(REQUEST, people_at={"so.tttt": 12, "nt.xuonghuan": 8})
    assert particulars.normalise(counted).people == 20
    assert particulars.normalise(replace(counted, people=30)).people == 30
    assert particulars.normalise(REQUEST).people is None


async def test_r070_people_are_stored_by_point_and_the_mail_states_form_and_people(scheduler: Scheduler) -> None:
    wanted = replace(REQUEST, form="ket_hop", people_at={"so.tttt": 12, "nt.xuonghuan": 8})
    session = await scheduler.submit(wanted, NOW)
    assert (session.people, session.people_at) == (20, {"so.tttt": 12, "nt.xuonghuan": 8})
    fewer = await scheduler.amend(session.id, replace(wanted, people=25, people_at={"so.tttt": 12}), NOW)
    assert (fewer.people, fewer.people_at) == (25, {"so.tttt": 12})
    points = {point.id: point for point in await scheduler.points()}
    assert particulars.description_lines(session, POLICY, points) == (
        "Mục đích: Nội bộ đơn vị",
        "Loại hình họp: Giao ban",
        "Hình thức họp: Trực tiếp kết hợp trực tuyến",
        "Số người dự kiến: 20",
        f"- {points['so.tttt'].label}: 12 người",
        f"- {points['nt.xuonghuan'].label}: 8 người",
    )


CODES = st.sampled_from(["", "khac", "giao_ban", "thien_tai", "truc_tuyen", "noi_bo_don_vi", "\x00"])


@given(
    klass=st.sampled_from(["thuong", "dot_xuat", "khan_cap"]),
    purpose=CODES,
    kind=CODES,
    form=CODES,
    ground=CODES,
    reason=st.sampled_from(["", "x", "\x00"]),
    secret=st.sampled_from([None, True, False]),
)
def test_faultless_means_that_each_rule_holds(
    klass: str, purpose: str, kind: str, form: str, ground: str, reason: str, secret: bool | None
) -> None:
    fields = {"klass": klass, "purpose": purpose, "kind": kind, "form": form, "ground": ground, "reason": reason}
    found = faults(replace(REQUEST, secret=secret, **fields))  # type: ignore[arg-type]
    right = (
        purpose in RULES.purposes
        and kind in RULES.kinds
        and form in RULES.forms
        and secret is not None
        and (ground == "thien_tai" if klass == "khan_cap" else ground == "")
        and (reason == "x" or (klass == "thuong" and reason == ""))
    )
    assert (found == []) == right
