"""Counts connected devices (legs) in Valkey, for all servers together: the join guard's memory (invariant I18).

At every instant the connected legs of a session are at most those it reserved, and the legs of all sessions and of the
test room together at most the usable share (Điều 12.4.a). A leg has one id, so coming back never counts twice; a leg
that is not refreshed expires, so a killed server blocks nothing for longer than :data:`TTL_SECONDS`. Times are Valkey's
own (TIME), for the clocks of servers differ.

Valkey may lose its data, and may be unreachable. Each server knows its own legs and sets a key in Valkey, its mark,
that says that they are counted there. A new leg is only admitted while the mark exists: otherwise legs that Valkey has
forgotten would make room for too many. Changes are queued in the server, so that no meeting waits for Valkey.

Without Valkey the legs of this server are all there are, for one server leads all meetings (decision 107): the same
limits are applied to them (decision 110).
"""

import asyncio
import json
import logging
import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from signaling.core import redis_keys
from signaling.core.valkey import FORGOTTEN, MARKED, NOW, cancelled

log = logging.getLogger(__name__)

TEST_ROOM = "test-room"
"""The name under which all visits to the test room are counted; their legs are a pool of their own (I-15)."""
TTL_SECONDS = 30
REFRESH_SECONDS = 10
LOOK_SECONDS = 0.5
"""Interval of checks that Valkey still has our legs, and of new tries of what could not be written."""

_ENTER = (
    MARKED
    + NOW
    + """
local ttl, reserved, usable = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if not redis.call('ZSCORE', KEYS[2], ARGV[4]) and redis.call('ZCARD', KEYS[2]) >= reserved then return 'session' end
if not redis.call('ZSCORE', KEYS[3], ARGV[5]) and redis.call('ZCARD', KEYS[3]) >= usable then return 'total' end
redis.call('ZADD', KEYS[2], now + ttl, ARGV[4])
redis.call('ZADD', KEYS[3], now + ttl, ARGV[5])
redis.call('EXPIRE', KEYS[2], ttl * 2)
redis.call('EXPIRE', KEYS[3], ttl * 2)
return 'in'
"""
)
"""Keys: mark, legs of the session, all legs. Arguments: TTL, reserved, usable, the leg, its name among all."""

_COUNT = (
    MARKED
    + NOW
    + """
local found, after = {}, '(' .. string.format('%.6f', now)
for place = 2, #KEYS do found[place - 1] = redis.call('ZCOUNT', KEYS[place], after, '+inf') end
return found
"""
)
"""Keys: mark, legs of each session."""

_WRITE = (
    NOW
    + """
local known = redis.call('EXISTS', KEYS[1])
local ttl = tonumber(ARGV[1])
for place = 3, #KEYS do
  local change = cjson.decode(ARGV[place - 1])
  for _, leg in ipairs(change.left) do
    redis.call('ZREM', KEYS[place], leg)
    redis.call('ZREM', KEYS[2], change.session .. '/' .. leg)
  end
  for _, leg in ipairs(change.held) do
    redis.call('ZADD', KEYS[place], now + ttl, leg)
    redis.call('ZADD', KEYS[2], now + ttl, change.session .. '/' .. leg)
  end
  redis.call('EXPIRE', KEYS[place], ttl * 2)
end
redis.call('EXPIRE', KEYS[2], ttl * 2)
redis.call('SET', KEYS[1], '1', 'EX', ttl - 1)
return known
"""
)
"""Keys: mark, all legs, legs of each session. Arguments: TTL, and what is to be written of each session as JSON.

The mark is gone before the first leg. Returns whether it was there."""

Verdict = Literal["in", "session", "total"]
"""`in`: let in; otherwise the limit that is reached."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of connected legs: of the session, and of all sessions together."""

    reserved: int
    usable: int


