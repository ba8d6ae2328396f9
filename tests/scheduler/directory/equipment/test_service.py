"""Devices and access lines are registered, and compared with what is observed (Điều 3.2, 6.3, 11.5, 11.7).

Also tests `devices.py`, `devices_store.py` and `lines.py`.
"""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import InvalidRequest, LostKey
from scheduler.directory.equipment import lines
from scheduler.directory.equipment.drift import Drift, compare
from scheduler.directory.equipment.service import Equipment, blocked
from scheduler.directory.errors import DecidedAlready, LastDevice, Unknown
from scheduler.directory.model import AccessLine, Device, ObservedDevice, Provider
from scheduler.directory.schema import SIP_SECRETS
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW

VAN_NINH, DIEN_KHANH = "ubnd.van-ninh", "ubnd.dien-khanh"
LINE = AccessLine("l1", VAN_NINH, "TSLCD", None, 4000, True, ("10.79.0.0/16",))
VCS = Device("", VAN_NINH, 0, "VCS", "HDX 7000", address="10.79.4.20", protocol="SIP", user_agent="Polycom/3.1")


@pytest.fixture
def equipment(scheduler: Scheduler) -> Equipment:
    return Equipment(scheduler._engine, PROFILES)


async def registered(equipment: Equipment) -> Device:
    """Describe the only device of Vạn Ninh, on its line; return it."""
    await equipment.set_line(LINE)
    first = (await equipment.devices(VAN_NINH))[0]
    return await equipment.describe(replace(VCS, id=first.id), NOW)


async def faults(equipment: Equipment, device: Device) -> list[str]:
    """Return the errors for which a device is refused."""
    with pytest.raises(InvalidRequest) as caught:
        await equipment.add_device(device, NOW)
    return [str(error) for error in caught.value.errors]


async def test_a_second_device_makes_no_second_point(
    scheduler: Scheduler, equipment: Equipment
) -> None:
    await registered(equipment)
    added = await equipment.add_device(Device("", VAN_NINH, 0, "PC", protocol="WEBRTC"), NOW)
    assert (added.number, added.address) == (2, None)
    assert [(point.name, point.numbers) for point in await scheduler.points("571")] == [("UBND.Van Ninh", (1, 2))]
    assert [device.kind for device in await equipment.devices(VAN_NINH)] == ["VCS", "PC"]
    assert (await equipment.remove_device(added.id)).number == 2
    with pytest.raises(LastDevice):
        await equipment.remove_device((await equipment.devices(VAN_NINH))[0].id)


async def test_the_address_of_a_vcs(scheduler: Scheduler, equipment: Equipment) -> None:
    await registered(equipment)
    bare = replace(VCS, address=None)
    assert await faults(equipment, bare) == ["address: address-required"]
    assert await faults(equipment, replace(bare, dial_out=True)) == ["address: address-required", "dial_out: dial-out"]
    assert await faults(equipment, replace(VCS, address="10.79.4.21", protocol="WEBRTC", dial_out=True)) == [
        "dial_out: dial-out"  # nobody would call it
    ]
    assert await faults(equipment, replace(VCS, address="10.80.0.1")) == ["address: address-range (10.79.0.0/16)"]
    assert await faults(equipment, VCS) == ["address: address-taken (UBND.Van Ninh)"]
    behind_one_sbc = await equipment.add_device(replace(VCS, sip_user="1002"), NOW)
    assert await faults(equipment, replace(VCS, sip_user="1002")) == ["address: address-taken (UBND.Van Ninh)"]
    with_pin = replace(VCS, sip_user="1002**{PIN}")  # the same alias there would join the same room twice
    assert await faults(equipment, with_pin) == ["address: address-taken (UBND.Van Ninh)", "pin: required"]
    await equipment.remove_device(behind_one_sbc.id)
    assert await faults(equipment, replace(VCS, address="10.79.4.256")) == ["address: address-format (10.79.4.256)"]
    for port, value in ((0, "0"), (65536, "65536"), (-(10**20), "-10000000")):
        assert await faults(equipment, replace(VCS, address="10.79.4.21", port=port)) == [f"port: port-range ({value})"]
    assert (await scheduler.point(VAN_NINH)).devices == 1
    other = replace(VCS, point=DIEN_KHANH, address="10.79.6.20", dial_out=True, port=65535, transport="TCP")
    await equipment.set_line(replace(LINE, id="l2", point=DIEN_KHANH))
    added = await equipment.add_device(other, NOW)
    assert (added.dial_out, added.port, added.transport) == (True, 65535, "TCP")


