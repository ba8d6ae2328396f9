"""Makes a plan of what answers change on this machine, and judges each answer against it. Nothing is written."""

import os
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from scheduler.core.errors import PolicyError
from scheduler.core.model import Amount
from scheduler.policy import profile_files
from signaling.accounts.passwords import random_password
from signaling.accounts.sso.settings import load as load_sso
from signaling.app.settings import Settings, all_addresses, own_addresses, read
from signaling.app.setup import certificates
from signaling.app.setup.answers import Answers, BadAnswer, Certificate, Units
from signaling.app.setup.certificates import Pair
from signaling.app.setup.environment_file import MAX_BYTES, EnvironmentFile
from signaling.app.setup.record import PresentState, Wanted
from signaling.core.errors import SettingsError
from signaling.mail import chat_groups

T = TypeVar("T")

AUTHORITY, AUTHORITY_KEY = "authority.pem", "authority.key"
MAX_TABLE = 8 << 20
UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@dataclass(frozen=True, slots=True)
class Site:
    """The machine that is set up: its file of the environment, and the variables that come from elsewhere."""

    path: Path
    file: EnvironmentFile
    others: Mapping[str, str]
    folder: Path
    """Where names of files begin that do not begin with a slash."""

    @classmethod
    def found(cls, path: Path, folder: Path) -> "Site":
        """Return the machine with the file of the environment at a path. Raises SettingsError, OSError."""
        path = path.resolve()
        try:
            file = EnvironmentFile.read(path.read_bytes()[: MAX_BYTES + 1] if path.exists() else b"")
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from None
        return cls(path, file, environment(os.environ, file), folder)

    @property
    def authority(self) -> Path:
        """The folder of the site's own authority, which root alone reads: no server needs its key."""
        return self.path.parent / "authority"

    def settings(self, file: EnvironmentFile) -> Settings:
        """Return the settings that the server will have by a file of the environment. Raises SettingsError."""
        return read({**self.others, **file.values})

    def named(self, text: str) -> Path:
        """Return the path of a file that is there. Raises BadAnswer."""
        path = (self.folder / text.strip()).resolve()
        if not path.is_file():
            raise BadAnswer("setup-not-read", text.strip())
        return path

    def content(self, text: str, most: int) -> bytes:
        """Return what is in a file. Raises BadAnswer."""
        path = self.named(text)
        try:
            with path.open("rb") as opened:
                found = opened.read(most + 1)
        except OSError:
            raise BadAnswer("setup-not-read", text.strip()) from None
        if len(found) > most:
            raise BadAnswer("setup-too-large")
        return found

    def profile(self, text: str) -> str:
        """Return policy files as the setting names them: ids of shipped ones and whole paths. Raises BadAnswer."""
        names = [name.strip() for name in text.split(":") if name.strip()]
        shipped = {path.stem for path in profile_files.DATA.glob("*.yaml")}
        value = ":".join(name if name in shipped else str(self.named(name)) for name in names)
        try:
            profile_files.load(profile_files.files(value))
        except (PolicyError, OSError, ValueError) as error:
            raise BadAnswer("setup-profile", str(error)) from None
        return value

    def pair(self, certificate: Certificate) -> Pair:
        """Return a certificate and its key from their files. Raises BadAnswer."""
        chain = self.content(certificate.certificate, certificates.MAX_BYTES)
        return Pair(chain, self.content(certificate.key, certificates.MAX_BYTES))

    def own_authority(self) -> Pair | None:
        """Return the site's own authority; None: there is none yet. Raises BadAnswer."""
        path, key = self.authority / AUTHORITY, self.authority / AUTHORITY_KEY
        if not path.exists():
            return None
        if not key.exists():
            raise BadAnswer("setup-authority-key", str(path))
        return Pair(path.read_bytes(), key.read_bytes())

    def table(self, units: Units) -> bytes:
        """Return a table of units; empty: those that are shipped. Raises BadAnswer."""
        return self.content(units.table, MAX_TABLE) if units.table else b""


