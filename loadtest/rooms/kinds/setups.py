"""The room systems of many kinds: how each is run."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from loadtest.rooms.baresip_room import BaresipRoom, baresip_room
from loadtest.rooms.certificates import Shown
from loadtest.rooms.h323_room import H323Room, h323_room
from loadtest.rooms.lane import LOOPBACK, ROOM_COLOUR, ROOM_TONE_HZ, SLIDES_COLOUR, CallContext, RoomSetup, Seats
from loadtest.rooms.level_relay import level_relay
from loadtest.rooms.linphone_room import LinphoneRoom, linphone_room
from loadtest.rooms.pjsua_room import PjsuaRoom, pjsua_room
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.scripts import plain
from loadtest.rooms.sipp_room import Script, SippRoom, sipp_room


def baresip(
    account: str = "", shown: Shown = "accepted", *, by_tls: bool = False
) -> Callable[[CallContext, Seats], AbstractAsyncContextManager[BaresipRoom]]:
    """Return how baresip is run; `account` is appended to its account, a certificate is `shown` by TLS. It is called at
    its port for TLS or at the other one."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[BaresipRoom]:
        login = ";auth_user={};auth_pass={}".format(*seats.account)
        return baresip_room(
            context.folder,
            context.films[ROOM_COLOUR],
            ROOM_TONE_HZ,
            login + account,
            context.certificates.shown[shown],
            context.films,
            authority=context.certificates.authority,
            by_tls=by_tls,
        )

    return run


@asynccontextmanager
async def full_hd(context: CallContext, seats: Seats) -> AsyncIterator[BaresipRoom]:
    """Run baresip with a film of 1080p30, behind a relay that says it may get as much."""
    assert context.full_hd is not None
    login = ";auth_user={};auth_pass={}".format(*seats.account)
    film, films = context.full_hd, {**context.films, ROOM_COLOUR: context.full_hd}
    async with (
        level_relay((LOOPBACK, context.ports.port)) as proxy,
        baresip_room(context.folder, film, ROOM_TONE_HZ, login, None, films, full_hd=True, proxy=proxy) as room,
    ):
        yield room


def sipp(script: Script) -> Callable[[CallContext, Seats], AbstractAsyncContextManager[SippRoom]]:
    """Return how a room system is run by sipp."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
        return sipp_room(context.folder, media_of(seats), script)

    return run


def linphone(*, encrypted: bool = False) -> Callable[[CallContext, Seats], AbstractAsyncContextManager[LinphoneRoom]]:
    """Return how linphone is run."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[LinphoneRoom]:
        return linphone_room(context.folder, ROOM_TONE_HZ, ROOM_COLOUR, seats.account, LOOPBACK, encrypted=encrypted)

    return run


def pjsua(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[PjsuaRoom]:
    return pjsua_room(context.folder, ROOM_TONE_HZ, seats.account, LOOPBACK)


def h323(_context: CallContext, seats: Seats) -> AbstractAsyncContextManager[H323Room]:
    return h323_room(media_of(seats))


def h323_separate(_context: CallContext, seats: Seats) -> AbstractAsyncContextManager[H323Room]:
    return h323_room(media_of(seats), separate=True)


def media_of(seats: Seats, *, decodes: bool = True, moving: bool = False) -> PlainMedia:
    """Return the media of a scripted room system."""
    return PlainMedia(seats.address, ROOM_TONE_HZ, ROOM_COLOUR, SLIDES_COLOUR, decodes=decodes, moving=moving)


def counted(media: PlainMedia) -> RoomSetup:
    """Return the setup of a room system that sipp runs, with these media."""
    return RoomSetup(lambda context, _seats: sipp_room(context.folder, media, plain))


PLAIN = RoomSetup(baresip())
FULL_HD = RoomSetup(full_hd, picture_kbps=2600)
