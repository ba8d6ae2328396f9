"""baresip as a room system, with an agent of ours on the other side."""

from pathlib import Path

import pytest

from loadtest.rooms import baresip
from loadtest.rooms.baresip_room import baresip_room
from tests.signaling.sip.agents import RecordingHandler, agent, soon


async def test_two_on_one_port_after_each_other_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = baresip.free_port("127.0.0.1")
    monkeypatch.setattr(baresip, "free_port", lambda _host: port)
    for _ in range(2):
        async with baresip_room(tmp_path, None, 880, "", None) as room:
            assert room.address == ("127.0.0.1", port)


async def test_what_is_said_in_each_call_is_kept(tmp_path: Path) -> None:
    handler = RecordingHandler()
    async with baresip_room(tmp_path, None, 880, "", None) as room, agent(handler) as ours:
        for code, before in (("1111111111", ""), ("2222222222", "1111111111")):
            await room.dial("sip:{}@{}:{};transport=udp".format(code, *ours.address))
            await room.established()
            await soon(handler.calls.get())
            assert f"INVITE sip:{code}@" in room.said
            assert not before or before not in room.said
            await room.hang_up()
