"""baresip as a room system, with an agent of ours on the other side."""

from pathlib import Path

import pytest

from loadtest.rooms import baresip
from loadtest.rooms.baresip_room import DecodedPictures, baresip_room
from signaling.sip.agent.agent import Call, IncomingCall
from tests.signaling.sip.agents import ANSWER, RecordingHandler, agent, soon


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


def told(pictures: int, keyframes: int, requests: int) -> str:
    """Return what `video_debug` tells."""
    return f"     vidisp: fakevideo 640 x 360 frames={pictures}\n     n_keyframes={keyframes}, n_picup={requests}\n"


@pytest.mark.parametrize(
    ("later", "answered_after"),
    [
        (told(6, 2, 0), 0.5),
        (told(11, 2, 0), None),  # the encoder's own, ten pictures after the one before
        (told(6, 2, 1), None),  # the answer to a request of its decoder
        (told(6, 1, 0), None),
    ],
)
def test_the_key_frame_that_answers_a_request_is_told_by_its_counters(later: str, answered_after: float | None) -> None:
    watch = DecodedPictures(10)
    watch.look("", 99.0)
    watch.look(told(1, 1, 0), 99.5)
    watch.times.request(100.0, lambda: True)
    watch.look(later, 100.5)
    assert watch.times.answered_after == answered_after


async def test_a_call_that_is_refused_ends_with_that(tmp_path: Path) -> None:
    async def refuse(incoming: IncomingCall) -> Call:
        incoming.refuse(488)
        return await incoming.accept(ANSWER)

    async with (
        baresip_room(tmp_path, None, 880, "", None, by_tls=True) as room,
        agent(RecordingHandler(refuse)) as ours,
    ):
        await room.dial("sip:1111111111@{}:{};transport=udp".format(*ours.address))
        await room.refused("488 ")
        assert room.address == ("127.0.0.1", room._running.address[1] + 1)
