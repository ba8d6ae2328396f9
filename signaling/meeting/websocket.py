"""The WebSocket endpoints `/ws` and that of room displays: handshake, heartbeat, messages in and out."""

import asyncio
import contextlib
import logging
from dataclasses import replace
from math import inf

from aiohttp import WSMsgType, hdrs, web
from sqlalchemy.exc import SQLAlchemyError

from scheduler.core.lock_timeout import lock_timeout
from signaling.accounts.display_login import display_of, login_of
from signaling.accounts.passwords import Login
from signaling.core.errors import Forbidden, MustChangePassword, MustEnrol, SignedOut
from signaling.core.texts import fault_text
from signaling.http.cookies import COOKIE, SEAT_COOKIE
from signaling.http.middleware import LOCK_SECONDS, REQUEST, as_seen, check_origin, source_of
from signaling.meeting.client import Client
from signaling.meeting.context import MEETING, MeetingContext
from signaling.messages.server import MAX_BYTES, Error

log = logging.getLogger(__name__)

PING_SECONDS = 4.0
"""Interval of pings; a socket that sends nothing until the next one is dropped."""
ABNORMAL = 1006
"""Close code of a socket that ended without a word (RFC 6455, 7.4.1)."""


async def handle(request: web.Request) -> web.WebSocketResponse:
    """Serve one socket from its upgrade to its end."""
    login = await _login(request, request.app[MEETING])
    check_origin(request)
    if login.account.outsider:
        raise Forbidden
    return await _serve(request, login)


async def handle_display(request: web.Request) -> web.WebSocketResponse:
    """Serve the socket of a room display from its upgrade to its end. Raises SignedOut."""
    display = await display_of(request, request.app[MEETING].displays)
    check_origin(request)
    return await _serve(request, login_of(display))


async def _serve(request: web.Request, login: Login) -> web.WebSocketResponse:
    context = request.app[MEETING]
    # One byte more, for aiohttp refuses at its limit already; no compression, so that nothing small unpacks to much.
    socket = web.WebSocketResponse(max_msg_size=MAX_BYTES + 1, compress=False, autoping=False)
    await socket.prepare(request)
    with lock_timeout(inf):  # that of the request is over
        await _serve_client(context, socket, login, request)
    return socket


async def _login(request: web.Request, context: MeetingContext) -> Login:
    """Return the sign-in of a socket. Raises SignedOut, MustEnrol, MustChangePassword.

    An account whose sign-in has expired is let in while it has a seat, and may come back to that seat only.
    """
    now = context.clock()
    token = request.cookies.get(COOKIE) or request.cookies.get(SEAT_COOKIE)
    login = await context.sign_in.login_of(token, source_of(request).address, now)
    if login is None or not (login.holds(now) or context.meetings.seated(login.account.account)):
        raise SignedOut
    login = replace(login, account=as_seen(request, login.account))
    if login.account.must_enrol:
        raise MustEnrol
    if login.account.must_change:
        raise MustChangePassword
    return login


async def _serve_client(
    context: MeetingContext, socket: web.WebSocketResponse, login: Login, request: web.Request
) -> None:
    client = Client(socket, login, source_of(request), context.clock(), request.headers.get(hdrs.USER_AGENT, ""))
    client.begin_joining()
    client.joining.set({"diemcau.request": request.get(REQUEST, "")})
    context.meetings.clients.add(client)
    if context.meetings.stopping:
        client.hang_up("shutdown")
    try:
        await _run(context, client)
    finally:
        client.end_joining()
        try:
            await asyncio.shield(context.sign_in.disconnecting(login, context.clock()))
        except (SQLAlchemyError, OSError):
            log.warning("x the last use of a sign-in of %s could not be stored", login.account.account)
        finally:
            context.meetings.clients.discard(client)
            await asyncio.shield(context.meetings.disconnected(client, context.clock()))


async def _run(context: MeetingContext, client: Client) -> None:
    """Read, write and ping until one of them ends; then close the socket."""
    tasks = [asyncio.create_task(work) for work in (_read(context, client), client.write(), _ping(client))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, ConnectionError):
                log.error("x socket of %s failed", client.account.account, exc_info=result)
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(1.0):
                await client.socket.close()


async def _read(context: MeetingContext, client: Client) -> None:
    async for message in client.socket:
        client.heard, client.alive, client.busy = context.clock(), True, True
        if message.type is WSMsgType.TEXT:
            with lock_timeout(LOCK_SECONDS):
                await context.dispatcher.receive(client, message.data, client.heard)
        elif message.type is WSMsgType.PING:
            await client.socket.pong(message.data)
        elif message.type is WSMsgType.BINARY:
            client.send(Error(error="bad-message", text=fault_text("bad-message", client.account.language)))
        client.busy = False
    if client.socket.close_code not in (None, ABNORMAL):
        client.heard = context.clock()


async def _ping(client: Client) -> None:
    """Ping the other side; return when it fell silent. It may be silent while we obey its message."""
    while client.alive or client.busy:
        client.alive = False
        await client.socket.ping()
        await asyncio.sleep(PING_SECONDS)
    log.info("x socket of %s fell silent", client.account.account)
