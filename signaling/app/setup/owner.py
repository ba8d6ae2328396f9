"""Runs what works on a data directory as the user that owns it, where an administrator is root."""

import multiprocessing
import os
import pwd
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from scheduler.core.errors import SchedulerError
from signaling.app.private_files import UMASK
from signaling.core.errors import ServerError, SettingsError

T = TypeVar("T")


class Failed(ServerError):
    """A function that was run as the owner failed; the text says why."""


class Runner:
    """Runs functions with arguments that can be pickled: here, or in a process of the owner."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def run(self, act: Callable[..., T], *arguments: Any) -> T:
        """Return the result of a function. Raises Failed."""
        done = _told(act, *arguments) if self._pool is None else self._pool.submit(_told, act, *arguments).result()
        if isinstance(done, _Fault):
            raise Failed(done.text)
        return done


class _Fault:
    def __init__(self, text: str) -> None:
        self.text = text


def _told(act: Callable[..., T], *arguments: Any) -> T | _Fault:
    try:
        return act(*arguments)
    except DBAPIError as error:
        return _Fault(f"the database does not answer: {error.orig}")
    except (ServerError, SchedulerError, OSError) as error:
        return _Fault(str(error))


@contextmanager
def owner(directory: Path) -> Iterator[Runner]:
    """Yield a runner for the owner of a directory, who is ourselves where it does not exist. Raises SettingsError."""
    status = directory.stat() if directory.exists() else None
    if status is None or status.st_uid == os.geteuid():
        yield Runner(None)
        return
    if os.geteuid() != 0:
        raise SettingsError(f"{directory} is of another user: run this as root")
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_become, initargs=(status.st_uid, status.st_gid)) as pool:
        yield Runner(pool)


def _become(user: int, group: int) -> None:
    """Give up root for good; Ctrl-C is the administrator's process's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os.initgroups(pwd.getpwuid(user).pw_name, group)
    except KeyError:
        os.setgroups([group])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)
    os.umask(UMASK)
    os.chdir("/")
