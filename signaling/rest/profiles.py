"""The policy profiles: which rules hold, which held when something was decided (R-001)."""

import json
from typing import Any

from scheduler.profile_store import Kept
from signaling.rest.route import Call, Model, Moment, Route


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


async def profiles(call: Call) -> list[Profile]:
    """List every profile decisions were or will be taken under, oldest first."""
    now = call.roof.scheduler.policy(call.now).stamp
    return [_wire(kept, now) for kept in await call.roof.scheduler.profiles()]


def _wire(kept: Kept, in_force: str) -> Profile:
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
    )


ROUTES = [Route("GET", "/profiles", profiles, "Policy profiles and their history", list[Profile])]
