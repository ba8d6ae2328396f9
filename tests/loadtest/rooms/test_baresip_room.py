"""baresip as a room system, with an agent of ours on the other side."""

from pathlib import Path

from loadtest.rooms.baresip_room import baresip_room
from tests.signaling.sip.agents import RecordingHandler, agent, soon


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
