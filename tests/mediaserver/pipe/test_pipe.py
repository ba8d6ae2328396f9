"""Tests of a room on two media workers, with real peers: who sits at one is seen and heard at the other.

Also tests `mediaserver/pipe/remote_seat.py`, `mediaserver/pipe/transport.py` and `mediaserver/room/room_sharing.py`.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.tone import RATE_HZ
from mediaserver.api import CameraWanted, Layout, PeerUp, PipeEnd, SeatOptions
from mediaserver.errors import NoPipe
from mediaserver.pipe import pipe as pipe_module
from mediaserver.pipe.pipe import Pipe, Voice
from mediaserver.room.room import Room
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import Packet
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import PATIENCE_S, ROOM, Guest, Meeting, tones
from tests.mediaserver.tile_viewer import CAMERA, Viewer


class LossyPath:
    """A path between two workers with an end at each, which loses each n-th datagram: what one end gets leaves from the
    other one."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._count = self.lost = 0
        self._ends: list[PathEnd] = []

    def end(self, target: tuple[str, int]) -> "PathEnd":
        """Return an end, next to the worker that receives at `target`."""
        self._ends.append(PathEnd(self, target))
        return self._ends[-1]

    def pass_on(self, end: "PathEnd", data: bytes) -> None:
        self._count += 1
        if self._count % self._every == 0:
            self.lost += 1
            return
        for other in self._ends:
            if other is not end and other.transport is not None:
                other.transport.sendto(data, other.target)

    def close(self) -> None:
        for end in self._ends:
            if end.transport is not None:
                end.transport.close()


class PathEnd(asyncio.DatagramProtocol):
    """One end of a lossy path."""

    def __init__(self, path: LossyPath, target: tuple[str, int]) -> None:
        self._path = path
        self.target = target
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._path.pass_on(self, data)


class TwoWorkers:
    """A room that is open on two media workers, "a" and "b", each with its guests."""

    def __init__(self) -> None:
        self.meetings = {name: Meeting(LocalEngine(["127.0.0.1"], 0)) for name in "ab"}
        self._lossy: list[LossyPath] = []

    async def open(self) -> None:
        """Open the room on both, and the pipe between them."""
        for meeting in self.meetings.values():
            assert isinstance(meeting.engine, LocalEngine)
            meeting.engine.start()
            await meeting.open()
        await self.open_pipe()
        for name, other in ("ab", "ba"):
            await self.meetings[name].engine.share_room(ROOM, [other])

    async def open_pipe(self) -> None:
        """Open both ends of the pipe, with keys of their own."""
        keys = secrets.token_hex(28), secrets.token_hex(28)
        ports = {name: (await meeting.engine.pipes()).addresses[0][1] for name, meeting in self.meetings.items()}
        for (name, other), (sent, received) in (("ab", keys), ("ba", keys[::-1])):
            end = PipeEnd("127.0.0.1", "127.0.0.1", ports[other], sent, received)
            await self.meetings[name].engine.open_pipe(other, end)

    async def open_lossy_pipe(self, every: int) -> LossyPath:
        """Open the pipe over a path that loses each n-th datagram."""
        loop, lossy = asyncio.get_running_loop(), LossyPath(every)
        keys = secrets.token_hex(28), secrets.token_hex(28)
        for name, other, sent, received in (("a", "b", *keys), ("b", "a", *keys[::-1])):
            end = lossy.end((await self.meetings[name].engine.pipes()).addresses[0])
            transport, _ = await loop.create_datagram_endpoint(lambda end=end: end, ("127.0.0.1", 0))  # type: ignore[misc]
            port = transport.get_extra_info("sockname")[1]
            await self.meetings[name].engine.open_pipe(other, PipeEnd("127.0.0.1", "127.0.0.1", port, sent, received))
        self._lossy.append(lossy)
        return lossy

    async def join(
        self,
        worker: str,
        seat: str,
        colour: str,
        hertz: int,
        *,
        floor: bool = False,
        offered: OfferOptions | None = None,
    ) -> Guest:
        """Seat a guest at one worker, and tell the other one of it."""
        (other,) = self.meetings.keys() - {worker}
        await self.meetings[other].engine.add_seat(
            ROOM, SeatOptions(seat, f"Điểm cầu {seat}", floor=floor, worker=worker)
        )
        self.meetings[other].seats.append(seat)
        guest = await self.meetings[worker].join(seat, colour, hertz, floor=floor, offered=offered)
        self.meetings[other].guests[seat] = guest
        return guest

    def pipe(self, worker: str) -> Pipe:
        """Return a worker's end of the pipe."""
        engine = self.meetings[worker].engine
        assert isinstance(engine, LocalEngine)
        (pipe,) = engine._pipes.values()
        return pipe

    def room(self, worker: str) -> Room:
        """Return a worker's copy of the room."""
        engine = self.meetings[worker].engine
        assert isinstance(engine, LocalEngine)
        return engine._rooms[ROOM]

    async def close(self) -> None:
        await asyncio.gather(*(meeting.close() for meeting in self.meetings.values()))
        for lossy in self._lossy:
            lossy.close()


