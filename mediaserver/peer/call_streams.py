"""The m-lines of a room system's call and their ports: sound, picture, slides with their floor, camera control."""

import logging
from collections.abc import Collection
from functools import partial
from typing import Protocol

from mediaserver.api import CONTENT, FloorDecision, RoomOptions, SipLimits
from mediaserver.congestion.downlink import Downlink
from mediaserver.errors import NoPortFree
from mediaserver.peer.sip_camera_control import SipCameraControl
from mediaserver.peer.sip_slides import SipSlides
from mediaserver.peer.sip_stream import SipAudioStream, SipStream, SipVideoStream
from mediaserver.peer.webrtc import PeerListener
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue
from mediaserver.sdp import bfcp
from mediaserver.sdp.sip_parse import Media, Session
from mediaserver.transport.plain_rtp import Elsewhere, PlainPorts, PlainTransport

logger = logging.getLogger(__name__)


class SipPeerListener(PeerListener, Protocol):
    """Hears from a room system's peer what happened."""

    def pressed(self, seat: str, digit: str) -> None:
        """Take a DTMF digit (RFC 4733)."""

    def asked_to_share(self, seat: str, on: bool) -> None:
        """Take its wish to show its slides, or to end that (RFC 8855)."""

    def floor_decided(self, seat: str, decision: FloorDecision) -> None:
        """Take what its call has to tell it of slides (H.239)."""

    def controllable(self, seat: str) -> None:
        """Look what can be controlled of its camera: that has changed."""

    def keyframe_wanted(self, seat: str, *, slides: bool) -> None:
        """Take that a key frame of its camera or slides is wanted, and its description names no RTCP to ask for it."""

    def elsewhere(self, seat: str, found: Elsewhere) -> None:
        """Take that sound or picture comes from another host than the SDP names."""


class CallStreams:
    """Opens what a description of the peer has, and releases what it has not; all ports are those of `transport`."""

    def __init__(
        self,
        seat: str,
        transport: PlainTransport,
        *,
        ports: PlainPorts,
        options: RoomOptions,
        flush_queue: FlushQueue,
        listener: SipPeerListener,
        media_hosts: Collection[str],
        limits: SipLimits,
        downlink: Downlink,
    ) -> None:
        self.seat = seat
        self._transport = transport
        self._ports = ports
        self._options = options
        self._flush_queue = flush_queue
        self._listener = listener
        self._media_hosts = media_hosts
        self._limits = limits
        self._downlink = downlink
        self.host = ""
        """The address of ours that the peer reaches."""
        self.sound: SipAudioStream | None = None
        self.picture: SipVideoStream | None = None
        self.slides: SipSlides | None = None
        """None where it has no second picture, or no ports are left for one."""
        self.control: SipCameraControl | None = None
        """None where its camera may not or cannot be controlled, or no ports are left for that."""

    @property
    def all(self) -> list[SipStream]:
        """Return the streams that there are."""
        slides = None if self.slides is None else self.slides.stream
        all_ = self.sound, self.picture, slides, self.control
        return [each for each in all_ if each is not None]

    def open(self, *, sound: bool, picture: bool) -> None:
        """Open the ports of a call. Raises NoPortFree, with all of them closed."""
        try:
            if sound:
                self.open_sound()
            if picture:
                self.open_picture()
        except Exception:
            self._transport.close()
            raise

    def open_sound(self) -> None:
        """Open the ports of sound. Raises NoPortFree."""
        self.sound = SipAudioStream(self._ports, self.host, self._downlink, self._audio_received, self._digit_received)
        self.sound.port_pair.media_hosts = self._media_hosts
        self._transport.port_pairs.append(self.sound.port_pair)

    def open_picture(self) -> None:
        """Open the ports of its picture. Raises NoPortFree."""
        name = f"camera:{self.seat}"
        self.picture = SipVideoStream(
            self._ports, self.host, self._downlink, name, self._flush_queue, self._limits.bitrate
        )
        self.picture.keyframe_wanted = partial(self._listener.keyframe_wanted, self.seat, slides=False)
        self.picture.port_pair.media_hosts = self._media_hosts
        self._transport.port_pairs.append(self.picture.port_pair)

    def open_slides(self, floor: Media | None) -> None:
        """Open the ports of slides, for the peer's m-line of floor control if it offered one; without free ports there
        are none."""
        try:
            self.slides = SipSlides(
                *(self._ports, self.host, f"{CONTENT}:{self.seat}"),
                options=self._options,
                limits=self._limits,
                flush_queue=self._flush_queue,
                media_hosts=self._media_hosts,
                asked=self._asked_to_share,
                decided=partial(self._listener.floor_decided, self.seat),
                theirs=floor,
            )
        except NoPortFree:
            logger.info("- no ports for slides of %s", self.seat)
        else:
            self.slides.stream.keyframe_wanted = partial(self._listener.keyframe_wanted, self.seat, slides=True)
            self._transport.port_pairs.append(self.slides.stream.port_pair)

    def match_slides(self, session: Session, *, answer: bool = False) -> None:
        """Open the ports of slides that a description of the peer has, and release those of slides that it has not. An
        answer has none but those that we offered."""
        floor = None if session.floor is None else session.media[session.floor]
        if floor is not None and (floor.protocol == bfcp.H239) is not self._limits.token:
            floor = None
        if self.slides is not None and (floor is None or not self.slides.floor.suits(floor)):
            slides, self.slides = self.slides, None
            slides.stream.close()
            slides.close()
            self.release(slides.stream)
            self._asked_to_share(False)
        if floor is not None and self.slides is None and not answer:
            self.open_slides(floor)

    def open_control(self) -> None:
        """Open the ports of camera control where that is allowed; without free ports there is none."""
        if not self._limits.camera_control:
            return
        try:
            self.control = SipCameraControl(self._ports, self.host, self._downlink, self._controllable)
        except NoPortFree:
            logger.info("- no ports for camera control of %s", self.seat)
        else:
            self.control.port_pair.media_hosts = self._media_hosts
            self._transport.port_pairs.append(self.control.port_pair)

    def match_control(self, session: Session, *, answer: bool = False) -> None:
        """Open the ports of camera control that a description of the peer has, and release those that it has not; as
        :meth:`match_slides`."""
        if session.control is None and self.control is not None:
            control, self.control = self.control, None
            control.close()
            self.release(control)
        elif session.control is not None and self.control is None and not answer:
            self.open_control()

    def _controllable(self) -> None:
        self._listener.controllable(self.seat)

    def release(self, stream: SipStream) -> None:
        """Give back the ports of an m-line that was refused."""
        self._transport.port_pairs.remove(stream.port_pair)
        stream.port_pair.close()

    def _audio_received(self, packet: Packet, now: float, codec: str) -> None:
        self._listener.heard(self.seat, packet, now, codec)

    def _digit_received(self, digit: str) -> None:
        self._listener.pressed(self.seat, digit)

    def _asked_to_share(self, on: bool) -> None:
        self._listener.asked_to_share(self.seat, on)
