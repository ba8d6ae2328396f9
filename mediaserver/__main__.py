"""`python -m mediaserver`: runs one media worker process, started by the server, or dialling a server elsewhere."""

import argparse
import asyncio
import gc
import os
import pwd
import resource
import signal
import ssl
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvloop

from mediaserver import logs, systemd
from mediaserver.api import RTP_PORTS
from mediaserver.errors import Refused
from mediaserver.recording.files import FolderFiles, RecordingFiles
from mediaserver.rpc.descriptors import ReceivedFolder
from mediaserver.transport.dscp import Dscp
from mediaserver.worker.engine import LocalEngine
from mediaserver.worker.server import Worker

if TYPE_CHECKING:
    from mediaserver.worker.remote_worker import RemoteWorker

GC_THRESHOLD = 20_000
"""Allocations between two runs of the cyclic garbage collector. Packets, which come and go by the thousand, form no
cycles: the usual threshold of 700 costs a twentieth of the worker's time for nothing."""
PORT = 40_000
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


async def _run(arguments: argparse.Namespace) -> None:
    worker = _worker(arguments)
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, worker.stop)
    alive = loop.create_task(systemd.keep_alive())
    await worker.run()
    alive.cancel()
    for number in numbers:  # being told to stop while stopping is no reason to die of it
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def _worker(arguments: argparse.Namespace) -> "Worker | RemoteWorker":
    first, last = arguments.rtp_ports

    def engine(files: Callable[[Path], RecordingFiles] = FolderFiles) -> LocalEngine:
        sound, pictures = arguments.dscp
        dscp = Dscp(sound, pictures, arguments.signalling_dscp)
        ports = arguments.port, range(first, last + 1)
        tcp, fronts = not arguments.no_tcp, arguments.tcp_front
        return LocalEngine(arguments.address, *ports, files, dscp=dscp, tcp=tcp, tcp_fronts=fronts)

    if arguments.socket is not None:
        files, guest = ReceivedFolder(), arguments.server_user and _user(arguments.server_user)
        return Worker(engine(files.of), arguments.socket, arguments.owner, files, guest)
    from mediaserver.worker.remote_worker import RemoteWorker  # noqa: PLC0415 - 12 MB that workers of the server's own machine do without

    key = arguments.key_file.read_text(encoding="ascii").strip()
    return RemoteWorker(arguments.server, key, ssl.create_default_context(cafile=arguments.authority), engine)


def _user(name: str) -> int:
    """Return the id of a user. Raises Refused."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise Refused(f"there is no user {name!r}") from None


def _server_url(text: str) -> str:
    """Return the server's address if the worker's key may be sent to it: https, or http on this machine."""
    url = urlsplit(text)
    if not url.hostname or (url.scheme != "https" and (url.scheme, url.hostname in LOOPBACK) != ("http", True)):
        raise argparse.ArgumentTypeError("must look like https://diemcau.example/")
    return text


def _address_and_port(text: str) -> tuple[str, int]:
    """Read ``10.1.2.3:443`` or ``[2001:db8::1]:443``."""
    host, _, port = text.rpartition(":")
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]"))), int(port)
    except ValueError:
        raise argparse.ArgumentTypeError("must look like 10.1.2.3:443") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="diemcau media", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", help="unix socket to serve the server on")
    where.add_argument(
        "--server", type=_server_url, nargs="+", help="https links of the servers of a system elsewhere, to dial"
    )
    parser.add_argument("--owner", default="", help="id of the data directory whose servers it serves, for --socket")
    parser.add_argument(
        "--server-user", help="user of the server, when it is not ours, for --socket: our group may connect"
    )
    parser.add_argument("--key-file", type=Path, help="file with the key of `diemcau admin worker-key`, for --server")
    parser.add_argument(
        "--authority", type=Path, help="certificates (PEM) that the server's is checked by, for --server"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"port for all peers, UDP and TCP ({PORT})")
    parser.add_argument(
        "--tcp-front",
        type=_address_and_port,
        nargs="+",
        default=(),
        help="addresses whose connections are passed on to us",
    )
    parser.add_argument("--no-tcp", action="store_true", help="take no TCP connections of browsers")
    ports = (RTP_PORTS.start, RTP_PORTS.stop - 1)
    parser.add_argument("--rtp-ports", nargs=2, type=int, default=ports, help="first and last UDP port of room systems")
    marks = (Dscp().audio, Dscp().video)
    parser.add_argument("--dscp", nargs=2, type=int, default=marks, help="marks of sound and of pictures, 0 to 63")
    signalling = Dscp().signalling
    parser.add_argument("--signalling-dscp", type=int, default=signalling, help="mark of floor control, 0 to 63")
    parser.add_argument("--address", nargs="+", required=True, help="local addresses to bind and to offer to browsers")
    parser.add_argument("--log-level", default="WARNING")
    return parser


def main() -> None:
    """Parse the arguments and serve until told to stop."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.server is not None and arguments.key_file is None:
        parser.error("--server needs --key-file")
    try:
        logs.set_up(arguments.log_level.upper())
    except ValueError as error:
        parser.error(str(error))
    os.umask(0o077)  # recordings and the socket are for our own user
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each recording has one for each point that may speak
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    try:
        uvloop.run(_run(arguments))
    except (Refused, OSError) as error:
        sys.exit(f"diemcau media: {error}")


if __name__ == "__main__":
    main()
