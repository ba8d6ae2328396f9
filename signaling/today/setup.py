"""Endpoint of what a fresh installation still lacks, for administrators."""

from signaling.accounts.points_reached import points_reached
from signaling.http.route import ApiRequest, Model, Moment, Route
from signaling.today import setup_steps
from signaling.today.context import TODAY


class SetupStep(Model):
    """A step: whether it is done, how far (`count` of `whole`), and the time that belongs to it.

    `at` is the end of the certificate, or the time of the last backup.
    """

    kind: setup_steps.SetupKind
    done: bool
    count: int | None
    whole: int | None
    at: Moment | None


async def setup(request: ApiRequest) -> list[SetupStep]:
    """Return the steps of a first start, with their state by what is on record."""
    context = request.context(TODAY)
    request.only("administrator" in request.account.roles)
    points = await context.scheduler.points()
    found = setup_steps.steps(
        await context.installation.counted(request.now),
        points,
        points_reached(await context.accounts.accounts(), points),
        bool((await context.scheduler.capacity_limit()).steps),
        context.server_facts(),
        request.now,
    )
    return [SetupStep(kind=each.kind, done=each.done, count=each.count, whole=each.whole, at=each.at) for each in found]


ROUTES = [Route("GET", "/setup", setup, "What a fresh installation lacks", list[SetupStep], problems=(403,))]
