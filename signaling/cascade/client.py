"""Asks a system below over HTTPS to take part in a session, by the key that it gave us."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from signaling.cascade.contacts import Contacts
from signaling.cascade.model import Neighbour
from signaling.cascade.store import MAX_DETAIL
from signaling.cascade.wire import Exchanged, Outcome, Told, Wanted, Withdrawn
from signaling.messages.base import as_one_line

M = TypeVar("M", bound=BaseModel)

PATH = "api/v1/cascade"
SECONDS = 10.0
"""Time for an answer, from the connection on."""
MAX_ANSWER = 64 * 1024
REFUSALS = {400, 403, 409, 422}
"""Statuses that say no to what was asked; other errors say that the system below could not be asked."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The system below says no, for the reason `detail`; asking again says the same."""

    detail: str


NOT_A_KEY = "HTTP 401"
"""The fault of a system below that does not take our key."""
NO_ANSWER = "no answer of this kind of system"
FAULTS: Mapping[str, str] = {
    NOT_A_KEY: "hệ thống đó không nhận khóa của hệ thống này",
    "HTTP 429": "hệ thống đó tạm không nhận yêu cầu vì đã có quá nhiều",
    "HTTP 404": "địa chỉ đó không nhận phiên họp liên thông",
    "HTTP 503": "hệ thống đó tạm ngừng nhận yêu cầu",
    NO_ANSWER: "hệ thống đó trả lời không đúng chuẩn",
    "TimeoutError": "hệ thống đó không trả lời",
    "ClientConnectorError": "không kết nối được tới hệ thống đó",
    "ClientConnectorDNSError": "không tìm thấy địa chỉ của hệ thống đó",
    "ClientConnectorCertificateError": "chứng thư của hệ thống đó không được tin cậy",
    "ClientConnectorSSLError": "không kết nối bảo mật được tới hệ thống đó",
}
"""What is said to people of the faults that are known."""


@dataclass(frozen=True, slots=True)
class Unanswered(Exception):
    """The system below could not be asked, or its answer could not be read; `detail` is for administrators."""

    detail: str

    @property
    def words(self) -> str:
        """The fault, in words for people."""
        return FAULTS.get(self.detail, f"không liên lạc được với hệ thống đó ({self.detail})")


class BelowClient:
    """Asks systems below over connections that it keeps."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts
        self._http: aiohttp.ClientSession | None = None
        self._trusted: dict[str, ssl.SSLContext] = {}

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def reserve(self, neighbour: Neighbour, key: str, wanted: Wanted) -> Outcome:
        """Have a system below take part in a session, or change that. Raises Refused, Unanswered."""
        text = await self._post(neighbour, key, "reservations", wanted.model_dump_json(by_alias=True))
        return read_reply(Outcome, text)

    async def withdraw(self, neighbour: Neighbour, key: str, withdrawn: Withdrawn) -> None:
        """Tell a system below that a session is no longer held with it. Raises Refused, Unanswered."""
        await self._post(neighbour, key, "reservations/withdraw", withdrawn.model_dump_json())

    async def exchange(self, neighbour: Neighbour, key: str, told: Told) -> Exchanged:
        """Tell a system below of our running meeting; return what it says of its own. Raises Refused, Unanswered."""
        return read_reply(Exchanged, await self._post(neighbour, key, "meetings", told.model_dump_json()))

    async def _post(self, neighbour: Neighbour, key: str, path: str, body: str) -> bytes:
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "vi", "Content-Type": "application/json"}
        url = f"{neighbour.url.rstrip('/')}/{PATH}/{path}"
        if self._http is None:
            self._http = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(SECONDS), cookie_jar=aiohttp.DummyCookieJar()
            )
        try:
            trusted = self._context(neighbour.authority)
            sent = self._http.post(url, data=body.encode(), headers=headers, allow_redirects=False, ssl=trusted)
            async with sent as response:
                text = await _bounded(response)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._unanswered(neighbour, type(error).__name__) from None
        if status not in REFUSALS and not 200 <= status < 300:
            raise self._unanswered(neighbour, f"HTTP {status}")
        self._contacts.heard(neighbour.name)
        if status in REFUSALS:
            raise Refused(refusal_reason(text) or f"không nói lý do (HTTP {status})")
        return text

    def _unanswered(self, neighbour: Neighbour, detail: str) -> Unanswered:
        self._contacts.failed(neighbour.name, detail)
        return Unanswered(detail)

    def _context(self, authority: str) -> ssl.SSLContext:
        """Return what certificates are checked by. Raises OSError, ValueError for an authority that is none."""
        if authority not in self._trusted:
            trusted = ssl.create_default_context()
            if authority:
                trusted.load_verify_locations(cadata=authority)
            self._trusted[authority] = trusted
        return self._trusted[authority]


def read_reply(model: type[M], text: bytes) -> M:
    """Return what a system below replied. Raises Unanswered."""
    try:
        return model.model_validate_json(text)
    except ValidationError:
        raise Unanswered(NO_ANSWER) from None


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """Return the body of an answer. Raises ValueError for one that is longer than any of ours."""
    text = b""
    async for chunk in response.content.iter_chunked(MAX_ANSWER):
        text += chunk
        if len(text) > MAX_ANSWER:
            raise ValueError("too long")
    return text


def refusal_reason(text: bytes) -> str:
    """Return what a problem document (RFC 9457) says for people, with its faulty fields, in one bounded line."""
    try:
        problem = json.loads(text)
        faults = [f"{each['field']}: {each['detail']}" for each in problem.get("errors", [])]
        said = " · ".join(part for part in [str(problem["detail"]), *faults] if part)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return as_one_line(said[:MAX_DETAIL])
