"""SQL tables of accounts, identities, one-time links, sign-ins, second factors. Times are seconds since 1970 in UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from scheduler.core.sql_types import Timestamp
from signaling.core.schema import METADATA

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("account", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("password", String(200), nullable=False),
    Column("roles", String(200), nullable=False),
    Column("unit", String(64)),
    Column("point", String(64)),
    Column("language", String(8), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("provider", String(32)),
    Column("last_login", Timestamp),
    Column("password_changed", Timestamp),
    Column("break_glass", Boolean, nullable=False, server_default=false()),
)

ACCOUNT_REVIEWS = Table(  # who reviewed all accounts
    "account_reviews",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Timestamp, nullable=False),
    Column("by", String(64), nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("disabled", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("remark", String(1000), nullable=False),
)

FORMER_PASSWORDS = Table(  # hashes of the newest ones, where the policy compares new passwords with them
    "former_passwords",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False, index=True),
    Column("password", String(200), nullable=False),
)

ACCOUNT_LINKS = Table(  # one-time links by which a first password is set; their secret is nowhere
    "account_links",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False, index=True),
    Column("issued_by", String(64), nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("used", Timestamp),
)

API_TOKENS = Table(  # of other systems; revoked ones stay, for the audit log names them
    "api_tokens",
    METADATA,
    Column("name", String(58), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token, which is nowhere
    Column("scopes", String(100), nullable=False),
    Column("unit", String(64)),
    Column("networks", String(1000), nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("revoked", Timestamp),
    Column("used", Timestamp),
    Column("used_address", String(64), nullable=False),
)

IDENTITIES = Table(  # what a provider or a directory calls the people of accounts that are not ours
    "identities",
    METADATA,
    Column("issuer", String(400), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("login", String(255), nullable=False),  # the name there, which may change
    Column("created", Timestamp, nullable=False),
)

LOGINS = Table(
    "logins",
    METADATA,
    Column("token", String(64), primary_key=True),
    Column("account", String(64), ForeignKey("accounts.account", ondelete="CASCADE"), nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("expires", Timestamp, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),  # where it was signed in, and by which browser
    Column("browser", String(200), nullable=False, server_default=""),
    Column("second_factor", Boolean, nullable=False, server_default=false()),
    Column("used", Timestamp),  # to the minute, where the policy ends sign-ins that are not used
    Index("logins_account", "account"),
)


def _of_account(*, primary_key: bool = False) -> Column[str]:
    reference = ForeignKey("accounts.account", ondelete="CASCADE")
    return Column("account", String(64), reference, primary_key=primary_key, nullable=False, index=not primary_key)


TOTP_SECRETS = Table(  # of authenticator apps; encrypted, and the time step of the last code that was accepted
    "totp_secrets",
    METADATA,
    _of_account(primary_key=True),
    Column("sealed", String(200), nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("created", Timestamp, nullable=False),
)

RECOVERY_CODES = Table(  # only their keyed hashes; those that were used are deleted
    "recovery_codes",
    METADATA,
    _of_account(primary_key=True),
    Column("mark", String(32), primary_key=True),
    Column("created", Timestamp, nullable=False),
)

SECURITY_KEYS = Table(
    "security_keys",
    METADATA,
    Column("id", String(32), primary_key=True),
    _of_account(),
    Column("name", String(64), nullable=False),
    Column("rp_id", String(255), nullable=False),  # the host name that the key was registered for
    Column("credential", Text, nullable=False),  # id and public key, as WebAuthn's attested credential data
    Column("sign_count", BigInteger, nullable=False),
    Column("created", Timestamp, nullable=False),
    Column("last_used", Timestamp),
)

SECOND_FACTOR_CHALLENGES = Table(  # what was handed out and must come back within minutes
    "second_factor_challenges",
    METADATA,
    Column("id", String(64), primary_key=True),
    _of_account(),
    Column("value", String(200), nullable=False),
    Column("expires", Timestamp, nullable=False),
)
