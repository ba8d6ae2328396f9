"""A worker process without media, for the supervisor's tests: answers each line on its socket with its pid."""

import asyncio
import os
import sys

from signaling.core.child_process import ChildProcess


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readline():
        writer.write(f"{os.getpid()}\n".encode())
        await writer.drain()
    writer.close()


async def _main(path: str) -> None:
    server = await asyncio.start_unix_server(_answer, path)
    await server.serve_forever()


async def _parent(path: str) -> None:
    child = await ChildProcess.start("worker", [sys.executable, __file__, "live", path])
    print(child.process.pid, flush=True)
    await child.wait()


if __name__ == "__main__":
    if sys.argv[1] == "die":
        sys.exit(3)
    asyncio.run((_parent if sys.argv[1] == "parent" else _main)(sys.argv[2]))
