"""Runs ``diemcau serve``: the whole server, from the first line printed to the last child process stopped."""

import asyncio
import errno
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from aiohttp import web

from mediaserver import systemd
from signaling.app import tls
from signaling.app.admin_cli import FIRST, first_start
from signaling.app.application import application
from signaling.app.lease import Lease
from signaling.app.lifecycle import leave, media, running
from signaling.app.server import Server
from signaling.app.services import check, open_services, utc_now
from signaling.app.settings import HTTP_PORT, Settings, own_addresses
from signaling.app.standby import stand_by
from signaling.app.traces import traced
from signaling.core.errors import DatabaseInUse, NewerDatabase, NewerMeetings, SettingsError
from signaling.http.listener import Listener, bind, limits

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that a server handles."""
LOOPBACK, LOOPBACK_6 = "127.0.0.1", "::1"
NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""Errors of binding an IPv4 address where there is no IPv4."""
LOCK, SUCCESSOR = "lock", "successor"
"""Files in the run directory that name the process that serves, and the one that is to take over."""
TAKE_OVER_SECONDS = 15.0
"""A server that was asked to end for another one has this long to do so."""
UNFIT_SECONDS = 1.0
"""Pause of a server that could lead but does not know what is stored, before it looks who leads."""
LEAVE_SECONDS = 1.0
"""Time for a server that was succeeded to leave its meetings, before its connections to the database are cut."""
SHUTDOWN_SECONDS = 1.0
"""Time for requests to finish; sockets of meetings are closed by then."""


