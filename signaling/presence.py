"""The guard at the door (invariant I18): who is connected this minute, counted in Valkey for all roofs together.

At every instant the connected legs of a session are at most those it reserved, and the legs of all sessions and of the
test room together at most the usable share (Điều 12.4.a). A leg has one id, so coming back never counts twice; a leg
nobody refreshes expires, so a killed roof blocks nothing for longer than :data:`TTL_SECONDS`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from redis.asyncio import Redis

from signaling import keys

TEST_ROOM = "test-room"
"""What all visits to the test room are counted as, whose legs are a pool of their own (I-15)."""
TTL_SECONDS = 30
REFRESH_SECONDS = 10

_ENTER = """
local now, ttl, reserved, usable = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if not redis.call('ZSCORE', KEYS[1], ARGV[5]) and redis.call('ZCARD', KEYS[1]) >= reserved then return 'session' end
if not redis.call('ZSCORE', KEYS[2], ARGV[6]) and redis.call('ZCARD', KEYS[2]) >= usable then return 'total' end
redis.call('ZADD', KEYS[1], now + ttl, ARGV[5])
redis.call('ZADD', KEYS[2], now + ttl, ARGV[6])
redis.call('EXPIRE', KEYS[1], ttl * 2)
redis.call('EXPIRE', KEYS[2], ttl * 2)
return 'in'
"""

Verdict = Literal["in", "session", "total"]
"""Let in, or which of the two limits is reached."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many legs may be connected: of the session, and of all sessions."""

    reserved: int
    usable: int


class Presence:
    """Counts connected legs."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_ENTER)

    async def enter(self, session: str, leg: str, quota: Quota, now: datetime) -> Verdict:
        """Let a leg in if both limits allow it; a leg that is in stays in."""
        arguments: list[str | float] = [
            now.timestamp(),
            TTL_SECONDS,
            quota.reserved,
            quota.usable,
            leg,
            _global(session, leg),
        ]
        verdict: Verdict = await self._script(keys=[keys.legs(session), keys.LEGS_ALL], args=arguments)
        return verdict

    async def refresh(self, session: str, legs: Collection[str], now: datetime) -> None:
        """Keep legs in that are still connected, also when Valkey forgot them meanwhile."""
        if not legs:
            return
        until = now.timestamp() + TTL_SECONDS
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.legs(session), dict.fromkeys(legs, until))
            pipe.zadd(keys.LEGS_ALL, {_global(session, leg): until for leg in legs})
            pipe.expire(keys.legs(session), TTL_SECONDS * 2)
            pipe.expire(keys.LEGS_ALL, TTL_SECONDS * 2)
            await pipe.execute()

    async def leave(self, session: str, leg: str) -> None:
        """Count a leg no more."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zrem(keys.legs(session), leg)
            pipe.zrem(keys.LEGS_ALL, _global(session, leg))
            await pipe.execute()

    async def connected(self, session: str, now: datetime) -> int:
        """Return how many legs of a session are connected."""
        return int(await self._redis.zcount(keys.legs(session), f"({now.timestamp()}", "+inf"))


def _global(session: str, leg: str) -> str:
    return f"{session}/{leg}"
