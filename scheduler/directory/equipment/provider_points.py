"""Groups the points of a session by the providers of their access lines (Điều 13.2.b; R-085). Pure."""

from collections.abc import Iterable

from scheduler.core.model import Session
from scheduler.directory.model import AccessLine


def points_by_provider(session: Session, lines: Iterable[AccessLine]) -> dict[str, list[str]]:
    """Return the points of a session by provider, in the order of the session."""
    place = {point: number for number, point in enumerate(session.everyone)}
    found: dict[str, set[str]] = {}
    for line in lines:
        if line.provider is not None and line.point in place:
            found.setdefault(line.provider, set()).add(line.point)
    return {provider: sorted(points, key=place.__getitem__) for provider, points in found.items()}
