"""Cameras that are fetched by RTSP: a GStreamer server is seen and heard; what is no RTSP is refused with words."""

import asyncio
import re
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from signal import SIGCONT, SIGSTOP

import pytest
from aiortc import MediaStreamTrack

from loadtest.rooms.rtsp_camera import gstreamer_camera
from loadtest.server.ports import free_port
from mediaserver.peer import sip
from mediaserver.worker.engine import LocalEngine
from signaling.app.settings import Settings
from signaling.cameras import rtsp, rtsp_client
from signaling.cameras.rtsp_client import RtspClient
from signaling.cameras.rtsp_message import BadRtsp, Track, offer, read_tracks
from signaling.meeting import room_moves
from signaling.workers.pool import WorkerPool
from tests.marks import CS3, marks_towards
from tests.signaling.cameras.described import described
from tests.signaling.cameras.viewer import TONE_HZ, connected, hears, sees_red, watching
from tests.signaling.sip.whole_server import LOOPBACK, served, viewer
from tests.signaling.world import HOST, NHA_TRANG, World, open_world, wait_until

PASSWORD = "mat khau cua camera"


def camera(method: str, transport: str) -> AbstractAsyncContextManager[tuple[int, Process]]:
    """Run a camera with a red picture and a tone, which asks for a password; give its port and its process."""
    return gstreamer_camera(("camera", PASSWORD), method, transport, "red", TONE_HZ)


async def describe_camera(world: World, port: int, **more: str) -> None:
    """Register the camera as the host's device."""
    facts = {"address": LOOPBACK, "port": port, "stream_path": "/live", "auth_user": "camera", "password": PASSWORD}
    assert (await described(world, HOST, protocol="RTSP", **facts, **more))[0] == 200


@pytest.mark.parametrize(("method", "transport"), [("digest", "UDP"), ("basic", "TCP")])
async def test_a_camera_is_fetched_while_the_session_of_its_point_is_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, method: str, transport: str
) -> None:
    """Within the connection (TCP), too, where it sends nothing else."""
    monkeypatch.setattr(rtsp, "LOOK_SECONDS", 3600.0)
    async with camera(method, transport) as (port, _), served(settings) as world:
        await describe_camera(world, port)
        _, screen = await described(world, NHA_TRANG, protocol="WHEP")
        await world.server.rtsp_cameras.look(world.clock.now)
        session = await world.session(NHA_TRANG)
        assert session.id not in world.server.meetings.meetings
        await world.server.rtsp_cameras.look(world.clock.now)
        tracks: dict[str, MediaStreamTrack] = {}
        async with connected(watching(tracks), world.client(), f"/whep/{screen}"):
            await sees_red(tracks["video"])
            await hears(tracks["audio"], TONE_HZ)
        assert marks_towards(LOOPBACK, port) == {CS3}


def seats(world: World, session: str) -> list[bool]:
    """Return whether media come from each seat of a session."""
    meeting = world.server.meetings.meetings.get(session)
    return [] if meeting is None else [seat.up for seat in meeting.state.roster.seats.values()]


@asynccontextmanager
async def held_engine() -> AsyncIterator[LocalEngine]:
    """Run a media engine which one server leaves to the next."""
    engine = LocalEngine([LOOPBACK], 0)
    engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def test_a_camera_is_fetched_again_after_its_line_was_cut_and_by_the_next_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp, "LOOK_SECONDS", 3600.0)
    async with held_engine() as engine, camera("digest", "TCP") as (port, process):
        async with served(settings, held=engine) as world:
            await describe_camera(world, port)
            session = await world.session(NHA_TRANG)
            await world.server.rtsp_cameras.look(world.clock.now)
            await wait_until(lambda: seats(world, session.id) == [True])
            with monkeypatch.context() as patch:
                patch.setattr(sip, "SILENCE_S", 2.0)
                process.send_signal(SIGSTOP)
                await world.server.rtsp_cameras.settled()
            assert seats(world, session.id) == []
            process.send_signal(SIGCONT)
            await world.server.rtsp_cameras.look(world.clock.advance(11))
            await wait_until(lambda: seats(world, session.id) == [True])
        async with served(settings, held=engine) as world:
            await world.server.rtsp_cameras.look(world.clock.now)
            await wait_until(lambda: seats(world, session.id) == [True])
            async with viewer(world, session.id) as watch:
                await watch.until(lambda: watch.colour(0.5, 0.25) == "red")


