"""A watcher of an endpoint that waits for the first packet of media."""

import asyncio


class FirstPacketWatcher:
    """A watcher whose event `came` is set by the first packet."""

    def __init__(self) -> None:
        self.came = asyncio.Event()

    def packet(self, _codec: str, _data: memoryview, _length: int, _received_at: float) -> bool:
        self.came.set()
        return False