async def wait_until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not so():
            await asyncio.sleep(0.02)


@pytest.fixture
async def workers(caplog: pytest.LogCaptureFixture) -> AsyncIterator[TwoWorkers]:
    held = TwoWorkers()
    await held.open()
    yield held
    await held.close()


async def test_everybody_sees_everybody_in_the_composed_picture(workers: TwoWorkers) -> None:
    await workers.join("a", "1", "red", 440)
    await workers.join("b", "2", "blue", 1000)
    for meeting in workers.meetings.values():
        await meeting.all_seen()


async def test_who_has_the_floor_is_heard_at_the_other_worker(workers: TwoWorkers) -> None:
    speaker = await workers.join("a", "1", "red", 440, floor=True)
    listener = await workers.join("b", "2", "blue", 1000)
    await listener.watch.until(lambda: 440 in listener.watch.tones())
    await workers.meetings["b"].engine.set_floor(ROOM, "2", True)
    await workers.meetings["a"].engine.set_floor(ROOM, "2", True)
    await speaker.watch.until(lambda: speaker.watch.tones() == {1000})
    assert await listener.watch.hear() == {440}
    for meeting in workers.meetings.values():
        await meeting.engine.set_floor(ROOM, "1", False)
    await listener.watch.silence()


async def test_each_camera_comes_once_and_only_while_somebody_follows_it(workers: TwoWorkers) -> None:
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


async def test_a_camera_is_asked_for_what_is_seen_of_it_at_other_workers(workers: TwoWorkers) -> None:
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


async def test_lost_packets_are_sent_again(workers: TwoWorkers) -> None:
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
    assert layer.receive_stats.lost <= 1, "all came in the end, but maybe what was sent just now"
    assert lossy.lost > 10
    assert watched.pictures > 75


async def test_a_pipe_that_is_opened_anew_goes_on_with_what_is_followed(workers: TwoWorkers) -> None:
    await workers.join("a", "1", "red", 440, floor=True, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    await workers.open_pipe()
    mid = viewer.tiles["1"].mid
    assert mid is not None
    pictures = viewer.watch.pictures(mid)
    await viewer.until(lambda: viewer.watch.pictures(viewer.tiles["1"].mid or "") > pictures + 10)


async def test_a_worker_that_is_silent_shows_cards_in_place_of_cameras(workers: TwoWorkers) -> None:
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


async def test_what_no_worker_sends_changes_nothing(workers: TwoWorkers, caplog: pytest.LogCaptureFixture) -> None:
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
    workers: TwoWorkers, monkeypatch: pytest.MonkeyPatch
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


async def test_a_seat_moves_to_another_worker_without_a_silence(workers: TwoWorkers) -> None:
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
    workers: TwoWorkers,
) -> None:
    await workers.join("a", "1", "red", 440, floor=True, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    sent, voices = dict(workers.pipe("a")._sent), dict(workers.pipe("a")._voices)
    for worker, other in ("ab", "ba"):
        await workers.meetings[worker].engine.share_room(ROOM, [other, "c"])
    await workers.meetings["a"].engine.add_seat(ROOM, SeatOptions("1", "Tên mới", floor=True))
    await workers.meetings["b"].engine.add_seat(ROOM, SeatOptions("1", "Tên mới", floor=True, worker="a"))
    await viewer.until(lambda: viewer.tiles["1"].label == "Tên mới")
    pictures = viewer.watch.pictures(viewer.tiles["1"].mid or "")
    await viewer.until(lambda: viewer.watch.pictures(viewer.tiles["1"].mid or "") > pictures + 10)
    assert (workers.pipe("a")._sent, workers.pipe("a")._voices) == (sent, voices)


async def test_a_point_that_hangs_up_shows_a_card_at_other_workers(workers: TwoWorkers) -> None:
    guest = await workers.join("a", "1", "red", 440, offered=CAMERA)
    viewer = await Viewer(workers.meetings["b"], "v").join()
    await viewer.until(lambda: viewer.sees().get("1") == "red")
    await guest.endpoint.close()
    await viewer.until(lambda: viewer.tiles["1"].mid is None)
    await wait_until(lambda: workers.pipe("a").streams == 0)


async def test_a_voice_counts_only_from_the_worker_of_its_seat(
    workers: TwoWorkers, monkeypatch: pytest.MonkeyPatch
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
