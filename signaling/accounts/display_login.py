"""Knows room displays by their cookie, which opens nothing but what a display needs (decision 86)."""

from datetime import UTC, datetime

from aiohttp import web

from scheduler.directory.equipment.displays import RoomDisplay, RoomDisplays
from signaling.accounts.passwords import Login
from signaling.core.account import Account, digest
from signaling.core.errors import SignedOut
from signaling.http.cookies import DISPLAY_COOKIE, DISPLAY_LASTS, DISPLAY_PATH

NEVER = datetime.max.replace(tzinfo=UTC)
"""The sign-in of a display ends when somebody revokes it."""


async def display_of(request: web.Request, displays: RoomDisplays) -> RoomDisplay:
    """Return the display that sends a request. Raises SignedOut."""
    token = request.cookies.get(DISPLAY_COOKIE)
    display = await displays.known_by(digest(token)) if token else None
    if display is None:
        raise SignedOut
    return display


def account_of(device: str) -> str:
    """Return the account under which a display acts; the colon keeps it apart from those of people."""
    return f"display:{device}"


def login_of(display: RoomDisplay) -> Login:
    """Return the sign-in of a display: an account of its point without any role."""
    account = account_of(display.device)
    return Login(display.key, Account(account, display.name, (), None, display.point, device=display.device), NEVER)


def set_display_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Set the cookie of a display; Secure is left out only on the loopback listener, which has no TLS."""
    response.set_cookie(
        DISPLAY_COOKIE,
        token,
        max_age=int(DISPLAY_LASTS.total_seconds()),
        path=DISPLAY_PATH,
        httponly=True,
        secure=request.secure,
        samesite="Strict",
    )
