"""Endpoints of policy profiles: the rules that hold now, and those of earlier decisions (R-001)."""

import json
from collections.abc import Awaitable, Collection
from typing import Annotated, Any, TypeVar

from pydantic import StringConstraints

from scheduler.core.errors import PolicyError
from scheduler.policy.profile_files import digest
from scheduler.policy.store import StoredPolicy
from signaling.core.errors import BadInput, Fault
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.policy.context import POLICY

T = TypeVar("T")


class Profile(Model):
    """A profile as it was first used here; `content` is the whole of it."""

    id: str
    version: int
    title: str
    effective_from: str | None
    effective_to: str | None
    in_force: bool
    recorded: Moment
    digest: str
    content: dict[str, Any]
    may_withdraw: bool


class Text(Model):
    """A profile file, YAML."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=60_000)]


class Shown(Text):
    """The previewed file's digest."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Preview(Model):
    """A profile as it would apply from `effective_from` on; `before` is the content of its predecessor."""

    id: str
    version: int
    title: str
    effective_from: str
    effective_to: str | None
    digest: str
    content: dict[str, Any]
    follows: str
    before: dict[str, Any]


async def profiles(request: ApiRequest) -> list[Profile]:
    """List every profile of past and coming decisions, oldest first."""
    return await _all(request)


async def preview(request: ApiRequest) -> Preview:
    """Check a file and preview its effect; nothing is changed."""
    request.only("administrator" in request.account.roles)
    policy, before = await _faultless(request.context(POLICY).uploads.preview(request.body.text, request.now))
    content = policy.model_dump(mode="json")
    return Preview(
        id=policy.id,
        version=policy.version,
        title=policy.title,
        effective_from=content["effective_from"],
        effective_to=content["effective_to"],
        digest=digest(policy),
        content=content,
        follows=before.stamp,
        before=before.model_dump(mode="json"),
    )


async def file(request: ApiRequest) -> list[Profile]:
    """Store a profile that applies from its day on, if it is the previewed one."""
    context = request.context(POLICY)
    request.only("administrator" in request.account.roles)
    body: Shown = request.body
    policy = await _faultless(context.uploads.file(body.text, body.digest, request.account.account, request.now))
    await request.note("profile-file", policy.stamp, f"{policy.effective_from} {body.digest[:16]}")
    return await _all(request)


async def withdraw(request: ApiRequest) -> list[Profile]:
    """Withdraw a stored profile before its day."""
    request.only("administrator" in request.account.roles)
    policy = await request.context(POLICY).uploads.withdraw(request.id, request.now)
    await request.note("profile-withdraw", policy.stamp, str(policy.effective_from))
    return await _all(request)


async def _faultless(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except PolicyError as error:
        raise BadInput([Fault("text", fault) for fault in str(error).split("; ")]) from None


async def _all(request: ApiRequest) -> list[Profile]:
    context = request.context(POLICY)
    now = context.scheduler.policy(request.now).stamp
    filed = await context.uploads.filed(request.now) if "administrator" in request.account.roles else set()
    return [_wire(stored, now, filed) for stored in await context.scheduler.profiles()]


def _wire(stored: StoredPolicy, in_force: str, filed: Collection[str]) -> Profile:
    content: dict[str, Any] = json.loads(stored.content)
    return Profile(
        id=stored.id,
        version=stored.version,
        title=content["title"],
        effective_from=content["effective_from"],
        effective_to=content["effective_to"],
        in_force=in_force == f"{stored.id}/{stored.version}",
        recorded=stored.recorded,
        digest=stored.digest,
        content=content,
        may_withdraw=stored.id in filed,
    )


ROUTES = [
    Route("GET", "/profiles", profiles, "Policy profiles and their history", list[Profile]),
    Route(
        "POST",
        "/profiles/preview",
        preview,
        "Show what a profile file would change",
        Preview,
        body=Text,
        problems=(403,),
        changes=False,
    ),
    Route("POST", "/profiles", file, "File a profile", list[Profile], Shown, status=201, problems=(403, 409)),
    Route(
        "POST",
        f"/profiles/{ID}/withdraw",
        withdraw,
        "Take a filed profile back",
        list[Profile],
        problems=(403, 404),
    ),
]