@dataclass(slots=True)
class Plan:
    """The changes that are to be made, or the faults that forbid them."""

    faults: list[tuple[str, BadAnswer]] = field(default_factory=list)
    """Each with the answer that it is of."""
    file: EnvironmentFile = field(default_factory=EnvironmentFile)
    wanted: Wanted = field(default_factory=Wanted)
    authority: Pair | None = None
    ends: datetime | None = None
    generated: str = field(default="", repr=False)
    host: str = ""
    port: int = 8443

    @property
    def url(self) -> str:
        """The address that browsers open."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{name}:{self.port}/" if self.port != 443 else f"https://{name}/"

    def change(self, place: str, variable: str, judge: Callable[[], str | None]) -> dict[str, str | None]:
        """Return the change of a variable; none where its value cannot be used."""
        before = len(self.faults)
        value = self.take(place, judge)
        return {variable: value} if len(self.faults) == before else {}

    def take(self, place: str, judge: Callable[[], T]) -> T | None:
        """Return what is judged; where it cannot be used, note the fault."""
        try:
            return judge()
        except BadAnswer as error:
            self.faults.append((place, error))
            return None


def present_host(certificate: bytes) -> str:
    """Return the name that a certificate is for, the first one; empty where it has none."""
    try:
        found = certificates.names(x509.load_pem_x509_certificate(certificate))
    except ValueError:
        return ""
    local = {"localhost", socket.gethostname(), "127.0.0.1", "::1"}
    return next((name for name in found if name not in local and not name.startswith("*")), "")


def make(answers: Answers, site: Site, present: PresentState, now: datetime, unread: Collection[str] = ()) -> Plan:
    """Make the plan of all answers, with every fault.

    The parts `unread` have faults already, and none is found in what depends on them: the certificate on the address,
    units on the profile.
    """
    plan = Plan()
    if "address" in unread:
        answers = answers.model_copy(update={"certificate": None})
    old = site.settings(site.file)
    address = answers.address
    plan.host = address.host if address else present_host(present.certificate)
    plan.port = address.port if address else old.port
    changes: dict[str, str | None] = {}
    if address is not None:
        plan.take("address.port", lambda: check_port(address.port, old.port))
        changes["DIEMCAU_PORT"] = str(address.port)
    if (profile := answers.profile) is not None:
        changes |= plan.change("profile.files", "DIEMCAU_PROFILE", lambda: site.profile(profile.files))
    if (groups := answers.groups) is not None:
        changes |= plan.change("groups.file", "DIEMCAU_GROUPS", lambda: _groups(site, groups.file))
    if (sso := answers.sso) is not None:
        changes |= plan.change("sso.file", "DIEMCAU_SSO", lambda: _sso(site, sso.file))
    changes |= _mail(plan, answers, site)
    pair = _certificate(plan, answers.certificate, site, present, now)
    table = plan.take("units", lambda: site.table(units)) if (units := answers.units) else b""
    plan.file = plan.take("settings", lambda: _changed(site, changes)) or site.file
    faulty = {place.partition(".")[0] for place, _ in plan.faults} | set(unread)
    judged = not faulty & {"profile", "settings"}
    person, capacity = answers.administrator, answers.capacity
    if person is not None and not person.password:
        plan.generated = random_password()
    plan.wanted = Wanted(
        table=table if table and judged else b"",
        shipped=bool(answers.units and answers.units.shipped) and judged,
        account=person.account if person else "",
        name=(person.name or "Quản trị viên") if person else "",
        password=(person.password or plan.generated) if person else "",
        must_change=bool(plan.generated),
        capacity=Amount(capacity.sessions, capacity.points) if capacity else None,
        certificate=pair,
        mail=bool(answers.mail and answers.mail.host) and not faulty & {"mail", "settings"},
        sso=bool(answers.sso and answers.sso.file) and not faulty & {"sso", "settings"},
    )
    return plan


def _changed(site: Site, changes: Mapping[str, str | None]) -> EnvironmentFile:
    """Return the file of the environment with changes by which a server starts. Raises BadAnswer."""
    try:
        file = site.file.changed(changes)
        site.settings(file)
    except SettingsError as error:
        raise BadAnswer("setup-settings", str(error)) from None
    return file


def _path(site: Site, text: str) -> str | None:
    return str(site.named(text)) if text.strip() else None


def _sso(site: Site, text: str) -> str | None:
    path = _path(site, text)
    try:
        if path is not None:
            load_sso(path)
    except ValueError as error:
        raise BadAnswer("setup-settings", str(error)) from None
    return path


def _groups(site: Site, text: str) -> str | None:
    path = _path(site, text)
    try:
        if path is not None:
            chat_groups.load(Path(path))
    except (SettingsError, OSError) as error:
        raise BadAnswer("setup-settings", str(error)) from None
    return path


def _mail(plan: Plan, answers: Answers, site: Site) -> dict[str, str | None]:
    mail = answers.mail
    if mail is None:
        return {}
    authority = mail.authority if mail.host else ""
    return {
        "DIEMCAU_SMTP_URL": mail.url if mail.host else None,
        "DIEMCAU_MAIL_FROM": mail.sender if mail.host else None,
        **plan.change("mail.authority", "DIEMCAU_MAIL_CA", lambda: _path(site, authority)),
    }


def _certificate(
    plan: Plan, answer: Certificate | None, site: Site, present: PresentState, now: datetime
) -> Pair | None:
    """Return the certificate that is to be put in place; None: that which is there stays."""
    if answer is None or answer.source == "present":
        return None
    if not plan.host:
        plan.faults.append(("certificate", BadAnswer("setup-needs-address")))
        return None
    if answer.source == "files":
        pair = plan.take("certificate", lambda: site.pair(answer))
    else:
        pair = plan.take("certificate", lambda: _of_own_authority(plan, site, present, now))
    if pair is not None:
        plan.ends = plan.take("certificate", lambda: certificates.judge(pair, plan.host, now))
    return None if pair is None or pair.certificate == present.certificate else pair


def _of_own_authority(plan: Plan, site: Site, present: PresentState, now: datetime) -> Pair | None:
    known = site.own_authority()
    addresses = own_addresses()
    if known is not None and certificates.lasts_on(present.certificate, known, plan.host, addresses, now):
        return None
    authority = known or certificates.make_authority(plan.host, now)
    plan.authority = None if known else authority
    return certificates.issue(authority, plan.host, addresses, now)


def check_port(port: int, present: int) -> int:
    """Return a port that the server can listen on; it listens on the present one. Raises BadAnswer."""
    if port == present:
        return port
    first = int(UNPRIVILEGED.read_text()) if UNPRIVILEGED.exists() else 1024
    if port < first:
        raise BadAnswer("setup-port-low", str(first))
    try:
        socket.create_server(("", port)).close()
    except OSError:
        raise BadAnswer("setup-port-taken") from None
    return port


def environment(others: Mapping[str, str], file: EnvironmentFile) -> dict[str, str]:
    """Return the variables that come from elsewhere than the file, which a shell may have read before."""
    return {name: value for name, value in others.items() if name not in file.values}


def ours(host: str) -> bool:
    """Return whether a host is a name, or an IP address of this machine."""
    return not certificates.is_address(host) or host in {*all_addresses(), "127.0.0.1", "::1"}


def readable_by_others(path: Path) -> bool:
    """Return whether a file with passwords in it may be read by others."""
    return bool(os.stat(path).st_mode & 0o077)
