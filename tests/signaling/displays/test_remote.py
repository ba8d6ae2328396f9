"""Commands reach the newest request of a display at once; no request is held when the server ends."""

import asyncio

from signaling.displays.remote import FRESH, MOST, OFFLINE_AFTER, RemoteControl
from tests.fakes import FakeClock
from tests.signaling.world import NOW

Remote = RemoteControl[str, str]


async def held(remote: Remote) -> "asyncio.Task[list[str]]":
    """Return a request of a display that waits for commands."""
    request = asyncio.create_task(remote.next("d", "idle", hold=True))
    await asyncio.sleep(0)
    return request


async def test_a_command_ends_the_newest_request_and_an_earlier_one_gets_nothing() -> None:
    remote: Remote = RemoteControl(FakeClock(NOW))
    earlier, newest = await held(remote), await held(remote)
    remote.give("d", "leave")
    assert (await earlier, await newest) == ([], ["leave"])
    assert await remote.next("d", "idle", hold=False) == []


async def test_requests_end_with_the_server_and_with_the_pairing() -> None:
    remote: Remote = RemoteControl(FakeClock(NOW))
    revoked = await held(remote)
    remote.forget("d")
    assert (await revoked, remote.reported("d")) == ([], None)
    stopped = await held(remote)
    remote.stop()
    assert (await stopped, await remote.next("d", "idle", hold=True)) == ([], [])


async def test_old_commands_and_too_many_are_dropped_and_a_silent_display_is_away() -> None:
    clock = FakeClock(NOW)
    remote: Remote = RemoteControl(clock)
    await remote.next("d", "joined", hold=False)
    for number in range(MOST + 2):
        remote.give("d", str(number))
    assert remote.reported("d") == "joined"
    assert await remote.next("d", "joined", hold=True) == [str(number) for number in range(2, MOST + 2)]
    remote.give("d", "leave")
    clock.advance(FRESH.total_seconds())
    assert await remote.next("d", "joined", hold=False) == []
    clock.advance(OFFLINE_AFTER.total_seconds())
    assert remote.reported("d") is None
