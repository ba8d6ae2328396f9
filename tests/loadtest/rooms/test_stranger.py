"""A stranger who reads along: who takes its packets sees and hears it in the place of the room system."""

from loadtest.media.perception import sees
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.stranger import overhearing
from tests.loadtest.rooms.waiting import until

BLUE, GREEN, CYAN = (0, 0, 255), (0, 255, 0), (0, 255, 255)


async def test_a_stranger_is_seen_and_heard_by_who_takes_its_packets() -> None:
    room, other = (PlainMedia(host, 880, BLUE, GREEN) for host in ("127.0.1.1", "127.0.1.2"))
    await room.open()
    await other.open()
    try:
        room.send_to(other.description)
        with overhearing(room, "127.0.9.9", 1500, CYAN) as stranger:
            await until(lambda: sees(other.seen(), CYAN) and other.hears(1500))
            assert not stranger.gets_anything
        room.restart()
        await until(lambda: sees(other.seen(), BLUE) and not other.hears(1500))
    finally:
        await room.close()
        await other.close()
