"""A server as systemd runs it: it says when it listens, begins anew and ends, and leaves or ends its media workers."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.signaling.server_environment import server_environ


@asynccontextmanager
async def started(*arguments: str, **variables: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=variables, stdout=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_server_says_how_it_is_and_its_workers_end_with_it_or_not(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    data, notify = tmp_path / "data", tmp_path / "notify"
    (data / "run").mkdir(parents=True)
    variables = {**server_environ(data), "DIEMCAU_START_WORKERS": "no", "NOTIFY_SOCKET": str(notify)}
    media = ("-m", "mediaserver", "--socket", str(data / "run" / "media-0.sock"), "--port", "0", "--address")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
        notify_socket.bind(str(notify))
        notify_socket.setblocking(False)

        async def says() -> str:
            return (await loop.sock_recv(notify_socket, 100)).decode().partition("\n")[0]

        async with asyncio.timeout(60), started(*media, "127.0.0.1", **server_environ(data)) as worker:
            async with started("-m", "signaling", "serve", **variables) as server:
                assert await says() == "READY=1"
                server.send_signal(signal.SIGUSR2)
                assert await says() == "RELOADING=1"
                ready = asyncio.ensure_future(says())
                while not ready.done():  # a certificate that is renewed meanwhile ends nothing
                    server.send_signal(signal.SIGHUP)
                    await asyncio.wait([ready], timeout=0.001)
                assert ready.result() == "READY=1"
                server.send_signal(signal.SIGUSR1)
                assert await says() == "STOPPING=1"
                assert (await server.wait(), worker.returncode) == (0, None)
            async with started("-m", "signaling", "serve", **variables) as server:
                assert await says() == "READY=1"
                assert worker.returncode is None
                server.send_signal(signal.SIGUSR2)
                assert await says() == "RELOADING=1"
                server.send_signal(signal.SIGTERM)  # to a process that is between two programs
                assert [await says(), await says()] == ["READY=1", "STOPPING=1"]
                assert (await server.wait(), await worker.wait()) == (0, 0)
