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


async def profiles(call: ApiRequest) -> list[Profile]:
    """List every profile of past and coming decisions, oldest first."""
    return await _all(call)


async def preview(call: ApiRequest) -> Preview:
    """Check a file and preview its effect; nothing is changed."""
    call.only("administrator" in call.account.roles)
    policy, before = await _faultless(call.context(POLICY).uploads.preview(call.body.text, call.now))
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


async def file(call: ApiRequest) -> list[Profile]:
    """Store a profile that applies from its day on, if it is the previewed one."""
    context = call.context(POLICY)
    call.only("administrator" in call.account.roles)
    body: Shown = call.body
    policy = await _faultless(context.uploads.file(body.text, body.digest, call.account.account, call.now))
    await call.note("profile-file", policy.stamp, f"{policy.effective_from} {body.digest[:16]}")
    return await _all(call)


async def withdraw(call: ApiRequest) -> list[Profile]:
    """Withdraw a stored profile before its day."""
    call.only("administrator" in call.account.roles)
    policy = await call.context(POLICY).uploads.withdraw(call.id, call.now)
    await call.note("profile-withdraw", policy.stamp, str(policy.effective_from))
    return await _all(call)


async def _faultless(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except PolicyError as error:
        raise BadInput([Fault("text", fault) for fault in str(error).split("; ")]) from None


async def _all(call: ApiRequest) -> list[Profile]:
    context = call.context(POLICY)
    now = context.scheduler.policy(call.now).stamp
    filed = await context.uploads.filed(call.now) if "administrator" in call.account.roles else set()
    return [_wire(kept, now, filed) for kept in await context.scheduler.profiles()]


def _wire(kept: StoredPolicy, in_force: str, filed: Collection[str]) -> Profile:
    content: dict[str, Any] = json.loads(kept.content)
    return Profile(
        id=kept.id,
        version=kept.version,
        title=content["title"],
        effective_from=content["effective_from"],
        effective_to=content["effective_to"],
        in_force=in_force == f"{kept.id}/{kept.version}",
        recorded=kept.recorded,
        digest=kept.digest,
        content=content,
        may_withdraw=kept.id in filed,
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
