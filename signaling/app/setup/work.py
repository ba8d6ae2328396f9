"""Judges answers on one machine, tells what they change, and carries them out: for the terminal and for the page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from signaling.app.settings import Settings
from signaling.app.setup import record, texts
from signaling.app.setup.answers import BadAnswer, Given
from signaling.app.setup.owner import Failed, Runner
from signaling.app.setup.plan import AUTHORITY, AUTHORITY_KEY, Plan, Site, make, ours
from signaling.app.setup.record import PresentState, Verdict
from signaling.app.setup.staged_files import StagedFiles
from signaling.core.texts import Language

SECRETS = {"DIEMCAU_SMTP_URL"}


@dataclass(frozen=True, slots=True)
class Work:
    """The work on a machine as it is at one time, told in one language."""

    site: Site
    runner: Runner
    settings: Settings
    present: PresentState
    language: Language
    now: datetime

    @classmethod
    def begun(cls, site: Site, runner: Runner, language: Language, now: datetime) -> Self:
        """Look at what is there. Raises Failed, SettingsError."""
        settings = site.settings(site.file)
        return cls(site, runner, settings, runner.run(record.look, settings, now), language, now)

    def judge(self, plan: Plan) -> Verdict:
        """Judge a plan against what is there."""
        try:
            settings = self.site.settings(plan.file)
            return self.runner.run(record.judge, settings, plan.wanted, self.language, self.now)
        except Failed as error:
            return Verdict((("", str(error)),))

    def decide(self, given: Given) -> tuple[Plan, Verdict]:
        """Make and judge the plan of answers, with the faults of all; nothing is written."""
        plan = make(given.answers, self.site, self.present, self.now, given.unread)
        unread = [(fault.field, BadAnswer(fault.detail)) for fault in given.faults]
        faults = [(place, texts.fault(error, self.language)) for place, error in (*unread, *plan.faults)]
        verdict = self.judge(plan)
        return plan, replace(verdict, faults=(*faults, *verdict.faults))

    def summary(self, plan: Plan, verdict: Verdict) -> list[str]:
        """Return what a plan without faults will do, and what should be looked at, line by line."""
        lines = [self._text("will-address", value=plan.url)] if plan.host else []
        lines += list(self._effects(plan, verdict)) or [self._text("nothing")]
        if plan.host and not ours(plan.host):
            lines.append(self._text("not-ours", value=plan.host))
        return [*lines, *verdict.servers]

    def carry_out(self, plan: Plan, verdict: Verdict, tell: Callable[[str], None]) -> list[Path]:
        """Write everything, the files of /etc last; tell a password that was made up, and return copies of old files.

        Raises Failed, OSError; then no file of /etc was changed.
        """
        with StagedFiles() as files:
            if plan.authority is not None:
                files.add(self.site.authority / AUTHORITY, plan.authority.certificate, 0o644)
                files.add(self.site.authority / AUTHORITY_KEY, plan.authority.key, 0o600)
            if plan.file != self.site.file:
                files.add(self.site.path, plan.file.text().encode(), 0o600)
            self.runner.run(record.apply, self.site.settings(plan.file), plan.wanted, self.now)
            if plan.generated and not verdict.account_is_there:
                tell(self._text("generated", account=plan.wanted.account, password=plan.generated))
            return files.put()

    def next_steps(self, plan: Plan) -> list[str]:
        """Return what comes after a plan was carried out."""
        lines = []
        if (self.site.authority / AUTHORITY).exists():
            lines.append(self._text("next-authority", value=self.site.authority / AUTHORITY))
        if plan.authority is not None:
            lines.append(self._text("next-authority-key", value=self.site.authority / AUTHORITY_KEY))
        if plan.host:
            lines.append(self._text("next-open", value=plan.url))
        return lines

    def _effects(self, plan: Plan, verdict: Verdict) -> Iterator[str]:
        """Yield what will be done, line by line."""
        wanted = plan.wanted
        for name, value in self._changes(plan).items():
            if value is None:
                yield self._text("will-remove", name=name)
            else:
                yield self._text("will-setting", name=name, value=self._text("secret") if name in SECRETS else value)
        if plan.authority is not None:
            yield self._text("will-authority", value=self.site.authority / AUTHORITY)
        if wanted.certificate is not None and plan.ends is not None:
            yield self._text("will-certificate", value=f"{plan.ends:%d/%m/%Y}")
        if wanted.table:
            yield self._text("will-units", added=verdict.added, changed=verdict.changed, beside=verdict.beside)
        if wanted.shipped:
            yield self._text("will-shipped")
        if wanted.capacity is not None:
            yield self._text("will-capacity", sessions=wanted.capacity.sessions, points=wanted.capacity.points)
        if wanted.account:
            yield self._text("account-stays" if verdict.account_is_there else "will-account", value=wanted.account)

    def _changes(self, plan: Plan) -> dict[str, str | None]:
        """Return the variables that change, with None for one that is removed."""
        old, new = self.site.file.values, plan.file.values
        return {name: new.get(name) for name in {**old, **new} if old.get(name) != new.get(name)}

    def _text(self, word: str, **values: object) -> str:
        return texts.text(word, self.language, **values)
