"""Sets of codecs are read, written, and compared with what devices offer (Điều 11.5, R-055).

Also tests `drift.py`.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import InvalidRequest
from scheduler.directory.equipment import codec_sets
from scheduler.directory.equipment.drift import Drift, compare
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device, ObservedDevice
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW

POINT = "ubnd.van-ninh"
SET = "G722, H264, PCMA, PCMU"
NAMES = st.sampled_from(["G722", "G7221", "H263-1998", "H264", "MP4A-LATM", "PCMA", "PCMU", "SIRENLPR"])


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("", ""),
        (" , ", ""),
        ("PCMU pcma;h264,G722 ,PCMU", SET),
        ("H.264, G.722, G.711", SET),
        ("G.722.1 G.711A", "G7221, PCMA"),
        ("mp4a-latm H263-1998", "H263-1998, MP4A-LATM"),
    ],
)
def test_r055_a_set_of_codecs_has_one_form(written: str, stored: str) -> None:
    assert codec_sets.canonical(written) == stored


@pytest.mark.parametrize(
    ("written", "invalid"), [("G722, H264/90000", "H264/90000"), ("G722 không", "không"), ("A" * 33, "A" * 33)]
)
def test_r055_an_invalid_codec_name_is_reported(written: str, invalid: str) -> None:
    with pytest.raises(ValueError, match=f"^{invalid}$"):
        codec_sets.canonical(written)


def test_r055_a_set_is_no_longer_than_a_register_keeps() -> None:
    longest = codec_sets.write(f"CODEC{number:03}" for number in range(50))
    assert len(codec_sets.canonical(longest)) == 498
    with pytest.raises(ValueError):
        codec_sets.canonical(longest + ", X")


@given(st.frozensets(NAMES), st.frozensets(NAMES))
def test_r055_a_device_offers_its_set_and_answers_some_of_it(registered: frozenset[str], seen: frozenset[str]) -> None:
    device = Device("", POINT, 1, codecs=codec_sets.write(registered))
    offered, answered = (
        [(each.field, each.old, codec_sets.read(each.new)) for each in compare(device, "", [], what)]
        for what in (ObservedDevice(offered=seen), ObservedDevice(answered=seen))
    )
    assert offered == ([("codecs", device.codecs, seen)] if registered and seen and registered != seen else [])
    assert answered == ([("codecs", device.codecs, registered | seen)] if registered and seen - registered else [])


@pytest.fixture
async def device(scheduler: Scheduler) -> Device:
    """Return the VCS of Vạn Ninh with its codecs registered."""
    equipment = Equipment(scheduler._engine, PROFILES)
    (known,) = await equipment.devices(POINT)
    return await equipment.describe(replace(known, kind="VCS", address="10.79.4.20", codecs="H.264 G.722 G.711"), NOW)


async def test_r055_other_codecs_are_flagged_until_they_are_accepted(scheduler: Scheduler, device: Device) -> None:
    equipment = Equipment(scheduler._engine, PROFILES)
    assert device.codecs == SET
    other = ObservedDevice(offered=frozenset({"H265", "H264", "G722"}))
    drift = Drift("codecs", SET, "G722, H264, H265")
    for _ in range(2):
        assert await equipment.check_device(POINT, 1, other, NOW) == [drift]
    (change,) = await equipment.changes(POINT)
    assert (change.kind, change.field, change.old, change.new, change.state) == (
        *("drift", "codecs", SET, "G722, H264, H265"),
        "open",
    )
    await equipment.decide(change.id, False, "central", NOW)
    assert (await equipment.devices(POINT))[0].codecs == SET
    assert await equipment.check_device(POINT, 1, other, NOW) == [drift]
    (change, _) = await equipment.changes(POINT)
    await equipment.decide(change.id, True, "central", NOW)
    assert (await equipment.devices(POINT))[0].codecs == "G722, H264, H265"
    assert await equipment.check_device(POINT, 1, other, NOW) == []


async def test_r055_a_unit_asks_for_other_codecs(scheduler: Scheduler, device: Device) -> None:
    equipment = Equipment(scheduler._engine, PROFILES)
    change = await equipment.ask(device.id, "codecs", "h.264 g.722", "Thay VCS", "vanninh", NOW)
    assert (change.old, change.new) == (SET, "h.264 g.722")
    await equipment.decide(change.id, True, "central", NOW)
    assert (await equipment.devices(POINT))[0].codecs == "G722, H264"
    wrong = await equipment.ask(device.id, "codecs", "G722/8000", "", "vanninh", NOW)
    with pytest.raises(InvalidRequest) as caught:
        await equipment.decide(wrong.id, True, "central", NOW)
    assert [str(error) for error in caught.value.errors] == ["codecs: codecs-format (G722/8000)"]


async def test_r055_no_codecs_are_registered_by_themselves(scheduler: Scheduler, device: Device) -> None:
    equipment = Equipment(scheduler._engine, PROFILES)
    await equipment.describe(replace(device, codecs=""), NOW)
    assert (
        await equipment.check_device(
            POINT, 1, ObservedDevice(offered=frozenset({"H264"}), answered=frozenset({"G722"})), NOW
        )
        == []
    )
    assert (await equipment.devices(POINT))[0].codecs == ""
