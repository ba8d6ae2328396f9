"""A real room system in a meeting of a real server with real media: called, seen, heard, hung up (R-056, R-057)."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadtest.media.perception import picture_of, recorded
from loadtest.rooms.baresip import Baresip, film, room
from loadtest.rooms.certificates import Authority
from mediaserver.api import Prompt
from mediaserver.audio.mix_minus import SAMPLE_RATE
from mediaserver.audio.playback import spoken
from mediaserver.video.canvas import Canvas
from signaling.app.settings import Settings
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge import bridge, front_door_texts
from tests.signaling.fake_room_systems import register, tick, wait_for_calls
from tests.signaling.sip.whole_server import LOOPBACK, served, viewer
from tests.signaling.world import NHA_TRANG, NOW, PATIENCE_S, World, wait_until

HD = (1280, 720)
SAME = 0.9
"""Least likeness of a sound or a picture with the one it is."""


@pytest.fixture(autouse=True)
def _time_passes_when_we_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the bridge's timer off: tests say when time passes.

    It would look for what is due before there is a meeting, and not again while the clock stands still.
    """
    monkeypatch.setattr(bridge, "TICK_SECONDS", 3600.0)


async def shown(peer: Baresip, size: str) -> None:
    """Wait until a room system shows pictures of a size."""
    async with asyncio.timeout(PATIENCE_S):
        while size not in await peer.command("video_debug"):
            await asyncio.sleep(0.2)


async def test_r057_a_room_system_is_called_sees_is_seen_is_heard_with_the_floor_and_is_hung_up(
    settings: Settings, tmp_path: Path
) -> None:
    blue = await film(tmp_path / "blue.mp4")
    async with room(tmp_path, film=blue) as peer, served(settings) as world:
        await register(world, NHA_TRANG, LOOPBACK, port=peer.address[1])
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_for_calls(host, "connected")
        await peer.event("CALL_ESTABLISHED")
        assert 'From: "UBND.Khanh Hoa"' in peer.log
        await peer.event("CALL_RTPESTAB", "audio")
        await peer.event("CALL_RTPESTAB", "video")
        roster = world.server.meetings.meetings[session.id].state.roster
        seat = roster.holder(f"{NHA_TRANG}.01")
        assert seat is not None and (seat.name, seat.floor) == ("UBND.Nha Trang", False)
        await host.send(type="floor", seat=seat.id, open=True)
        await host.until(lambda message: message["type"] == "levels" and message["levels"].get(seat.id, -127) > -40)
        await shown(peer, "1280 x 720")
        async with viewer(world, session.id) as watch:
            await watch.until(lambda: watch.colour(0.75) == "blue")  # of two in one picture it is the right one
        await world.server.meetings.cancelled(session.id)
        await peer.event("CALL_CLOSED")


@pytest.mark.parametrize(
    ("user", "dialled", "keys"), [("2001", "2001", "1234#"), ("2001*{PIN}", "2001*1234", "")], ids=["keys", "number"]
)
async def test_r057_a_room_system_is_called_by_tcp_where_it_is_registered_so(
    settings: Settings, tmp_path: Path, user: str, dialled: str, keys: str
) -> None:
    async with room(tmp_path, user=dialled) as peer, served(settings) as world:
        await register(world, NHA_TRANG, LOOPBACK, port=peer.address[1], transport="TCP")
        (device,) = await world.services.equipment.devices(NHA_TRANG)
        await world.services.equipment.describe(replace(device, sip_user=user), world.clock.now, {"pin": "1234"})
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        await wait_for_calls(host, "connected")
        await peer.event("CALL_ESTABLISHED")
        assert "Via: SIP/2.0/TCP" in peer.log and "Via: SIP/2.0/UDP" not in peer.log
        assert f"INVITE sip:{dialled}@" in peer.log and "To: <sip:2001@" in peer.log
        for key in keys:
            await peer.event("CALL_DTMF_START", key)
        await world.server.meetings.cancelled(session.id)
        await peer.event("CALL_CLOSED")
        assert [each for each in peer.events if each["type"] == "CALL_DTMF_START"] == []


