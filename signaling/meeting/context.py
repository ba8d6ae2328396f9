"""The parts of the server that the sockets of meetings use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from signaling.accounts.sign_in import SignIn
from signaling.meeting.dispatcher import Dispatcher
from signaling.meeting.manager import MeetingManager


@dataclass(frozen=True, slots=True)
class MeetingContext:
    """The parts of the server that the sockets of meetings use."""

    sign_in: SignIn
    meetings: MeetingManager
    dispatcher: Dispatcher
    clock: Callable[[], datetime]


MEETING = web.AppKey("MeetingContext", MeetingContext)
