"""``diemcau serve``: the whole product, from the first line printed to the last child stopped."""

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import IO

from aiohttp import web

from signaling import tls
from signaling.admin import FIRST, first_start
from signaling.app import application, media, roof
from signaling.errors import SettingsError
from signaling.lease import Lease
from signaling.record import record, utc_now
from signaling.settings import HTTP_PORT, Settings, own_addresses

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
SHUTDOWN_SECONDS = 1.0
"""Requests may finish this long; sockets of meetings have been told bye by then."""


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP loads the certificate again."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    certificates = tls.Certificates(settings.data / "tls")
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, certificates.reload)
    with _only_one(settings):
        async with (
            record(settings, lease=Lease(settings, stop.set)) as kept,
            media(settings) as workers,
            roof(settings, kept, workers) as built,
        ):
            password = await first_start(kept, utc_now())
            async with _listening(settings, application(built, workers), certificates) as urls:
                _greet(*urls, password)
                await stop.wait()
                log.info("= stopping")
                await built.hub.stop()


def _only_one(settings: Settings) -> IO[str]:
    """Lock the data directory: two servers on one would fight over everything in it."""
    settings.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (settings.run / "lock").open("w")
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except OSError:
        lock.close()
        raise SettingsError(f"another server runs on {settings.data}; set DIEMCAU_DATA for a second one") from None
    return lock


@asynccontextmanager
async def _listening(
    settings: Settings, app: web.Application, certificates: tls.Certificates
) -> AsyncIterator[tuple[str, str]]:
    """Listen with TLS for everyone and without it on the loopback; yield both links."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handle_signals=False)
    await runner.setup()
    try:
        addresses = dict.fromkeys((*own_addresses(), *settings.media_addresses))
        context = await asyncio.to_thread(certificates.open, tuple(addresses), utc_now())
        https = _bind(settings.host, settings.port, "DIEMCAU_PORT")
        await web.SockSite(runner, https, ssl_context=context).start()
        http = _loopback(settings.http_port)
        await web.SockSite(runner, http).start()
        yield f"https://localhost:{https.getsockname()[1]}/", f"http://localhost:{http.getsockname()[1]}/"
    finally:
        await runner.cleanup()


def _loopback(port: int | None) -> socket.socket:
    """Bind the loopback; without a wish, the usual port or any free one."""
    if port is not None:
        return _bind(LOOPBACK, port, "DIEMCAU_HTTP_PORT")
    try:
        return _bind(LOOPBACK, HTTP_PORT, "DIEMCAU_HTTP_PORT")
    except SettingsError:
        return _bind(LOOPBACK, 0, "DIEMCAU_HTTP_PORT")


def _bind(host: str, port: int, variable: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host} port {port} ({error.strerror}); set {variable}") from None


def _greet(https: str, http: str, password: str | None) -> None:
    """Say where it is; scripts read these lines."""
    print(f"Điểm cầu: {https}")
    print(f"On this machine, without a certificate warning: {http}")
    if password is not None:
        print(f"First sign-in: account {FIRST}, one-time password {password}")
    print("Ctrl-C stops it.", flush=True)
