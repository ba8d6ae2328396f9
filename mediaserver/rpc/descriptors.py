"""Passes the open files of recordings to a worker that may open none itself, as descriptors over the unix socket.

A worker on the server's machine can thus run as a user who sees neither the data directory nor a recording. As soon as
a recording starts, the server creates all its files, the recording itself, one for each point that may speak and one
for tracks, and passes them with one message (:mod:`mediaserver.rpc.protocol`): the server may be gone when somebody
speaks for the first time. A worker never asks for a file, and the server alone chooses the names. The server deletes
files that stayed empty once the recording is closed.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from errno import EIO
from pathlib import Path
from typing import Any

from mediaserver.recording.disk_space import Space, measure_descriptor
from mediaserver.recording.files import all_paths, create
from mediaserver.rpc.unix_socket import SocketLink, close_descriptors

logger = logging.getLogger(__name__)

MAX_ERRNO = 4096
"""Error numbers are smaller than this (Linux, `MAX_ERRNO`)."""
WAIT_S = 60.0
"""Seconds for which a recorder waits for its files; its queue overflows long before."""


class ReceivedFiles:
    """The files of one recording, which the server passes later
    (:class:`mediaserver.recording.files.RecordingFiles`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._received: Future[Sequence[int]] = Future()
        self._opened: set[int] = set()

    def give(self, descriptors: Sequence[int], fault: int) -> None:
        """Deliver the descriptors, or the errno that says why there are none. Descriptors that nobody waits for are
        closed."""
        try:
            if descriptors:
                self._received.set_result(descriptors)
                return
            self._received.set_exception(OSError(fault, os.strerror(fault)))
        except InvalidStateError:  # given already, or waited for no longer
            pass
        close_descriptors(descriptors)

    def open(self, number: int) -> int:
        """Return a descriptor, which the caller closes. Raises OSError."""
        descriptor = self._wait()[number]
        self._opened.add(number)
        return descriptor

    def space(self) -> Space:
        """Return how full the disk of the files is. Raises OSError."""
        return measure_descriptor(self._wait()[0])

    def close(self) -> None:
        """Close the descriptors that were not opened. It waits for them first: whoever hears of the end may delete
        empty files."""
        with suppress(OSError):
            close_descriptors([each for number, each in enumerate(self._wait()) if number not in self._opened])

    def _wait(self) -> Sequence[int]:
        try:
            return self._received.result(WAIT_S)
        except TimeoutError as late:
            with suppress(InvalidStateError):
                self._received.set_exception(late)
            raise


class ReceivedFolder:
    """The files of all recordings of one worker, by path."""

    def __init__(self) -> None:
        self._recordings: dict[str, ReceivedFiles] = {}

    def of(self, path: Path) -> ReceivedFiles:
        """Return the files of a recording that starts."""
        files = self._recordings[str(path)] = ReceivedFiles(path)
        return files

    def take(self, message: dict[str, Any]) -> None:
        """Take a message of :class:`DescriptorSender`; descriptors that belong to no recording are closed."""
        descriptors, path, fault = message.get("descriptors", []), message["files"], message.get("errno", 0)
        files = self._recordings.pop(path, None) if isinstance(path, str) else None
        if files is None:
            close_descriptors(descriptors)
        else:
            files.give(descriptors, fault if isinstance(fault, int) and 0 < fault < MAX_ERRNO else EIO)


class DescriptorSender:
    """Opens the files of recordings for the worker at the other end of a link."""

    def __init__(self, link: SocketLink) -> None:
        self._link = link
        self._thread = ThreadPoolExecutor(1, "recording files")
        self._tasks: set[asyncio.Task[None]] = set()

    def give(self, path: str) -> None:
        """Create the files of a recording and pass them, in the background: the folder may be slow."""
        task = asyncio.ensure_future(self._send_files(path))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_files(self, path: str) -> None:
        try:
            made = await asyncio.get_running_loop().run_in_executor(self._thread, _create_all, Path(path))
        except OSError as error:
            logger.error("x the files of %s: %s", path, error)
            self._link.write({"files": path, "errno": error.errno or 0})
        else:
            self._link.write({"files": path}, made)

    def close(self) -> None:
        """Stop passing files."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _create_all(recording: Path) -> list[int]:
    """Create the files of a recording and return their descriptors, which the caller closes. Raises OSError."""
    made: list[int] = []
    try:
        for path in all_paths(recording):
            made.append(create(path))
    except OSError:
        close_descriptors(made)
        raise
    return made
