"""A room system's media: plain RTP, G.722 or G.711, H.264. A room treats it as a browser's :class:`WebRtcPeer`.

Its quality follows the decoder and bitrate limits of its SDP and stays for the whole call: room systems report nothing
from which more could be learned, and do not know padding to probe a link with.
"""

import secrets
import time
from collections.abc import Sequence

from mediaserver.api import ConnectionQuality, RoomOptions
from mediaserver.congestion.downlink import Downlink
from mediaserver.congestion.loss import Loss
from mediaserver.errors import BadOffer
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.simulcast import SimulcastCamera
from mediaserver.peer.sip_stream import SipAudioStream, SipStream, SipVideoStream
from mediaserver.peer.webrtc import REPORT_S, PeerListener
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.source import FlushQueue
from mediaserver.sdp import sip_write
from mediaserver.sdp.h264 import DecoderLimits
from mediaserver.sdp.sip_parse import SOUNDS, Media, Session
from mediaserver.transport.plain_rtp import PlainPorts, PlainTransport, local_address
from mediaserver.transport.state import State
from mediaserver.video.quality import COMPOSED_BPS, QUALITIES, USUAL

KEYFRAMES_S = (1.0, 3.0)
"""Seconds after the start at which a system that cannot request key frames gets one: it often misses the first."""
_MODES = {sip_write.MODE_1: "H264", sip_write.SINGLE: "H264"}
"""Codecs of our own payload types, which a peer may use although it offered others (RFC 3264 §5.1)."""


BITRATE_SHARE = 1.1
"""Factor by which a step's bitrate may exceed the limit: 384 kbit/s get the step of 400, since an encoder stays below
its bound."""


def quality_step(limits: DecoderLimits, width: int, height: int, fps: int, bitrate: int | None) -> int | None:
    """Return the best step of a room's picture that a decoder takes within `bitrate` (bit/s); None if it takes none."""
    for step in range(USUAL, -1, -1):
        quality = QUALITIES[step]
        narrow = bitrate is not None and quality.bitrate > BITRATE_SHARE * bitrate
        size = round(width * quality.share), round(height * quality.share)
        if limits.takes(*size, fps / quality.every) and not narrow:
            return step
    return None


