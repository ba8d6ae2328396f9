"""The answers that ``diemcau setup`` needs, read from a TOML file or asked one by one; the rules for each. Pure.

    [address]
    host = "hop.khanhhoa.gov.vn"
    port = 8443

    [certificate]
    source = "authority"      # or "files" with certificate and key, or "present"

    [profile]
    files = "pre-KH-2023:KH-2023:KH-2025-2T"

    [administrator]
    account = "quantri"
    name = "Nguyễn Văn An"
    password = "…"            # without it one is made up and shown once

    [mail]                    # host = "": no letters
    host = "mail.khanhhoa.gov.vn"
    tls = "implicit"          # or "starttls", "none"
    user = "hop"
    password = "…"
    sender = "hop@khanhhoa.gov.vn"

    [groups]
    file = "/etc/diemcau/groups.yaml"

    [sso]
    file = "/etc/diemcau/sso.toml"

    [units]
    table = "don-vi.xlsx"     # as the page Danh bạ exports it; or shipped = "khanh-hoa"

    [capacity]
    sessions = 20
    points = 250

What is left out stays as it is.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from signaling.accounts.passwords import check_password, normal_name
from signaling.app.settings import mailbox
from signaling.core import toml
from signaling.core.errors import BadInput, Fault

MAX_BYTES = 1 << 16
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")

Source = Literal["present", "authority", "files"]
Tls = Literal["implicit", "starttls", "none"]
SCHEMES: dict[Tls, str] = {"implicit": "smtps", "starttls": "smtp", "none": "smtp+plain"}


class BadAnswer(ValueError):
    """An answer that cannot be used: the word of its text, the value that the text is about, and the field that it is
    of, where the part says that of several."""

    def __init__(self, word: str, value: str = "", field: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.value = value
        self.field = field


def checked_host(text: str) -> str:
    """Return the name or IP address of a server as certificates have it. Raises BadAnswer."""
    given = text.strip().lower().removesuffix(".")
    try:
        return str(ipaddress.ip_address(given.removeprefix("[").removesuffix("]")))
    except ValueError:
        if not _NAME.fullmatch(given) or given.rpartition(".")[2].isdecimal():
            raise BadAnswer("setup-host") from None
        return given


def checked_port(value: str | int) -> int:
    """Return a port. Raises BadAnswer."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= 65535):
        raise BadAnswer("setup-port")
    return int(text)


def checked_count(value: str | int) -> int:
    """Return a number of sessions or points. Raises BadAnswer."""
    text = str(value).strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and 1 <= int(text) <= 100_000):
        raise BadAnswer("setup-count")
    return int(text)


def checked_sender(text: str) -> str:
    """Return a mail address. Raises BadAnswer."""
    try:
        return mailbox(text.strip())
    except ValueError:
        raise BadAnswer("setup-mailbox") from None


def checked_account(text: str) -> str:
    """Return the name of an account. Raises BadAnswer."""
    try:
        return normal_name(text)
    except BadInput:
        raise BadAnswer("setup-account") from None


def checked_password(text: str, of: str) -> str:
    """Return a password that the account may have; an empty one stands for one that is made up. Raises BadAnswer."""
    try:
        if text:
            check_password(text, of)
    except BadInput as error:
        raise BadAnswer(error.faults[0].detail) from None
    return text


