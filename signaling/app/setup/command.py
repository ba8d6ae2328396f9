"""Runs ``diemcau setup``: answers are asked or read, judged as a whole, shown, and then carried out."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signaling.app.services import utc_now
from signaling.app.setup import answers
from signaling.app.setup.answers import Given
from signaling.app.setup.owner import owner
from signaling.app.setup.page_server import serve_page
from signaling.app.setup.plan import Plan, Site, readable_by_others
from signaling.app.setup.questions import Questions
from signaling.app.setup.record import Verdict
from signaling.app.setup.terminal import InputEnded, Terminal
from signaling.app.setup.work import Work
from signaling.core.errors import BadInput, SettingsError

ENVIRONMENT = Path("/etc/diemcau/diemcau.env")
STOPPED = 130


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="take the answers from a file (TOML) and ask nothing"
    )
    parser.add_argument("--web", action="store_true", help="ask by a page, whose one-time link is printed")
    parser.add_argument("--check", action="store_true", help="judge the file of answers, and change nothing")
    parser.add_argument("--lang", choices=["vi", "en"], default="vi", help="language of questions and texts")
    parser.add_argument(
        "--environment", type=Path, default=ENVIRONMENT, metavar="FILE", help=f"the server's settings ({ENVIRONMENT})"
    )


def run(arguments: Namespace) -> None:
    """Set the server up. Ends with status 1 where something is refused, 130 where the administrator stopped."""
    terminal = Terminal(arguments.lang)
    if arguments.check and arguments.answers is None:
        raise SettingsError("--check needs --answers FILE")
    if arguments.web and arguments.answers is not None:
        raise SettingsError("--web asks by a page, and takes no --answers")
    try:
        if arguments.web:
            serve_page(arguments.environment, terminal)
        else:
            _set_up(arguments, terminal)
    except (KeyboardInterrupt, InputEnded):
        terminal.line("")
        terminal.say("stopped")
        sys.exit(STOPPED)


def _set_up(arguments: Namespace, terminal: Terminal) -> None:
    folder = Path.cwd() if arguments.answers is None else arguments.answers.resolve().parent
    site = Site.found(arguments.environment, folder)
    with owner(site.settings(site.file).data) as runner:
        work = Work.begun(site, runner, terminal.language, utc_now())
        if arguments.answers is None:
            given = Given(Questions(terminal, site, work.settings, work.present, work.judge, work.now).ask())
        else:
            given = _read(arguments.answers, terminal)
        plan, verdict = work.decide(given)
        _refuse(terminal, verdict.faults)
        _show(terminal, work, plan, verdict)
        if arguments.answers and readable_by_others(arguments.answers):
            terminal.say("readable", value=arguments.answers)
        if arguments.check:
            terminal.say("fine")
        elif arguments.answers is not None or terminal.confirm(terminal.text("confirm"), default=True):
            _carry_out(terminal, work, plan, verdict)
        else:
            raise InputEnded


def _read(path: Path, terminal: Terminal) -> Given:
    with path.open("rb") as opened:
        content = opened.read(answers.MAX_BYTES + 1)
    try:
        return answers.read(content)
    except BadInput as error:
        faults = tuple((fault.field, terminal.fault(answers.BadAnswer(fault.detail))) for fault in error.faults)
    _refuse(terminal, faults)
    raise AssertionError("refused")


def _refuse(terminal: Terminal, faults: tuple[tuple[str, str], ...]) -> None:
    """End with every fault told, if there is one."""
    if faults:
        lines = [f"  x {place}: {words}" if place else f"  x {words}" for place, words in faults]
        sys.exit("\n".join([terminal.text("refused"), *lines]))


def _show(terminal: Terminal, work: Work, plan: Plan, verdict: Verdict) -> None:
    """Tell what will be done, and what should be looked at."""
    terminal.say("summary")
    for line in work.summary(plan, verdict):
        terminal.line(line)


def _carry_out(terminal: Terminal, work: Work, plan: Plan, verdict: Verdict) -> None:
    """Do everything, and tell what comes next; Ctrl-C waits."""
    terminal.say("working")
    with _uninterrupted():
        kept = work.carry_out(plan, verdict, terminal.line)
    terminal.say("done")
    for path in kept:
        terminal.say("backup", value=path)
    terminal.say("next")
    for line in work.next_steps(plan):
        terminal.line(line)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore signals that would end the process half-way."""
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