class SipPeer:
    """The media of one room system. It either answers an offer (:meth:`answer`), or offers and is answered
    (:meth:`accept`)."""

    def __init__(
        self,
        seat: str,
        hosts: Sequence[str],
        *,
        ports: PlainPorts,
        options: RoomOptions,
        flush_queue: FlushQueue,
        listener: PeerListener,
    ) -> None:
        self.seat = seat
        self._hosts = hosts
        self._ports = ports
        self._options = options
        self._flush_queue = flush_queue
        self._listener = listener
        self.transport = PlainTransport(self._transport_changed)
        self.sound = SOUNDS[0]
        """The codec in which it hears the mix."""
        self.audio: Forwarder | None = None
        self.picture: Forwarder | None = None
        self.content = SimulcastCamera()
        """Always empty: a second picture of a room system is not received yet."""
        self.downlink = Downlink(COMPOSED_BPS, USUAL)
        self.due = 0.0
        self._number = secrets.randbits(31)
        self._sound_stream: SipAudioStream | None = None
        self._picture_stream: SipVideoStream | None = None
        self._loss = Loss()
        self._reported = 0.0
        self._keyframes: list[float] = []

    # Negotiation

    def offer(self, remote: str) -> str:
        """Open ports and return an offer of everything, for a peer at `remote` if that is known. Raises NoPortFree."""
        host = local_address(self._hosts, remote)
        self._open_ports(host, sound=True, picture=True)
        return sip_write.offer(self._local(host))

    def accept(self, session: Session) -> None:
        """Take the answer to our offer and start. Raises BadOffer, and nothing has changed then."""
        if session.sound not in (None, 0) or session.camera not in (None, 1):
            raise BadOffer("answer with other m-lines than were offered")
        if session.sound is None and self._sound_stream is not None:
            self._release(self._sound_stream)
            self._sound_stream = None
        if session.camera is None and self._picture_stream is not None:
            self._release(self._picture_stream)
            self._picture_stream = None
        self._apply_description(session)
        self.begin()

    def answer(self, session: Session) -> str:
        """Open ports and return the answer to an offer; :meth:`begin` follows. Raises NoPortFree."""
        place = session.sound if session.sound is not None else session.camera
        assert place is not None
        host = local_address(self._hosts, session.media[place].host)
        self._open_ports(host, sound=session.sound is not None, picture=session.camera is not None)
        self._apply_description(session)
        return sip_write.answer(session, self._local(host), shows=self.picture is not None)

    def begin(self) -> None:
        """Start sending and receiving."""
        now = time.monotonic()
        self._reported = now
        if self._picture_stream is not None and not self._picture_stream.feedback & {"nack pli", "ccm fir"}:
            self._keyframes = [now + after for after in KEYFRAMES_S]
        self.transport.connect()

    def _open_ports(self, host: str, *, sound: bool, picture: bool) -> None:
        try:
            if sound:
                self._sound_stream = SipAudioStream(self._ports, host, self.downlink, self._audio_received)
                self.transport.port_pairs.append(self._sound_stream.port_pair)
            if picture:
                name = f"camera:{self.seat}"
                self._picture_stream = SipVideoStream(self._ports, host, self.downlink, name, self._flush_queue)
                self.transport.port_pairs.append(self._picture_stream.port_pair)
        except Exception:
            self.transport.close()
            raise

    def _release(self, stream: SipStream) -> None:
        """Give back the ports of an m-line that was refused."""
        self.transport.port_pairs.remove(stream.port_pair)
        stream.port_pair.close()

    def _local(self, host: str) -> sip_write.Local:
        sound, picture = (
            stream.port_pair.port if stream else 0 for stream in (self._sound_stream, self._picture_stream)
        )
        return sip_write.Local(host, sound, picture, self._number)

    def _apply_description(self, session: Session) -> None:
        """Send to the addresses that the peer named, and make forwarders for the codecs it takes."""
        if session.sound is not None and self._sound_stream is not None:
            media = session.media[session.sound]
            codec = sip_write.choose(media, SOUNDS)
            _aim(self._sound_stream, media, {})
            if media.receives:
                self.sound = codec.name
                self.audio = self._sound_stream.send({codec.name: codec.payload_type}, None)
        if session.camera is not None and self._picture_stream is not None:
            media = session.media[session.camera]
            _aim(self._picture_stream, media, _MODES)
            self._picture_stream.feedback = media.feedback
            if media.receives:
                self._start_video(media, self._picture_stream)

    def _start_video(self, media: Media, stream: SipVideoStream) -> None:
        codec = sip_write.choose_picture(media)
        assert codec.limits is not None
        room = self._options
        step = quality_step(codec.limits, room.width, room.height, room.fps, media.bitrate)
        if step is not None:
            self.downlink.step = step
            self.picture = stream.send({codec.name: codec.payload_type}, self._flush_queue)

    def _transport_changed(self, state: State, reason: str) -> None:
        self._listener.changed(self.seat, state, reason)

    # What comes

    def _audio_received(self, packet: Packet, now: float, codec: str) -> None:
        self._listener.heard(self.seat, packet, now, codec)

    @property
    def camera(self) -> SimulcastCamera:
        """Return its camera, which has one layer once it sends."""
        return self._picture_stream.camera if self._picture_stream is not None else self.content

    @property
    def voice(self) -> ReceiveStats:
        """Return the receive statistics of its microphone."""
        stream = self._sound_stream
        return stream.receive_stats if stream is not None and stream.receive_stats is not None else ReceiveStats()

    # What the room asks of everyone

    def limit(self, max_step: int) -> None:
        """Do nothing: its quality was settled by its SDP, and never exceeds the usual one."""

    def loses_audio(self, now: float) -> bool:
        """Return False: other microphones' packets are not relayed to it, so FEC in them would not help it."""
        return False

    @property
    def loss(self) -> float:
        """Return the share of its packets lost lately, 0 to 1."""
        return self._loss.share

    @property
    def connection_quality(self) -> ConnectionQuality:
        """Return its connection quality."""
        stream = self._picture_stream if self.picture is not None else self._sound_stream
        jitter = stream.jitter if stream is not None else 0.0
        return ConnectionQuality(self.loss, self.downlink.loss, jitter, self.downlink.round_trip)

    @property
    def _streams(self) -> list[SipStream]:
        return [each for each in (self._sound_stream, self._picture_stream) if each is not None]

    def tick(self, now: float) -> bool:
        """Run the housekeeping, every `TICK_S`; return False, since its quality never changes."""
        if self.transport.state != "connected":
            return False
        if self._picture_stream is not None:
            self._picture_stream.remind(now)
        if self._keyframes and now >= self._keyframes[0]:
            self._keyframes.pop(0)
            if self.picture is not None:
                self.picture.request_keyframe(now)
        if now - self._reported >= REPORT_S:
            self._reported = now
            received, lost = (sum(each) for each in zip(*(stream.report(now) for stream in self._streams), strict=True))
            self._loss.update(received, lost)
            self.transport.check(now)
        return False

    async def close(self) -> None:
        """Detach from all sources, send RTCP BYE and release the ports."""
        for stream in self._streams:
            stream.close()
        self.transport.close()


def _aim(stream: SipStream, media: Media, ours: dict[int, str]) -> None:
    """Expect the peer's codecs, and send to its ports."""
    theirs = {codec.payload_type: codec.name for codec in media.codecs if codec.name != "telephone-event"}
    stream.codecs = {number: "H264" if name == SINGLE_NAL else name for number, name in (ours | theirs).items()}
    stream.port_pair.aim(media.host, media.port, media.rtcp_port, time.monotonic())
