"""The kinds of calls that `loadtest rooms` places: how each is set up, and what happens in it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from loadtest.rooms.baresip_room import BaresipRoom, baresip_room
from loadtest.rooms.descriptions import (
    EVENTS,
    Hold,
    cisco,
    elsewhere,
    generic,
    held,
    polycom,
    sound_alone,
    taking_slides,
    two_clocks,
    with_slides,
    with_slides_by_tcp,
)
from loadtest.rooms.h323_room import H323Room, h323_room
from loadtest.rooms.lane import (
    LOOPBACK,
    ROOM_COLOUR,
    ROOM_TONE_HZ,
    SLIDES_COLOUR,
    CallContext,
    Lane,
    RoomSetup,
    Seats,
    registered_neighbour,
)
from loadtest.rooms.level_relay import level_relay
from loadtest.rooms.linphone_room import LinphoneRoom, linphone_room
from loadtest.rooms.neighbour import Neighbour
from loadtest.rooms.outcomes import CallOutcome
from loadtest.rooms.pjsua_room import PjsuaRoom, pjsua_room
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.rtsp_camera import PATH, RtspCamera, rtsp_camera
from loadtest.rooms.sipp_room import (
    CrowdedRoom,
    Describe,
    Script,
    SippRoom,
    SlidesRoom,
    crowded_room,
    offering,
    sipp_room,
    slides_room,
    tcp_slides_room,
)
from loadtest.rooms.sipp_scenarios import TOO_BRIEF, Keys, PlacedCall, Question, Renewal, TakenCall
from loadtest.rooms.whip_camera import WhipCamera, whip_camera
from mediaserver.api import CameraMovement
from mediaserver.fecc import h281
from mediaserver.fecc.h224 import H281, read_frame
from mediaserver.sdp.bfcp import CONFID, FLOOR, USER
from scheduler.directory.model import PIN_PLACE

HAND, MICROPHONE, LAYOUT = "*3", "*6", "*8"
"""Keys that raise the hand or lower it, mute or unmute, and take the next layout for this room alone."""
MCU_NUMBER, PIN = "8800", "2468"
"""A room of another MCU, and its PIN, which is pressed after the answer."""
MCU_USER = f"{MCU_NUMBER}*{PIN_PLACE}"
"""The same with the PIN in what is dialled."""
ALIAS, NEIGHBOUR = "phong-1", "phong-2"
"""Names of two room systems behind one address."""
FLOOD_S = 1.5
"""Time of a flood before a call is renewed in it."""
HELD_S = 1.0
"""Time on hold in which nothing may come."""
CAMERA_COLOUR = "blue"
"""The colour of a room in GStreamer's words."""
LONG_HELD_S = 28.0
"""The same, longer than the 25 s after which a call is ended from which nothing comes."""
OTHER_COLOUR = (255, 255, 0)
"""What a room shows for a moment, to see how late that is seen."""
TURNING = h281.Message(h281.Action.START, CameraMovement(pan=-1))
FLUENT_FPS = 15
"""Least pictures a second either way in calls with 1080 lines, on a quiet machine."""
TimedRoom = SippRoom | H323Room | BaresipRoom | LinphoneRoom
TIMED = SippRoom, H323Room, BaresipRoom, LinphoneRoom
"""Rooms that change their pictures, and send H.264 and key frames on request. Encoders and cameras do not."""
FAILURES = (RoomFailed, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class CallKind:
    """A kind of call: `begin` sets it up, `within` happens once both sides saw and heard each other.

    A telephone has no `pictures`; a camera `receives` nothing. With `full_hd` the pictures have 1080 lines either way,
    fifteen a second on a quiet machine; one such call takes most of two cores, and they are placed one after the other.
    """

    setup: RoomSetup
    begin: Callable[[Lane], Awaitable[None]]
    within: Callable[[Lane], Awaitable[None]]
    pictures: bool = True
    receives: bool = True
    full_hd: bool = False
    end: Callable[[Lane], Awaitable[None]] = Lane.hang_up


async def place(kind: CallKind, lane: Lane, times: bool) -> CallOutcome:
    """Place one call of a kind and hang up; what did not happen is the outcome's failure.

    With `times`, and with 1080 lines, delays and key frames are measured, too.
    """
    outcome, began = CallOutcome(), time.monotonic()

    def since() -> float:
        return (time.monotonic() - began) * 1000

    try:
        await lane.begin()
        began = time.monotonic()
        await kind.begin(lane)
        await lane.room.established()
        outcome = replace(outcome, setup_ms=since())
        await lane.give_floor()
        if kind.pictures:
            await lane.room_is_seen()
            outcome = replace(outcome, picture_ms=since())
        await lane.room_is_heard()
        if kind.receives:
            await _host_is_seen_and_heard(kind, lane)
        if isinstance(lane.room, TIMED) and kind.pictures and (times or kind.full_hd):
            outcome = await _measured(outcome, kind, lane, lane.room)
        await kind.within(lane)
        await kind.end(lane)
    except FAILURES as failure:
        said = str(failure).partition("\n")[2] or lane.room.said
        return replace(outcome, failure=told(failure), detail=f"the host: {lane.watched}\n{said}")
    return outcome


async def _host_is_seen_and_heard(kind: CallKind, lane: Lane) -> None:
    if kind.pictures:
        await lane.host_is_seen()
    await lane.host_is_heard()


def told(failure: Exception) -> str:
    """Return the first line that says what failed."""
    return str(failure).partition("\n")[0] or type(failure).__name__


async def _measured(outcome: CallOutcome, kind: CallKind, lane: Lane, room: TimedRoom) -> CallOutcome:
    """Measure delays and key frames, and count pictures of 1080 lines. Raises RoomFailed."""
    outcome = await _timed(outcome, lane, room)
    await lane.look_at_room(room.keyframe_period)
    outcome = replace(outcome, room_keyframe_ms=await _room_keyframe_ms(lane))
    if kind.full_hd:
        outcome = await _counted(outcome, lane)
    await lane.look_at_all()
    return outcome


async def _timed(outcome: CallOutcome, lane: Lane, room: TimedRoom) -> CallOutcome:
    """Measure how late the host sees another picture of the room, and how fast a key frame of the server comes where
    the room's media are ours. Raises RoomFailed."""
    began = time.monotonic()
    await room.show(OTHER_COLOUR)
    await lane.is_seen(OTHER_COLOUR)
    outcome = replace(outcome, latency_ms=(time.monotonic() - began) * 1000)
    await room.show(ROOM_COLOUR)
    await lane.room_is_seen()
    if isinstance(room, H323Room):
        await room.settle()
    if isinstance(room, SippRoom | H323Room):
        outcome = replace(outcome, keyframe_ms=_answered(await room.media.keyframe_ms()))
    return outcome


async def _room_keyframe_ms(lane: Lane) -> float | None:
    """Return how fast a key frame of the room comes. Raises RoomFailed if none does, but of baresip, which forgets
    requests that come while it encodes."""
    milliseconds = await lane.room_keyframe_ms()
    return milliseconds if isinstance(lane.room, BaresipRoom) else _answered(milliseconds)


def _answered(milliseconds: float | None) -> float:
    if milliseconds is None:
        raise RoomFailed("no key frame answers a request")
    return milliseconds


async def _counted(outcome: CallOutcome, lane: Lane) -> CallOutcome:
    """Count the pictures of 1080 lines either way. Raises RoomFailed where there are few on a quiet machine."""
    fps_up, fps_down, quiet = await lane.fps()
    if quiet and min(fps_up, fps_down) < FLUENT_FPS:
        raise RoomFailed(f"{fps_up:.1f} pictures a second come up, and {fps_down:.1f} down")
    return replace(outcome, fps_up=fps_up, fps_down=fps_down)


# --- how a call is set up


def _baresip(account: str = "") -> Callable[[CallContext, Seats], AbstractAsyncContextManager[BaresipRoom]]:
    """Return how baresip is run; `account` is appended to its account."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[BaresipRoom]:
        login = ";auth_user={};auth_pass={}".format(*seats.account)
        film, films = context.films[ROOM_COLOUR], context.films
        return baresip_room(context.folder, film, ROOM_TONE_HZ, login + account, context.certificate, films)

    return run


@asynccontextmanager
async def _full_hd(context: CallContext, seats: Seats) -> AsyncIterator[BaresipRoom]:
    """Run baresip with a film of 1080p30, behind a relay that says it may get as much."""
    assert context.full_hd is not None
    login = ";auth_user={};auth_pass={}".format(*seats.account)
    film, films = context.full_hd, {**context.films, ROOM_COLOUR: context.full_hd}
    async with (
        level_relay((LOOPBACK, context.ports.port)) as proxy,
        baresip_room(context.folder, film, ROOM_TONE_HZ, login, None, films, full_hd=True, proxy=proxy) as room,
    ):
        yield room


def _sipp(script: Script) -> Callable[[CallContext, Seats], AbstractAsyncContextManager[SippRoom]]:
    """Return how a room system is run by sipp."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
        return sipp_room(context.folder, media_of(seats), script)

    return run


def _moved_address(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
    """Run a room system by sipp, whose media move between two addresses."""
    media = PlainMedia(seats.address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR, spare_host=seats.further_address)
    return sipp_room(context.folder, media, moving)


def _latched(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
    """Run a room system by sipp, whose media come from another address than it names, as through an SBC."""
    media = PlainMedia(seats.further_address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR)
    return sipp_room(context.folder, media, naming(seats.address), seats.address)


def _slides_by(version: int, describe: Describe, *, camera_control: bool = False) -> RoomSetup:
    """Return the setup of a room system that calls with slides, by BFCP in a version."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SlidesRoom]:
        return slides_room(context.folder, media_of(seats), version, offering(describe))

    return RoomSetup(run, camera_control=camera_control)


def _slides_by_tcp(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SlidesRoom]:
    return tcp_slides_room(context.folder, media_of(seats), with_slides_by_tcp)


@asynccontextmanager
async def _crowded(context: CallContext, seats: Seats) -> AsyncIterator[CrowdedRoom]:
    """Run a room system with a neighbour behind its address, of which it is told apart by its name."""
    neighbour = Neighbour(NEIGHBOUR, (LOOPBACK, context.ports.port))
    async with (
        registered_neighbour(context.server, seats, NEIGHBOUR),
        crowded_room(context.folder, media_of(seats), renewing_by_name, neighbour) as room,
    ):
        yield room


def _mcu(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SlidesRoom]:
    """Run another MCU, which takes our offer with slides: its floor has the numbers that we offer."""

    def script(media: PlainMedia, port: int) -> TakenCall:
        return TakenCall(taking_slides(media.host, media.ports, port), "answered")

    return slides_room(context.folder, media_of(seats), 2, script, (CONFID, USER, FLOOR))


def _linphone(*, encrypted: bool = False) -> Callable[[CallContext, Seats], AbstractAsyncContextManager[LinphoneRoom]]:
    """Return how linphone is run."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[LinphoneRoom]:
        return linphone_room(context.folder, ROOM_TONE_HZ, ROOM_COLOUR, seats.account, LOOPBACK, encrypted=encrypted)

    return run


def _pjsua(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[PjsuaRoom]:
    return pjsua_room(context.folder, ROOM_TONE_HZ, seats.account, LOOPBACK)


def _whip(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[WhipCamera]:
    return whip_camera(context.folder, seats.account[1], CAMERA_COLOUR, ROOM_TONE_HZ)


def _rtsp(_context: CallContext, seats: Seats) -> AbstractAsyncContextManager[RtspCamera]:
    return rtsp_camera(seats.account, CAMERA_COLOUR, ROOM_TONE_HZ)


def _h323(_context: CallContext, seats: Seats) -> AbstractAsyncContextManager[H323Room]:
    return h323_room(media_of(seats))


def media_of(seats: Seats, *, decodes: bool = True) -> PlainMedia:
    """Return the media of a scripted room system."""
    return PlainMedia(seats.address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR, decodes=decodes)


def counted(media: PlainMedia) -> RoomSetup:
    """Return the setup of a room system that sipp runs, with these media."""
    return RoomSetup(lambda context, _seats: sipp_room(context.folder, media, plain))


def plain(media: PlainMedia) -> PlacedCall:
    """Call."""
    return PlacedCall(media.description)


def late_offer(media: PlainMedia) -> PlacedCall:
    """Call without an offer."""
    return PlacedCall(media.description, late=True)


def reliable(media: PlainMedia) -> PlacedCall:
    """Call with provisional responses that must be reliable."""
    return PlacedCall(media.description, reliable=True)


def moving(media: PlainMedia) -> PlacedCall:
    """Call, and move to the spare ports."""
    later = {**media.ports, **media.spare_ports}
    return PlacedCall(media.description, steps=(Renewal(elsewhere(media.host, later, media.spare_host, 2)),))


def naming(host: str) -> Script:
    """Return the script of who calls and names an address that its media do not come from."""
    return lambda media: PlacedCall(generic(host, media.ports))


def renewing_by_name(media: PlainMedia) -> PlacedCall:
    """Call under a name, and renew the call."""
    return PlacedCall(media.description, steps=(Renewal(generic(media.host, media.ports, 2)),), user=ALIAS)


def renewing_late(media: PlainMedia) -> PlacedCall:
    """Call, and renew the call without an offer."""
    return PlacedCall(media.description, steps=(Renewal(generic(media.host, media.ports, 2), late=True),))


def holding(shape: Hold) -> Script:
    """Return the script of who calls, holds the call in one of the shapes, and resumes it."""

    def script(media: PlainMedia) -> PlacedCall:
        steps = Renewal(held(media.host, media.ports, 2, shape)), Renewal(generic(media.host, media.ports, 3))
        return PlacedCall(media.description, steps=steps)

    return script


def adding_picture(media: PlainMedia) -> PlacedCall:
    """Call without a picture, and add one."""
    steps = (Renewal(generic(media.host, media.ports, 2)),)
    return PlacedCall(sound_alone(media.host, media.ports), steps=steps)


def informing(media: PlainMedia) -> PlacedCall:
    """Call, and press the keys of the hand twice."""
    return PlacedCall(media.description, steps=(Keys(HAND), Keys(HAND)))


def with_two_clocks(media: PlainMedia) -> PlacedCall:
    """Call with telephone events of two clocks, of which keys are pressed by that of the sound."""
    media.tones = EVENTS
    return PlacedCall(two_clocks(media.host, media.ports))


def redirecting(media: PlainMedia) -> TakenCall:
    """Redirect the first call, and take the next."""
    return TakenCall(media.description, "redirected")


def refusing(status: str) -> Script:
    """Return the script of who refuses a description that is not simple, and takes the next call."""
    return lambda media: TakenCall(media.description, "refused", status)


def timing(media: PlainMedia) -> TakenCall:
    """Refuse a call whose session is too brief, and take the next."""
    return TakenCall(media.description, "too brief")


def challenging(question: Question) -> Script:
    """Return the script of who asks for a password, and takes the next call if that proves it."""
    return lambda media: TakenCall(media.description, "challenged", question=question)


def _dialling(transport: str) -> Callable[[Lane], Awaitable[None]]:
    async def begin(lane: Lane) -> None:
        await lane.dial_in(transport)

    return begin


async def _through_door(lane: Lane) -> None:
    """Dial without a code, and enter by the front door."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.dial_without_code()
    await lane.room.established()
    await lane.enter(lane.room)


async def _called(lane: Lane) -> None:
    await lane.call()


async def _publishing(lane: Lane) -> None:
    await lane.publish()


async def _fetched(lane: Lane) -> None:
    """Register a camera, which the server fetches then, as its session is open."""
    await lane.register(FETCHED)
    await lane.seated()


async def _not_fetched_again(lane: Lane) -> None:
    """Register no camera, and put the one that is fetched out."""
    await lane.register(UNREGISTERED)
    await lane.put_out()


# --- what happens in it


async def _nothing(_lane: Lane) -> None:
    """Do nothing within the call."""


def _after(refusal: str) -> Callable[[Lane], Awaitable[None]]:
    """Return what sees that the room system took the call after this refusal alone."""

    async def within(lane: Lane) -> None:
        assert isinstance(lane.room, SippRoom)
        if lane.room.answers != [refusal, "200 OK"]:
            raise RoomFailed(f"the room answered {lane.room.answers}, not {refusal} first")

    return within


async def _hold(lane: Lane) -> None:
    """Put the call on hold, and resume it: on hold the room is not heard."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.room.hold()
    await lane.room_is_silent()
    await lane.room.resume()
    await lane.room_is_heard()


async def _renew_hold(lane: Lane) -> None:
    """Put the call on hold, and resume it: on hold the room is not heard, and gets nothing."""
    assert isinstance(lane.room, SippRoom)
    await lane.room.renew()
    await lane.room_is_silent()
    await _nothing_comes(lane.room.media, HELD_S)
    await _renew(lane)


async def _long_hold(lane: Lane) -> None:
    """The same, in which the room sends nothing for longer than a call without hold may be silent."""
    assert isinstance(lane.room, SippRoom)
    await lane.room.renew()
    lane.room.media.stop()
    await lane.room_is_silent()
    await _nothing_comes(lane.room.media, LONG_HELD_S)
    await _renew(lane)


async def _nothing_comes(media: PlainMedia, seconds: float) -> None:
    """Wait so many seconds in which no packet comes. Raises RoomFailed."""
    before = dict(media.received)
    await asyncio.sleep(seconds)
    if media.received != before:
        raise RoomFailed(f"media come while the call is on hold: {media.received}, before {before}")


async def _press(lane: Lane, keys: str) -> None:
    """Press keys, which are telephone events."""
    assert isinstance(lane.room, BaresipRoom | SippRoom)
    if isinstance(lane.room, BaresipRoom):
        await lane.room.press(keys)
    else:
        lane.room.media.press(keys)


async def _raise_hand(lane: Lane) -> None:
    """Raise and lower the hand by keys."""
    for up in (True, False):
        await _press(lane, HAND)
        await lane.hand_is_up(up=up)


async def _keys(lane: Lane) -> None:
    """Raise and lower the hand, mute and unmute, and see one point alone and all again, by keys."""
    await _raise_hand(lane)
    await _press(lane, MICROPHONE)
    await lane.room_is_silent()
    await _press(lane, MICROPHONE)
    await lane.room_is_heard()
    await _press(lane, LAYOUT * 3)  # the grid, the speaker, one alone
    await lane.room_sees_one()
    await _press(lane, LAYOUT)
    await lane.room_sees_both()


async def _keys_of_clock(lane: Lane) -> None:
    """See that the telephone events of the sound's clock are answered alone, and press keys by them."""
    assert isinstance(lane.room, SippRoom)
    events = [line for line in lane.room.description.splitlines() if "telephone-event" in line]
    if events != [f"a=rtpmap:{EVENTS} telephone-event/8000"]:
        raise RoomFailed(f"the server answers {events}")
    await _raise_hand(lane)


async def _info(lane: Lane) -> None:
    """Raise and lower the hand by keys, each of which is an INFO."""
    assert isinstance(lane.room, SippRoom)
    for up in (True, False):
        lane.room.go_on()
        await lane.hand_is_up(up=up)


async def _move(lane: Lane) -> None:
    """Move sound and picture to other ports or another address, where both sides see and hear each other again."""
    assert isinstance(lane.room, SippRoom)
    lane.room.media.stop()
    await lane.room.move()
    await _seen_and_heard_anew(lane)


async def _taken_from_elsewhere(lane: Lane) -> None:
    """See that the host is told from where media come."""
    assert isinstance(lane.room, SippRoom)
    await lane.is_taken_from(lane.room.media.host)


async def _renew(lane: Lane) -> None:
    """Renew the call, after which both sides see and hear each other again."""
    assert isinstance(lane.room, SippRoom)
    lane.room.media.stop()
    await lane.room.renew()
    await _seen_and_heard_anew(lane)


async def _renew_in_flood(lane: Lane) -> None:
    """Renew the call while another room behind the same address floods the server within its own."""
    assert isinstance(lane.room, CrowdedRoom)
    neighbour = lane.room.neighbour
    await neighbour.call(lane.room.media.host)
    async with neighbour.flooding():
        await asyncio.sleep(FLOOD_S)  # longer than the other room is borne
        await _renew(lane)
    if not (neighbour.hung_up and neighbour.answered):
        raise RoomFailed(f"the neighbour is not hung up: {neighbour.answered} of {neighbour.asked} were answered")


async def _seen_and_heard_anew(lane: Lane) -> None:
    lane.forget()
    await lane.room_is_seen()
    await lane.room_is_heard()
    await lane.host_is_seen()
    await lane.host_is_heard()


async def _slides(lane: Lane) -> None:
    """Show slides, whose text the host reads."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await lane.room.ask_for_floor()
    await lane.slides_are_read()


async def _both_slides(lane: Lane) -> None:
    """Show slides, and see the host's."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await _slides(lane)
    await _host_slides(lane)


async def _host_slides(lane: Lane) -> None:
    """See the text of the host's slides as a second picture."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await lane.share()
    await lane.host_slides_are_read(lane.room.media)
    await lane.share_nothing()


async def _camera_refused(lane: Lane) -> None:
    """See that camera control is refused, and show slides."""
    assert isinstance(lane.room, SlidesRoom)
    if (ports := _control_ports(lane.room)) != ["0"]:
        raise RoomFailed(f"camera control is answered by the ports {ports}")
    await _slides(lane)


async def _camera_moved(lane: Lane) -> None:
    """Have the camera turned, and show slides."""
    assert isinstance(lane.room, SlidesRoom)
    if len(ports := _control_ports(lane.room)) != 1 or ports == ["0"]:
        raise RoomFailed(f"camera control is answered by the ports {ports}")
    media = lane.room.media
    await lane.turn_camera(lambda: TURNING in _movements(media))
    await _slides(lane)


def _control_ports(room: SlidesRoom) -> list[str]:
    """Return the ports of camera control in the server's description."""
    return re.findall(r"^m=application (\d+) RTP/AVP", room.description, re.MULTILINE)


def _movements(media: PlainMedia) -> list[h281.Message]:
    """Return the messages of camera control that came, beside those about capabilities."""
    frames = [read_frame(each) for each in media.frames]
    return [h281.read(frame.data) for frame in frames if frame.client == H281]


async def _other_mcu(lane: Lane) -> None:
    """Show it as a tile, alone, and with its slides: it gets nothing back of what it sends. Then it gets the host's."""
    assert isinstance(lane.room, SlidesRoom | H323Room)
    await lane.nothing_comes_back()
    await lane.show_alone()
    await lane.nothing_comes_back()
    await lane.show_all()
    await _slides(lane)
    await lane.nothing_comes_back()
    await _host_slides(lane)
    _called_by_number(lane.room)


def _called_by_number(room: SippRoom | H323Room) -> None:
    """See that the number came, by SIP with the PIN in it. Raises RoomFailed."""
    due = MCU_NUMBER if isinstance(room, H323Room) else MCU_USER.replace(PIN_PLACE, PIN)
    if room.dialled != due:
        raise RoomFailed(f"it is called by {room.dialled}, not {due}")


async def _pin_is_keyed(lane: Lane) -> None:
    """See that the number came, and the PIN as keys after the answer. Raises RoomFailed."""
    assert isinstance(lane.room, H323Room)
    _called_by_number(lane.room)
    await lane.keys_come(lane.room.media, f"{PIN}#")


async def _encrypted(lane: Lane) -> None:
    """See that the host is told so."""
    await lane.is_encrypted()


async def _encrypted_by_dtls(lane: Lane) -> None:
    """See that the host is told so, that either side names fingerprints and no keys, and that DTLS agreed on those."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.is_encrypted()
    found = set(re.findall("^a=(crypto|fingerprint):", lane.room.messages, re.MULTILINE))
    if found != {"fingerprint"}:
        raise RoomFailed(f"the descriptions have {found}")
    await lane.is_by_dtls()


def _refusing(status: str) -> CallKind:
    """Return the kind of calls that are refused by a status, and made again with a simple description."""
    return CallKind(RoomSetup(_sipp(refusing(status)), called=True, transport="UDP"), _called, _after(status))


def _challenging(
    status: Literal["401 Unauthorized", "407 Proxy Authentication Required"], algorithm: Literal["MD5", "SHA-256"]
) -> CallKind:
    """Return the kind of calls that are asked for the password of the room system's account."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
        question = Question(status, algorithm, seats.account)
        return sipp_room(context.folder, media_of(seats), challenging(question))

    return CallKind(RoomSetup(run, called=True, transport="UDP", account=True), _called, _after(status))


PLAIN = RoomSetup(_baresip())
FETCHED = RoomSetup(_rtsp, kind="CAMERA", protocol="RTSP", transport="UDP", stream_path=PATH)
UNREGISTERED = RoomSetup(_rtsp, kind="CAMERA", protocol="")
ENCRYPTED = RoomSetup(_baresip(";mediaenc=srtp-mand"), encryption="demanded")
BY_DTLS = RoomSetup(_baresip(";mediaenc=dtls_srtp"), encryption="demanded")
FULL_HD = RoomSetup(_full_hd, picture_kbps=2600)

KINDS: dict[str, CallKind] = {
    "udp": CallKind(PLAIN, _dialling("udp"), _nothing),
    "tcp": CallKind(PLAIN, _dialling("tcp"), _nothing),
    "tls": CallKind(PLAIN, _dialling("tls"), _nothing),
    "sdes": CallKind(ENCRYPTED, _dialling("tls"), _encrypted),
    "dtls-srtp": CallKind(BY_DTLS, _dialling("tls"), _encrypted_by_dtls),
    "called": CallKind(RoomSetup(_baresip(), called=True), _called, _nothing),
    "door": CallKind(PLAIN, _through_door, _nothing),
    "hold": CallKind(PLAIN, _dialling("udp"), _hold),
    "keys": CallKind(PLAIN, _dialling("udp"), _keys),
    "h323": CallKind(RoomSetup(_h323, protocol="H323"), _dialling("h323"), _nothing),
    "h323-called": CallKind(RoomSetup(_h323, protocol="H323", called=True), _called, _nothing),
    "h323-slides": CallKind(RoomSetup(_h323, protocol="H323"), _dialling("h323"), _both_slides),
    "linphone": CallKind(RoomSetup(_linphone()), _dialling("udp"), _nothing),
    "linphone-sdes": CallKind(
        RoomSetup(_linphone(encrypted=True), encryption="demanded"), _dialling("tls"), _encrypted
    ),
    "linphone-called": CallKind(RoomSetup(_linphone(), called=True), _called, _nothing),
    "pjsua": CallKind(RoomSetup(_pjsua), _dialling("udp"), _nothing, pictures=False),
    "pjsua-called": CallKind(RoomSetup(_pjsua, called=True), _called, _nothing, pictures=False),
    "late-offer": CallKind(RoomSetup(_sipp(late_offer)), _dialling("udp"), _nothing),
    "100rel": CallKind(RoomSetup(_sipp(reliable)), _dialling("udp"), _nothing),
    "late-renewal": CallKind(RoomSetup(_sipp(renewing_late)), _dialling("udp"), _renew),
    "flooded": CallKind(RoomSetup(_crowded, sip_user=ALIAS), _dialling("udp"), _renew_in_flood),
    "added-picture": CallKind(RoomSetup(_sipp(adding_picture)), _dialling("udp"), _renew, pictures=False),
    "sipp-hold": CallKind(RoomSetup(_sipp(holding("sendonly"))), _dialling("udp"), _renew_hold),
    "sipp-hold-inactive": CallKind(RoomSetup(_sipp(holding("inactive"))), _dialling("udp"), _renew_hold),
    "sipp-hold-port-0": CallKind(RoomSetup(_sipp(holding("port 0"))), _dialling("udp"), _renew_hold),
    "sipp-hold-long": CallKind(RoomSetup(_sipp(holding("inactive"))), _dialling("udp"), _long_hold),
    "sipp-keys": CallKind(RoomSetup(_sipp(plain)), _dialling("udp"), _keys),
    "sipp-keys-clock": CallKind(RoomSetup(_sipp(with_two_clocks)), _dialling("udp"), _keys_of_clock),
    "sipp-info": CallKind(RoomSetup(_sipp(informing)), _dialling("udp"), _info),
    "moved-port": CallKind(RoomSetup(_sipp(moving)), _dialling("udp"), _move),
    "moved-address": CallKind(RoomSetup(_moved_address), _dialling("udp"), _move),
    "latched": CallKind(RoomSetup(_latched, further_address=True), _dialling("udp"), _taken_from_elsewhere),
    "redirect": CallKind(
        RoomSetup(_sipp(redirecting), called=True, transport="UDP"), _called, _after("302 Moved Temporarily")
    ),
    "simple": _refusing("488 Not Acceptable Here"),
    "simple-415": _refusing("415 Unsupported Media Type"),
    "simple-606": _refusing("606 Not Acceptable"),
    "session": CallKind(RoomSetup(_sipp(timing), called=True, transport="UDP"), _called, _after(TOO_BRIEF)),
    "challenged": _challenging("407 Proxy Authentication Required", "MD5"),
    "challenged-401": _challenging("401 Unauthorized", "MD5"),
    "challenged-sha256": _challenging("401 Unauthorized", "SHA-256"),
    "mcu": CallKind(
        RoomSetup(_mcu, called=True, kind="LINK", transport="UDP", sip_user=MCU_USER, pin=PIN), _called, _other_mcu
    ),
    "mcu-h323": CallKind(
        RoomSetup(_h323, protocol="H323", called=True, kind="LINK", sip_user=MCU_NUMBER), _called, _other_mcu
    ),
    "mcu-h323-pin": CallKind(
        RoomSetup(_h323, protocol="H323", called=True, kind="LINK", sip_user=MCU_NUMBER, pin=PIN),
        _called,
        _pin_is_keyed,
    ),
    "whip": CallKind(
        RoomSetup(_whip, kind="CAMERA", protocol="WHIP", account=True), _publishing, _nothing, receives=False
    ),
    "rtsp": CallKind(UNREGISTERED, _fetched, _nothing, receives=False, end=_not_fetched_again),
    "bfcp": CallKind(_slides_by(2, with_slides), _dialling("udp"), _slides),
    "bfcp-tcp": CallKind(RoomSetup(_slides_by_tcp), _dialling("udp"), _slides),
    "polycom": CallKind(_slides_by(1, polycom), _dialling("udp"), _camera_refused),
    "polycom-camera": CallKind(_slides_by(1, polycom, camera_control=True), _dialling("udp"), _camera_moved),
    "cisco": CallKind(_slides_by(2, cisco), _dialling("udp"), _camera_refused),
    "cisco-camera": CallKind(_slides_by(2, cisco, camera_control=True), _dialling("udp"), _camera_moved),
    "1080p30": CallKind(FULL_HD, _dialling("udp"), _nothing, full_hd=True),
}
