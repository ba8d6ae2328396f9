"""Failures are counted and guessing is stopped, in Valkey, so that several roofs count together.

A failure is noted *before* the secret is checked and taken back when it was right; a hundred guesses sent at once are
therefore no better than a hundred in a row.

Chosen (TCVN 14423 5.5.2.2 suggests at most five failures):
* sign-in, one account from one address: 5 failures in 15 minutes lock that pair for 15 minutes. The account still
  opens from everywhere else, so nobody can lock somebody else out.
* sign-in, one address: 50 failures in 15 minutes, over whatever accounts, lock the address for 15 minutes.
* session codes, one account: 20 wrong codes in a minute lock the account's joining for 15 minutes.
* keys of media workers, one address: 10 wrong keys in a minute lock the address for 5 minutes.
"""

import math
import secrets
from dataclasses import dataclass
from datetime import datetime

from redis.asyncio import Redis

from signaling import keys

_ATTEMPT = """
local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
local now, limit, window, lock = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if newest[2] and redis.call('ZCARD', KEYS[1]) >= limit and tonumber(newest[2]) + lock > now then
  return tostring(tonumber(newest[2]) + lock - now)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('ZADD', KEYS[1], now, ARGV[5])
redis.call('EXPIRE', KEYS[1], math.ceil(math.max(window, lock)))
return redis.call('ZCARD', KEYS[1]) >= limit and '-1' or '0'
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """`limit` failures within `window` seconds lock for `lock` seconds."""

    kind: str
    limit: int
    window: int
    lock: int


LOGIN_PAIR = Rule("login", 5, 900, 900)
LOGIN_ADDRESS = Rule("address", 50, 900, 900)
CODE = Rule("code", 20, 60, 900)
WORKER = Rule("worker", 10, 60, 300)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A noted failure that may still turn out to be none; `locked` counts the seconds of a lock, 0 for none.

    The `last` one locks, if it was a failure indeed.
    """

    key: str
    mark: str
    locked: int
    last: bool


class Throttle:
    """Counts failures under the rules above."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_ATTEMPT)

    async def attempt(self, rule: Rule, who: str, now: datetime) -> Attempt:
        """Note an attempt, unless `who` is locked."""
        key, mark = keys.failures(rule.kind, who), secrets.token_hex(8)
        arguments: list[str | float] = [now.timestamp(), rule.limit, rule.window, rule.lock, mark]
        seconds = float(await self._script(keys=[key], args=arguments))
        return Attempt(key, mark, max(0, math.ceil(seconds)), last=seconds < 0)

    async def right(self, attempt: Attempt) -> None:
        """Take one attempt back: it was right."""
        await self._redis.zrem(attempt.key, attempt.mark)

    async def forget(self, attempt: Attempt) -> None:
        """Forget all failures counted with this attempt."""
        await self._redis.delete(attempt.key)