async def test_a_picture_takes_what_a_line_carries(equipment: Equipment) -> None:
    device = await registered(equipment)
    for kbps in (0, 63, 3001):
        fault = f"picture_kbps: picture-kbps-range ({kbps})"
        assert await faults(equipment, replace(device, address="10.79.4.22", picture_kbps=kbps)) == [fault]
    await equipment.describe(replace(device, picture_kbps=64), NOW)


@pytest.mark.parametrize(
    "written", ["10.79.0.1, 10.79.0.2", "sbc.vn", "10.79.0.0/24", "10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 ::5"]
)
async def test_addresses_of_media_are_at_most_four_ip_addresses(equipment: Equipment, written: str) -> None:
    device = await registered(equipment)
    fault = f"media_addresses: media-addresses ({written})"
    assert await faults(equipment, replace(device, address="10.79.4.22", media_addresses=written)) == [fault]
    await equipment.describe(replace(device, media_addresses="10.0.0.1  2001:db8::1"), NOW)


async def test_cameras_of_one_recorder_are_told_apart_by_their_streams(equipment: Equipment) -> None:
    device = await registered(equipment)
    camera = replace(device, kind="CAMERA", protocol="RTSP", address="10.79.4.9", auth_user="admin")
    first = replace(camera, stream_path="/cam/realmonitor?channel=1&subtype=0")
    await equipment.describe(first, NOW, {"password": "mật khẩu"})
    other = replace(first, id="", number=0)
    password = ["password: required"]
    assert await faults(equipment, other) == ["address: address-taken (UBND.Van Ninh)", *password]
    for apart in ({"stream_path": "/cam/realmonitor?channel=2"}, {"port": 1554}):
        assert await faults(equipment, replace(other, **apart)) == password
    assert await faults(equipment, replace(other, address="10.79.4.22", stream_path="/a b", transport="TLS")) == [
        "stream_path: stream-path-format (/a b)",
        "transport: one-of (UDP, TCP)",
        *password,
    ]
    codec = replace(other, kind="VCS", protocol="SIP", address="10.79.4.22")  # "admin" is a name of the camera's alone
    assert await faults(equipment, codec) == password


async def test_the_sip_account_of_a_device_is_checked_and_its_secrets_are_encrypted(equipment: Equipment) -> None:
    """Also tests `sip_secrets.py`."""
    device = await registered(equipment)
    dialled = replace(device, sip_user="2001**{PIN}", auth_user="diemcau")
    other = replace(dialled, address="10.79.4.22")
    assert await faults(equipment, other) == ["pin: required", "password: required"]
    assert await faults(equipment, replace(other, sip_user="phòng họp", auth_user="a@b")) == [
        "sip_user: sip-user-format (phòng họp)",
        "auth_user: sip-user-format (a@b)",
        "password: required",
    ]
    with pytest.raises(InvalidRequest) as caught:
        await equipment.describe(device, NOW, {"pin": "12a", "password": "a\n"})
    assert [str(each) for each in caught.value.errors] == [
        *("pin: pin-format", "password: password-format", "auth_user: required")
    ]
    await equipment.describe(dialled, NOW, {"pin": "1234", "password": "rất bí mật"})
    await equipment.describe(replace(dialled, model="RMX"), NOW)  # leaves them
    assert await equipment.sip_secrets(device.id) == {"pin": "1234", "password": "rất bí mật"}
    assert await equipment.secret_names(VAN_NINH) == {device.id: {"pin", "password"}}
    async with equipment._engine.begin() as db:
        sealed = (await db.execute(select(SIP_SECRETS.c.name, SIP_SECRETS.c.sealed))).all()
        assert {name for name, _ in sealed} == {"pin", "password"} and "1234" not in {text for _, text in sealed}
        await db.execute(update(SIP_SECRETS).where(SIP_SECRETS.c.name == "pin").values(sealed=dict(sealed)["password"]))
    with pytest.raises(LostKey):  # each is bound to its place
        await equipment.sip_secrets(device.id)
    async with equipment._engine.begin() as db:
        await db.execute(update(SIP_SECRETS).where(SIP_SECRETS.c.name == "pin").values(sealed=dict(sealed)["pin"]))
    assert await faults(equipment, other) == [
        *("auth_user: user-taken (UBND.Van Ninh)", "pin: required", "password: required")
    ]
    await equipment.describe(device, NOW, {"pin": "", "password": ""})
    assert await equipment.secret_names(VAN_NINH) == {}


