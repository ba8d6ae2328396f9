"""Tests of a link that becomes too narrow while its queue is full: how much audio the smaller picture costs."""

from itertools import count

import pytest

from mediaserver.congestion.downlink import SOUND_BPS
from mediaserver.congestion.pacer import HEADERS_BYTES
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.sdp.webrtc import parse_offer
from mediaserver.transport.srtp import Outgoing
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.video.quality import COMPOSED_BPS, QUALITIES
from tests.mediaserver.meeting import CERTIFICATE
from tests.mediaserver.offers import CHROMIUM
from tests.mediaserver.peer.peer_fixture import VP8, ListenerFake

QUEUE_S = 0.5
LEAST_S = 0.05
"""The round trip without a queue."""
SOUND_S = 0.02
"""Between two packets of sound."""
FPS = 25
FOUND_S = 60.0
"""When the link is found to be too narrow."""


class FullLink:
    """A link of `rate` bit/s whose queue holds half a second and is full when that is found."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = FOUND_S + QUEUE_S

    def round_trip(self, now: float) -> float:
        """Return the round trip in a report that comes now, in seconds."""
        return LEAST_S + max(0.0, self._free - now)

    def takes(self, octets: float, now: float) -> bool:
        """Return whether there is room for a packet, and if so queue it."""
        free = max(self._free, now)
        if free - now > QUEUE_S:
            return False
        self._free = free + 8 * octets / self._rate
        return True


class Film(VideoSource):
    """A composed picture of so many bit/s, whose key frame takes half a second of them, as the encoder allows."""

    def __init__(self, step: int, flush_queue: FlushQueue) -> None:
        super().__init__("composed", "VP8", flush_queue)
        self._bitrate, self._every = COMPOSED_BPS[step], QUALITIES[step].every
        self._numbers = count()

    def show(self, at: int) -> None:
        """Push picture number `at`, of 25 in a second; 0 is a key frame."""
        if at % self._every:
            return
        octets = self._bitrate // 8 // 2 if at == 0 else self._bitrate // 8 * self._every // FPS
        payloads = packetize_vp8(bytes(octets), at)
        for i, payload in enumerate(payloads):
            last = i == len(payloads) - 1
            self.push(Packet(VP8, next(self._numbers), 3600 * at, 7, last, payload, at == 0 and i == 0))


def bring_down(peer: WebRtcPeer, estimate: float) -> None:
    """Let a peer that gets the best picture find that its link has a queue and carries `estimate` bit/s."""
    peer.transport.state = "connected"
    for round_trip in (LEAST_S, LEAST_S + QUEUE_S, LEAST_S + QUEUE_S):
        peer.downlink.reported(round_trip)
    peer.downlink.estimated(estimate, FOUND_S)
    peer.tick(FOUND_S)


@pytest.mark.parametrize("begins", range(5))
@pytest.mark.parametrize(("rate", "step"), [(0.2e6, 0), (0.6e6, 1)])
async def test_the_smaller_picture_leaves_the_sound_whole(
    mux: UdpMux, monkeypatch: pytest.MonkeyPatch, rate: float, step: int, begins: int
) -> None:
    flush_queue, link, sent = FlushQueue(), FullLink(rate), list[Outgoing]()
    peer = WebRtcPeer(
        "a", parse_offer(CHROMIUM), mux=mux, certificate=CERTIFICATE, flush_queue=flush_queue, listener=ListenerFake()
    )
    assert peer.picture is not None
    monkeypatch.setattr(peer.transport, "send", lambda packets, _: sent.extend(packets))
    monkeypatch.setattr(peer.transport, "send_rtcp", lambda _: None)
    bring_down(peer, 0.95 * rate)
    film = Film(step, flush_queue)
    peer.picture.follow(film, FOUND_S)
    sound, picture = list[bool](), list[bool]()
    for at in range(200):
        now = FOUND_S + at * SOUND_S
        if at >= begins and (at - begins) % 2 == 0:
            film.show((at - begins) // 2)
        flush_queue.flush(now)
        if at % 50 == 49:
            peer.downlink.reported(link.round_trip(now))
        if at % 3 == 2:  # every 60 ms
            peer.tick(now)
        picture += [link.takes(len(payload) + HEADERS_BYTES, now) for *_, payload in sent]
        sent.clear()
        sound.append(link.takes(SOUND_BPS * SOUND_S / 8, now))
    assert (peer.downlink.step, sound.count(False), picture.count(False)) == (step, 0, 0)
    assert not peer.transport.path.waiting
