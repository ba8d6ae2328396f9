"""Asks a system below over HTTPS to take part in a session, by the key that it gave us."""

import json
import ssl
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import ValidationError

from signaling.cascade.model import Neighbour
from signaling.cascade.wire import Outcome, Wanted, Withdrawn

PATH = "/api/v1/cascade/reservations"
SECONDS = 10.0
"""Time for an answer, from the connection on."""
MAX_ANSWER = 16 * 1024
REFUSALS = {400, 403, 409, 422}
"""Statuses that say no to what was asked; other errors say that the system below could not be asked."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The system below says no, for the reason `detail`; asking again says the same."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unanswered(Exception):
    """The system below could not be asked, or its answer could not be read."""

    detail: str


async def reserve(neighbour: Neighbour, key: str, wanted: Wanted) -> Outcome:
    """Have a system below take part in a session, or change that. Raises Refused, Unanswered."""
    text = await _post(neighbour, key, PATH, wanted.model_dump(mode="json", by_alias=True))
    try:
        return Outcome.model_validate_json(text)
    except ValidationError:
        raise Unanswered("no answer of this kind of system") from None


async def withdraw(neighbour: Neighbour, key: str, session: str) -> None:
    """Tell a system below that a session is no longer held with it. Raises Refused, Unanswered."""
    await _post(neighbour, key, f"{PATH}/withdraw", Withdrawn(session=session).model_dump(mode="json"))


async def _post(neighbour: Neighbour, key: str, path: str, body: Any) -> bytes:
    try:
        trusted = ssl.create_default_context()
        if neighbour.authority:
            trusted.load_verify_locations(cadata=neighbour.authority)
        headers = {"Authorization": f"Bearer {key}", "Accept-Language": "vi"}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS), headers=headers) as client,
            client.post(neighbour.url.rstrip("/") + path, json=body, allow_redirects=False, ssl=trusted) as response,
        ):
            text = await _read(response)
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unanswered(type(error).__name__) from None
    if status in REFUSALS:
        raise Refused(_reason(text) or f"HTTP {status}")
    if not 200 <= status < 300:
        raise Unanswered(f"HTTP {status}")
    return text


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body of an answer. Raises ValueError for one that is longer than any of ours."""
    text = b""
    async for chunk in response.content.iter_chunked(MAX_ANSWER):
        text += chunk
        if len(text) > MAX_ANSWER:
            raise ValueError("too long")
    return text


def _reason(text: bytes) -> str:
    """Return what a problem document (RFC 9457) says for people, with its faulty fields."""
    try:
        problem = json.loads(text)
        faults = [f"{each['field']}: {each['detail']}" for each in problem.get("errors", [])]
        return " · ".join(part for part in [str(problem["detail"]), *faults] if part)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
