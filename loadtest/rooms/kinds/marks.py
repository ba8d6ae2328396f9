"""Calls whose packets are looked at for their marks (DSCP)."""

import re
from collections.abc import Awaitable, Callable

from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.kinds.slides import both
from loadtest.rooms.lane import LOOPBACK, Lane
from loadtest.rooms.sipp_room import SlidesRoom


def marked(transport: str) -> Callable[[Lane], Awaitable[None]]:
    """Return what sees the marks of all that comes, with SIP by a transport."""

    async def within(lane: Lane) -> None:
        assert isinstance(lane.room, BaresipRoom)
        found = re.findall(r"^m=(audio|video) (\d+)", lane.room.messages, re.MULTILINE)[:2]  # of its INVITE
        await lane.is_marked({name: (LOOPBACK, int(port)) for name, port in found}, transport)

    return within


async def slides_marked(lane: Lane) -> None:
    """Show slides, see the host's, and see the marks of all that came."""
    assert isinstance(lane.room, SlidesRoom)
    await both(lane)
    media = lane.room.media
    ports = {name: (media.host, media.ports[name]) for name in ("audio", "video", "slides")}
    await lane.is_marked(ports, "udp", lane.room.floor_at)
