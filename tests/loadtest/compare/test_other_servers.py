"""Other programs at the same work: a scripted mediasoup module, and the real FFmpeg.

Also tests `ffmpeg_xstack.py` and `mediasoup.py`.
"""

import json
import sys
from pathlib import Path

import pytest

from loadtest.compare import ffmpeg_xstack, other_servers
from loadtest.compare.mediasoup import mediasoup_room
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_answer import parse_answer
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Material
from mediaserver.api import SeatOptions
from mediaserver.transport.dtls import fingerprint, make_certificate

SCRIPTED = """
const { appendFileSync } = require('node:fs')
const note = (name, value) => appendFileSync(__dirname + '/notes', JSON.stringify([name, value]) + '\\n')
let made = 0
const transport = () => ({
  iceParameters: { usernameFragment: 'fragment', password: 'secret' },
  iceCandidates: [{ foundation: 'f', priority: 1, ip: '127.0.0.1', port: 40123 }],
  dtlsParameters: { fingerprints: [{ algorithm: 'sha-1', value: '00' }, { algorithm: 'sha-256', value: 'AB:CD' }] },
  connect: async ({ dtlsParameters }) => note('connect', dtlsParameters),
  produce: async ({ kind, rtpParameters: { codecs, encodings } }) => {
    note('produce', [kind, codecs[0].mimeType, codecs[0].payloadType, encodings[0].ssrc ?? encodings[0].rid])
    return { id: `producer ${++made}` }
  },
  consume: async ({ producerId }) => note('consume', producerId)
})
const router = { createWebRtcTransport: async ({ listenIps }) => { note('listen', listenIps); return transport() } }
const close = () => note('close', null)
exports.createWorker = async () => ({ pid: process.pid, createRouter: async () => router, close })
"""


def _scripted(folder: Path) -> Path:
    """Write a module `mediasoup` that notes its calls; return the file of its notes."""
    module = folder / "node_modules/mediasoup"
    module.mkdir(parents=True)
    (module / "index.js").write_text(SCRIPTED)
    return module / "notes"


def _offer(options: OfferOptions) -> tuple[str, int, int]:
    endpoint = Endpoint(CERTIFICATE, Material((), lambda _codec, _layers: ()), options)
    return endpoint.offer(), endpoint._ssrcs.mic, endpoint._ssrcs.camera[0]


CERTIFICATE = make_certificate()


async def test_an_endpoint_with_a_camera_publishes_and_the_others_receive(tmp_path: Path) -> None:
    notes = _scripted(tmp_path)
    offer, mic, camera = _offer(OfferOptions(("VP8",), 1, picture=False))
    async with mediasoup_room(tmp_path) as room:
        published = parse_answer(await room.answer("bench", SeatOptions("0", "Point 0"), offer))
        viewed = parse_answer(
            await room.answer("bench", SeatOptions("1", "Point 1"), _offer(OfferOptions(("VP8",), camera=False))[0])
        )
        assert room.pid == room.node.pid
    assert {mid: (line.codecs, line.receives) for mid, line in published.media.items()} == {
        "0": (((111, "opus"),), True),
        "1": (((96, "VP8"),), True),
    }
    assert {mid: (line.codecs, line.receives) for mid, line in viewed.media.items()} == {
        "0": (((111, "opus"),), False),
        "2": (((96, "VP8"),), False),
    }
    assert (viewed.fragment, viewed.password, viewed.candidates) == ("fragment", "secret", (("127.0.0.1", 40123),))
    assert viewed.fingerprints == (("sha-256", "AB:CD"),)
    algorithm, value = fingerprint(CERTIFICATE).split()
    joined = [
        ["listen", ["127.0.0.1"]],
        ["connect", {"role": "client", "fingerprints": [{"algorithm": algorithm, "value": value}]}],
    ]
    assert [json.loads(line) for line in notes.read_text().splitlines()] == [
        *joined,
        ["produce", ["audio", "audio/opus", 111, mic]],
        ["produce", ["video", "video/VP8", 96, camera]],
        *joined,
        ["consume", "producer 1"],
        ["consume", "producer 2"],
        ["close", None],
    ]


async def test_points_with_tiles_receive_the_lowest_layer_of_all_others_in_their_room(tmp_path: Path) -> None:
    notes = _scripted(tmp_path)
    options = OfferOptions(("VP8",), tiles=2)
    async with mediasoup_room(tmp_path) as room:
        for number, name in enumerate(("one", "one", "two", "one")):
            answer = parse_answer(await room.answer(name, SeatOptions(str(number), "Point"), _offer(options)[0]))
    camera = answer.media["1"]
    assert (camera.rids, camera.mid_id, camera.rid_id, camera.receives) == (("q",), 4, 10, True)
    assert not any(answer.media[mid].receives for mid in ("2", "t0", "t1"))
    produce = ["produce", ["video", "video/VP8", 96, "q"]]
    calls = [json.loads(line) for line in notes.read_text().splitlines()]
    assert [call for call in calls if call[0] in ("produce", "consume")] == [
        produce,
        *(["consume", "producer 1"], produce, ["consume", "producer 2"]),
        produce,
        *(["consume", "producer 1"], ["consume", "producer 2"], produce, *[["consume", "producer 4"]] * 2),
    ]


async def test_a_folder_without_mediasoup_raises(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="mediasoup ended with 1"):
        async with mediasoup_room(tmp_path):
            pass
    assert "Cannot find module 'mediasoup'" in capfd.readouterr().err


async def test_ffmpeg_composes_in_real_time() -> None:
    windows = await ffmpeg_xstack.windows(Path("ffmpeg"), 1.0)
    assert len(windows) == 2
    assert all(0.02 < window < 4 for window in windows)


async def test_an_ffmpeg_that_fails_raises() -> None:
    with pytest.raises(RuntimeError, match="FFmpeg ended with 1"):
        await ffmpeg_xstack.windows(Path("/bin/false"), 1.0)


def test_installed_programs_are_measured() -> None:
    here, there, limit = Path("/modules"), Path("/bin/ffmpeg"), Path(sys.executable)
    assert other_servers.workloads(None, None) == {}
    found = other_servers.workloads(here, there).items()
    assert [(word, path, workload.names, workload.other) for word, (path, workload) in found] == [
        ("forward-10", here, ("forward, 1 to 10, µs per packet",), "mediasoup"),
        ("forward-30", here, ("forward, 1 to 30, µs per packet",), "mediasoup"),
        ("forward-60", here, ("forward, 1 to 60, µs per packet",), "mediasoup"),
        ("session", here, ("one of 4 sessions of 12 points, forwarded, core-%",), "mediasoup"),
        ("compose", there, ("compose 16 to 720p25, core-%",), "FFmpeg xstack"),
        ("compose-limit", limit, ("compose 16 to 720p25, beside its limit, core-%",), "limit in rhythm"),
    ]