@pytest.mark.parametrize(
    ("made", "encrypts", "keys"),
    [("", "srtp-mand", "a=crypto:"), ("dtls", "dtls_srtp", "a=fingerprint:")],
    ids=["SDES", "DTLS"],
)
async def test_r057_an_encrypted_room_system_is_called_by_tls_and_seen_and_heard(
    settings: Settings, tmp_path: Path, made: str, encrypts: str, keys: str
) -> None:
    blue, authority = await film(tmp_path / "blue.mp4"), Authority("province")
    ours = authority.folder(tmp_path / "ours", LOOPBACK, trusts=authority)
    theirs = both(authority.folder(tmp_path / "theirs", LOOPBACK))
    async with (
        room(tmp_path, film=blue, more=f";mediaenc={encrypts}", certificate=theirs) as peer,
        served(settings, tls=ours) as world,
    ):
        where: dict[str, Any] = {"port": peer.address[1] + 1, "transport": "TLS", "sip_profile": made}
        await register(world, NHA_TRANG, LOOPBACK, encryption="demanded", **where)
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        await tick(world, 0)
        rows = await wait_for_calls(host, "connected")
        assert rows[0]["protection"] == "encrypted"
        await peer.event("CALL_ESTABLISHED")
        assert "Via: SIP/2.0/TLS" in peer.log
        assert [each for each in ("a=crypto:", "a=fingerprint:") if each in peer.log] == [keys]
        seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
        assert seat is not None
        await host.send(type="floor", seat=seat.id, open=True)
        await host.until(lambda message: message["type"] == "levels" and message["levels"].get(seat.id, -127) > -40)
        await shown(peer, "1280 x 720")
        async with viewer(world, session.id) as watch:
            await watch.until(lambda: watch.colour(0.75) == "blue")
        async with world.client().get("/metrics") as response:
            assert 'diemcau_sip_calls{protection="encrypted"} 1.0' in (await response.text()).splitlines()
        await world.server.meetings.cancelled(session.id)
        await peer.event("CALL_CLOSED")


async def test_a_room_system_that_must_encrypt_calls_in_by_tls_with_keys_alone(
    settings: Settings, tmp_path: Path
) -> None:
    authority = Authority("province")
    ours = authority.folder(tmp_path / "ours", LOOPBACK)
    theirs = both(authority.folder(tmp_path / "theirs", LOOPBACK))
    async with (
        room(tmp_path, more=";mediaenc=srtp", certificate=theirs) as peer,
        room(tmp_path, certificate=theirs) as plain,
        served(settings, tls=ours) as world,
    ):
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False, encryption="demanded")
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        by_tls = f"sip:{session.code}@{LOOPBACK}:{agent.tls_port};transport=tls"
        await plain.command("dial", by_tls)
        await plain.event("CALL_CLOSED", "488")
        await peer.command("dial", f"sip:{session.code}@{LOOPBACK}:{agent.address[1]}")
        await peer.event("CALL_CLOSED", "488")
        await peer.command("dial", by_tls)
        await peer.event("CALL_ESTABLISHED")
        await peer.event("CALL_RTPESTAB", "audio")
        rows = await wait_for_calls(host, "connected")
        assert [row["protection"] for row in rows] == ["encrypted"]
        assert list(world.server.meetings.meetings[session.id].protections) == ["encrypted"]
        refused = [entry.detail for entry in await world.audited(50) if entry.action == "call-refused"]
        assert len(refused) == 2 and all(detail.startswith("Không mã hóa được") for detail in refused)


def both(folder: Path) -> Path:
    """Write certificate and key of a folder into one file, as baresip reads them."""
    written = folder / "both.pem"
    written.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return written


async def test_r034_r055_r057_a_room_system_calls_in_with_the_code_alone(settings: Settings, tmp_path: Path) -> None:
    async with room(tmp_path, name="P. Hop 1") as peer, served(settings) as world:
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False, codecs="G722, H264, PCMA")
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        await peer.command("dial", f"sip:0000000000@{LOOPBACK}:{agent.address[1]}")
        await peer.event("CALL_CLOSED", "404")
        await peer.command("dial", f"sip:{session.code}@{LOOPBACK}:{agent.address[1]}")
        await peer.event("CALL_ESTABLISHED")
        seat = world.server.meetings.meetings[session.id].state.roster.holder(f"{NHA_TRANG}.01")
        assert seat is not None
        await host.seat(seat.id, here=True, media="connected", name="UBND.Nha Trang")
        await host.until(lambda got: got["type"] == "calls" and got["calls"][0]["state"] == "connected")
        await peer.command("sndcode", "*3")
        await host.seat(seat.id, hand=1)
        await peer.command("sndcode", "*3")
        await host.seat(seat.id, hand=0)
        await peer.command("hangup")
        await host.until(lambda message: message["type"] == "seats" and seat.id in message["gone"])
        changes = await world.services.equipment.changes(NHA_TRANG)
        assert sorted((drift.kind, drift.field, drift.old, drift.new) for drift in changes) == [
            ("drift", "codecs", "G722, H264, PCMA", "G722, H264, PCMA, PCMU"),
            ("drift", "name", "UBND.Nha Trang", "P. Hop 1"),
        ]


