"""The media of scripted room systems: two of them see and hear each other, also on other ports at another address."""

from loadtest.media.perception import sees
from loadtest.rooms.plain_media import PlainMedia
from tests.loadtest.rooms.waiting import until

BLUE, RED, GREEN, YELLOW = (0, 0, 255), (255, 0, 0), (0, 255, 0), (255, 255, 0)


async def test_two_see_and_hear_each_other_and_one_moves() -> None:
    one = PlainMedia("127.0.1.1", 880, BLUE, GREEN, spare_host="127.0.2.1")
    other = PlainMedia("127.0.1.2", 440, RED, GREEN)
    await one.open()
    await other.open()
    try:
        one.send_to(other.description)
        other.send_to(one.description)
        await until(lambda: sees(one.seen(), RED) and one.hears(440) and other.hears(880))
        assert not one.hears(880) and not sees(other.seen(), RED)
        other.show(YELLOW)
        await until(lambda: sees(one.seen(), YELLOW))
        took_ms = await one.keyframe_ms()
        assert took_ms is not None and took_ms < 10_000

        later = {**one.ports, **one.spare_ports}
        one.stop()
        assert one.seen() is None and not one.hears(440)
        await one.move()
        assert (one.ports, one.host, one.spare_host) == (later, "127.0.2.1", "127.0.1.1")
        other.send_to(one.description)
        one.send_to(other.description)
        await until(lambda: sees(one.seen(), YELLOW) and one.hears(440))
    finally:
        await one.close()
        await other.close()
