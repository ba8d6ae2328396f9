"""Commands reach the newest request of a display at once; no request is held when the server ends."""

import asyncio

from signaling.displays.remote import FRESH, MOST, OFFLINE_AFTER, RemoteControl
from tests.fakes import FakeClock
from tests.signaling.world import NOW

Remote = RemoteControl[str, str]


async def commands(remote: Remote, report: str, *, hold: bool) -> list[str]:
    """Return the commands that a display gets."""
    _, given = await remote.next("d", report, hold)
    return given


async def held(remote: Remote) -> "asyncio.Task[list[str]]":
    """Return a request of a display that waits for commands."""
    request = asyncio.create_task(commands(remote, "idle", hold=True))
    await asyncio.sleep(0)
    return request


async def test_a_command_ends_the_newest_request_and_an_earlier_one_gets_nothing() -> None:
    remote: Remote = RemoteControl(FakeClock(NOW))
    earlier, newest = await held(remote), await held(remote)
    remote.give("d", "leave")
    assert (await earlier, await newest) == ([], ["leave"])
    assert await commands(remote, "idle", hold=False) == []


async def test_commands_come_again_until_the_display_has_got_their_turn() -> None:
    """A display gives up its request when its report changes, and what was under way is lost."""
    clock = FakeClock(NOW)
    remote: Remote = RemoteControl(clock)
    before, _ = await remote.next("d", "idle", hold=False, seen="")
    remote.give("d", "join")
    lost, given = await remote.next("d", "idle", hold=True, seen=before)
    assert given == ["join"]
    remote.give("d", "leave")
    again, given = await remote.next("d", "joining", hold=True, seen=before)
    assert given == ["join", "leave"]
    assert len({before, lost, again}) == 3
    assert (await remote.next("d", "joining", hold=False, seen=again))[1] == []
    remote.give("d", "mic")
    assert (await remote.next("d", "joining", hold=False, seen="?"))[1] == ["mic"]
    clock.advance(FRESH.total_seconds())
    assert (await remote.next("d", "joining", hold=False, seen="?"))[1] == []


async def test_requests_end_with_the_server_and_with_the_pairing() -> None:
    remote: Remote = RemoteControl(FakeClock(NOW))
    revoked = await held(remote)
    remote.forget("d")
    assert (await revoked, remote.reported("d")) == ([], None)
    stopped = await held(remote)
    remote.stop()
    assert (await stopped, await commands(remote, "idle", hold=True)) == ([], [])


async def test_old_commands_and_too_many_are_dropped_and_a_silent_display_is_away() -> None:
    clock = FakeClock(NOW)
    remote: Remote = RemoteControl(clock)
    await commands(remote, "joined", hold=False)
    for number in range(MOST + 2):
        remote.give("d", str(number))
    assert remote.reported("d") == "joined"
    assert await commands(remote, "joined", hold=True) == [str(number) for number in range(2, MOST + 2)]
    remote.give("d", "leave")
    clock.advance(FRESH.total_seconds())
    assert await commands(remote, "joined", hold=False) == []
    clock.advance(OFFLINE_AFTER.total_seconds())
    assert remote.reported("d") is None