async def test_a_room_system_registers_calls_in_by_its_password_and_is_called_where_it_registered(
    settings: Settings, tmp_path: Path
) -> None:
    async with served(settings) as world:
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        await register(world, NHA_TRANG, "10.57.1.20")
        (device,) = await world.services.equipment.devices(NHA_TRANG)
        account = replace(device, address=None, auth_user="p.hop")
        await world.services.equipment.describe(account, world.clock.now, {"password": "rat-bi-mat"})
        registrar, more = "{}:{}".format(*agent.address), ";auth_user=p.hop;auth_pass=rat-bi-mat"
        async with room(tmp_path, registrar=registrar, more=more) as peer:
            async with asyncio.timeout(PATIENCE_S):
                while "[1 binding]" not in peer.log:
                    await asyncio.sleep(0.05)
            await world.server.reachability.work(world.clock.now)
            assert world.server.reachability.answers == {device.id: True}
            session = await world.session(NHA_TRANG)
            host, _ = await world.join("host", session)
            await tick(world, 0)
            await wait_for_calls(host, "connected")
            await peer.event("CALL_ESTABLISHED")
            await peer.command("hangup")
            await wait_for_calls(host, "left")
            await peer.command("dial", f"sip:{session.code}@{registrar}")
            await peer.event("CALL_ESTABLISHED")
            await wait_for_calls(host, "connected")
            assert "algorithm=MD5" in peer.log


async def test_a_room_system_without_a_code_reads_and_hears_what_to_do_and_comes_in_when_it_opens(
    settings: Settings, tmp_path: Path
) -> None:
    blue = await film(tmp_path / "blue.mp4")
    async with room(tmp_path, film=blue) as peer, served(settings) as world:
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False)
        session = await world.session(NHA_TRANG, start=timedelta(minutes=45))
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        await peer.command("dial", f"sip:{LOOPBACK}:{agent.address[1]}")
        await peer.event("CALL_ESTABLISHED")
        await reads(peer, front_door_texts.enter(0, 0))
        await hears(peer, "enter-code")
        await _key_in(peer, world, session.code or "")
        early = front_door_texts.opens(NOW + timedelta(hours=7, minutes=15))  # there it is seven hours later
        await reads(peer, early)
        await hears(peer, "not-open")
        await tick(world, 15 * 60)
        await wait_until(lambda: _seated(world, session.id))
        async with asyncio.timeout(PATIENCE_S):
            while _reading(await peer.snapshot(), early) > 0.5:  # it sees itself and a card, as everyone who is there
                pass
        seat = _seated(world, session.id)
        host, _ = await world.join("host", session)
        await host.send(type="floor", seat=seat, open=True)
        await host.until(lambda message: message["type"] == "levels" and message["levels"].get(seat, -127) > -40)
        async with viewer(world, session.id) as watch:
            await watch.until(lambda: watch.colour(0.25) == "blue")  # it came before the host
        await peer.command("sndcode", "*3")
        await host.seat(seat, hand=1)
        await world.server.meetings.cancelled(session.id)
        await peer.event("CALL_CLOSED")


async def test_the_front_door_speaks_and_listens_to_a_room_system_by_dtls(settings: Settings, tmp_path: Path) -> None:
    authority = Authority("province")
    ours = authority.folder(tmp_path / "ours", LOOPBACK)
    theirs = both(authority.folder(tmp_path / "theirs", LOOPBACK))
    async with (
        room(tmp_path, more=";mediaenc=dtls_srtp", certificate=theirs) as peer,
        served(settings, tls=ours) as world,
    ):
        await register(world, NHA_TRANG, LOOPBACK, dial_out=False, encryption="demanded")
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        await peer.command("dial", f"sip:{LOOPBACK}:{agent.tls_port};transport=tls")
        await peer.event("CALL_RTPESTAB", "audio")
        await shown(peer, "1280 x 720")
        await _key_in(peer, world, "00")
        await hears(peer, "wrong-code")
        await peer.command("hangup")
        await peer.event("CALL_CLOSED")
        assert "a=fingerprint:" in peer.log and "a=crypto:" not in peer.log
    (heard,) = peer.heard()
    assert _likeness("not-open", heard) < SAME


def _seated(world: World, session: str) -> str:
    """Return the seat of the room system of Nha Trang once its media are connected, else an empty text."""
    meeting = world.server.meetings.meetings.get(session)
    seat = None if meeting is None else meeting.state.roster.holder(f"{NHA_TRANG}.01")
    return seat.id if seat is not None and seat.up else ""


async def _key_in(peer: Baresip, world: World, code: str) -> None:
    """Enter a code at the front door; baresip sends only the last of keys that are pressed at once."""
    (visitor,) = world.server.sip_bridge.inbound.front_door.visitors.values()
    for number, digit in enumerate(code, 1):
        await peer.command("sndcode", digit)
        await wait_until(lambda number=number: len(visitor.digits) == number)  # type: ignore[misc]
    await peer.command("sndcode", "#")
    await wait_until(lambda: visitor.digits == "")


