"""Calls whose SIP or media are encrypted, and those that are refused for want of it."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.certificates import Shown
from loadtest.rooms.kinds.kind import CallKind, dialling, nothing
from loadtest.rooms.kinds.setups import baresip
from loadtest.rooms.lane import Lane, RoomSetup
from loadtest.rooms.room import RoomFailed
from signaling.messages.calls import ProtectionWord

UNANSWERED_S = 2.0
"""Time in which nothing may answer a call: baresip waits for half a minute after its connection was closed."""
PACE_S = 2.5
"""Pause after a call that is refused at once: eight lanes have one address, of which four calls a second are taken."""
ENCRYPTED = RoomSetup(baresip(";mediaenc=srtp-mand"), encryption="demanded")
BY_DTLS = RoomSetup(baresip(";mediaenc=dtls_srtp"), encryption="demanded")


async def encrypted(lane: Lane) -> None:
    """See that the host is told so."""
    await lane.is_encrypted()


def protected(protection: ProtectionWord, profile: str) -> Callable[[Lane], Awaitable[None]]:
    """Return what sees that the host is told how the call is protected, that the server counts it so, and that either
    side describes sound by a profile of RTP."""

    async def within(lane: Lane) -> None:
        assert isinstance(lane.room, BaresipRoom)
        await lane.is_protected(protection)
        found = set(re.findall(r"^m=audio \d+ (\S+)", lane.room.messages, re.MULTILINE))
        if found != {profile}:
            raise RoomFailed(f"sound is described by {found}, not {profile}")

    return within


async def plain_is_refused(lane: Lane) -> None:
    """See that the room system's call is refused for its plain media, and that the administrator is told why."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.room.refused("488 ")
    await lane.is_refused("in", "refused", 488)
    await lane.lacks_encryption()


async def pause(_lane: Lane) -> None:
    """Wait until the server takes the next call."""
    await asyncio.sleep(PACE_S)


async def we_are_refused(lane: Lane) -> None:
    """See that the room system refuses our call, whose media are encrypted, and that the host is told why."""
    await lane.is_refused("out", "refused", 488)
    await lane.until_called("waiting")
    await lane.is_lacking("demanded")


async def without_certificate(lane: Lane) -> None:
    """See that the room system gets no answer by SIP, and that the administrator is told why."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.lacks_certificate()
    await asyncio.sleep(UNANSWERED_S)
    if re.search(r"SIP/2\.0 \d.*\n(.+\n)*CSeq: \d+ INVITE", lane.room.messages):
        raise RoomFailed("the call is answered")
    await lane.room.give_up()


async def encrypted_by_dtls(lane: Lane) -> None:
    """See that the host is told so, that either side names fingerprints and no keys, and that DTLS agreed on those."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.is_encrypted()
    found = set(re.findall("^a=(crypto|fingerprint):", lane.room.messages, re.MULTILINE))
    if found != {"fingerprint"}:
        raise RoomFailed(f"the descriptions have {found}")
    await lane.is_by_dtls()


def uncertified(shown: Shown) -> CallKind:
    """Return the kind of calls by TLS of who does not show the certificate that is asked for."""
    setup = RoomSetup(baresip(shown=shown))
    return CallKind(setup, dialling("tls"), without_certificate, connects=False, second=True, end=nothing)
