"""Calls between agents in two processes, and a gatekeeper: what passes is captured, and read by tshark."""

from pathlib import Path

from signaling.h323.agent.agent import Agent
from signaling.h323.agent.call import Call
from signaling.sip.agent.context import Target
from tests.debian import demand
from tests.signaling.h323.agents import CAMERA, OURS, SLIDES, RecordingHandler, agent
from tests.signaling.h323.capture import captured, dissect
from tests.signaling.h323.room import RoomProcess, room_process
from tests.signaling.h323.scripted_gatekeeper import scripted_gatekeeper
from tests.signaling.sip.agents import soon
from tests.signaling.world import wait_until

NETWORK = "127.23.1"
OWN, ROOM, GATEKEEPER = (f"{NETWORK}.{number}" for number in (1, 2, 3))
OFFER = OURS + CAMERA + SLIDES


async def described(handler: RecordingHandler, direction: str) -> None:
    """Wait for a description in which something, slides, goes in one direction alone."""
    while direction not in await soon(handler.offers.get()):
        pass


async def show_slides_both_ways(call: Call, own: RecordingHandler, room: RoomProcess) -> None:
    """Show another's slides to the room, then those of the room."""
    call.decide_floor("other")
    await room.until(lambda each: each.get("others") is True)
    await described(own, "a=recvonly")
    call.decide_floor("nobody")
    await room.until(lambda each: each.get("others") is False)
    await room.command("present")
    assert await soon(own.wishes.get()) is True
    call.decide_floor("granted")
    await described(own, "a=sendonly")
    call.request_keyframe(slides=True)
    await room.until(lambda each: "slides_wanted" in each)
    await room.command("end")
    assert await soon(own.wishes.get()) is False


async def converse(caller: Agent, own: RecordingHandler, room: RoomProcess) -> None:
    """Make one call in which everything happens that H.245 has here."""
    await wait_until(lambda: caller._gatekeeper is not None and caller._gatekeeper.registered)
    call = await soon(caller.invite(Target(ROOM, 1720, "h323", "1234567890"), OFFER, name="UBND tỉnh"))
    await room.until(lambda each: "connected" in each)
    await room.command("press 5")
    assert await soon(own.digits.get()) == "5"
    await show_slides_both_ways(call, own, room)
    await soon(call.offer(OFFER))
    await call.hang_up()
    await room.until(lambda each: "ended" in each)


async def test_tshark_reads_every_pdu_between_two_processes_without_a_fault(tmp_path: Path) -> None:
    demand("tshark")
    async with (
        captured(f"{NETWORK}.0/24", tmp_path / "calls.pcapng"),
        scripted_gatekeeper(GATEKEEPER, 1719) as gatekeeper,
        room_process(ROOM, "1720", GATEKEEPER) as room,
    ):
        for tunnelling in (True, False):
            own, settings = RecordingHandler(), gatekeeper.settings()
            async with agent(own, OWN, gatekeeper=settings, tunnelling=tunnelling, fast_connect=tunnelling) as caller:
                await converse(caller, own, room)
    read = dissect(tmp_path / "calls.pcapng")
    assert (read.faults, read.unread) == ([], [])
    assert read.lines.count("H.245") >= 60
    for word in ("setup (0)", "callProceeding (1)", "alerting (3)", "connect (2)"):
        assert read.lines.count(f"h323-message-body: {word}") == 2
    assert read.lines.count("h323-message-body: releaseComplete (5)") >= 2  # both sides may end a call
    for word in ("Request (3)", "Response (4)", "Release (5)"):
        assert read.lines.count(f"subMessageIdentifier: presentationToken{word}") == 4
    levels = {line for line in read.lines if line.startswith("unsignedMin: ") and "Level" in line}
    assert levels == {"unsignedMin: 71 - Level 3.1", "unsignedMin: 85 - Level 4"}
    told = {line.split()[1] for line in read.lines if line.startswith("RasMessage: ")}
    assert told == {
        *("registrationRequest", "registrationConfirm", "unregistrationRequest", "unregistrationConfirm"),
        *("admissionRequest", "admissionConfirm", "disengageRequest", "disengageConfirm"),
    }
