"""Notices to the support groups: Telegram's bot API, and a webhook that Zalo, Viber and others are described with.

    telegram: {kind: telegram, token: "123:abc", chat: "-1001234", template: "{trang_thai}: {chu_tri}, {thoi_gian}"}
    zalo:
      kind: webhook
      url: https://openapi.zalo.me/v3.0/oa/group/message
      headers: {access_token: "…"}
      body: {recipient: {group_id: "g1"}, message: {text: "{text}"}}

A body may hold ``{text}`` and no other placeholder: nothing but the notice is sent to an outside service (R-115).
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import aiohttp
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from scheduler.notifications.outbox import MAIL
from scheduler.notifications.wording import template_fault
from signaling.core.errors import SettingsError
from signaling.mail.errors import NotSent

SECONDS = 20.0
TEXT = "{text}"
TELEGRAM = "https://api.telegram.org"
_BLANK = re.compile(r"\{[^{}]*\}")


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str = ""
    """The group's own wording, with ``{chu_tri}``, ``{so}``, ``{trang_thai}``, ``{thoi_gian}``; empty: the default."""

    @field_validator("template")
    @classmethod
    def _no_secret(cls, template: str) -> str:
        fault = template_fault(template)
        if fault:
            raise ValueError(fault)
        return template


class Telegram(_Group):
    """A chat of a bot; `server` may be a bot API server of one's own."""

    kind: Literal["telegram"]
    token: SecretStr
    chat: str
    server: Annotated[str, Field(pattern=r"^https?://[^/]+$")] = TELEGRAM

    def request(self, text: str) -> tuple[str, dict[str, str], Any]:
        """Return URL, headers and body of a notice."""
        return f"{self.server}/bot{self.token.get_secret_value()}/sendMessage", {}, {"chat_id": self.chat, "text": text}


class Webhook(_Group):
    """Any service that accepts JSON by POST."""

    kind: Literal["webhook"]
    url: SecretStr
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    body: Any

    @field_validator("url")
    @classmethod
    def _http(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("must be http or https")
        return url

    @field_validator("body")
    @classmethod
    def _only_text(cls, body: Any) -> Any:
        blanks = {blank for text in _texts(body) for blank in _BLANK.findall(text)}
        if blanks != {TEXT}:
            raise ValueError(f"must hold {TEXT} and no other blank")
        return body

    def request(self, text: str) -> tuple[str, dict[str, str], Any]:
        """Return URL, headers and body of a notice."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        return self.url.get_secret_value(), headers, _filled(self.body, text)


def _not_mail(name: str) -> str:
    if name == MAIL:
        raise ValueError("this is what the channel of letters is called")
    return name


Group = Annotated[Telegram | Webhook, Field(discriminator="kind")]
_FILE: TypeAdapter[dict[str, Telegram | Webhook]] = TypeAdapter(
    dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$"), AfterValidator(_not_mail)], Group]
)


def load(path: Path | None) -> dict[str, Telegram | Webhook]:
    """Read the file of the groups. Raises SettingsError, which repeats no value of the file."""
    if path is None:
        return {}
    try:
        return _FILE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"DIEMCAU_GROUPS: {path.name}: {place}: {first['msg']}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise SettingsError(f"DIEMCAU_GROUPS: {path.name}: not YAML") from None


async def send(group: Telegram | Webhook, text: str) -> None:
    """Post a notice. Raises NotSent, final for 4xx except 408 and 429."""
    url, headers, body = group.request(text)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS), headers=headers) as client,
            client.post(url, json=body, allow_redirects=False) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise NotSent(f"http: {type(error).__name__}") from None
    if not 200 <= status < 300:
        raise NotSent(f"http {status}", 400 <= status < 500 and status not in {408, 429})


def _texts(body: Any) -> list[str]:
    if isinstance(body, dict):
        return [text for each in body.items() for part in each for text in _texts(part)]
    if isinstance(body, list):
        return [text for part in body for text in _texts(part)]
    return [body] if isinstance(body, str) else []


def _filled(body: Any, text: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(part, text) for name, part in body.items()}
    if isinstance(body, list):
        return [_filled(part, text) for part in body]
    return body.replace(TEXT, text) if isinstance(body, str) else body