@asynccontextmanager
async def two_workers() -> AsyncIterator[WorkerPool]:
    """Run two media workers in this process."""
    async with held_engine() as first, held_engine() as second:
        pool, serving = WorkerPool(), []
        for name, engine in (("0", first), ("1", second)):
            await pool.take(name, engine)
            serving.append(asyncio.create_task(pool.serve(name)))
        yield pool
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_camera_is_fetched_by_the_worker_to_which_its_room_moves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """The session before goes on meanwhile, unless the camera takes one alone."""
    for name, seconds in {"LOOK_SECONDS": 0.01, "SETTLE_SECONDS": 0.1, "LINGER_SECONDS": 0.1}.items():
        monkeypatch.setattr(room_moves, name, seconds)
    monkeypatch.setattr(rtsp, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(rtsp, "WATCH_SECONDS", 0.1)
    opened: list[RtspClient] = []
    counts: list[int] = []

    class LimitedClient(RtspClient):
        async def describe(self) -> tuple[Track, ...]:
            if len(opened) >= limit:
                raise BadRtsp("DESCRIBE: 453")
            opened.append(self)
            counts.append(len(opened))
            return await super().describe()

        async def close(self) -> None:
            if self in opened:
                opened.remove(self)
            await super().close()

    monkeypatch.setattr(rtsp, "RtspClient", LimitedClient)
    async with two_workers() as pool, camera("digest", "UDP") as (port, _), served(settings, held=pool) as world:
        await describe_camera(world, port, transport="UDP")
        session = await world.session(NHA_TRANG)
        await world.server.rtsp_cameras.look(world.clock.now)
        await wait_until(lambda: seats(world, session.id) == [True])
        (seat,) = world.server.meetings.meetings[session.id].state.roster.seats
        before = pool.place(session.id)
        assert before is not None
        await world.services.worker_drains.ask(before)
        await wait_until(lambda: pool.is_drained(before) and pool.left_at(before) == (0, 0))
        assert (list(world.server.meetings.meetings[session.id].state.roster.seats), counts) == ([seat], [1, limit])
        await wait_until(lambda: len(opened) == 1)
        assert seats(world, session.id) == [True]
        async with viewer(world, session.id) as watch:
            await watch.until(lambda: watch.colour(0.5, 0.25) == "red")


VIDEO = (
    "v=0\r\nm=video 0 RTP/AVP 26 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
)
AAC = "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\na=control:track2\r\n"
PCMU = "m=audio 0 RTP/AVP 0\r\na=control:rtsp://10.0.0.9/sound\r\n"


def test_the_offer_has_what_can_be_decoded_and_goes_to_the_camera_alone() -> None:
    tracks = read_tracks(VIDEO + AAC + PCMU, "rtsp://10.0.0.9/live")
    assert [track.control for track in tracks] == ["rtsp://10.0.0.9/sound", "rtsp://10.0.0.9/live/track1"]
    assert offer(tracks, "10.0.0.9").split("\r\n") == [
        *("v=0", "o=- 0 0 IN IP4 10.0.0.9", "s=-", "c=IN IP4 10.0.0.9", "t=0 0"),
        *("m=audio 9 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendonly"),
        *("m=video 9 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1", "a=sendonly", ""),
    ]


def answered(status: int, body: str = "", *more: str) -> bytes:
    """Return a response to DESCRIBE."""
    lines = [f"RTSP/1.0 {status} Any", "CSeq: 1", *more, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


def to(request: bytes, answer: bytes) -> bytes:
    """Return an answer with the number of a request."""
    (number,) = re.findall(rb"CSeq: [0-9]+", request)
    return answer.replace(b"CSeq: 1", number)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (answered(302, "", "Location: rtsp://10.0.0.8/"), "DESCRIBE: 302"),
        (answered(401, "", 'WWW-Authenticate: Digest realm="r", nonce="n"'), "DESCRIBE: 401"),
        (answered(200, AAC), "no H.264 video"),
        (answered(200, "m=video"), "m-line cut off"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "no RTSP"),
        (b"RTSP/1.0 200 OK\r\nnonsense\r\n\r\n", "a header line without a colon"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 99999\r\n\r\n", "Content-Length 99999"),
        (b"RTSP/1.0 200 OK\r\nA: " + b"a" * 20_000, "a header of more than 8192 bytes"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nv=0", "the camera ended the connection"),
        (b"$\x00\x10\x00" + bytes(4096), "a packet of 4096 bytes, of at most 2048"),
    ],
)
async def test_a_camera_that_is_none_is_refused_with_words(answer: bytes, fault: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as server:
        client = RtspClient(LOOPBACK, server.sockets[0].getsockname()[1], "", None)
        with pytest.raises(BadRtsp) as caught:
            await client.describe()
        await client.close()
    assert str(caught.value) == fault


def port_pair() -> tuple[socket.socket, socket.socket]:
    """Return sockets on an even port and on the one above it."""
    number = free_port(count=3)
    pair = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for each, port in zip(pair, range(number + number % 2, number + 3), strict=False):
        each.setblocking(False)
        each.bind((LOOPBACK, port))
    return pair


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[tuple[RtspClient, list[bytes]]]:
    """Yield a client of a camera that answers so, one request after the other, and what the camera received."""
    received: list[bytes] = []
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            received.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(to(received[-1], answer))
        while data := await reader.read(4096):
            received.append(data)
        writer.close()
        left.set()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as server:
        client = RtspClient(LOOPBACK, server.sockets[0].getsockname()[1], "", None)
        yield client, received
        await client.close()
        await left.wait()


async def test_packets_within_the_connection_go_to_the_engine_and_its_reports_back() -> None:
    """Also tests `rtp_relay.py`."""
    loop, (rtp, rtcp) = asyncio.get_running_loop(), port_pair()
    set_up = answered(200, "", "Session: 7;timeout=30", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    played = answered(200) + b"$\x00\x00\x01a" + b"$\x09\x00\x01b" + b"$\x01\x00\x02cd"  # channel 9 is none of ours
    with closing(rtp), closing(rtcp):
        async with scripted(answered(200, VIDEO), set_up, played) as (client, received):
            relay = await client.set_up_interleaved(await client.describe(), LOOPBACK)
            relay.aim([rtp.getsockname()[1]])
            await client.play()
            assert await loop.sock_recv(rtp, 9) == b"a"
            data, source = await loop.sock_recvfrom(rtcp, 9)
            assert (data, relay.host, client.timeout_s) == (b"cd", LOOPBACK, 30)
            rtcp.sendto(b"a report", source)
            while len(received) < 4:
                await client.listen(0.1)
        assert b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1" in received[1]
        assert received[3] == b"$\x01\x00\x08a report"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("OPTIONS", b"RTSP/1.0 200 OK\r\nCSeq: 77\r\nPublic: OPTIONS, GET_PARAMETER\r\n\r\n"),
        ("REDIRECT", b"RTSP/1.0 501 Not Implemented\r\nCSeq: 77\r\n\r\n"),
    ],
)
async def test_a_camera_that_asks_is_answered_and_an_answer_to_something_else_is_left_out(
    asked: str, answer: bytes
) -> None:
    request = f"{asked} * RTSP/1.0\r\nCSeq: 77\r\nContent-Length: 2\r\n\r\nab".encode()
    late = b"RTSP/1.0 404 Not Found\r\nCSeq: 9\r\n\r\n"
    unnumbered = answered(200).replace(b"CSeq: 1\r\n", b"")
    async with scripted(request + late + answered(200, VIDEO), unnumbered) as (client, received):
        assert [track.kind for track in await client.describe()] == ["video"]
        await client.play()
    assert received[1].startswith(answer) or received[0].endswith(answer)


async def test_answers_with_wrong_numbers_are_taken_where_no_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp_client, "MISNUMBERED_SECONDS", 0.1)
    late = b"RTSP/1.0 404 Not Found\r\nCSeq: 9\r\n\r\n"
    described, played = (each.replace(b"CSeq: 1", b"CSeq: 0") for each in (answered(200, VIDEO), answered(200)))
    flood = b"$\x00\x00\x01a" * 3
    async with scripted(late + described + flood, played) as (client, received):
        assert [track.kind for track in await client.describe()] == ["video"]
        monkeypatch.setattr(rtsp_client, "MISNUMBERED_SECONDS", 60.0)
        await client.play()  # once is enough to know that it numbers wrongly
    assert len(received) == 2


async def test_a_camera_keeps_to_the_channels_that_it_is_asked_for() -> None:
    moved = answered(200, "", "Transport: RTP/AVP/TCP;interleaved=2-3")
    async with scripted(answered(200, VIDEO), moved) as (client, _):
        tracks = await client.describe()
        with pytest.raises(BadRtsp) as caught:
            await client.set_up_interleaved(tracks, LOOPBACK)
    assert str(caught.value) == "other channels than we asked for"


async def test_a_camera_of_which_nothing_comes_by_udp_is_asked_to_send_within_the_connection(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(rtsp, "UNHEARD_SECONDS", 0.1)
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                asked.extend(line for line in request.splitlines() if line.startswith("Transport"))
                writer.write(to(request.encode(), answered(200, VIDEO if request.startswith("DESCRIBE") else "")))
                if request.startswith("PLAY") and "TCP" in asked[-1]:
                    break
        writer.close()

    async with await asyncio.start_server(serve, LOOPBACK, 0) as server, served(settings) as world:
        port = server.sockets[0].getsockname()[1]
        await described(world, HOST, protocol="RTSP", address=LOOPBACK, port=port, password=None)
        await world.session(NHA_TRANG)
        for _ in range(3):  # the third one after a failure within the connection
            await world.server.rtsp_cameras.look(world.clock.advance(11))
            await world.server.rtsp_cameras.settled()
    assert ["TCP" in each for each in asked] == [False, True, False]


async def test_a_camera_that_is_away_is_asked_after_longer_and_longer_pauses(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp, "LOOK_SECONDS", 3600.0)
    asked = []

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(world.clock.now)
        writer.close()

    async with open_world(settings) as world, await asyncio.start_server(refuse, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        await described(world, HOST, protocol="RTSP", address=LOOPBACK, port=port, password=None)
        await world.session(NHA_TRANG)
        for _ in range(30):
            await world.server.rtsp_cameras.look(world.clock.advance(5))
            await world.server.rtsp_cameras.settled()
        await world.server.rtsp_cameras.look(world.clock.advance(-140))  # set back
        await world.server.rtsp_cameras.settled()
    assert len(asked) == 5
    begin = asked[0]
    assert [(at - begin).total_seconds() for at in asked[:4]] == [0, 10, 30, 70]