async def test_a_new_password_of_a_room_system_has_a_least_length(equipment: Equipment) -> None:
    """Those in use stay, and those of another system or a camera are set there."""
    device = replace(await registered(equipment), auth_user="p.hop")
    with pytest.raises(InvalidRequest) as caught:
        await equipment.describe(device, NOW, {"password": "seven l"})
    assert [str(each) for each in caught.value.errors] == ["password: account-password-length (8)"]
    await equipment.describe(replace(device, kind="LINK"), NOW, {"password": "seven l"})
    await equipment.describe(replace(device, model="RMX"), NOW)
    await equipment.describe(device, NOW, {"password": "8 letter"})
    assert await equipment.sip_secrets(device.id) == {"password": "8 letter"}


async def test_r021_another_system_is_called_and_has_an_address_whatever_its_line(equipment: Equipment) -> None:
    link = Device("", VAN_NINH, 0, "LINK", protocol="SIP", model="HNTH Chính phủ", dial_out=True)
    assert await faults(equipment, link) == ["address: address-required", "dial_out: dial-out"]
    added = await equipment.add_device(replace(link, address="10.79.9.9"), NOW)
    assert (added.kind, added.address, added.dial_out) == ("LINK", "10.79.9.9", True)


async def test_a_device_of_h323_without_an_address_is_called_by_its_number_which_no_other_has(
    equipment: Equipment,
) -> None:
    link = Device("", VAN_NINH, 0, "LINK", protocol="H323", dial_out=True)
    assert await faults(equipment, link) == ["address: address-required", "dial_out: dial-out"]
    added = await equipment.add_device(replace(link, sip_user="98001"), NOW)
    assert (added.address, added.dial_out) == (None, True)
    assert await faults(equipment, replace(link, sip_user="98001**{PIN}")) == [
        "sip_user: user-taken (UBND.Van Ninh)",
        "pin: required",
    ]
    assert await faults(equipment, replace(link, protocol="SIP", sip_user="98001")) == [
        "address: address-required",
        "dial_out: dial-out",
    ]


async def test_unannounced_changes_are_flagged_until_decided(equipment: Equipment) -> None:
    device = await registered(equipment)
    moved = Drift("address", "10.79.4.20", "10.79.4.25")
    for _ in range(2):
        assert await equipment.check_device(VAN_NINH, 1, ObservedDevice("10.79.4.25", "Polycom/3.1"), NOW) == [moved]
    flagged = await equipment.changes(VAN_NINH)
    assert [(c.kind, c.field, c.old, c.new, c.state) for c in flagged] == [
        ("drift", "address", "10.79.4.20", "10.79.4.25", "open")
    ]
    assert (await equipment.devices(VAN_NINH))[0] == device
    decided = await equipment.decide(flagged[0].id, True, "central", NOW)
    assert (decided.state, decided.decided_by) == ("accepted", "central")
    assert (await equipment.devices(VAN_NINH))[0].address == "10.79.4.25"
    assert await equipment.check_device(VAN_NINH, 1, ObservedDevice("10.79.4.25", "Polycom/3.1"), NOW) == []
    with pytest.raises(DecidedAlready):
        await equipment.decide(decided.id, False, "central", NOW)


async def test_a_unit_asks_for_a_change(equipment: Equipment) -> None:
    device = await registered(equipment)
    change = await equipment.ask(device.id, "firmware", "3.2", "Vá lỗi", "vanninh", NOW)
    assert (change.old, change.new, change.by, change.state) == ("", "3.2", "vanninh", "open")
    await equipment.decide(change.id, False, "central", NOW)
    assert (await equipment.devices(VAN_NINH))[0].firmware == ""
    with pytest.raises(Unknown):
        await equipment.ask("nothing", "firmware", "3.2", "", "vanninh", NOW)


