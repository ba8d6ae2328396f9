"""What the sockets of meetings use, and nothing else that the server has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from signaling.accounts.sign_in import SignIn
from signaling.meeting.dispatcher import Dispatcher
from signaling.meeting.manager import MeetingManager


@dataclass(frozen=True, slots=True)
class MeetingContext:
    """What the sockets of meetings use."""

    sign_in: SignIn
    meetings: MeetingManager
    dispatcher: Dispatcher
    clock: Callable[[], datetime]


MEETING = web.AppKey("MeetingContext", MeetingContext)