def _or_none(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text.strip() else ""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Text = Annotated[str, Field(max_length=400)]
Port = Annotated[int, AfterValidator(checked_port)]


class Address(_Part):
    """The address at which browsers find the server."""

    host: Annotated[Text, AfterValidator(checked_host)]
    port: Port = 8443


class Certificate(_Part):
    """The certificate: the one that is there, one of an authority of our own, or that of two files (PEM)."""

    source: Source
    certificate: Text = ""
    key: Text = ""

    @model_validator(mode="after")
    def _whole(self) -> "Certificate":
        if (self.source == "files") != bool(self.certificate and self.key):
            raise BadAnswer("setup-files")
        return self


class Profile(_Part):
    """The policy files, as `DIEMCAU_PROFILE` names them."""

    files: Text


class Administrator(_Part):
    """The first administrator."""

    account: Annotated[Text, AfterValidator(checked_account)] = "admin"
    name: Annotated[Text, AfterValidator(str.strip)] = ""
    password: Text = Field(default="", repr=False)

    @model_validator(mode="after")
    def _allowed(self) -> "Administrator":
        try:
            checked_password(self.password, self.account)
        except BadAnswer as error:
            raise BadAnswer(error.word, field="password") from None
        return self


class Mail(_Part):
    """The mail server of letters that go out; without a host there are none."""

    host: Annotated[Text, AfterValidator(_or_none(checked_host))]
    port: Port | None = None
    tls: Tls = "implicit"
    user: Text = ""
    password: Text = Field(default="", repr=False)
    sender: Annotated[Text, AfterValidator(_or_none(checked_sender))] = ""
    authority: Text = ""

    @model_validator(mode="after")
    def _whole(self) -> "Mail":
        if self.host and not self.sender:
            raise BadAnswer("setup-sender", field="sender")
        return self

    @property
    def url(self) -> str:
        """Return the value of `DIEMCAU_SMTP_URL`."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEMES[self.tls]}://{login}{name}:{self.port or (465 if self.tls == 'implicit' else 587)}"


class Groups(_Part):
    """The file of the support groups; an empty name: none."""

    file: Text


class Sso(_Part):
    """The file of single sign-on; an empty name: none."""

    file: Text


class Units(_Part):
    """A table of units (CSV, XLSX), or units that the product ships."""

    table: Text = ""
    shipped: Literal["", "khanh-hoa"] = ""

    @model_validator(mode="after")
    def _one(self) -> "Units":
        if bool(self.table) == bool(self.shipped):
            raise BadAnswer("setup-units")
        return self


class Capacity(_Part):
    """The rated maximum."""

    sessions: Annotated[int, AfterValidator(checked_count)]
    points: Annotated[int, AfterValidator(checked_count)]


class Answers(_Part):
    """All answers; what is None stays as it is."""

    address: Address | None = None
    certificate: Certificate | None = None
    profile: Profile | None = None
    administrator: Administrator | None = None
    mail: Mail | None = None
    groups: Groups | None = None
    sso: Sso | None = None
    units: Units | None = None
    capacity: Capacity | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """The answers that can be read, and the faults of the parts that cannot, which are left out of them."""

    answers: Answers
    faults: tuple[Fault, ...] = ()

    @property
    def unread(self) -> frozenset[str]:
        """The names of the parts that were left out."""
        return frozenset(fault.field.partition(".")[0] for fault in self.faults)


def read(content: bytes) -> Given:
    """Read a file of answers; no fault repeats a value. Raises BadInput for what is no file of answers."""
    return _read(content, toml.loads)


def read_json(content: bytes) -> Given:
    """Read the answers of the page, which are those of the file as JSON. Raises BadInput as `read` does."""
    return _read(content, from_json)


def _read(content: bytes, parse: Callable[[str], Any]) -> Given:
    found = _parsed(content, parse)
    try:
        return Given(Answers.model_validate(found))
    except ValidationError as error:
        faults = [
            _fault(fault["loc"], fault.get("ctx", {}).get("error"), fault["type"])
            for fault in error.errors(include_url=False, include_input=False)
        ]
        faulty = {fault["loc"][0] for fault in error.errors(include_url=False) if fault["loc"]}
    if not faulty:
        raise BadInput(faults)
    return Given(Answers.model_validate({name: found[name] for name in found if name not in faulty}), tuple(faults))


def _parsed(content: bytes, parse: Callable[[str], Any]) -> Any:
    """Return what is written in a file. Raises BadInput."""
    if len(content) > MAX_BYTES:
        raise BadInput([Fault("", "setup-too-large")])
    try:
        return parse(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadInput([Fault("", "setup-not-utf8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput([Fault("", f"TOML: {error}")]) from None
    except (ValueError, RecursionError):  # a number of thousands of digits
        raise BadInput([Fault("", "setup-toml")]) from None


def _fault(place: tuple[int | str, ...], error: object, kind: str) -> Fault:
    if not isinstance(error, BadAnswer):
        return Fault(".".join(map(str, place))[:80], kind)
    return Fault(".".join([*map(str, place), *filter(None, [error.field])]), error.word)
