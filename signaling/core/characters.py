"""Finds characters in JSON values that no text may have. Pure."""

from collections.abc import Iterator

from scheduler.core.text import REFUSED


def misplaced(value: object) -> str | None:
    """Return where the first such character of a JSON value is, its names joined by dots; None where there is none."""
    return next((".".join(place) for place, text in _texts(value) if REFUSED.search(text)), None)


def _texts(value: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text of a value, also names of members, with its place."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, str):
            yield place, each
        elif isinstance(each, dict):
            for name, inner in each.items():
                yield place, name
                waiting.append(((*place, name), inner))
        elif isinstance(each, list):
            waiting += [((*place, str(at)), inner) for at, inner in enumerate(each)]
