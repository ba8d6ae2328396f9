"""The files of recordings where the worker may open none: the server opens them and passes their descriptors.

A worker on the server's machine can so be of a user who sees neither the data directory nor a recording. As soon as a
recording is started, the server makes all its files, the recording itself and one for each point that may speak, and
passes them with one message (`channel`), since later it may not be there when somebody speaks for the first time.
A worker asks for nothing, and what the files are called is the server's word alone. Files that stay empty are deleted
by the server once the recording is closed.
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
"""Numbers of faults lie below (Linux, `MAX_ERRNO`)."""
WAIT_S = 60.0
"""So long a recorder waits for its files; what it is to write meanwhile has grown too much long before."""


class ReceivedFiles:
    """The files of one recording (:class:`mediaserver.recording.files.RecordingFiles`), which are awaited."""

    def __init__(self, path: Path) -> None:
        # given
        self.path = path
        # owned
        self._received: Future[Sequence[int]] = Future()
        self._opened: set[int] = set()

    def give(self, descriptors: Sequence[int], fault: int) -> None:
        """Here they are, or why they are not (errno); what comes when nobody waits is closed."""
        try:
            if descriptors:
                self._received.set_result(descriptors)
                return
            self._received.set_exception(OSError(fault, os.strerror(fault)))
        except InvalidStateError:  # given already, or waited for no longer
            pass
        close_descriptors(descriptors)

    def open(self, number: int) -> int:
        """Return a descriptor, which is the caller's to close. Raises OSError."""
        descriptor = self._wait()[number]
        self._opened.add(number)
        return descriptor

    def space(self) -> Space:
        """How full the disk is on which they lie. Raises OSError."""
        return measure_descriptor(self._wait()[0])

    def close(self) -> None:
        """Close what was not opened. It is awaited first: who is told of the end may delete what is empty."""
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
    """The recordings of one worker, by path."""

    def __init__(self) -> None:
        self._recordings: dict[str, ReceivedFiles] = {}

    def of(self, path: Path) -> ReceivedFiles:
        """Return the files of a recording that begins."""
        files = self._recordings[str(path)] = ReceivedFiles(path)
        return files

    def take(self, message: dict[str, Any]) -> None:
        """Take what :class:`Giver` wrote; descriptors that belong to no recording are closed."""
        descriptors, path, fault = message.get("descriptors", []), message["files"], message.get("errno", 0)
        files = self._recordings.pop(path, None) if isinstance(path, str) else None
        if files is None:
            close_descriptors(descriptors)
        else:
            files.give(descriptors, fault if isinstance(fault, int) and 0 < fault < MAX_ERRNO else EIO)


class DescriptorSender:
    """Opens the files of recordings for the worker at the other end of a link."""

    def __init__(self, link: SocketLink) -> None:
        # given
        self._link = link
        # owned
        self._thread = ThreadPoolExecutor(1, "recording files")
        self._tasks: set[asyncio.Task[None]] = set()

    def give(self, path: str) -> None:
        """Make the files of a recording and pass them; nobody waits for a folder that is slow to answer."""
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
        """Give nothing any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _create_all(recording: Path) -> list[int]:
    """Make the files of a recording; their descriptors are the caller's to close. Raises OSError."""
    made: list[int] = []
    try:
        for path in all_paths(recording):
            made.append(create(path))
    except OSError:
        close_descriptors(made)
        raise
    return made