async def hears(peer: Baresip, prompt: Prompt) -> None:
    """Wait until a room system has heard a prompt in its only call."""
    async with asyncio.timeout(PATIENCE_S):
        while not (heard := peer.heard()) or _likeness(prompt, heard[0]) < SAME:
            await asyncio.sleep(0.1)


def _likeness(prompt: Prompt, path: Path) -> float:
    """Return how like the best place of a recording is to half a second of a prompt: 1 is the same."""
    rate, samples = recorded(path)
    step, sound = SAMPLE_RATE // rate, samples.astype(float)
    piece = spoken(prompt)[SAMPLE_RATE // 2 : SAMPLE_RATE].reshape(-1, step).mean(axis=1)
    if len(sound) < len(piece):
        return 0.0
    size = len(sound) + len(piece)
    places = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(piece, size).conj(), size)
    summed = np.concatenate([[0.0], np.cumsum(sound**2)])
    energy = summed[len(piece) :] - summed[: -len(piece)]
    there = np.abs(places[: len(energy)]) / np.sqrt(np.maximum(energy, 1.0) * (piece**2).sum())
    return float(there.max())


async def reads(peer: Baresip, text: str) -> None:
    """Wait until a room system sees a picture with lines of text alone."""
    async with asyncio.timeout(PATIENCE_S):
        while _reading(await peer.snapshot(), text) < SAME:
            pass


def _reading(snapshot: Path, text: str) -> float:
    """Return the correlation of a picture with one that has nothing but a text; 0 where it is of one colour."""
    canvas = Canvas(*HD)
    canvas.overlay(text, low=False)
    pictures = picture_of(snapshot), canvas.frame.to_ndarray(format="rgb24")
    seen, drawn = (each.mean(axis=2) - each.mean() for each in pictures)
    if seen.shape != drawn.shape:
        return 0.0
    energy = np.sqrt((seen**2).sum() * (drawn**2).sum())
    return float((seen * drawn).sum() / energy) if energy else 0.0


async def test_r057_a_room_system_that_does_not_answer_is_said_to_be_silent(settings: Settings, tmp_path: Path) -> None:
    async with room(tmp_path, answer="manual") as peer, served(settings, ring_s=1.0) as world:
        device = await register(world, NHA_TRANG, LOOPBACK, port=peer.address[1])
        session = await world.session(NHA_TRANG)
        host, _ = await world.join("host", session)
        for seconds in (0, 10, 30, 60):
            await tick(world, seconds)
            await peer.event("CALL_INCOMING")
            rows = await wait_for_calls(host, "silent" if seconds == 60 else "waiting")
            await peer.event("CALL_CLOSED")
        assert rows[0]["status"] == 0
        agent = world.server.sip_bridge.outbound.agent
        assert isinstance(agent, Agent)
        agent._settings = replace(agent._settings, ring_s=PATIENCE_S)
        await host.send(type="redial", device=device)
        await peer.event("CALL_INCOMING")
        await peer.command("accept")
        await wait_for_calls(host, "connected")


async def test_a_test_call_reports_what_a_room_system_sends_gets_and_answers(
    settings: Settings, tmp_path: Path
) -> None:
    blue = await film(tmp_path / "blue.mp4")
    async with room(tmp_path, film=blue) as peer, served(settings) as world:
        device = await register(world, NHA_TRANG, LOOPBACK, port=peer.address[1])
        client, url = await world.signed_in("central"), f"/api/v1/directory/devices/{device}/test-call"
        async with client.post(url, json={}) as response:
            assert response.status == 202
        result: dict[str, Any] = {"state": "calling"}
        async with asyncio.timeout(PATIENCE_S):
            while result["state"] != "done":
                await asyncio.sleep(0.2)
                async with client.get(url) as response:
                    result = await response.json()
        await peer.event("CALL_CLOSED")
        assert (result["outcome"], result["transport"], result["protection"]) == ("hung-up", "tcp", "clear")
        sound, picture = result["report"]["sound"], result["report"]["picture"]
        assert [(each["received_codec"], each["sent_codec"]) for each in (sound, picture)] == [
            ("G722", "G722"),
            ("H264", "H264"),
        ]
        assert (picture["width"], picture["height"]) == (1280, 720)
        assert (picture["sent_width"], picture["sent_height"]) == (1280, 720)
        assert picture["named"] == picture["source"] and picture["source"].startswith(f"{LOOPBACK}:")
        assert min(result["report"]["picture_rate"], result["report"]["sent_rate"]) > 5
        assert picture["sent"] > 50 and sound["sent"] > 200
        assert sound["lost_there"] is not None and "no-reports" not in result["report"]["findings"]
    (heard,) = peer.heard()
    assert _likeness("tone", heard) > SAME
