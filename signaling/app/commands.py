"""The commands of ``diemcau`` on a data directory: serve, setup, migrate, admin, backup, restore, drill."""

import argparse
import gc
import os
import sys
from typing import NoReturn

import uvloop
from sqlalchemy.exc import DBAPIError

from scheduler.core.errors import SchedulerError
from signaling.app import admin_cli, backup_cli
from signaling.app.private_files import UMASK
from signaling.app.programs import PROGRAMS
from signaling.app.settings import read
from signaling.app.setup import command as setup
from signaling.core import outage_log
from signaling.core.errors import BadInput, ServerError
from signaling.core.texts import field_text

GC_THRESHOLD = 20_000
"""Objects between two collections of unreachable cycles: rows come by ten thousands and are in none."""


def run() -> None:
    """Run a command; print an error of the operator as one line on stderr."""
    arguments = _parser().parse_args()
    if arguments.command == "serve":
        from signaling.app.serve import serve  # noqa: PLC0415 - a second of CPU that an administrator's command does without
    settle()
    try:
        outage_log.set_up(os.environ.get("DIEMCAU_LOG", "WARNING").upper())
    except ValueError as error:
        sys.exit(f"diemcau: {error}")
    os.umask(UMASK)
    try:
        if arguments.command == "setup":
            setup.run(arguments)
            return
        settings = read(os.environ)
        if arguments.command in backup_cli.COMMANDS:
            uvloop.run(backup_cli.run(settings, arguments))
            return
        if arguments.command != "serve":
            uvloop.run(admin_cli.run(settings, arguments))
            return
        if uvloop.run(serve(settings, arguments.take_over)):
            begin_anew(sys.argv, sys.orig_argv)
    except BadInput as error:
        sys.exit("diemcau: " + "; ".join(f"{fault.field}: {field_text(fault.detail, 'en')}" for fault in error.faults))
    except (ServerError, SchedulerError, OSError) as error:
        sys.exit(f"diemcau: {error}")
    except DBAPIError as error:
        if outage_log.lost_part(error) is None:
            raise
        sys.exit(f"diemcau: the database does not answer: {error.orig}")


def begin_anew(command: list[str], whole: list[str]) -> NoReturn:
    """Become the same command again: a script by itself, whose first line may name another release's Python by now."""
    if os.access(command[0], os.X_OK):
        os.execv(command[0], command)  # noqa: S606 - the same command again
    os.execv(sys.executable, whole)  # noqa: S606 - as above


def settle() -> None:
    """Let the garbage collector run from now on, seldom, and never over imported modules."""
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    gc.enable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="diemcau", description="A province's meetings: registered, admitted, held.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="run everything")
    serving.add_argument(
        "--take-over", action="store_true", help="continue the meetings of the server that runs on the data directory"
    )
    first = commands.add_parser("setup", help="the first run: address, certificate, units, mail", allow_abbrev=False)
    setup.add_arguments(first)
    admin_cli.add_arguments(commands.add_parser("admin", help="accounts, units, capacity, recordings"))
    migrating = commands.add_parser("migrate", help="bring the tables of an older release to this one, after a copy")
    migrating.set_defaults(admin="migrate")
    other = migrating.add_mutually_exclusive_group()
    other.add_argument("--check", action="store_true", help="only tell what would be done, and try whether it can be")
    undo = "put the database back as it was before, for the older release; what was written since is kept aside"
    other.add_argument("--undo", action="store_true", help=undo)
    backup_cli.add_arguments(commands)
    for name, package in PROGRAMS.items():
        commands.add_parser(name, help=f"python -m {package}", add_help=False)
    return parser
