"""``diemcau``: the one command of the product."""

import argparse
import gc
import os
import runpy
import signal
import sys

import uvloop
from sqlalchemy.exc import DBAPIError

from scheduler.errors import SchedulerError
from signaling import admin, logs
from signaling.errors import RoofError
from signaling.private import UMASK
from signaling.serve import serve
from signaling.settings import read

GC_THRESHOLD = 20_000
"""Objects between two looks for unreachable circles: records come by ten thousands and are in none."""
PASSED_ON = {"media": "mediaserver", "loadtest": "loadtest"}
"""Commands that are modules of their own, with their own arguments."""


def main() -> None:
    """Run a command; a fault of the operator's is one line on stderr."""
    if len(sys.argv) > 1 and sys.argv[1] in PASSED_ON:
        command = sys.argv.pop(1)
        runpy.run_module(PASSED_ON[command], run_name="__main__", alter_sys=True)
        return
    arguments = _parser().parse_args()
    logs.set_up(os.environ.get("DIEMCAU_LOG", "WARNING").upper())
    os.umask(UMASK)
    try:
        settings = read(os.environ)
        settle()
        if arguments.command != "serve":
            uvloop.run(admin.run(settings, arguments))
        elif uvloop.run(serve(settings, arguments.take_over)):
            _begin_anew()
    except (RoofError, SchedulerError, OSError) as error:
        sys.exit(f"diemcau: {error}")
    except DBAPIError as error:
        if logs.lost_part(error) is None:
            raise
        sys.exit(f"diemcau: the database does not answer: {error.orig}")


def _begin_anew() -> None:
    """Become the same command again, of the release that is installed now.

    Until that listens for signals, another SIGUSR2 and a SIGHUP are ignored: by default they would end it.
    """
    for number in (signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # execve(2) keeps that
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - of our own command line


def settle() -> None:
    """Let the garbage collector look seldom, and never at what was imported."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="diemcau", description="A province's meetings: registered, admitted, held.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="run everything")
    serving.add_argument(
        "--take-over", action="store_true", help="lead on the meetings of the server that runs on the data directory"
    )
    admin.add_arguments(commands.add_parser("admin", help="accounts, units, capacity, recordings"))
    migrating = commands.add_parser("migrate", help="bring the tables of an older release to this one, after a copy")
    migrating.set_defaults(admin="migrate")
    for name, package in PASSED_ON.items():
        commands.add_parser(name, help=f"python -m {package}", add_help=False)
    return parser


if __name__ == "__main__":
    main()
