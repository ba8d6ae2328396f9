"""Carries out the commands of the control API for the calls of room systems."""

import time
from collections.abc import Sequence

from mediaserver.api import (
    EVERYTHING,
    MAX_DIGITS,
    CallReport,
    CameraMovement,
    Descriptions,
    Encryption,
    Prompt,
    SipLimits,
)
from mediaserver.audio.playback import DigitPlayback, PromptPlayback
from mediaserver.errors import BadOffer, UnknownRoom
from mediaserver.peer.sip import SipPeer
from mediaserver.room.room import Room
from mediaserver.rtp.source import FlushQueue
from mediaserver.rtp.telephone_event import DIGITS, PAUSE
from mediaserver.sdp import sip_parse
from mediaserver.transport.plain_rtp import PlainPorts


class RoomSystemCalls:
    """The part of :class:`mediaserver.api.MediaEngine` that is about calls of room systems, and finds their rooms.

    `hosts` are our addresses; they get ports out of `plain`.
    """

    def __init__(self, hosts: tuple[str, ...], plain: PlainPorts, flush_queue: FlushQueue) -> None:
        self._hosts = hosts
        self._plain = plain
        self._flush_queue = flush_queue
        self._rooms: dict[str, Room] = {}

    def _room(self, room: str) -> Room:
        try:
            return self._rooms[room]
        except KeyError:
            raise UnknownRoom(room) from None

    async def _connect_sip(self, target: Room, offer: str, peer: SipPeer) -> str:
        answer = peer.answer(sip_parse.parse(offer))
        await target.connect(peer.seat, peer)
        peer.begin()
        peer.theirs = offer
        return answer

    def _sip_peer(
        self, target: Room, seat: str, encryption: Encryption, media_hosts: Sequence[str], limits: SipLimits
    ) -> SipPeer:
        return SipPeer(
            seat,
            self._hosts,
            ports=self._plain,
            options=target.options,
            flush_queue=self._flush_queue,
            listener=target,
            encryption=encryption,
            media_hosts=frozenset(media_hosts),
            limits=limits,
        )

    async def invite(
        self,
        room: str,
        seat: str,
        host: str = "",
        simple: bool = False,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        """Return an SDP offer to call a room system with. Raises NoPortFree, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        target.seat(seat)
        peer = self._sip_peer(target, seat, encryption, media_hosts, limits)
        offer = peer.offer(host, simple=simple)
        await target.connect(seat, peer)
        return offer

    async def accept(self, room: str, seat: str, answer: str) -> None:
        """Take the SDP answer of a room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        peer = target.seat(seat).peer
        if not isinstance(peer, SipPeer) or not peer.offered:
            raise BadOffer("an answer to nothing")
        if peer.transport.state == "new":
            peer.accept(sip_parse.parse(answer))
        else:
            peer.accept_reoffer(sip_parse.read(answer))
            target.renegotiated(seat)
        peer.theirs = answer

    async def renegotiate(self, room: str, seat: str, offer: str) -> str:
        """Answer an SDP offer within a call. Raises BadOffer, NoPortFree, UnknownRoom, UnknownSeat."""
        peer = self._call(room, seat)
        answer = peer.renegotiate(sip_parse.read(offer))
        peer.theirs = offer
        self._room(room).renegotiated(seat)
        return answer

    async def reoffer(self, room: str, seat: str) -> str:
        """Return an SDP offer of what a call uses. Raises BadOffer, UnknownRoom, UnknownSeat."""
        return self._call(room, seat).reoffer()

    def _call(self, room: str, seat: str) -> SipPeer:
        """Return the media of a connected room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        peer = self._room(room).seat(seat).peer
        if not isinstance(peer, SipPeer) or peer.transport.state != "connected":
            raise BadOffer("no call to change")
        return peer

    async def refresh_picture(self, room: str, seat: str, *, slides: bool = False) -> None:
        """Send a key frame of its picture, or of others' slides, to a seat."""
        peer = self._room(room).seat(seat).peer
        if isinstance(peer, SipPeer) and slides:
            forwarder = None if peer.streams.slides is None else peer.streams.slides.forwarder
        else:
            forwarder = None if peer is None else peer.picture
        if forwarder is not None:
            forwarder.request_keyframe(time.monotonic())

    async def descriptions(self, room: str, seat: str) -> Descriptions:
        """Return the descriptions of a room system's call. Raises BadOffer, UnknownRoom, UnknownSeat."""
        peer = self._call(room, seat)
        return Descriptions(peer.description, peer.theirs)

    async def move_in(
        self,
        room: str,
        seat: str,
        descriptions: Descriptions,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        """Return an offer that moves a call to this seat. Raises BadOffer, NoPortFree, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        target.seat(seat)
        peer = self._sip_peer(target, seat, encryption, media_hosts, limits)
        offer = peer.move_in(sip_parse.parse(descriptions.theirs), descriptions.ours)
        await target.connect(seat, peer)
        return offer

    async def try_keyframe(self, room: str, seat: str) -> None:
        """Request a key frame of a room system's camera. Raises BadOffer, UnknownRoom, UnknownSeat."""
        self._call(room, seat).try_keyframe(time.monotonic())

    async def call_report(self, room: str, seat: str) -> CallReport:
        """Return what a room system's call carried so far. Raises BadOffer, UnknownRoom, UnknownSeat."""
        return self._call(room, seat).report(time.monotonic())

    async def play_prompt(self, room: str, seat: str, prompt: Prompt) -> None:
        """Speak a prompt to a room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        self._room(room).play(seat, PromptPlayback(prompt, self._call(room, seat).sound, self._flush_queue))

    async def send_digits(self, room: str, seat: str, digits: str) -> bool:
        """Send DTMF digits to a room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        peer = self._call(room, seat)
        if len(digits) > MAX_DIGITS or not set(digits) <= {*DIGITS, PAUSE}:
            raise BadOffer("no DTMF digits")
        if not peer.takes_digits:
            return False
        self._room(room).play(seat, DigitPlayback(digits, peer.event_stream, self._flush_queue))
        return True

    async def move_camera(self, room: str, seat: str, movement: CameraMovement) -> None:
        """Move the camera of a room system."""
        if (controller := self._room(room).seat(seat).controller) is not None:
            controller.move(movement, time.monotonic())

    async def use_camera_preset(self, room: str, seat: str, preset: int, store: bool) -> None:
        """Move the camera of a room system to a stored position, or store its position."""
        if (controller := self._room(room).seat(seat).controller) is not None:
            (controller.store_preset if store else controller.activate_preset)(preset)

    async def select_camera_source(self, room: str, seat: str, number: int) -> None:
        """Let the picture of a room system come from another of its video sources."""
        if (controller := self._room(room).seat(seat).controller) is not None:
            controller.select_source(number, time.monotonic())