async def test_a_wrong_line_is_flagged_and_may_be_blocked(equipment: Equipment) -> None:
    await registered(equipment)
    found = await equipment.check_device(VAN_NINH, 1, ObservedDevice("203.0.113.9"), NOW)
    assert [each.field for each in found] == ["line", "address"]
    policy = PROFILES.at(NOW)
    strict = policy.model_copy(
        update={"directory": policy.directory.model_copy(update={"line_mismatch": "block"})},
    )
    assert (blocked(found, policy), blocked(found, strict), blocked(found[1:], strict)) == (False, True, False)


@pytest.mark.parametrize(
    ("kind", "level", "up", "down", "faults", "warned"),
    [
        ("TSLCD", "xa", 3999, 4000, ["line: line-slow-up (3,999 < 4)"], []),
        ("WAN", "xa", 3600, 4000, [], ["line: line-slow-up (3,6 < 4)"]),
        ("INTERNET", "khac", 18_400, 35_000, ["line: line-slow-up (18,4 < 20)"], []),
        ("INTERNET", "khac", 20_000, 20_000, [], []),
        ("INTERNET", "xa", 25_000, 25_000, ["line: line-type (INTERNET)"], []),
    ],
)
def test_lines_must_carry_their_types_rate(  # A6
    kind: str, level: str, up: int, down: int, faults: list[str], warned: list[str]
) -> None:
    line = replace(LINE, type=kind, up_kbps=up, down_kbps=down)  # type: ignore[arg-type]
    policy = PROFILES.at(NOW)
    assert [str(fault) for fault in lines.faults(line, policy, level, exempt=False)] == faults
    assert [str(fault) for fault in lines.warnings(line, policy)] == warned


async def test_providers_have_one_name(equipment: Equipment) -> None:
    vnpt = Provider("p1", "VNPT Khánh Hòa", "Trực ca", "+84258350000", "truc@vnpt.example")
    await equipment.set_provider(vnpt)
    await equipment.set_line(replace(LINE, provider="p1"))
    await equipment.set_provider(replace(vnpt, contact="Trực đêm"))
    assert [each.contact for each in await equipment.providers()] == ["Trực đêm"]
    with pytest.raises(InvalidRequest):
        await equipment.set_provider(replace(vnpt, id="p2"))
    with pytest.raises(Unknown):
        await equipment.set_line(replace(LINE, provider="p9"))
    await equipment.remove_line("l1")
    with pytest.raises(Unknown):
        await equipment.remove_line("l1")


ADDRESSES = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
TEXTS = st.text(max_size=12)


@given(ADDRESSES, st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_networks_contain_by_their_first_bits(address: str, network: int, bits: int) -> None:
    text = f"{ipaddress.IPv4Address(network)}/{bits}"
    same = int(ipaddress.IPv4Address(address)) >> (32 - bits) == network >> (32 - bits)
    assert lines.within(address, lines.ranges(text)) == same


@given(st.text(max_size=60))
def test_networks_are_read_or_refused(text: str) -> None:
    try:
        found = lines.ranges(text)
    except ValueError:
        return
    assert lines.ranges(" ".join(found)) == found
    assert not lines.within(text, found) or "/" not in text


@given(st.builds(ObservedDevice, st.just("") | ADDRESSES, TEXTS, TEXTS), st.none() | ADDRESSES, TEXTS)
def test_drift_is_what_differs_of_what_is_known_on_both_sides(
    seen: ObservedDevice, address: str | None, agent: str
) -> None:
    device = replace(VCS, address=address, user_agent=agent)
    found = {each.field: (each.old, each.new) for each in compare(device, "UBND.Van Ninh", [], seen)}
    wanted: dict[str, Any] = {}
    if seen.address and address and seen.address != address:
        wanted["address"] = (address, seen.address)
    if seen.user_agent and agent and seen.user_agent != agent:
        wanted["user_agent"] = (agent, seen.user_agent)
    found.pop("name", None)  # folded as the naming tests tell
    assert found == wanted
