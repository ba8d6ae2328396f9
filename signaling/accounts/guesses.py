"""Counts one guess of a secret under several rules of the throttle."""

from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from signaling.accounts.throttle import Attempt, Rule, Throttle
from signaling.core.errors import Locked, SsoUnavailable


class Guesses:
    """A guess under rules, of which the first is about what is guessed, and the others about who guesses.

    Within its block the secret is looked up: a fault of the database, or of a directory, takes the guess back, for
    nothing was guessed, and repeated attempts until it is back must not lock.
    """

    def __init__(self, throttle: Throttle, *rules: tuple[Rule, str]) -> None:
        self._throttle = throttle
        self._rules = rules
        self._attempts: list[Attempt] = []

    async def __aenter__(self) -> Self:
        """Count the guess. Raises Locked."""
        for rule, subject in self._rules:
            attempt = await self._throttle.attempt(rule, subject)
            if attempt.locked:
                raise Locked(attempt.locked)
            self._attempts.append(attempt)
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SQLAlchemyError | SsoUnavailable):
            for attempt in self._attempts:
                await self._throttle.take_back(attempt)

    @property
    def last(self) -> bool:
        """Return whether the guess locks, if it is wrong."""
        return any(attempt.last for attempt in self._attempts)

    async def right(self) -> None:
        """Forget earlier failures about what was guessed; they stay counted for who guesses."""
        await self._throttle.forget(self._attempts[0])
        for attempt in self._attempts[1:]:
            await self._throttle.take_back(attempt)
