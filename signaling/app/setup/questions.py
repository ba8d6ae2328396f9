"""Asks an administrator what ``diemcau setup`` needs; each answer is judged at once, with what is there as default."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, get_args

from scheduler.units.seed import TWO_TIER_PROFILES
from signaling.app.settings import Settings, own_addresses
from signaling.app.setup import answers
from signaling.app.setup.answers import Answers, BadAnswer
from signaling.app.setup.plan import Plan, Site, check_port, make, present_host
from signaling.app.setup.record import PresentState, Verdict
from signaling.app.setup.terminal import Terminal
from signaling.mail.config import Mail as MailSettings
from signaling.mail.config import Server as MailServer

REGULATION = "pre-KH-2023:KH-2023"
F = TypeVar("F", answers.Groups, answers.Sso)
Judge = Callable[[Plan], Verdict]
"""Judges a plan against what is there."""


def known_host(present: PresentState) -> str:
    """Return the address that is offered: that of the certificate, else an address of this machine."""
    return present_host(present.certificate) or own_addresses()[0]


def known_mail(mail: MailSettings | None) -> answers.Mail:
    """Return the mail server that is there as an answer, which is not judged again; without one an empty answer."""
    if mail is None:
        return answers.Mail(host="")
    smtp, authority = mail.smtp, str(mail.authority or "")
    return answers.Mail.model_construct(
        host=smtp.host, port=smtp.port, tls=smtp.tls, user=smtp.user, sender=mail.sender, authority=authority
    )


def kept_password(mail: answers.Mail, known: MailServer | None) -> answers.Mail:
    """Return the answer with the password that is there, where none was given for the same account."""
    same = known is not None and bool(mail.user) and mail.user == known.user and not mail.password
    return mail.model_copy(update={"password": known.password}) if known is not None and same else mail


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one machine."""

    terminal: Terminal
    site: Site
    settings: Settings
    present: PresentState
    judge: Judge
    now: datetime

    def ask(self) -> Answers:
        """Return the answers to all questions. Raises InputEnded."""
        self.terminal.say("title")
        found = Answers()
        steps = (
            ("address", self._address),
            ("profile", self._profile),
            ("units", self._units),
            ("certificate", self._certificate),
            ("administrator", self._administrator),
            ("mail", self._mail),
            ("groups", self._groups),
            ("sso", self._sso),
            ("capacity", self._capacity),
        )
        for number, (name, step) in enumerate(steps, 1):
            self.terminal.say("step", number=number, whole=len(steps), title=self.terminal.text(name))
            found = found.model_copy(update={name: step(found)})
        return found

    def _address(self, _: Answers) -> answers.Address:
        host = self.terminal.ask("host", known_host(self.present), answers.checked_host)
        present = self.settings.port

        def port(text: str) -> int:
            return check_port(answers.checked_port(text), present)

        return answers.Address(host=host, port=self.terminal.ask("port", str(present), port))

    def _profile(self, _: Answers) -> answers.Profile | None:
        text, value = self.terminal.text, self.site.file.values.get("DIEMCAU_PROFILE", REGULATION)
        options = [(REGULATION, text("profile-regulation")), (TWO_TIER_PROFILES, text("profile-two-tier"))]
        if value not in dict(options):
            options.insert(0, (value, text("profile-present", value=value)))
        chosen = self.terminal.choose([*options, ("other", text("profile-other"))], value)
        if chosen == "other":
            chosen = self.terminal.ask("profile-files", value, self.site.profile)
        return None if chosen == value and "DIEMCAU_PROFILE" in self.site.file.values else answers.Profile(files=chosen)

    def _units(self, found: Answers) -> answers.Units | None:
        text, count = self.terminal.text, self.present.units
        options = [("keep", text("units-present", count=count) if count else text("units-later"))]
        present = self.site.file.values.get("DIEMCAU_PROFILE", REGULATION)
        if (found.profile.files if found.profile else present) == TWO_TIER_PROFILES:
            options.append(("shipped", text("units-shipped")))
        while True:
            match self.terminal.choose([*options, ("table", text("units-table"))], "keep"):
                case "shipped":
                    units = answers.Units(shipped="khanh-hoa")
                case "table":
                    units = answers.Units(table=self.terminal.ask("table", "", lambda name: str(self.site.named(name))))
                case _:
                    return None
            if self._usable(found.model_copy(update={"units": units})):
                return units

    def _usable(self, found: Answers) -> bool:
        """Return whether answers can be used so far; tell every fault."""
        self.terminal.say("checking")
        plan = make(found, self.site, self.present, self.now)
        faults = [(place, self.terminal.fault(error)) for place, error in plan.faults]
        verdict = Verdict(tuple(faults)) if faults else self.judge(plan)
        for place, words in verdict.faults:
            self.terminal.line(f"  x {place}: {words}")
        for line in verdict.servers:
            self.terminal.line(line)
        return not verdict.faults

    def _certificate(self, found: Answers) -> answers.Certificate | None:
        text = self.terminal.text
        there = "certificate-present" if self.present.certificate else "certificate-self-signed"
        options = [
            ("present", text(there)),
            ("authority", text("certificate-authority")),
            ("files", text("certificate-files")),
        ]
        fits = found.address is not None and present_host(self.present.certificate) == found.address.host
        while True:
            source = self.terminal.choose(options, "present" if fits else "authority")
            if source == "present":
                return None
            certificate = answers.Certificate(source="authority")
            if source == "files":
                names = [self.terminal.ask(word, "", self._named) for word in ("certificate-file", "key-file")]
                certificate = answers.Certificate(source="files", certificate=names[0], key=names[1])
            plan = make(Answers(address=found.address, certificate=certificate), self.site, self.present, self.now)
            if not (faults := [error for place, error in plan.faults if place == "certificate"]):
                return certificate
            for error in faults:
                self.terminal.line(f"  x {self.terminal.fault(error)}")

    def _named(self, text: str) -> str:
        return str(self.site.named(text))

    def _administrator(self, _: Answers) -> answers.Administrator | None:
        known = self.present.administrators
        if known:
            question = self.terminal.text("administrator-present", value=", ".join(known[:5]))
            if not self.terminal.confirm(question, default=False):
                return None
        account = self.terminal.ask("account", "" if known else "quantri", answers.checked_account)
        name = self.terminal.ask("name", "Quản trị viên", str)
        return answers.Administrator(account=account, name=name[:200], password=self._password(account))

    def _password(self, account: str) -> str:
        while True:
            try:
                first = answers.checked_password(self.terminal.ask_secret("password"), account)
                if first and self.terminal.ask_secret("password-again") != first:
                    raise BadAnswer("password-differs")
            except BadAnswer as error:
                self.terminal.line(f"  x {self.terminal.fault(error)}")
            else:
                return first

    def _mail(self, found: Answers) -> answers.Mail | None:
        text, mail = self.terminal.text, self.settings.mail
        there = text("mail-none") if mail is None else text("mail-present", value=f"{mail.smtp.host}, {mail.sender}")
        options = [("keep", there), ("server", text("mail-server"))]
        if mail is not None:
            options.append(("none", text("mail-none")))
        offered = known_mail(mail)
        while True:
            match self.terminal.choose(options, "keep"):
                case "none":
                    return answers.Mail(host="")
                case "server":
                    offered = kept_password(self._mail_server(offered), None if mail is None else mail.smtp)
                    if self._usable(found.model_copy(update={"mail": offered, "units": None})):
                        return offered
                case _:
                    return None

    def _mail_server(self, offered: answers.Mail) -> answers.Mail:
        """Ask for the mail server; what is offered is there, or was answered before."""
        host = self.terminal.ask("smtp-host", offered.host, answers.checked_host)
        self.terminal.line(self.terminal.text("smtp-tls") + ":")
        modes = [(mode, self.terminal.text(f"tls-{mode}")) for mode in get_args(answers.Tls)]
        tls = self.terminal.choose(modes, offered.tls)
        usual = offered.port if offered.port and offered.tls == tls else 465 if tls == "implicit" else 587
        port = self.terminal.ask("smtp-port", str(usual), answers.checked_port)
        user = self.terminal.ask("smtp-user", offered.user, str)
        password = self.terminal.ask_secret("smtp-password") if user else ""
        sender = self.terminal.ask("smtp-sender", offered.sender, answers.checked_sender)
        authority = self.terminal.ask("smtp-authority", offered.authority, self._named_or_none)
        return answers.Mail.model_validate(
            {"host": host, "port": port, "tls": tls, "user": user, "password": password, "sender": sender}
            | {"authority": authority}
        )

    def _named_or_none(self, text: str) -> str:
        return self._named(text) if text else ""

    def _groups(self, found: Answers) -> answers.Groups | None:
        return self._file(found, "groups", "DIEMCAU_GROUPS", answers.Groups)

    def _sso(self, found: Answers) -> answers.Sso | None:
        return self._file(found, "sso", "DIEMCAU_SSO", answers.Sso)

    def _file(self, found: Answers, name: str, variable: str, kind: type[F]) -> F | None:
        """Ask for a file that the server goes on reading, until it can be used; None: that which is there."""
        known = offered = self.site.file.values.get(variable, "")
        while True:
            asked = kind(file=self.terminal.ask(f"{name}-file", offered, self._named_or_none))
            if asked.file == known:
                return None
            if self._usable(found.model_copy(update={name: asked, "units": None, "mail": None})):
                return asked
            offered = asked.file

    def _capacity(self, _: Answers) -> answers.Capacity | None:
        there = self.present.capacity
        sessions = self.terminal.ask("sessions", str(there.sessions), answers.checked_count)
        points = self.terminal.ask("points", str(there.points), answers.checked_count)
        if self.present.capacity_recorded and (sessions, points) == (there.sessions, there.points):
            return None
        return answers.Capacity(sessions=sessions, points=points)
