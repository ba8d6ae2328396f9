"""Self-tests are judged, stored with their faults, and count for readiness for some hours.

Also tests `self_test.py`.
"""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.core.errors import InvalidRequest, UnknownPoint
from scheduler.operations.readiness.marks import Mark
from scheduler.operations.readiness.self_test import SelfTestFault, SelfTestMeasurement, failed
from tests.scheduler.conftest import PROFILES, ServicesFixture
from tests.scheduler.world import NOW, at

POLICY = PROFILES.at(NOW).preparation.self_test
GOOD = SelfTestMeasurement(True, -30, 120, 6100, 5800, 9, "Firefox 140", "1280x800", tuple(POLICY.ticks))
BAC_UM = "ks.bacumnam"


def test_a_good_test() -> None:
    """R-086: camera ok, mic −30 dBFS, down/up 6.1/5.8 Mbit/s, 'nguồn dự phòng' ticked: green."""
    assert failed(GOOD, POLICY) == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"camera": False}, "camera"),
        ({"mic_dbfs": None}, "mic"),
        ({"mic_dbfs": -51}, "mic"),
        ({"mic_dbfs": -2}, "mic"),
        ({"luma": 49}, "dark"),
        ({"down_kbps": 3999}, "down"),
        ({"up_kbps": None}, "up"),
        ({"ticks": ("nguon_dien",)}, "ticks"),
    ],
)
def test_a_measurement_beyond_its_threshold_fails(change: dict[str, object], fault: str) -> None:
    assert failed(replace(GOOD, **change), POLICY) == (fault,)  # type: ignore[arg-type]


MAYBE = st.none() | st.integers(0, 8000)


@given(st.booleans(), st.none() | st.integers(-90, 0), st.none() | st.integers(0, 255), MAYBE, MAYBE, st.booleans())
def test_each_fault_stands_for_its_own_figure(
    camera: bool, mic: int | None, luma: int | None, down: int | None, up: int | None, ticked: bool
) -> None:
    measured = replace(GOOD, camera=camera, mic_dbfs=mic, luma=luma, down_kbps=down, up_kbps=up)
    measured = measured if ticked else replace(measured, ticks=())
    good = {
        "camera": camera,
        "mic": mic in range(-50, -2),
        "dark": luma is None or luma >= 50,
        "down": down in range(4000, 8001),
        "up": up in range(4000, 8001),
        "ticks": ticked,
    }
    assert failed(measured, POLICY) == tuple(fault for fault in get_args(SelfTestFault) if not good[fault])


async def test_a_test_counts_for_the_sessions_of_the_next_24_hours(services: ServicesFixture) -> None:
    session = await services.session("ubnd.khanh-hoa", BAC_UM, rehearsal=False)
    tests = services.self_tests

    async def mark(now: str) -> Mark:
        board = await services.readiness.board(session.id, None, at(now))
        (found,) = [each for each in board.points[BAC_UM] if each.item == "self_test"]
        return found

    assert await mark("04/04/2023 07:59") == Mark("self_test", "none", "untested")
    await tests.keep(BAC_UM, "bacumnam", GOOD, at("04/04/2023 08:00"))  # just too old for 08:00 of the next day
    assert await mark("04/04/2023 08:30") == Mark("self_test", "amber", "untested")
    await tests.keep(BAC_UM, "bacumnam", replace(GOOD, up_kbps=900, ticks=()), at("04/04/2023 17:00"))
    assert await mark("04/04/2023 18:00") == Mark("self_test", "amber", "failed", "up, ticks")
    await tests.keep(BAC_UM, "bacumnam", GOOD, at("05/04/2023 07:00"))
    assert await mark("05/04/2023 07:01") == Mark("self_test", "green", "ok")
    history = await tests.of(BAC_UM, 50)
    assert [test.failed for test in history] == [(), ("up", "ticks"), ()]
    assert (history[0].measured, history[0].account, history[0].at) == (GOOD, "bacumnam", at("05/04/2023 07:00"))


async def test_faulty_self_tests_are_refused(services: ServicesFixture) -> None:
    tests = services.self_tests
    for change, word in [
        ({"ticks": ("x",)}, "unknown-tick"),
        ({"browser": ""}, "required"),
        ({"screen": "x" * 41}, "too-long"),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            await tests.keep(BAC_UM, "bacumnam", replace(GOOD, **change), NOW)  # type: ignore[arg-type]
        assert [fault.word for fault in caught.value.errors] == [word]
    with pytest.raises(UnknownPoint):
        await tests.keep("nothing", "bacumnam", GOOD, NOW)
    with pytest.raises(UnknownPoint):
        await tests.of("nothing", 50)
