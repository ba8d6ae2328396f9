"""Finds the points for which somebody can sign in. Pure."""

from collections.abc import Iterable

from scheduler.core.model import Point
from signaling.core.account import Account


def points_reached(accounts: Iterable[Account], points: Iterable[Point]) -> set[str]:
    """Return the points that have an account of their own, or one of their unit."""
    known = list(accounts)
    units = {account.unit for account in known if account.point is None}
    return {account.point for account in known if account.point} | {p.id for p in points if p.unit in units}
