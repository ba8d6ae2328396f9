"""Settings of the server, read once from ``DIEMCAU_*`` in the environment.

Decision 70 says why no library reads them.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import unquote, urlsplit

import ifaddr

from mediaserver.api import RTP_PORTS, RoomOptions
from mediaserver.transport.dscp import Dscp
from scheduler.core import postgresql_hosts
from scheduler.notifications.wording import Contacts
from scheduler.policy.profile_files import SHIPPED, files
from signaling.accounts.sso.settings import SsoSettings
from signaling.accounts.sso.settings import load as load_sso
from signaling.app import traces
from signaling.app.traces import TracesSettings
from signaling.audit.syslog import target as syslog_target
from signaling.audit.syslog.target import SyslogSettings
from signaling.core import valkey_pool
from signaling.core.errors import SettingsError
from signaling.h323.agent.context import H323Settings
from signaling.h323.gatekeeper.client import DEFAULT_ALIASES, DEFAULT_PORT, GatekeeperSettings
from signaling.http import clamd, signer
from signaling.http.clamd import ClamdSettings
from signaling.http.security_contact import SecurityContact, parse_contacts
from signaling.http.signer import Signer
from signaling.mail.config import Mail, Server
from signaling.sip.agent.agent import SipSettings
from signaling.webhooks.client import WebhookSettings
from signaling.workers.turn import TurnSettings

HTTP_PORT = 8080
MAX_ALIAS, MAX_ALIASES = 128, 8

KEPT_UNITS = {"h": "hourly", "d": "daily", "w": "weekly", "m": "monthly"}
MAX_REPOSITORIES = 9
KEPT_BACKUPS = {"hourly": 24, "daily": 14, "weekly": 8, "monthly": 12}
"""The backups that are kept: the last one of each of the last so many hours, days, weeks and months."""

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Address and port at which connections arrive that others have accepted, and the addresses of these others."""

    host: str
    port: int
    proxies: frozenset[str]

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses of all servers of the system, and of proxies in front: the same on each."""
        return tuple(sorted(self.proxies | {self.host}))


@dataclass(frozen=True, slots=True)
class AdministrationSettings:
    """Address and port of administration, and the networks that it is open to; none: all."""

    host: str
    port: int
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    @property
    def address(self) -> tuple[str, int]:
        """The address and port."""
        return self.host, self.port

    def admits(self, address: str) -> bool:
        """Return whether administration is open to an address."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        plain = (ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None) or ip
        return not self.networks or any(plain in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """The repository of backups, the file whose first line encrypts them, and how many are kept, by unit of time.

    `further` are other repositories, by their numbers from 2 on.
    """

    repository: str = field(repr=False)
    passphrase_file: Path
    keep: Mapping[str, int]
    further: Mapping[int, str] = field(default_factory=dict, repr=False)

    @property
    def repositories(self) -> dict[int, str]:
        """All repositories, by their numbers from 1 on."""
        return {1: self.repository, **self.further}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one server. Port 0 means any free one; `http_port` None means 8080, or any free one if that is taken.

    `profiles` are the policy files; each holds from its own day on.
    """

    data: Path
    host: str
    port: int
    http_port: int | None
    database_url: str
    redis_url: str | None
    workers: int
    media_port: int
    media_addresses: tuple[str, ...]
    max_sessions: int
    max_points: int
    mail: Mail | None = None
    media_tcp: bool = True
    """Whether browsers that UDP does not reach may connect by TCP to the port of the same number."""
    media_tcp_fronts: tuple[tuple[str, int], ...] = ()
    """Addresses and ports from which connections are passed on to the media workers."""
    code_key: bytes | None = field(default=None, repr=False)
    """The key that encrypts session codes, unless it lies in ``code.key`` beside the database."""
    groups: Path | None = None
    """The file of the support groups."""
    profiles: tuple[Path, ...] = SHIPPED
    rtp_ports: tuple[int, int] = (RTP_PORTS.start, RTP_PORTS.stop - 1)
    """The first and the last UDP port for media of room systems, for all workers together."""
    dscp: Dscp = field(default_factory=Dscp)
    """Marks of packets of sound, pictures and signalling."""
    speaker_hold: float = RoomOptions().hold_s
    """Seconds for which a speaker keeps the large picture after their last sound, and a louder one waits for it."""
    mixed_voices: int = RoomOptions().mixed
    """Number of voices, the loudest, that are heard at once."""
    start_workers: bool = True
    """Whether the server starts missing media workers; False if something else does (systemd)."""
    worker_sockets: Path | None = None
    """The directory of the workers' sockets where something else starts them, as another user."""
    transcript_model: Path | None = None
    """The folder of the model that transcribes recordings; None: nothing is transcribed."""
    asr_model: Path | None = None
    """The folder of the model that recognizes speech for captions; None: there are no captions."""
    sip: SipSettings | None = None
    """Address and port of SIP; None: no room system is called or can call in."""
    h323: H323Settings | None = None
    """Address and port of H.323; None: it is not spoken."""
    files: Path | None = None
    """The directory of recordings and documents, which several servers share; None: the data directory."""
    syslog: SyslogSettings | None = None
    """The syslog server that gets the audit log; None: it stays here."""
    traces: TracesSettings | None = None
    """The collector that gets traces; None: nothing is traced."""
    clamd: ClamdSettings | None = None
    """The scanner without which no uploaded file is taken; None: files are not scanned."""
    signature: Signer | None = None
    """The certificate of the site, by which files are signed; None: none is."""
    security_contact: SecurityContact | None = None
    """Whom weaknesses of this installation are reported to; None: nobody is named."""
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    """Where webhooks may go beside public addresses, and whom else they trust."""
    turn: TurnSettings | None = None
    """The TURN server that browsers are told; None: none."""
    relay: RelaySettings | None = None
    """Where other servers of the system pass connections on to; None: this is its only server."""
    administration: AdministrationSettings | None = None
    """Where administrators sign in; None: where everybody does."""
    sso: SsoSettings | None = field(default=None, repr=False)
    """The provider and the directory of single sign-on; None: all accounts are our own."""
    backup: BackupSettings | None = None
    """Where `diemcau backup` writes; None: nowhere."""

    @property
    def run(self) -> Path:
        """Directory of sockets and other files that do not outlive the process."""
        return self.data / "run"

    @property
    def sockets(self) -> Path:
        """Directory of the sockets of media workers."""
        return self.worker_sockets or self.run

    @property
    def copies(self) -> Path:
        """Directory of copies of the database from before each migration."""
        return self.data / "before-migration"

    @property
    def recordings(self) -> Path:
        """Directory of recordings, with one directory per session."""
        return (self.files or self.data) / "recordings"

    @property
    def documents(self) -> Path:
        """Directory of documents that were uploaded."""
        return (self.files or self.data) / "documents"


def read(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError, naming the variable, when a value cannot be used."""
    data = Path(environ.get("DIEMCAU_DATA") or "data").absolute()
    variables = _Variables(environ)
    points = variables.get("MAX_POINTS", _count, 250)
    return Settings(
        data=data,
        host=variables.get("HOST", _address, everywhere(own_addresses())),
        port=variables.get("PORT", _port, 8443),
        http_port=variables.get("HTTP_PORT", _port, None),
        database_url=variables.get("DATABASE_URL", database_url, f"sqlite:///{data / 'diemcau.sqlite3'}"),
        redis_url=variables.get("REDIS_URL", valkey_pool.check, None),
        start_workers=variables.get("START_WORKERS", _yes, True),
        worker_sockets=variables.get("WORKER_SOCKETS", _directory, None),
        workers=variables.get("WORKERS", _worker_count, max(1, (os.cpu_count() or 1) - 1)),
        media_port=variables.get("MEDIA_PORT", _port, 40000),
        media_tcp=variables.get("MEDIA_TCP", _yes, True),
        media_tcp_fronts=variables.get("MEDIA_TCP_FRONT", _addresses_and_ports, ()),
        media_addresses=variables.get("MEDIA_ADDRESS", _addresses, ()) or own_addresses(),
        rtp_ports=variables.get("RTP_PORTS", _range, (RTP_PORTS.start, RTP_PORTS.stop - 1)),
        dscp=variables.get("DSCP", _dscp, Dscp()),
        max_sessions=variables.get("MAX_SESSIONS", _count, 20),
        max_points=points,
        speaker_hold=variables.get("SPEAKER_HOLD", _hold, RoomOptions().hold_s),
        mixed_voices=variables.get("MIXED_VOICES", _mixed, RoomOptions().mixed),
        transcript_model=variables.get("TRANSCRIPT_MODEL", _existing_directory, None),
        asr_model=variables.get("ASR_MODEL", _existing_directory, None),
        mail=_mail(variables),
        code_key=variables.secret("CODE_KEY", _key),
        groups=variables.get("GROUPS", _file, None),
        profiles=variables.get("PROFILE", files, SHIPPED),
        sip=_sip(variables, points),
        h323=_h323(variables, points),
        files=variables.get("FILES", _existing_directory, None),
        turn=_turn(variables),
        relay=_relay(variables),
        administration=_administration(variables),
        backup=_backup(variables, data),
        syslog=_syslog(variables),
        traces=_traces(variables),
        clamd=variables.get("CLAMD", clamd.parse, None),
        signature=variables.get("SIGNATURE", signer.parse, None),
        security_contact=_security_contact(variables),
        webhooks=WebhookSettings(
            variables.get("WEBHOOK_NETWORKS", _networks, ()), variables.get("WEBHOOK_CA", _file, None)
        ),
        sso=variables.get("SSO", load_sso, None),
    )


def _sip(variables: "_Variables", points: int) -> SipSettings | None:
    host, port = variables.get("SIP_HOST", _address, None), variables.get("SIP_PORT", _port, None)
    if host is None and port is not None:
        raise SettingsError("DIEMCAU_SIP_PORT needs DIEMCAU_SIP_HOST")
    tls, tls_port = variables.get("SIP_TLS", _existing_directory, None), variables.get("SIP_TLS_PORT", _port, None)
    if tls_port is not None and tls is None:
        raise SettingsError("DIEMCAU_SIP_TLS_PORT needs DIEMCAU_SIP_TLS")
    if tls is not None and host is None:
        raise SettingsError("DIEMCAU_SIP_TLS needs DIEMCAU_SIP_HOST")
    if host is None:
        return None
    dscp = variables.get("DSCP", _dscp, Dscp()).signalling
    ports = 5060 if port is None else port, 5061 if tls_port is None else tls_port
    return SipSettings(host, ports[0], most_calls=points, dscp=dscp, tls=tls, tls_port=ports[1])


def _h323(variables: "_Variables", points: int) -> H323Settings | None:
    host, port = variables.get("SIP_HOST", _address, None), variables.get("H323_PORT", _port, None)
    at, aliases = variables.get("H323_GATEKEEPER", _gatekeeper, None), variables.get("H323_ALIAS", _aliases, ())
    if aliases and at is None:
        raise SettingsError("DIEMCAU_H323_ALIAS needs DIEMCAU_H323_GATEKEEPER")
    if at is not None and port is None:
        raise SettingsError("DIEMCAU_H323_GATEKEEPER needs DIEMCAU_H323_PORT")
    if port is None:
        return None
    if host is None:
        raise SettingsError("DIEMCAU_H323_PORT needs DIEMCAU_SIP_HOST, the address of both")
    gatekeeper = None if at is None else GatekeeperSettings(*at, aliases or DEFAULT_ALIASES)
    dscp = variables.get("DSCP", _dscp, Dscp()).signalling
    return H323Settings(host, port, most_calls=points, dscp=dscp, gatekeeper=gatekeeper)


def _turn(variables: "_Variables") -> TurnSettings | None:
    urls, secret = variables.get("TURN_URL", _turn_urls, None), variables.secret("TURN_SECRET", str)
    if urls is None and secret is None:
        return None
    if urls is None or secret is None:
        raise SettingsError("a TURN server needs both DIEMCAU_TURN_URL and DIEMCAU_TURN_SECRET")
    return TurnSettings(urls, secret)


def _relay(variables: "_Variables") -> RelaySettings | None:
    relay, proxies = variables.get("RELAY", _address_and_port, None), variables.get("RELAY_FROM", _addresses, None)
    if relay is None and proxies is None:
        return None
    if relay is None or proxies is None:
        raise SettingsError("several servers need both DIEMCAU_RELAY and DIEMCAU_RELAY_FROM")
    if not variables.get("DATABASE_URL", database_url, "").startswith("postgresql:"):
        raise SettingsError("several servers need PostgreSQL: set DIEMCAU_DATABASE_URL")
    return RelaySettings(*relay, frozenset(proxies))


def _administration(variables: "_Variables") -> AdministrationSettings | None:
    at, networks = variables.get("ADMIN", _address_and_port, None), variables.get("ADMIN_NETWORKS", _networks, ())
    if at is None and networks:
        raise SettingsError("DIEMCAU_ADMIN_NETWORKS needs DIEMCAU_ADMIN")
    return None if at is None else AdministrationSettings(*at, networks)


def _backup(variables: "_Variables", data: Path) -> BackupSettings | None:
    repository = variables.secret("BACKUP_REPOSITORY", str)
    passphrase_file = variables.get("BACKUP_PASSPHRASE_FILE", Path, data / "backup.passphrase")
    keep = variables.get("BACKUP_KEEP", _kept, KEPT_BACKUPS)
    numbered = {
        number: variables.secret(f"BACKUP_REPOSITORY_{number}", str) for number in range(2, MAX_REPOSITORIES + 1)
    }
    further = {number: each for number, each in numbered.items() if each is not None}
    if repository is None and further:
        raise SettingsError("DIEMCAU_BACKUP_REPOSITORY_2 and those after it need DIEMCAU_BACKUP_REPOSITORY")
    return None if repository is None else BackupSettings(repository, passphrase_file, keep, further)


def _syslog(variables: "_Variables") -> SyslogSettings | None:
    server, authority = variables.get("SYSLOG", syslog_target.parse, None), variables.get("SYSLOG_CA", _file, None)
    if server is None and authority is not None:
        raise SettingsError("DIEMCAU_SYSLOG_CA needs DIEMCAU_SYSLOG")
    return None if server is None else replace(server, authority=authority)


def _traces(variables: "_Variables") -> TracesSettings | None:
    url, authority = variables.get("TRACES", traces.parse, None), variables.get("TRACES_CA", _file, None)
    if url is None and authority is not None:
        raise SettingsError("DIEMCAU_TRACES_CA needs DIEMCAU_TRACES")
    return None if url is None else TracesSettings(url, authority)


def _security_contact(variables: "_Variables") -> SecurityContact | None:
    uris = variables.get("SECURITY_CONTACT", parse_contacts, None)
    expires = variables.get("SECURITY_EXPIRES", date.fromisoformat, None)
    if uris is None and expires is None:
        return None
    if uris is None or expires is None:
        raise SettingsError("security.txt needs both DIEMCAU_SECURITY_CONTACT and DIEMCAU_SECURITY_EXPIRES")
    return SecurityContact(uris, expires)


def _mail(variables: "_Variables") -> Mail | None:
    smtp = variables.secret("SMTP_URL", lambda text: _server(text, "smtp", 465, 587))
    sender = variables.get("MAIL_FROM", mailbox, None)
    imap = variables.secret("IMAP_URL", lambda text: _server(text, "imap", 993, 143))
    if smtp is None and sender is None and imap is None:
        return None
    if smtp is None or sender is None:
        raise SettingsError("letters need both DIEMCAU_SMTP_URL and DIEMCAU_MAIL_FROM")
    authority, verifier = variables.get("MAIL_CA", _file, None), variables.get("MAIL_VERIFIER", _host_name, "")
    contacts = Contacts(variables.get("DESK_MAIL", mailboxes, ()), variables.get("HEAD_MAIL", mailboxes, ()))
    return Mail(smtp, sender, imap, authority, verifier, contacts)


class _Variables:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def get(self, name: str, cast: Callable[[str], T], default: D) -> T | D:
        text = self._environ.get(f"DIEMCAU_{name}", "").strip()
        if not text:
            return default
        try:
            return cast(text)
        except ValueError as error:
            raise SettingsError(f"DIEMCAU_{name}={text!r}: {error}") from error

    def secret(self, name: str, cast: Callable[[str], T]) -> T | None:
        """Get a value with a password in it, which no error repeats."""
        text = self._environ.get(f"DIEMCAU_{name}", "").strip()
        try:
            return cast(text) if text else None
        except ValueError as error:
            raise SettingsError(f"DIEMCAU_{name}: {error}") from None


def own_addresses() -> tuple[str, ...]:
    """Return this machine's addresses that others are offered."""
    return offered_addresses(all_addresses())


def everywhere(own: Sequence[str]) -> str:
    """Return the address by which a server listens at all of its own ones."""
    return "::" if ":" in own[0] else "0.0.0.0"  # noqa: S104 - a server for a province


def all_addresses() -> list[str]:
    """Return all addresses of this machine."""
    ips = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    return [ip if isinstance(ip, str) else ip[0] for ip in ips]


def offered_addresses(found: Iterable[str]) -> tuple[str, ...]:
    """Return the IPv4 addresses that others can reach; without any, the IPv6 ones; else a loopback address.

    Beside IPv4 those of IPv6 are not offered by themselves: privacy extensions replace them each day (decision 136).
    """
    ips = [ipaddress.ip_address(each.partition("%")[0]) for each in dict.fromkeys(found)]
    reachable = [ip for ip in ips if not (ip.is_loopback or ip.is_link_local)]
    loopbacks = [ip for ip in ips if ip.is_loopback]
    for version in (4, 6):
        if offered := tuple(str(ip) for ip in reachable if ip.version == version):
            return offered
    return (str(loopbacks[0]),) if loopbacks else ("127.0.0.1",)


def _port(text: str) -> int:
    value = _integer(text)
    if not 0 <= value <= 65535:
        raise ValueError("a port is between 0 and 65535")
    return value


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    ports = _port(first.strip()), _port(last.strip()) if dash else 0
    if not 1024 <= ports[0] <= ports[1] - 3:
        raise ValueError("must look like 40100-42099, from 1024 on and with room for four ports")
    return ports


CODE_POINTS = {"EF": 46, "AF41": 34, "AF31": 26, "AF21": 18, "CS5": 40, "CS4": 32, "CS3": 24, "CS0": 0}
"""Names of code points (RFC 4594)."""


def _dscp(text: str) -> Dscp:
    """Read three code points, by name or number: of sound, of pictures and of SIP."""
    words = [word.strip().upper() for word in text.split(",")]
    values = [CODE_POINTS.get(word, int(word) if word.isascii() and word.isdecimal() else 64) for word in words]
    if len(values) != 3 or max(values) > 63:
        raise ValueError("must look like EF,AF41,CS3 or 46,34,24: sound, pictures, SIP; 0 for none")
    return Dscp(*values)


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def _count(text: str) -> int:
    value = _integer(text)
    if not 1 <= value <= 100_000:
        raise ValueError("must be between 1 and 100000")
    return value


def _worker_count(text: str) -> int:
    """Read a number of media workers; 0 where all of them dial the server."""
    return 0 if text == "0" else _count(text)


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise ValueError("not a whole number")
    return int(text)


def _key(text: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise ValueError("must be 64 hexadecimal digits, as of `openssl rand -hex 32`")
    return bytes.fromhex(text)


def _kept(text: str) -> dict[str, int]:
    """Read how many backups are kept, as ``24h,14d,8w,12m``: the last of each of so many hours, days, weeks, months."""
    found = [re.fullmatch(r"(\d{1,4})([hdwm])", word.strip()) for word in text.split(",")]
    kept = {KEPT_UNITS[match[2]]: int(match[1]) for match in found if match}
    if len(kept) != len(found) or not any(kept.values()):
        raise ValueError("must look like 24h,14d,8w,12m")
    return kept


def _hold(text: str) -> float:
    value = float(text)
    if not 0.5 <= value <= 30:
        raise ValueError("must be between 0.5 and 30 seconds")
    return value


def _mixed(text: str) -> int:
    value = _integer(text)
    if not 1 <= value <= 16:
        raise ValueError("must be between 1 and 16 voices")
    return value


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError("no such file")
    return path


def _existing_directory(text: str) -> Path:
    path = _directory(text)
    if not path.is_dir():
        raise ValueError("no such directory")
    return path


def _directory(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise ValueError("must begin with a slash")
    return path


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _gatekeeper(text: str) -> tuple[str, int]:
    """Read ``address`` or ``address:port``; an IPv6 address with a port stands in brackets."""
    found = re.fullmatch(r"\[(.*)\](?::(.*))?", text) or re.fullmatch(r"([^:]*)(?::([^:]*))?", text)
    host, port = (text, None) if found is None else found.groups()
    return _address(host), DEFAULT_PORT if port is None else _port(port)


def _aliases(text: str) -> tuple[str, ...]:
    """Read numbers and names with commas between (H.225.0 AliasAddress)."""
    found = tuple(part.strip() for part in text.split(","))
    if not all(0 < len(each) <= MAX_ALIAS for each in found) or len(found) > MAX_ALIASES:
        raise ValueError(f"must be up to {MAX_ALIASES} numbers or names of up to {MAX_ALIAS} characters")
    return found


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(_address(part.strip()) for part in text.split(","))


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Read networks with commas between, as ``10.57.0.0/16``."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(","))


def _turn_urls(text: str) -> tuple[str, ...]:
    """Read links with commas between (RFC 7065)."""
    found = tuple(part.strip() for part in text.split(","))
    if not all(re.fullmatch(r"turns?:[A-Za-z0-9.:\[\]-]{1,255}(\?transport=(udp|tcp))?", each) for each in found):
        raise ValueError("must look like turns:turn.example:443?transport=tcp")
    return found


def _address_and_port(text: str) -> tuple[str, int]:
    """Read ``10.0.0.1:8444`` or ``[2001:db8::1]:8444``."""
    host, colon, port = text.rpartition(":")
    if not colon or _port(port) == 0:
        raise ValueError("must look like 10.0.0.1:8444")
    return _address(host.removeprefix("[").removesuffix("]")), _port(port)


def _addresses_and_ports(text: str) -> tuple[tuple[str, int], ...]:
    return tuple(_address_and_port(part.strip()) for part in text.split(","))


def database_url(text: str) -> str:
    """Return the URL of a database that can be used. Raises ValueError."""
    if not text.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must start with sqlite:/// or postgresql://")
    postgresql_hosts.split(text)
    return text


def _server(text: str, scheme: str, implicit: int, other: int) -> Server:
    """Read ``smtps://user:password@host:port/``; without the s STARTTLS is demanded, with ``+plain`` nothing is."""
    modes: dict[str, Literal["implicit", "starttls", "none"]] = {
        f"{scheme}s": "implicit",
        scheme: "starttls",
        f"{scheme}+plain": "none",
    }
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise ValueError("not a URL") from None
    if url.scheme not in modes or not host:
        raise ValueError(f"must look like {scheme}s://user:password@host")
    tls = modes[url.scheme]
    user, password, folder = (unquote(part or "") for part in (url.username, url.password, url.path.strip("/")))
    return Server(host, port or (implicit if tls == "implicit" else other), tls, user, password, folder)


def _host_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", text):
        raise ValueError("not the name of a server")
    return text


def mailboxes(text: str) -> tuple[str, ...]:
    """Check mail addresses with commas between. Raises ValueError."""
    return tuple(mailbox(part.strip()) for part in text.split(","))


def mailbox(text: str) -> str:
    """Check a mail address. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,189}", text):
        raise ValueError("not a mail address")
    return text
