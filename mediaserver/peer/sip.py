"""A room system's media: RTP or SRTP; G.722, Opus or G.711; H.264. A room treats it as a browser's :class:`WebRtcPeer`.

Its quality is bounded by the decoder and bitrate limits of its SDP and by those of its device, and follows the loss it
reports and the limits it names (:mod:`mediaserver.congestion.reported_rate`).
"""

import logging
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import replace

from mediaserver.api import (
    EVERYTHING,
    CallReport,
    ConnectionQuality,
    Encryption,
    RoomOptions,
    SipLimits,
)
from mediaserver.audio.playback import EVENTS, EventStream
from mediaserver.congestion.downlink import Downlink
from mediaserver.congestion.loss import Loss
from mediaserver.congestion.reported_rate import BITRATE_SHARE
from mediaserver.errors import BadOffer
from mediaserver.peer.call_streams import CallStreams, SipPeerListener
from mediaserver.peer.forwarder import Forwarder
from mediaserver.peer.simulcast import SimulcastCamera
from mediaserver.peer.sip_quality import SentQuality, least, picture_quality
from mediaserver.peer.sip_stream import VIDEO_TYPES, SipVideoStream
from mediaserver.peer.webrtc import LOST_AUDIO_S, REPORT_S
from mediaserver.rtp.bitrate import Bitrate
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.source import FlushQueue
from mediaserver.sdp import bfcp, sdes, sip_parse, sip_write
from mediaserver.sdp.sections import sections
from mediaserver.sdp.sip_parse import SOUND_CLOCK, SOUNDS, Media, Session, permitted
from mediaserver.transport.dtls import fingerprint, make_certificate
from mediaserver.transport.plain_rtp import (
    HELD_SILENCE_S,
    SILENCE_S,
    Elsewhere,
    PlainPorts,
    PlainTransport,
    local_address,
)
from mediaserver.transport.state import State
from mediaserver.video.quality import COMPOSED_BPS, STEPS, USUAL

logger = logging.getLogger(__name__)

