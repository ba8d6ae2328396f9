"""Serves the calendar of an account or a unit to calendar programs (RFC 5545), by its secret link.

A feed has the sessions of 30 days back and 180 ahead that the account or unit may see, cancelled ones as such. Events
lead to the page of their session, which asks for a sign-in; no event has a session's code. A program that has the
calendar as it is gets 304 (RFC 9110 §13.1.2).
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from aiohttp import web
from icalendar import vDuration

from scheduler.core.model import Revision, Session, State
from signaling.accounts import permissions, throttle
from signaling.accounts.throttle import Rule
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import unit_directory_at
from signaling.booking.context import BOOKING, BookingContext
from signaling.core.account import Account, digest, network_of
from signaling.core.errors import Locked, NotFound
from signaling.http.context import HTTP
from signaling.http.middleware import source_of
from signaling.mail.calendar_invite import Status, calendar, slot_event

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
REFRESH = timedelta(hours=1)
"""How often programs are asked to fetch a feed (RFC 7986 §5.7)."""
NAME = "Điểm cầu"

_STATUS: Mapping[State, Status] = {
    State.WAITING: "TENTATIVE",
    State.ISSUED: "CONFIRMED",
    State.REVOKED: "CANCELLED",
    State.CANCELLED: "CANCELLED",
}
"""As mail has it: a session that lost its code does not take place, unless it is reinstated."""
_WORDS = {State.WAITING: "Đang chờ cấp mã", State.REVOKED: "Đã bị thu hồi mã", State.CANCELLED: "Đã hủy"}


async def handle(request: web.Request) -> web.Response:
    """Answer with the calendar of a link. Raises NotFound, Locked."""
    context, now, token = request.app[BOOKING], request.app[HTTP].clock(), request.match_info["token"]
    account = await _reader(context, token, network_of(source_of(request).address), now)
    directory = await unit_directory_at(context.scheduler, now)
    sessions = await _sessions(context, account, directory, now)
    revisions = await context.scheduler.revisions([session.id for session in sessions])
    body = await asyncio.to_thread(text, sessions, revisions, directory, str(request.url.origin()))
    response = web.Response(
        headers={"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "private, no-cache"}
    )
    response.etag = hashlib.sha256(body).hexdigest()[:32]
    if request.if_none_match and response.etag in request.if_none_match:
        response.set_status(304)
    else:
        response.body = body
    return response


async def _reader(context: BookingContext, token: str, network: str, now: datetime) -> Account:
    """Return the account of a link, within the limits of attempts. Raises NotFound, Locked."""
    address = await _attempt(context, throttle.UNKNOWN_FEED, network)
    account = await context.calendar_links.reader(token, now)
    if account is None:
        raise NotFound
    await context.throttle.take_back(address)
    await _attempt(context, throttle.FEED, digest(token)[:32])
    return account


async def _attempt(context: BookingContext, rule: Rule, subject: str) -> throttle.Attempt:
    attempt = await context.throttle.attempt(rule, subject)
    if attempt.locked:
        raise Locked(attempt.locked)
    return attempt


async def _sessions(
    context: BookingContext, account: Account, directory: UnitDirectory, now: datetime
) -> list[Session]:
    units = permissions.seen_units(account, directory)
    sessions = await context.scheduler.sessions(now - BACK, now + AHEAD, units)
    return [session for session in sessions if permissions.may_see(account, session, directory)]


def text(
    sessions: Sequence[Session], revisions: Mapping[str, Revision], directory: UnitDirectory, origin: str
) -> bytes:
    """Return the calendar of sessions; `origin` is the address of the server, without a slash at its end.

    What did not change since the last time is written the same: a stamp is that of the change, not of the writing.
    """
    written = calendar("PUBLISH")
    written.add("x-wr-calname", NAME)
    written.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    written.add("x-published-ttl", vDuration(REFRESH))  # the same for programs older than RFC 7986
    for session in sessions:
        revision = revisions.get(session.id, Revision(0, session.created))
        host, link = directory[session.host_point].label, f"{origin}/sessions.html?q={session.number}"
        about = [f"Số: {session.number}", f"Chủ trì: {host}", _WORDS.get(session.state, ""), link]
        for slot in session.slots:
            event = slot_event(session.id, slot.kind, slot.start, slot.end, session.title)
            event.add("status", _STATUS[session.state])
            event.add("dtstamp", revision.at)
            event.add("last-modified", revision.at)
            event.add("sequence", revision.number)
            event.add("location", host)
            event.add("description", "\n".join(filter(None, about)))
            event.add("url", link)
            written.add_component(event)
    body: bytes = written.to_ical()
    return body
