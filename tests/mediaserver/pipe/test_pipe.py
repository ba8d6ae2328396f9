"""Tests of a room on two media workers, with real peers: who sits at one is seen and heard at the other.

Also tests `mediaserver/pipe/remote_seat.py`, `mediaserver/pipe/transport.py` and `mediaserver/room/room_sharing.py`.
Composed pictures have tests of their own (`test_remote_picture.py`).
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.tone import RATE_HZ
from mediaserver.api import CameraWanted, Layout, PeerUp, PipeEnd, SeatOptions
from mediaserver.errors import NoPipe
from mediaserver.pipe import pipe as pipe_module
from mediaserver.pipe.pipe import Voice
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import Packet
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import ROOM, tones
from tests.mediaserver.pipe.shared_room import SharedRoom, wait_until
from tests.mediaserver.tile_viewer import CAMERA, Viewer


@pytest.fixture
async def workers(caplog: pytest.LogCaptureFixture) -> AsyncIterator[SharedRoom]:
    held = SharedRoom()
    await held.open()
    yield held
    await held.close()


async def test_everybody_sees_everybody_in_the_composed_picture(workers: SharedRoom) -> None:
    await workers.join("a", "1", "red", 440)
    await workers.join("b", "2", "blue", 1000)
    for meeting in workers.meetings.values():
        await meeting.all_seen()


async def test_who_has_the_floor_is_heard_at_the_other_worker(workers: SharedRoom) -> None:
    speaker = await workers.join("a", "1", "red", 440, floor=True)
    listener = await workers.join("b", "2", "blue", 1000)
    await listener.watch.until(lambda: 440 in listener.watch.tones())
    await workers.meetings["b"].engine.set_floor(ROOM, "2", True)
    await workers.meetings["a"].engine.set_floor(ROOM, "2", True)
    await speaker.watch.until(lambda: speaker.watch.tones() == {1000})
    await listener.watch.hears(440)
    for meeting in workers.meetings.values():
        await meeting.engine.set_floor(ROOM, "1", False)
    await listener.watch.silence()


async def test_each_camera_comes_once_and_only_while_somebody_follows_it(workers: SharedRoom) -> None:
    """Two viewers at one worker draw the layout themselves, out of two cameras at the other."""
    for seat, colour in (("1", "red"), ("2", "blue")):
        await workers.join("a", seat, colour, 440, offered=CAMERA)
    viewers = [Viewer(workers.meetings["b"], seat) for seat in "vw"]
    for viewer in viewers:
        await viewer.join()
        await viewer.until(lambda each=viewer: {*each.sees().items()} >= {("1", "red"), ("2", "blue")})  # type: ignore[misc]
    sent = workers.pipe("a")._sent
    assert sorted((stream.seat, stream.kind) for stream in sent) == [("1", "camera"), ("2", "camera")]
    await workers.meetings["b"].engine.set_layout(ROOM, Layout("single", focus="1"))
    await wait_until(lambda: [stream.seat for stream in sent] == ["1"])
    await workers.meetings["b"].engine.set_layout(ROOM, Layout())
    await viewers[0].until(lambda: {*viewers[0].sees().items()} >= {("1", "red"), ("2", "blue")})
    await workers.meetings["a"].engine.remove_seat(ROOM, "1")
    await workers.meetings["b"].engine.remove_seat(ROOM, "1")
    await viewers[0].until(lambda: "1" not in viewers[0].sees())
    await wait_until(lambda: [stream.seat for stream in sent] == ["2"])


async def test_a_camera_is_asked_for_what_is_seen_of_it_at_other_workers(workers: SharedRoom) -> None:
    await workers.join("a", "1", "red", 440, offered=OfferOptions(("VP8",), layers=3, picture=False))
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    room = workers.room("a")
    await workers.meetings["b"].engine.set_view(ROOM, "v", "camera:1", 720)
    await wait_until(lambda: room._sharing.watched_lines() == {"1": 180})
    await wait_until(lambda: room.seats["1"].demand.lines == 180)
    asked = [each for each in workers.meetings["a"].events if isinstance(each, CameraWanted)]
    assert asked == [CameraWanted(ROOM, "1", 180)]
    assert not [each for each in workers.meetings["b"].events if isinstance(each, CameraWanted) and each.seat == "1"]


async def test_lost_packets_are_sent_again(workers: SharedRoom) -> None:
    """Each tenth datagram is lost, records among them."""
    lossy = await workers.open_lossy_pipe(every=10)
    await workers.join("a", "1", "red", 440, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    mid = viewer.tiles["1"].mid or ""
    watched, pictures = viewer.watch.watches[mid], viewer.watch.pictures(mid)
    await viewer.until(lambda: viewer.watch.pictures(mid) > pictures + 75)
    (layer,) = workers.pipe("b")._layers.values()
    assert layer.nack.lost > 5
    await wait_until(lambda: layer.receive_stats.lost <= 1)  # all came in the end, but maybe what was sent just now
    assert lossy.lost > 10
    assert watched.pictures > 75


async def test_a_pipe_that_is_opened_anew_goes_on_with_what_is_followed(workers: SharedRoom) -> None:
    await workers.join("a", "1", "red", 440, floor=True, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    await workers.open_pipes()
    mid = viewer.tiles["1"].mid
    assert mid is not None
    pictures = viewer.watch.pictures(mid)
    await viewer.until(lambda: viewer.watch.pictures(viewer.tiles["1"].mid or "") > pictures + 10)


async def test_a_worker_that_is_silent_shows_cards_in_place_of_cameras(workers: SharedRoom) -> None:
    await workers.join("a", "1", "red", 440, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    await workers.meetings["a"].engine.close_pipe("b")
    await viewer.until(lambda: viewer.tiles["1"].mid is None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"local": "192.0.2.1"}, "192.0.2.1 is no address of this media worker"),
        ({"sent": "00"}, "a key of a pipe has 28 bytes"),
        ({"received": "key"}, "non-hexadecimal"),
    ],
)
async def test_a_pipe_that_cannot_be_opened_is_refused(change: dict[str, str], why: str) -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    end = PipeEnd(
        **{"local": "127.0.0.1", "host": "127.0.0.1", "sent": "00" * 28, "received": "11" * 28} | change, port=9
    )
    with pytest.raises(NoPipe, match=why):
        await engine.open_pipe("b", end)
    assert (await engine.pipes()).workers == ()
    await engine.close()


async def test_what_no_worker_sends_changes_nothing(workers: SharedRoom, caplog: pytest.LogCaptureFixture) -> None:
    await workers.join("a", "1", "red", 440, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    pipe = workers.pipe("b")
    for record in (
        b'[9996,["offer","room","1"],[1,[]]]',
        b'[9997,["offer","room","1"],[false,[["camera"]]]]',
        b'[9998,["want","room","v"],"all"]',
        b'[9999,["want","room","v"],[360,[["microphone",""]]]]',
    ):
        pipe.rtcp(rtcp.application(1, b'{"a":[],"r":[%s]}' % record), 0.0)
    pipe.rtcp(b"\x80", 0.0)
    for packet in (
        Packet(99, 1, 0, 77, False, b""),
        Packet(99, 1, 0, 2, False, b"short"),
        Packet(99, 1, 0, 2, False, bytes(12)),
    ):
        pipe.rtp([packet], {}, 0.0)
    pictures = viewer.watch.pictures(viewer.tiles["1"].mid or "")
    await viewer.until(lambda: viewer.watch.pictures(viewer.tiles["1"].mid or "") > pictures + 10)
    assert len([each for each in caplog.records if "sends what none sends" in each.getMessage()]) == 5


async def test_streams_beyond_those_that_a_path_takes_wait_for_one_that_ends(
    workers: SharedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe_module, "STREAMS", range(3, 4))
    for seat, colour in (("1", "red"), ("2", "blue")):
        await workers.join("a", seat, colour, 440, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    colours = {"1": "red", "2": "blue"}
    await viewer.until(lambda: any(viewer.sees().get(seat) == colour for seat, colour in colours.items()))
    stats = await workers.meetings["a"].engine.stats()
    assert (stats["pipe_streams"], stats["pipe_waiting"]) == (1, 1)
    (first,) = (stream.seat for stream in workers.pipe("a")._sent)
    for meeting in workers.meetings.values():
        await meeting.engine.remove_seat(ROOM, first)
    ((other, colour),) = (each for each in colours.items() if each[0] != first)
    await viewer.until(lambda: viewer.sees().get(other) == colour)
    assert (await workers.meetings["a"].engine.stats())["pipe_waiting"] == 0


async def test_a_seat_moves_to_another_worker_without_a_silence(workers: SharedRoom) -> None:
    """A point that has the floor at "a" connects to "b", is taken from there, and leaves "a"."""
    speaker = await workers.join("a", "1", "red", 440, floor=True)
    near, far = await workers.join("a", "2", "green", 660), await workers.join("b", "3", "blue", 1000)
    listeners = [near.watch, far.watch]
    for watch in listeners:
        await watch.until(lambda watch=watch: 440 in watch.tones())  # type: ignore[misc]
    a, b = workers.meetings["a"], workers.meetings["b"]
    moved = await b.connect("1", "red", 440)
    await b.happened(PeerUp(ROOM, "1"))
    for watch in listeners:
        watch.forget_sound()
    options = SeatOptions("1", "Điểm cầu 1", floor=True)
    await b.engine.add_seat(ROOM, options)
    await a.engine.add_seat(ROOM, replace(options, worker="b"))
    await asyncio.sleep(1.5)
    for watch in listeners:
        sound = watch.sound()
        windows = [sound[at : at + RATE_HZ // 4] for at in range(0, len(sound) - RATE_HZ // 4, RATE_HZ // 8)]
        assert all(440 in tones(window) for window in windows), "one transport was heard at any time"
    await speaker.endpoint.close()
    for meeting in (a, b):
        meeting.guests["1"] = moved
        await meeting.all_seen()


async def test_what_goes_on_between_two_workers_is_not_begun_anew_when_others_come_or_seats_change(
    workers: SharedRoom,
) -> None:
    await workers.join("a", "1", "red", 440, floor=True, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    sent, voices = dict(workers.pipe("a")._sent), dict(workers.pipe("a")._voices)
    for worker, other, home in (("a", "b", ""), ("b", "a", "a")):
        await workers.meetings[worker].engine.share_room(ROOM, [other, "c"], home)
    await workers.meetings["a"].engine.add_seat(ROOM, SeatOptions("1", "Tên mới", floor=True))
    await workers.meetings["b"].engine.add_seat(ROOM, SeatOptions("1", "Tên mới", floor=True, worker="a"))
    await viewer.until(lambda: viewer.tiles["1"].label == "Tên mới")
    pictures = viewer.watch.pictures(viewer.tiles["1"].mid or "")
    await viewer.until(lambda: viewer.watch.pictures(viewer.tiles["1"].mid or "") > pictures + 10)
    assert (workers.pipe("a")._sent, workers.pipe("a")._voices) == (sent, voices)


async def test_a_point_that_hangs_up_shows_a_card_at_other_workers(workers: SharedRoom) -> None:
    guest = await workers.join("a", "1", "red", 440, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    await guest.endpoint.close()
    await viewer.until(lambda: viewer.tiles["1"].mid is None)
    await wait_until(lambda: workers.pipe("a").streams == 0)


async def test_a_voice_counts_only_from_the_worker_of_its_seat(
    workers: SharedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for worker, seat in ("a1", "b2"):
        await workers.join(worker, seat, "red", 440, floor=True)
    room, heard = workers.room("b"), list[str]()
    await wait_until(lambda: workers.pipe("b")._heard == {0: Voice(ROOM, "1")})
    monkeypatch.setattr(room.mixer, "hear", lambda seat, *_: heard.append(seat))
    workers.pipe("b")._heard[7] = Voice(ROOM, "2")
    for number in (7, 0):
        workers.pipe("b").rtp(
            [Packet(99, 1, 0, 2, False, bytes([0, number, 0, 1, 0, 0, 0, 9, 40, 0]) + b"opus")], {}, 0.0
        )
    assert heard == ["1"]
