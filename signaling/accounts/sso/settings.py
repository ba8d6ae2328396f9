"""Reads the file of single sign-on, TOML, whose path is in `DIEMCAU_SSO`.

    [oidc]
    label = "Đăng nhập bằng tài khoản của tỉnh"
    issuer = "https://sso.khanhhoa.gov.vn/realms/tinh"
    client_id = "diemcau"
    client_secret_file = "/etc/diemcau/oidc.secret"
    groups_claim = "groups"
    second_factor_acr = ["2"]

    [[oidc.roles]]
    group = "/diemcau/quan-tri"
    roles = ["administrator"]

    [ldap]
    label = "Tài khoản của tỉnh"
    servers = ["ldaps://dc1.khanhhoa.gov.vn", "ldap://dc2.khanhhoa.gov.vn"]   # ldap: StartTLS is demanded
    bind = "{account}@khanhhoa.gov.vn"
    base = "dc=khanhhoa,dc=gov,dc=vn"
    account_attribute = "sAMAccountName"
    id_attribute = "objectGUID"
    groups = "nested"

    [[ldap.roles]]
    group = "cn=diemcau-so-y-te,ou=nhom,dc=khanhhoa,dc=gov,dc=vn"
    roles = ["registrant", "site"]
    unit = "so-y-te"

Whatever is not understood is refused when the server starts.
"""

import ssl
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from signaling.accounts.sso.roles import RoleMapping
from signaling.core import toml
from signaling.core.account import ROLES, Role

MAX_BYTES = 1 << 18
MAX_MAPPINGS = 2000
ACCOUNT = "{account}"
LDAPS_PORT, LDAP_PORT = 636, 389

GroupSearch = Literal["memberOf", "member", "nested"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Label = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,80}$")]


def _https(text: str) -> str:
    """Check the address of a provider: HTTPS, without user, query and fragment. Raises ValueError."""
    url = urlsplit(text)
    if url.scheme != "https" or not url.hostname or url.username or url.query or url.fragment:
        raise ValueError("must look like https://sso.example/realms/tinh")
    return text


def _mapped(roles: list[str]) -> list[str]:
    """Check roles that a group may give: people of telecom enterprises have accounts of ours. Raises ValueError."""
    allowed = [role for role in ROLES if role != "provider"]
    if not roles or not set(roles).issubset(allowed):
        raise ValueError(f"one or more of {', '.join(allowed)}")
    return roles


def _template(text: str) -> str:
    if text.count(ACCOUNT) != 1 or "{" in text.replace(ACCOUNT, ""):
        raise ValueError(f"must have {ACCOUNT} once, as in {ACCOUNT}@tinh.example")
    return text


class GroupRoles(_Part):
    """The roles of a group's people, and the unit that they act for."""

    group: Text
    roles: Annotated[list[str], AfterValidator(_mapped)]
    unit: Text | None = None

    @property
    def mapping(self) -> RoleMapping:
        """Return it as the rules take it."""
        roles: tuple[Role, ...] = tuple(role for role in ROLES if role in self.roles)
        return RoleMapping(self.group, roles, self.unit)


Mappings = Annotated[list[GroupRoles], Field(min_length=1, max_length=MAX_MAPPINGS)]


class _Source(_Part):
    label: Label
    roles: Mappings
    ca: Path | None = None
    """Certificates (PEM) that are trusted; None: those of the system."""

    @field_validator("ca", mode="before")
    @classmethod
    def _path(cls, value: object) -> object:
        return Path(value) if isinstance(value, str) else value

    @property
    def mappings(self) -> list[RoleMapping]:
        """Return what groups give, in the order of the file."""
        return [each.mapping for each in self.roles]

    def tls(self) -> ssl.SSLContext:
        """Return the settings of TLS: certificates and names are checked. Raises OSError, also ssl.SSLError."""
        return ssl.create_default_context(cafile=self.ca)


class OidcSettings(_Source):
    """A provider of OpenID Connect; without a secret the client is public and has PKCE alone."""

    issuer: Annotated[Text, AfterValidator(_https)]
    client_id: Text
    client_secret_file: str | None = None
    scopes: list[Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,64}$")]] = ["profile"]
    account_claim: Text = "preferred_username"
    name_claim: Text = "name"
    groups_claim: Text = "groups"
    unit_claim: Text | None = None
    second_factor_acr: list[Text] = []
    second_factor_amr: list[Text] = []

    def secret(self) -> str:
        """Return the client's secret, empty without one. Raises OSError, ValueError."""
        if self.client_secret_file is None:
            return ""
        text = Path(self.client_secret_file).read_text(encoding="utf-8").strip()
        if not 0 < len(text) <= 512:
            raise ValueError("no secret in the first 512 characters")
        return text


class LdapServer(_Part):
    """A server of a directory: TLS from the beginning (LDAPS), else by StartTLS."""

    host: str
    port: int
    tls_first: bool


class LdapSettings(_Source):
    """A directory: how people are bound, and where and by what their entries are found."""

    servers: Annotated[list[Text], Field(min_length=1, max_length=8)]
    bind: Annotated[Text, AfterValidator(_template)]
    base: Text
    object_class: Attribute | None = None
    account_attribute: Attribute = "uid"
    id_attribute: Attribute = "entryUUID"
    name_attribute: Attribute = "cn"
    unit_attribute: Attribute | None = None
    groups: GroupSearch = "memberOf"

    @field_validator("servers")
    @classmethod
    def _reachable(cls, servers: list[str]) -> list[str]:
        for each in servers:
            ldap_server(each)
        return servers

    @property
    def reached(self) -> list[LdapServer]:
        """Return the servers, in the order in which they are asked."""
        return [ldap_server(each) for each in self.servers]


class SsoSettings(_Part):
    """Single sign-on: by a provider, by a directory, or by both."""

    oidc: OidcSettings | None = None
    ldap: LdapSettings | None = None


def ldap_server(text: str) -> LdapServer:
    """Read ``ldaps://host:port`` or ``ldap://host:port``. Raises ValueError."""
    url = urlsplit(text)
    if url.scheme not in {"ldap", "ldaps"} or not url.hostname or url.username or url.path.strip("/") or url.query:
        raise ValueError("must look like ldaps://dc1.tinh.example")
    first = url.scheme == "ldaps"
    return LdapServer(host=url.hostname, port=url.port or (LDAPS_PORT if first else LDAP_PORT), tls_first=first)


def parse(content: bytes) -> SsoSettings:
    """Read the content of the file. Raises ValueError, which names the place and repeats no value."""
    if len(content) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    try:
        found = SsoSettings.model_validate(toml.loads(content.decode("utf-8")))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{place}: {fault['msg']}"[:300]) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if found.oidc is None and found.ldap is None:
        raise ValueError("has neither [oidc] nor [ldap]")
    return found


def load(text: str) -> SsoSettings:
    """Read the file of a path, and try the certificates and the secret that it names. Raises ValueError."""
    try:
        found = parse(Path(text).read_bytes())
        for each in (found.oidc, found.ldap):
            if each is not None:
                each.tls()
        if found.oidc is not None:
            found.oidc.secret()
    except OSError as error:
        raise ValueError(f"cannot be read: {error}") from None
    return found