class ConnectedDevices:
    """Counts connected legs; knows those of this server without Valkey.

    `clock` gives monotonic seconds.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._enter = redis.register_script(_ENTER)
        self._count = redis.register_script(_COUNT)
        self._write = redis.register_script(_WRITE)
        self._mark = redis_keys.counted(secrets.token_hex(8))
        self._held: dict[str, set[str]] = {}
        """The legs of this server, by session."""
        self._entered: dict[tuple[str, str], float] = {}
        """When each leg was let in that may not be connected yet."""
        self._left: dict[str, set[str]] = {}
        """Legs that are still to be removed from Valkey, by session."""
        self._due = asyncio.Event()
        self._writing = asyncio.Lock()
        self._marked = False
        self._written = -math.inf

    async def enter(self, session: str, leg: str, quota: Quota) -> Verdict:
        """Count a leg if both limits allow it; one that is counted stays so."""
        if self.holds(session, leg):
            return "in"
        async with self._writing:
            places = [redis_keys.legs(session), redis_keys.LEGS_ALL]
            arguments = [TTL_SECONDS, quota.reserved, quota.usable, leg, f"{session}/{leg}"]
            verdict: Verdict
            try:
                verdict = await self._ask(self._enter, places, arguments)
            except RedisError as error:
                log.info("x the join guard judges by what this server knows: %s", error)
                verdict = self._judge(session, leg, quota)
            if verdict == "in":
                self._held.setdefault(session, set()).add(leg)
                self._left.get(session, set()).discard(leg)
                self._entered[session, leg] = self._clock()
        return verdict

    def _judge(self, session: str, leg: str, quota: Quota) -> Verdict:
        """Apply both limits to the legs of this server."""
        self._due.set()  # it is written once Valkey is back
        known = self._known()
        if leg in known.get(session, ()):
            return "in"
        if len(known.get(session, ())) >= quota.reserved:
            return "session"
        return "in" if sum(map(len, known.values())) < quota.usable else "total"

    def _known(self) -> dict[str, set[str]]:
        """Return the legs of this server, with those that were let in so lately that Valkey would count them still."""
        oldest = self._clock() - TTL_SECONDS
        self._entered = {each: at for each, at in self._entered.items() if at > oldest}
        known = {session: set(legs) for session, legs in self._held.items()}
        for session, leg in self._entered:
            known.setdefault(session, set()).add(leg)
        return known

    @property
    def held(self) -> int:
        """Return how many legs are connected to this server."""
        return sum(map(len, self._held.values()))

    def holds(self, session: str, leg: str) -> bool:
        """Return whether a leg is connected to this server."""
        return leg in self._held.get(session, ())

    def leave(self, session: str, leg: str) -> None:
        """Stop counting a leg, as soon as Valkey can be told."""
        self._held.get(session, set()).discard(leg)
        self._entered.pop((session, leg), None)
        self._left.setdefault(session, set()).add(leg)
        self._due.set()

    def hold(self, legs: Mapping[str, Collection[str]]) -> None:
        """Set the connected legs of this server, by session, and keep them counted, also where Valkey forgot them.

        A leg that is not among them, as that of a call that rings, is counted until it expires or leaves.
        """
        self._held = {session: set(held) for session, held in legs.items()}
        self._due.set()

    async def connected(self, *sessions: str) -> list[int]:
        """Return how many legs of each session are connected to any server; without Valkey, to this one."""
        if not sessions:
            return []
        try:
            async with self._writing:
                counted: list[int] = await self._ask(self._count, list(map(redis_keys.legs, sessions)), [])
        except RedisError:
            known = self._known()
            return [len(known.get(session, ())) for session in sessions]
        return counted

    async def keep(self) -> None:
        """Write changes to Valkey at once, and everything when Valkey has forgotten it; runs until cancelled."""
        while not cancelled():
            try:
                if self._due.is_set() or self._old() or not await self._redis.exists(self._mark):
                    await self.write()
            except RedisError as error:
                log.info("x the join guard cannot reach Valkey: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
                continue
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                pass

    def _old(self) -> bool:
        return asyncio.get_running_loop().time() - self._written >= REFRESH_SECONDS

    async def write(self) -> None:
        """Write to Valkey now which legs are connected here, and which left. Raises RedisError."""
        async with self._writing:
            await self._write_changes()

    async def _ask(self, script: AsyncScript, places: list[str], arguments: list[Any]) -> Any:
        """Run a script over our mark and `places`, after writing which of our legs left and which are there."""
        if self._left:
            await self._write_changes()
        for _ in range(2):
            result = await script(keys=[self._mark, *places], args=arguments)
            if result != FORGOTTEN:
                return result
            await self._write_changes()
        raise RedisConnectionError("Valkey loses what is written to it")

    async def _write_changes(self) -> None:
        """Write connected and departed legs; what cannot be written stays due."""
        left, self._left = self._left, {}
        self._due.clear()
        sessions = sorted(self._held.keys() | left.keys())
        changes = [
            json.dumps({"session": each, "held": [*self._held.get(each, ())], "left": [*left.get(each, ())]})
            for each in sessions
        ]
        places = [self._mark, redis_keys.LEGS_ALL, *map(redis_keys.legs, sessions)]
        try:
            marked = await self._write(keys=places, args=[TTL_SECONDS, *changes])
        except BaseException:
            for session, legs in left.items():
                self._left.setdefault(session, set()).update(legs - self._held.get(session, set()))
            self._due.set()
            raise
        if self._marked and not marked:
            log.warning("x Valkey had lost its data: connected legs and failed sign-ins are written again")
        self._marked, self._written = True, asyncio.get_running_loop().time()