UNHEARD_S = 5.0
"""Seconds from a description for which DTMF digits wait for the first sound of a peer that is to send some."""
KEYFRAMES_S = (1.0, 3.0)
"""Seconds after the start at which a system that cannot request key frames gets one: it often misses the first."""


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
        listener: SipPeerListener,
        encryption: Encryption = "off",
        media_hosts: Collection[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> None:
        self.seat = seat
        self._encryption: Encryption = encryption
        self._hosts = hosts
        self._options = options
        self._flush_queue = flush_queue
        self._listener = listener
        self.transport = PlainTransport(self._transport_changed)
        self.sound = SOUNDS[0]
        """The codec in which it hears the mix."""
        self.takes_digits = False
        """Whether its session has telephone events, on hold, too."""
        self._event_clock = SOUND_CLOCK
        """The clock in which it counts how long DTMF digits last, in Hz (RFC 4733 §2.1)."""
        self.audio: Forwarder | None = None
        self.picture: Forwarder | None = None
        self._no_picture = SimulcastCamera()
        self.downlink = Downlink(COMPOSED_BPS, USUAL)
        self.streams = CallStreams(
            *(seat, self.transport),
            ports=ports,
            options=options,
            flush_queue=flush_queue,
            listener=listener,
            media_hosts=media_hosts,
            limits=limits,
            downlink=self.downlink,
        )
        self.due = 0.0
        self._profile = "RTP/AVP"
        """The RTP profile of an offer that begins a call."""
        self.offered = False
        """Whether an offer of ours waits for its answer."""
        self._session: Session | None = None
        """The newest description of the peer that uses anything of ours."""
        self._number, self._version, self.description = secrets.randbits(31), 1, ""
        """Number and version of the newest description of ours, and its text."""
        self.theirs = ""
        """The text of the peer's newest description."""
        self._held = False
        self._limits = limits
        self._certificate = ports.certificate
        self._told: set[Elsewhere] = set()
        """What was told of media from elsewhere."""
        self._loss = Loss()
        self._received_rate, self._sent_rate = Bitrate(), Bitrate()
        self._camera_height = 0
        """Of the pictures that came in the last second, in pixels."""
        self._octets = 0, 0
        """Bytes received and sent until the last report."""
        self._begun = self._described = self._reported = 0.0
        """When it began, was described last by its peer, and reported last, in seconds."""
        self._keyframes: list[float] = []

    # Negotiation

    def offer(self, remote: str, *, simple: bool = False) -> str:
        """Open ports and return an offer for a peer at `remote` if that is known. Raises NoPortFree.

        A `simple` one leaves out what old systems refuse.
        """
        self.streams.host = local_address(self._hosts, remote)
        self.streams.open(sound=True, picture=True)
        if not simple:
            if self._limits.token or self._limits.bfcp != "off":
                self.streams.open_slides(None)
            self.streams.open_control()
        if self._encryption == "demanded" or (self._encryption == "wished" and not simple):
            self._offer_keys()
        self.offered = True
        self.description = (sip_write.simple_offer if simple else sip_write.offer)(self._local)
        return self.description

    def _offer_keys(self) -> None:
        """Offer to encrypt: by DTLS alone, or under keys in the description; a wish leaves plain media beside those."""
        if self._limits.keys == "DTLS":
            self._profile = "UDP/TLS/RTP/SAVP"
            return
        self._profile = "RTP/SAVP" if self._encryption == "demanded" else "RTP/AVP"
        for stream in self.streams.all:
            stream.keys = sdes.make_all()

    def accept(self, session: Session) -> None:
        """Take the answer to our offer and start. Raises BadOffer, and nothing has changed then."""
        offered = self._places if self._session is None else _places(self._session)
        if any(place not in (None, expected) for expected, place in zip(offered, _places(session), strict=True)):
            raise BadOffer("answer with other m-lines than were offered")
        session = permitted(session, self._encryption)
        self._check_answer(session)
        if session.sound is None and self.streams.sound is not None:
            self.streams.release(self.streams.sound)
            self.streams.sound = None
        if session.camera is None and self.streams.picture is not None:
            self.streams.release(self.streams.picture)
            self.streams.picture = None
        self.streams.match_slides(session, answer=True)
        self.streams.match_control(session, answer=True)
        self.offered = False
        self._apply_description(session, answer=True)
        self.begin()

    def answer(self, session: Session) -> str:
        """Open ports and return the answer to an offer; :meth:`begin` follows. Raises NoPortFree, NotEncrypted."""
        session = permitted(session, self._encryption)
        place = session.sound if session.sound is not None else session.camera
        assert place is not None
        self.streams.host = local_address(self._hosts, session.media[place].host)
        self.streams.open(sound=session.sound is not None, picture=session.camera is not None)
        self.streams.match_slides(session)
        self.streams.match_control(session)
        self._apply_description(session)
        self.description = sip_write.answer(session, self._local, shows=self.picture is not None)
        return self.description

    def renegotiate(self, session: Session) -> str:
        """Answer an offer within the call (RFC 3264 §8). Raises BadOffer, NoPortFree, and nothing has changed then.

        On hold nothing is sent, and nothing taken: a peer that only holds the sound plays its music into it.
        """
        session = permitted(session, self._encryption)
        self._check(session)
        if session.sound is not None and self.streams.sound is None:
            self.streams.open_sound()
        if session.camera is not None and self.streams.picture is None:
            self.streams.open_picture()
        self.streams.match_slides(session)
        self.streams.match_control(session)
        self._hold(session.held)
        self._apply_description(session)
        self.offered = False
        if self._held:  # `sendonly` is answered by `inactive`: its music is not wanted (RFC 3264 §8.4)
            session = Session(tuple(replace(media, sends=False) for media in session.media))
        return self._describe(session, shows=self.picture is not None)

    def reoffer(self) -> str:
        """Return an offer of what the call uses, both ways."""
        assert self._session is not None
        self.offered = True
        both = tuple(replace(media, sends=True, receives=True) for media in self._session.media)
        return self._describe(Session(both), shows=True)

    def accept_reoffer(self, session: Session) -> None:
        """Take the answer to an offer of :meth:`reoffer`. Raises BadOffer, and nothing has changed then."""
        session = permitted(session, self._encryption)
        self._check(session)
        self._check_answer(session)
        missing = session.sound is not None and self.streams.sound is None
        if missing or (session.camera is not None and self.streams.picture is None):
            raise BadOffer("answer with other m-lines than were offered")
        self.streams.match_slides(session, answer=True)
        self.streams.match_control(session, answer=True)
        self.offered = False
        self._hold(session.held)
        self._apply_description(session, answer=True)

    def move_in(self, session: Session, ours: str) -> str:
        """Open ports and return an offer that moves a call here from another peer of ours, which described it so.

        :meth:`accept` follows. Raises BadOffer, NoPortFree.
        """
        session = permitted(_completed(session, ours), self._encryption)
        place = session.sound if session.sound is not None else session.camera
        assert place is not None
        self._session, (self._number, self._version) = session, sip_parse.origin(ours)
        self.streams.host = local_address(self._hosts, session.media[place].host)
        self.streams.open(sound=session.sound is not None, picture=session.camera is not None)
        self.streams.match_slides(session)
        self.streams.match_control(session)
        self._certificate = make_certificate()  # another one makes the peer begin DTLS anew, as on our ports here
        for stream in self.streams.all:
            stream.certificate = self._certificate
            stream.keys = sdes.make_all() if any(media.keys for media in session.media) else ()
        return self.reoffer()

    def begin(self) -> None:
        """Start sending and receiving."""
        self._begun = self._reported = time.monotonic()
        self._expect_no_requests(self._reported)
        self.transport.connect()

    @property
    def _places(self) -> tuple[int | None, ...]:
        """Return the places of the m-lines in an offer that begins a call, as :func:`_places`."""
        floor, slides = (None, None) if self.streams.slides is None else (2, 3)
        control = 2 if slides is None else 4
        return 0, 1, floor, slides, None if self.streams.control is None else control

    def _check(self, session: Session) -> None:
        """Raise BadOffer where a description is no successor of the newest one."""
        before = () if self._session is None else self._session.media
        if len(session.media) < len(before):
            raise BadOffer("SDP with fewer m-lines than before")
        wants = any(media.port and media.kind in ("audio", "video") for media in session.media)
        if wants and session.sound is None and session.camera is None:
            raise BadOffer("SDP shares no codec with us")

    def _check_answer(self, session: Session) -> None:
        """Raise BadOffer where an answer has keys for none of ours."""
        slides = None if self.streams.slides is None else self.streams.slides.stream
        streams = self.streams.sound, self.streams.picture, slides, self.streams.control
        places = session.sound, session.camera, session.slides, session.control
        for place, stream in zip(places, streams, strict=True):
            if place is not None and stream is not None:
                stream.check_answer(session.media[place])

    def _describe(self, session: Session, *, shows: bool) -> str:
        """Return our description for that of a peer; its version is a new one where it differs from the last."""
        description = sip_write.answer(session, self._local, shows=shows)
        if description != self.description:
            self._version += 1
            self.description = sip_write.answer(session, self._local, shows=shows)
        return self.description

    def _expect_no_requests(self, now: float) -> None:
        """Plan key frames for a peer that cannot request them."""
        if self.streams.picture is not None and not self.streams.picture.feedback & {"nack pli", "ccm fir"}:
            self._keyframes = [now + after for after in KEYFRAMES_S]

    @property
    def _local(self) -> sip_write.Local:
        sound, picture = (
            stream.port_pair.port if stream else 0 for stream in (self.streams.sound, self.streams.picture)
        )
        sound_keys, picture_keys = (
            stream.keys if stream else () for stream in (self.streams.sound, self.streams.picture)
        )
        slides = {} if self.streams.slides is None else self.streams.slides.local(offering=self.offered)
        control = self.streams.control
        return sip_write.Local(
            *(self.streams.host, sound, picture, self._number, self._version),
            **slides,
            sound_keys=sound_keys,
            camera_keys=picture_keys,
            control_port=0 if control is None else control.port_pair.port,
            control_keys=() if control is None else control.keys,
            profile=self._profile,
            limits=self._limits,
            fingerprint=fingerprint(self._certificate),
            offering=self.offered,
        )

    def _hold(self, held: bool) -> None:
        """Put the call on hold, or go on with it."""
        if self._held and not held:
            self._expect_no_requests(time.monotonic())
        self._held = held

    def _apply_description(self, session: Session, *, answer: bool = False) -> None:
        """Send to the addresses that the peer named what it takes, and take what it sends; nothing of both on hold."""
        if session.sound is not None or session.camera is not None:
            self._session = session
        self._described = now = time.monotonic()
        for stream in self.streams.all:
            stream.taken, stream.port_pair.path.heard = False, now
        sound, picture = self.streams.sound, self.streams.picture
        self.audio, self.picture = None, None
        if session.sound is not None and sound is not None:
            media = session.media[session.sound]
            codec = sip_write.choose_sound(media, self._limits)
            sound.aim(media, {}, now)
            tones = sip_write.choose_tones(media, codec)
            sound.clock_rate, sound.event_types = codec.clock, _event_types(media)
            self.takes_digits = tones is not None
            self._event_clock = codec.clock if tones is None else tones.clock
            sound.secure(media, answer=answer)
            sound.taken = media.sends and not self._held
            if media.receives and not self._held:
                self.sound = codec.name
                events = {} if tones is None else {EVENTS: tones.payload_type}
                self.audio = sound.send({codec.name: codec.payload_type} | events, None)
        if session.camera is not None and picture is not None:
            media = session.media[session.camera]
            picture.aim(media, VIDEO_TYPES, now)
            picture.secure(media, answer=answer)
            picture.taken = media.sends and not self._held
            picture.expect(media, sip_write.choose_picture(media))
            picture.quality = None
            if media.receives and not self._held:
                self._start_video(media, picture)
        for each in (sound, picture):
            if each is not None and each.forwarder is not None and each.forwarder not in (self.audio, self.picture):
                each.forwarder.follow(None, now)
        if self.streams.slides is not None and session.slides is not None and session.floor is not None:
            described = session.media[session.slides], session.media[session.floor]
            self.streams.slides.apply(*described, answer=answer, held=self._held)
        if self.streams.control is not None and session.control is not None:
            self.streams.control.apply(session.media[session.control], answer=answer, held=self._held)

    def _start_video(self, media: Media, stream: SipVideoStream) -> None:
        codec = sip_write.choose_sent_picture(media, self._limits)
        stream.quality = picture_quality(codec, self._options, least(media.bitrate, self._limits.bitrate))
        if stream.quality is not None:
            repairs = sip_write.repairs(media, codec)
            self.picture = stream.send({codec.name: codec.payload_type}, self._flush_queue, repairs)
            self.picture.rewriter.decodes_high = sip_write.is_high(codec)
            self._follow_quality(stream.quality)

    def _follow_quality(self, quality: SentQuality) -> bool:
        """Send the picture in the step that its link carries; return whether that is another one."""
        before = self.downlink.step, self.downlink.sound_only
        step = quality.step
        self.downlink.sound_only = step is None
        self.downlink.step = step or 0
        return (self.downlink.step, self.downlink.sound_only) != before

    @property
    def most_forwarded(self) -> float:
        """Return the most bit/s that another's camera may take to be forwarded to it: as much as the composed picture
        in its step, which keeps within its limits and what it reports."""
        return BITRATE_SHARE * STEPS[self.downlink.step].bitrate

    @property
    def decodes_high(self) -> bool:
        """Return whether it decodes other profiles of H.264 than baseline: it named High, and gets pictures in that."""
        return self.picture is not None and self.picture.rewriter.decodes_high

    def event_stream(self) -> EventStream | None:
        """Return the stream in which DTMF digits reach it; None while they do not: on hold, without keys, or before its
        first sound, since an answer alone does not say that its media path is up."""
        sound = self.streams.sound
        if self.audio is None or sound is None or not self.audio.takes(EVENTS) or not sound.port_pair.sends:
            return None
        if sound.taken and sound.port_pair.source is None and time.monotonic() - self._described < UNHEARD_S:
            return None
        return EventStream(self.audio.ssrc, self.audio.clock_rate, self._event_clock)

    def _transport_changed(self, state: State, reason: str) -> None:
        self._listener.changed(self.seat, state, reason)

    # What comes

    @property
    def camera(self) -> SimulcastCamera:
        """Return its camera, which has one layer once it sends."""
        return self.streams.picture.camera if self.streams.picture is not None else self._no_picture

    @property
    def content(self) -> SimulcastCamera:
        """Return its slides, which have one layer once it sends them."""
        return self.streams.slides.stream.camera if self.streams.slides is not None else self._no_picture

    @property
    def voice(self) -> ReceiveStats:
        """Return the receive statistics of its microphone."""
        stream = self.streams.sound
        return stream.receive_stats if stream is not None and stream.receive_stats is not None else ReceiveStats()

    # What the room asks of everyone

    def limit(self, max_step: int) -> None:
        """Do nothing: its display is as large as its SDP says."""

    def loses_audio(self, now: float) -> bool:
        """Return whether it lost audio lately that is relayed to it: Opus, in which it may need our FEC."""
        stream = self.streams.sound
        return self.sound == "opus" and stream is not None and now - stream.lost_at < LOST_AUDIO_S

    @property
    def loss(self) -> float:
        """Return the share of its packets lost lately, 0 to 1."""
        return self._loss.share

    @property
    def connection_quality(self) -> ConnectionQuality:
        """Return its connection quality."""
        stream = self.streams.picture if self.picture is not None else self.streams.sound
        jitter = stream.jitter if stream is not None else 0.0
        quality = self.streams.picture.quality if self.streams.picture is not None else None
        step, most = (None, None) if quality is None else (quality.step, quality.most)
        return ConnectionQuality(
            self.loss,
            self.downlink.loss,
            jitter,
            self.downlink.round_trip,
            received=self._received_rate.value or 0,
            sent=self._sent_rate.value or 0,
            camera=self._camera_height,
            step=-1 if step is None else step,
            most=-1 if most is None else most,
            limited=not self._held and (most is None or most < USUAL),
        )

    def try_keyframe(self, now: float) -> None:
        """Request a key frame of its camera, and measure when it comes."""
        if self.streams.picture is not None:
            self.streams.picture.try_keyframe(now)

    def report(self, now: float) -> CallReport:
        """Return what its call carried so far."""
        sound, picture = self.streams.sound, self.streams.picture
        trips = [each.round_trip for each in self.streams.all if each.round_trip is not None]
        return CallReport(
            now - self._begun,
            None if sound is None else sound.carried,
            None if picture is None else picture.carried,
            max(trips, default=None),
        )

    def tick(self, now: float) -> bool:
        """Run the housekeeping, every `TICK_S`; return whether the link now carries another step of quality."""
        if self.transport.state != "connected":
            return False
        if self.streams.picture is not None:
            self.streams.picture.remind(now)
        if self.streams.slides is not None:
            self.streams.slides.tick(now)
        if self.streams.control is not None:
            self.streams.control.controller.tick(now)
        if self._keyframes and now >= self._keyframes[0]:
            self._keyframes.pop(0)
            if self.picture is not None:
                self.picture.request_keyframe(now)
        if now - self._reported >= REPORT_S:
            self._reported = now
            self._tell_of_media_elsewhere()
            received, lost = (
                sum(each) for each in zip(*(stream.report(now) for stream in self.streams.all), strict=True)
            )
            self._loss.update(received, lost)
            self._measure_rates(now)
            self.transport.check(now, HELD_SILENCE_S if self._held else SILENCE_S)
        return self._quality_changed()

    def _measure_rates(self, now: float) -> None:
        carried = [each.octets for each in self.streams.all]
        totals = sum(received for received, _ in carried), sum(sent for _, sent in carried)
        for rate, octets, before in zip((self._received_rate, self._sent_rate), totals, self._octets, strict=True):
            rate.add(max(0, octets - before))  # less where a stream began anew
            rate.update(now)
        self._octets, self._camera_height = totals, self.camera.height(now)

    def _quality_changed(self) -> bool:
        slides = self.streams.slides is not None and self.streams.slides.quality_changed()
        quality = None if self.streams.picture is None else self.streams.picture.quality
        return (quality is not None and self._follow_quality(quality)) or slides

    def _tell_of_media_elsewhere(self) -> None:
        """Tell once of each host from which media come that the SDP does not name."""
        for found in [each for pair in self.transport.port_pairs for each in pair.elsewhere]:
            if found not in self._told:
                self._told.add(found)
                self._listener.elsewhere(self.seat, found)

    async def close(self) -> None:
        """Detach from all sources, send RTCP BYE and release the ports."""
        for stream in self.streams.all:
            stream.close()
        if self.streams.slides is not None:
            self.streams.slides.close()
        self.transport.close()


def _places(session: Session) -> tuple[int | None, ...]:
    """Return the places of the m-lines that we use: sound, camera, BFCP, slides, camera control."""
    return session.sound, session.camera, session.floor, session.slides, session.control


def _completed(session: Session, ours: str) -> Session:
    """Return the description of a peer with the side of floor control that it left out. Raises BadOffer.

    A description of ours to which it belongs shows which side that is.
    """
    place = session.floor
    if place is None or session.media[place].protocol not in bfcp.RELIABLE:
        return session
    floor, (_, described) = session.media[place].floor, sections(ours)
    if floor is None or len(described) <= place:
        raise BadOffer("descriptions of different calls")
    media = list(session.media)
    media[place] = replace(media[place], floor=bfcp.completed(floor, described[place]))
    return Session(tuple(media))


def _event_types(media: Media) -> frozenset[int]:
    """Return the payload types of telephone events: the peer's, and ours where it does not use them otherwise."""
    theirs = {codec.payload_type for codec in media.codecs if codec.name == EVENTS}
    others = {codec.payload_type for codec in media.codecs} - theirs
    return frozenset((theirs | {sip_write.EVENTS, sip_write.OPUS_EVENTS} if theirs else theirs) - others)
