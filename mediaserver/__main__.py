"""`python -m mediaserver`: one media worker process, started and watched by the roof."""

import argparse
import asyncio
import gc
import logging
import signal

import uvloop

from mediaserver.engine import RTP_PORTS, LocalEngine
from mediaserver.worker import Worker

GC_THRESHOLD = 20_000
"""Objects between two looks for unreachable circles. Packets, which come and go by the thousand, are in none: looking
after 700, as is usual, costs a twentieth of the worker's time for nothing."""


async def _run(arguments: argparse.Namespace) -> None:
    first, last = arguments.rtp_ports
    engine = LocalEngine(arguments.address, arguments.port, range(first, last + 1))
    worker = Worker(engine, arguments.socket)
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, worker.stop)
    await worker.run()
    for number in numbers:  # being told to stop while stopping is no reason to die of it
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def main() -> None:
    """Parse the arguments and serve until told to stop."""
    parser = argparse.ArgumentParser(prog="diemcau media", description=__doc__)
    parser.add_argument("--socket", required=True, help="unix socket to serve the roof on")
    parser.add_argument("--port", type=int, required=True, help="UDP port for all peers")
    ports = (RTP_PORTS.start, RTP_PORTS.stop - 1)
    parser.add_argument("--rtp-ports", nargs=2, type=int, default=ports, help="first and last UDP port of room systems")
    parser.add_argument("--address", nargs="+", required=True, help="local addresses to bind and to offer to browsers")
    parser.add_argument("--log-level", default="WARNING")
    arguments = parser.parse_args()
    logging.basicConfig(level=arguments.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    uvloop.run(_run(arguments))


if __name__ == "__main__":
    main()
