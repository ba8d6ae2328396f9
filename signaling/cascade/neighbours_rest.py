"""Endpoints by which administrators register neighbouring systems, see whether they are heard of, and remove them."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from aiohttp import web
from pydantic import StringConstraints

from scheduler.core.model import Point
from signaling.cascade.context import CASCADE
from signaling.cascade.model import Neighbour
from signaling.cascade.store import MAX_KEY, check_points
from signaling.core.errors import NotFound
from signaling.http.route import ID, ApiRequest, Model, Moment, Route

Line = Annotated[str, StringConstraints(max_length=200)]


class KnownNeighbour(Model):
    """A neighbouring system. `point` stands for it; `our_point` sits in sessions of one above, one below has a `url`.

    `heard`: when it last asked or answered, null if not since the server started; `fault`: why one below could not be
    asked since. `accepted`: sessions that are held with it and not over.
    """

    name: str
    direction: Literal["above", "below"]
    point: str
    label: str
    our_point: str
    our_label: str
    url: str
    heard: Moment | None
    fault: str
    accepted: int


class NewNeighbour(Model):
    """A neighbour to register: one above with our point in its sessions, one below with URL and the key it gave us.

    `authority` is a certificate (PEM) by which that of the one below is checked, beside those the machine knows.
    """

    name: Line
    direction: Literal["above", "below"]
    point: Line
    our_point: Line = ""
    url: Line = ""
    key: Annotated[str, StringConstraints(max_length=MAX_KEY)] = ""
    authority: Annotated[str, StringConstraints(max_length=20_000)] = ""


class RegisteredNeighbour(Model):
    """The key that a system above needs, which is told this once; null for one below."""

    key: str | None


async def neighbours(request: ApiRequest) -> list[KnownNeighbour]:
    """List neighbouring systems by name."""
    request.only("administrator" in request.account.roles)
    context = request.context(CASCADE)
    points = {point.id: point for point in await context.scheduler.points()}
    current = await context.reservations.current(request.now)
    accepted = Counter(each.neighbour for each in current if each.state == "accepted")
    return [
        KnownNeighbour(
            name=each.name,
            direction="below" if each.below else "above",
            point=each.point,
            label=_label(points, each.point),
            our_point=each.our_point,
            our_label=_label(points, each.our_point),
            url=each.url,
            heard=context.contacts.of(each.name).heard,
            fault=context.contacts.of(each.name).fault,
            accepted=accepted[each.name],
        )
        for each in await context.neighbours.all()
    ]


def _label(points: Mapping[str, Point], point: str) -> str:
    return points[point].label if point in points else point


async def register(request: ApiRequest) -> RegisteredNeighbour:
    """Register a neighbouring system; one above is given a key, which nobody can be told again."""
    request.only("administrator" in request.account.roles)
    body, context = request.body, request.context(CASCADE)
    above = body.direction == "above"
    chosen = (body.our_point, "", "") if above else ("", body.url, body.authority)
    neighbour = Neighbour(body.name, body.point, *chosen)
    check_points(neighbour, {point.id for point in await context.scheduler.points()}, above=above)
    key = None
    if above:
        key = await context.neighbours.add_above(neighbour, request.now)
    else:
        await context.neighbours.add_below(neighbour, body.key, request.now)
    await request.note("neighbour-add", body.name, f"{body.direction} {body.point}")
    return RegisteredNeighbour(key=key)


async def remove(request: ApiRequest) -> web.Response:
    """Forget a neighbouring system with its key; sessions that were made for it stay as they are."""
    request.only("administrator" in request.account.roles)
    context = request.context(CASCADE)
    if request.id not in {each.name for each in await context.neighbours.all()}:
        raise NotFound
    await context.neighbours.remove(request.id)
    context.contacts.forget(request.id)
    await request.note("neighbour-remove", request.id)
    return web.Response(status=204)


ROUTES = [
    Route("GET", "/cascade/neighbours", neighbours, "Neighbouring systems", list[KnownNeighbour], problems=(403,)),
    Route(
        "POST",
        "/cascade/neighbours",
        register,
        "Register a neighbouring system",
        RegisteredNeighbour,
        body=NewNeighbour,
        problems=(403,),
        unstored=True,
    ),
    Route(
        "POST",
        f"/cascade/neighbours/{ID}/remove",
        remove,
        "Remove a neighbouring system",
        None,
        status=204,
        problems=(403, 404),
    ),
]
