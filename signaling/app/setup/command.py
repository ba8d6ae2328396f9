"""Runs ``diemcau setup``: answers are asked or read, judged as a whole, shown, and then carried out."""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from signaling.app.services import utc_now
from signaling.app.setup import answers, record
from signaling.app.setup.answers import Answers
from signaling.app.setup.environment_file import MAX_BYTES, EnvironmentFile
from signaling.app.setup.owner import Failed, Runner, owner
from signaling.app.setup.plan import AUTHORITY, AUTHORITY_KEY, Plan, Site, environment, make, ours, readable_by_others
from signaling.app.setup.questions import Questions
from signaling.app.setup.record import Verdict
from signaling.app.setup.staged_files import StagedFiles
from signaling.app.setup.terminal import InputEnded, Terminal
from signaling.core.errors import BadInput, SettingsError

ENVIRONMENT = Path("/etc/diemcau/diemcau.env")
SECRETS = {"DIEMCAU_SMTP_URL"}
STOPPED = 130


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="take the answers from a file (TOML) and ask nothing"
    )
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
    try:
        _set_up(arguments, terminal)
    except (KeyboardInterrupt, InputEnded):
        terminal.line("")
        terminal.say("stopped")
        sys.exit(STOPPED)


def _set_up(arguments: Namespace, terminal: Terminal) -> None:
    now = utc_now()
    site = _site(arguments)
    settings = site.settings(site.file)
    with owner(settings.data) as runner:
        present = runner.run(record.look, settings, now)

        def judge(plan: Plan) -> Verdict:
            try:
                return runner.run(record.judge, site.settings(plan.file), plan.wanted, terminal.language, now)
            except Failed as error:
                return Verdict((("", str(error)),))

        if arguments.answers is None:
            given = Questions(terminal, site, settings, present, judge, now).ask()
        else:
            given = _read(arguments.answers, terminal)
        plan = make(given, site, present, now)
        faults = [(place, terminal.fault(error)) for place, error in plan.faults]
        verdict = Verdict(tuple(faults)) if faults else judge(plan)
        _refuse(terminal, verdict.faults)
        _show(terminal, site, plan, verdict)
        if arguments.answers and readable_by_others(arguments.answers):
            terminal.say("readable", value=arguments.answers)
        if arguments.check:
            terminal.say("fine")
        elif arguments.answers is not None or terminal.confirm(terminal.text("confirm"), default=True):
            _carry_out(terminal, site, plan, verdict, runner, now)
        else:
            raise InputEnded


def _site(arguments: Namespace) -> Site:
    """Read the file of the environment. Raises SettingsError, OSError."""
    path = arguments.environment.resolve()
    try:
        file = EnvironmentFile.read(path.read_bytes()[: MAX_BYTES + 1] if path.exists() else b"")
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    folder = Path.cwd() if arguments.answers is None else arguments.answers.resolve().parent
    return Site(path, file, environment(os.environ, file), folder)


def _read(path: Path, terminal: Terminal) -> Answers:
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


def _show(terminal: Terminal, site: Site, plan: Plan, verdict: Verdict) -> None:
    """Tell what will be done, and what should be looked at."""
    terminal.say("summary")
    if plan.host:
        terminal.say("will-address", value=plan.url)
    for line in list(_effects(terminal, site, plan, verdict)) or [terminal.text("nothing")]:
        terminal.line(line)
    if plan.host and not ours(plan.host):
        terminal.say("not-ours", value=plan.host)
    if verdict.mail:
        terminal.say("mail-not-tried", value=verdict.mail)


def _effects(terminal: Terminal, site: Site, plan: Plan, verdict: Verdict) -> Iterator[str]:
    """Yield what will be done, line by line."""
    text, wanted = terminal.text, plan.wanted
    for name, value in _changes(site, plan).items():
        if value is None:
            yield text("will-remove", name=name)
        else:
            yield text("will-setting", name=name, value=text("secret") if name in SECRETS else value)
    if plan.authority is not None:
        yield text("will-authority", value=site.authority / AUTHORITY)
    if wanted.certificate is not None and plan.ends is not None:
        yield text("will-certificate", value=f"{plan.ends:%d/%m/%Y}")
    if wanted.table:
        yield text("will-units", added=verdict.added, changed=verdict.changed, beside=verdict.beside)
    if wanted.shipped:
        yield text("will-shipped")
    if wanted.capacity is not None:
        yield text("will-capacity", sessions=wanted.capacity.sessions, points=wanted.capacity.points)
    if wanted.account:
        yield text("account-stays" if verdict.account_is_there else "will-account", value=wanted.account)


def _changes(site: Site, plan: Plan) -> dict[str, str | None]:
    """Return the variables that change, with None for one that is removed."""
    old, new = site.file.values, plan.file.values
    return {name: new.get(name) for name in {**old, **new} if old.get(name) != new.get(name)}


def _carry_out(terminal: Terminal, site: Site, plan: Plan, verdict: Verdict, runner: Runner, now: datetime) -> None:
    """Write everything, the files of /etc last, and tell what comes next; Ctrl-C waits."""
    terminal.say("working")
    with _uninterrupted(), StagedFiles() as files:
        if plan.authority is not None:
            files.add(site.authority / AUTHORITY, plan.authority.certificate, 0o644)
            files.add(site.authority / AUTHORITY_KEY, plan.authority.key, 0o600)
        if plan.file != site.file:
            files.add(site.path, plan.file.text().encode(), 0o600)
        settings = site.settings(plan.file)
        runner.run(record.apply, settings, plan.wanted, now)
        if plan.generated and not verdict.account_is_there:
            terminal.say("generated", account=plan.wanted.account, password=plan.generated)
        kept = files.put()
    terminal.say("done")
    for path in kept:
        terminal.say("backup", value=path)
    terminal.say("next")
    if (site.authority / AUTHORITY).exists():
        terminal.say("next-authority", value=site.authority / AUTHORITY)
    if plan.authority is not None:
        terminal.say("next-authority-key", value=site.authority / AUTHORITY_KEY)
    if plan.host:
        terminal.say("next-open", value=plan.url)


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
