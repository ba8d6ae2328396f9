"""A worker process without media, for the supervisor's tests: answers each line on its socket with its pid."""

import asyncio
import os
import sys


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readline():
        writer.write(f"{os.getpid()}\n".encode())
        await writer.drain()
    writer.close()


async def _main(path: str) -> None:
    server = await asyncio.start_unix_server(_answer, path)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "die":
        sys.exit(3)
    asyncio.run(_main(sys.argv[2]))
