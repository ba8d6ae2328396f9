"""Defines what the WebSocket endpoint gets: sign-ins, running meetings, the dispatcher of messages.

`signaling.app.contexts` builds it when the server starts; it is read as `app[MEETING]`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from scheduler.directory.equipment.displays import RoomDisplays
from signaling.accounts.sign_in import SignIn
from signaling.meeting.dispatcher import Dispatcher
from signaling.meeting.manager import MeetingManager


@dataclass(frozen=True, slots=True)
class MeetingContext:
    """Parts of the server that serve the sockets of meetings."""

    sign_in: SignIn
    displays: RoomDisplays
    meetings: MeetingManager
    dispatcher: Dispatcher
    clock: Callable[[], datetime]


MEETING = web.AppKey("MeetingContext", MeetingContext)