class Ending:
    """Decides how a server ends: for good (SIGINT, SIGTERM), or with its media workers left to a successor.

    The successor is the process that announced itself in the data directory, the one that is started next (SIGUSR1),
    or this one, which executes itself anew (SIGUSR2).
    """

    def __init__(self, run: Path, reload: Callable[[], None]) -> None:
        self._run = run
        self._reload = reload
        self.requested = asyncio.Event()
        self.anew = False
        self._left = False
        self._late: set[signal.Signals] = set()
        """Signals that came after SIGUSR2, and are left to the process that we become."""

    def listen(self) -> None:
        """Handle signals from now on, with those that have waited; SIGHUP loads the certificate."""
        acts = {
            signal.SIGHUP: self._reload,
            signal.SIGINT: self.requested.set,
            signal.SIGTERM: self.requested.set,
            signal.SIGUSR1: self._leave,
            signal.SIGUSR2: self._begin_anew,
        }
        for number, act in acts.items():
            asyncio.get_running_loop().add_signal_handler(number, self._take, number, act)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def hand_on(self) -> None:
        """Block signals, so that they wait for the process that we become: execve(2) keeps mask and pending signals.

        Without that they would end the process while it starts, and leave the meetings to nobody.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for number in self._late:
            signal.raise_signal(number)

    def _take(self, number: signal.Signals, act: Callable[[], None]) -> None:
        if self.anew:
            self._late.add(number)
        else:
            act()

    def _leave(self) -> None:
        self._left = True
        self.requested.set()

    def _begin_anew(self) -> None:
        self.anew = True
        self.requested.set()

    @property
    def succeeded(self) -> bool:
        """Return whether another process continues the meetings."""
        return self.anew or self._left or _announced(self._run)


async def serve(settings: Settings, take_over: bool = False) -> bool:
    """Serve until a signal ends the server (see Ending); return whether to start anew. SIGHUP loads the certificate.

    With `take_over`, a server that runs on the data directory ends for this one, and its meetings go on. One of several
    servers of a system stands by until it can lead.
    """
    certificates = tls.Certificates(settings.data / "tls")
    ending = Ending(settings.run, certificates.reload)
    alive = asyncio.create_task(systemd.keep_alive())
    with await _only_one(settings, take_over), _bind(settings.host, settings.port, "DIEMCAU_PORT") as https:
        ending.listen()
        if settings.relay is None:
            await _lead(settings, ending, certificates, https)
        else:
            await _lead_in_turn(settings, ending, certificates, https)
    alive.cancel()
    if ending.anew:
        ending.hand_on()
    return ending.anew


async def _lead_in_turn(
    settings: Settings, ending: Ending, certificates: tls.Certificates, https: socket.socket
) -> None:
    """Stand by until the server can lead, and lead; another one that stood by may be quicker.

    One that does not know what a newer release has stored meanwhile says so once, and leaves it to others to lead.
    Raises NewerDatabase, NewerMeetings if that is so from the beginning.
    """
    await check(settings)
    told = ""
    while True:
        systemd.tell(systemd.READY)
        await stand_by(settings, https, ending.requested)
        if ending.requested.is_set():
            return
        try:
            await _lead(settings, ending, certificates, https)
        except DatabaseInUse as error:
            log.info("- %s", error)
        except (NewerDatabase, NewerMeetings) as error:
            if told != (told := str(error)):
                log.error("x this server cannot lead: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(UNFIT_SECONDS):
                    await ending.requested.wait()
        else:
            return


async def _lead(settings: Settings, ending: Ending, certificates: tls.Certificates, https: socket.socket) -> None:
    """Hold the lease on the database and the meetings until the end is requested. Raises DatabaseInUse, LeaseLost."""
    lease = Lease(settings, ending.requested.set)
    async with (
        traced(settings.traces),
        open_services(settings, lease=lease) as services,
        media(settings) as supervisor,
        running(settings, services, supervisor.workers) as server,
    ):
        password = await first_start(services, utc_now())
        app = application(server, supervisor.workers, lease)
        async with _listening(settings, app, certificates, https) as urls:
            _greet(*urls, password)
            systemd.tell(systemd.READY)
            await ending.requested.wait()
            log.info("= stopping")
            server.remote_control.stop()
            if ending.anew:
                systemd.tell_reloading()
            else:
                systemd.tell(systemd.STOPPING)
            if lease.succeeded:
                server.meetings.hang_up()  # at once: nothing is stored any more, and the database may not answer
            if ending.succeeded or lease.succeeded:
                await _leave(server, lease)
                await supervisor.leave()
                if settings.relay is not None:  # requests, and the connections to workers, take seconds to end
                    await lease.give_back()
            else:
                await server.meetings.stop()


async def _leave(server: Server, lease: Lease) -> None:
    """Leave the meetings to the next server; one that leads already need not wait for what this one cannot store."""
    leaving = asyncio.ensure_future(leave(server))
    if lease.succeeded:
        await asyncio.wait([leaving], timeout=LEAVE_SECONDS)
        lease.cut()
    await leaving


async def _only_one(settings: Settings, take_over: bool = False) -> IO[str]:
    """Lock the data directory for this server alone. Raises SettingsError if another server works on it."""
    settings.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (settings.run / LOCK).open("a+", encoding="ascii")
    try:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            if not take_over:
                raise
            await _succeed(settings.run, lock)
    except OSError:
        lock.close()
        raise SettingsError(
            f"another server runs on {settings.data}; set DIEMCAU_DATA for a second one, or take its meetings over "
            "with `diemcau serve --take-over`"
        ) from None
    finally:
        (settings.run / SUCCESSOR).unlink(missing_ok=True)
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


async def _succeed(run: Path, lock: IO[str]) -> None:
    """Ask the server that holds the lock to leave its meetings to us. Raises OSError if it does not end in time."""
    lock.seek(0)
    server = lock.read().strip()
    if not server.isdecimal() or int(server) <= 1:
        raise ProcessLookupError("the lock does not say who holds it")
    (run / SUCCESSOR).write_text(f"{os.getpid()}\n")
    os.kill(int(server), signal.SIGTERM)
    async with asyncio.timeout(TAKE_OVER_SECONDS):
        while True:
            try:
                flock(lock, LOCK_EX | LOCK_NB)
                return
            except BlockingIOError:
                await asyncio.sleep(0.01)


def _announced(run: Path) -> bool:
    """Return whether another process waits to take over."""
    try:
        pid = int((run / SUCCESSOR).read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return False
    return pid != os.getpid()


@asynccontextmanager
async def _listening(
    settings: Settings, app: web.Application, certificates: tls.Certificates, https: socket.socket
) -> AsyncIterator[tuple[str, str]]:
    """Listen with TLS for everyone and without it on the loopback; yield both URLs.

    With several servers, what the others have accepted comes by a port of its own; so does administration where the
    settings say so.
    """
    listener = Listener(app, limits(), SHUTDOWN_SECONDS)
    await listener.start()
    try:
        addresses = dict.fromkeys((*own_addresses(), *settings.media_addresses))
        shared = () if settings.relay is None else settings.relay.servers
        context = await asyncio.to_thread(certificates.open, tuple(addresses), utc_now(), shared)
        listener.listen(https, context)
        loopbacks = _loopbacks(settings.host, settings.http_port)
        for http in loopbacks:
            listener.listen(http)
        if (apart := settings.administration) is not None:
            bound = _bind(apart.host, apart.port, "DIEMCAU_ADMIN")
            listener.listen(bound, context, administrators=apart.admits)
        if (relay := settings.relay) is not None:
            listener.listen(_bind(relay.host, relay.port, "DIEMCAU_RELAY"), context, relay.proxies)
        yield f"https://localhost:{https.getsockname()[1]}/", f"http://localhost:{loopbacks[0].getsockname()[1]}/"
    finally:
        await listener.stop()


def _loopbacks(host: str, port: int | None) -> list[socket.socket]:
    """Bind the loopback addresses of this machine for who is on it: that of IPv4, unless there is none, and that of
    IPv6 where the server listens by IPv6; without `port` on the usual port or any free one."""
    if port is None:
        try:
            return _loopbacks(host, HTTP_PORT)
        except SettingsError:
            return _loopbacks(host, 0)
    found: list[socket.socket] = []
    try:
        for address in (LOOPBACK, LOOPBACK_6)[: 2 if ":" in host else 1]:
            if address == LOOPBACK_6 or _has_ipv4():
                found.append(_bind(address, found[0].getsockname()[1] if found else port, "DIEMCAU_HTTP_PORT"))
    except SettingsError:
        for each in found:
            each.close()
        raise
    return found or [_bind(LOOPBACK_6, port, "DIEMCAU_HTTP_PORT")]


def _has_ipv4() -> bool:
    try:
        socket.create_server((LOOPBACK, 0), family=socket.AF_INET).close()
    except OSError as error:
        return error.errno not in NO_SUCH_ADDRESS
    return True


def _bind(host: str, port: int, variable: str) -> socket.socket:
    """Bind an address. Raises SettingsError."""
    try:
        return bind(host, port)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host} port {port} ({error.strerror}); set {variable}") from None


def _greet(https: str, http: str, password: str | None) -> None:
    """Print the URLs of the server; scripts read these lines."""
    print(f"Điểm cầu: {https}")
    print(f"On this machine, without a certificate warning: {http}")
    if password is not None:
        print(f"First sign-in: account {FIRST}, one-time password {password}")
    print("Ctrl-C stops it.", flush=True)
