"""Counts failures of sign-ins and codes in Valkey, for all servers together, and locks after too many.

A failure is counted *before* the secret is checked and taken back when it was right; a hundred guesses sent at once
are therefore no better than a hundred in a row.

Chosen (TCVN 14423 5.5.2.2 suggests at most five failures):
* sign-in, one account from one address: 5 failures in 15 minutes lock that pair for 15 minutes, or for as long as the
  profile says (decision 133). The account still opens from everywhere else, so nobody can lock somebody else out.
* sign-in, one address: 50 failures in 15 minutes, over whatever accounts, lock the address for 15 minutes.
* second factors, one account, from wherever: 5 wrong ones in 15 minutes lock its second step for 15 minutes, or as long
  as the profile says. Who comes so far knows the password; each counts for the address, too.
* answers of an identity provider, one address: 50 that fail in 15 minutes lock the address for 15 minutes.
* session codes, one account: 20 wrong codes in a minute lock the account's joining for 15 minutes.
* keys of media workers, one address, and keys of neighbouring systems, one address: 10 wrong keys in a minute lock the
  address for 5 minutes;
* calendar links, one address: 20 unknown ones in a minute lock the address for 5 minutes. Each link may be fetched 20
  times in a minute, then is locked for one: here every attempt counts.
* passwords of room systems, one device from one address, or from where it is registered: 10 wrong ones in 15 minutes
  lock that pair for 5 minutes;
* tokens of devices that publish or watch over HTTP, one address: 20 wrong ones in a minute lock the address for 5
  minutes;
* API tokens of other systems, one address: 20 unknown ones in a minute lock the address for 5 minutes.
* pairing codes of room displays, one account: 10 wrong codes in 10 minutes lock pairing for 15 minutes.
* pairing codes asked for, one address: 30 in 10 minutes lock asking for 10 minutes.

Times are Valkey's own (TIME), for the clocks of servers differ. Each server remembers the failures that it counted and
sets a key in Valkey, its mark, that says that they are stored there; when the mark is gone, Valkey has lost its data,
and the server writes its failures again. Without Valkey it applies the same rules to those it remembers, by its own
clock, and writes them once Valkey is back (decision 110).

Decision 69 says why no library counts them.
"""

import json
import math
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from signaling.core import redis_keys
from signaling.core.valkey import FORGOTTEN, MARKED, NOW

MAX_REMEMBERED = 10_000
"""Largest number of accounts, addresses and pairs whose failures a server remembers."""

_ATTEMPT = (
    MARKED
    + NOW
    + """
local limit, window, lock = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local newest = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
if newest[2] and redis.call('ZCARD', KEYS[2]) >= limit and tonumber(newest[2]) + lock > now then
  return {tostring(tonumber(newest[2]) + lock - now), string.format('%.6f', now)}
end
if ARGV[4] == '' then return {'0', string.format('%.6f', now)} end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - window)
redis.call('ZADD', KEYS[2], now, ARGV[4])
redis.call('EXPIRE', KEYS[2], math.ceil(math.max(window, lock)))
return {redis.call('ZCARD', KEYS[2]) >= limit and '-1' or '0', string.format('%.6f', now)}
"""
)
"""Keys: mark, failures. Arguments: limit, window, lock, the mark of the attempt, or '' to count none."""

_WRITE = """
for _, each in ipairs(cjson.decode(ARGV[2])) do
  if each[2] == '' then redis.call('DEL', each[1]) else redis.call('ZREM', each[1], each[2]) end
end
for _, each in ipairs(cjson.decode(ARGV[1])) do
  redis.call('ZADD', each[1], each[3], each[2])
  redis.call('EXPIRE', each[1], each[4])
end
redis.call('SET', KEYS[1], '1', 'EX', 86400)
"""
"""Keys: mark. Arguments: failures as JSON (key, mark, time, for how long), what was taken back (key, mark or '')."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit: `limit` failures within `window` seconds lock for `lock` seconds."""

    kind: str
    limit: int
    window: int
    lock: int

    @property
    def lasts(self) -> int:
        """Seconds for which a failure counts, or locks."""
        return max(self.window, self.lock)


LOGIN_PAIR = Rule("login", 5, 900, 900)
LOGIN_ADDRESS = Rule("address", 50, 900, 900)
SECOND_FACTOR = Rule("second-factor", 5, 900, 900)
SSO = Rule("sso", 50, 900, 900)
CODE = Rule("code", 20, 60, 900)
PAIRING = Rule("pairing", 10, 600, 900)
NEW_PAIRING = Rule("new-pairing", 30, 600, 600)
WORKER = Rule("worker", 10, 60, 300)
NEIGHBOUR = Rule("neighbour", 10, 60, 300)
DEVICE = Rule("device", 20, 60, 300)
SIP_PASSWORD = Rule("sip-password", 10, 900, 300)
API_TOKEN = Rule("api-token", 20, 60, 300)
UNKNOWN_FEED = Rule("unknown-feed", 20, 60, 300)
FEED = Rule("feed", 20, 60, 60)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that counts as a failure until it is taken back; `locked` is the rest of a lock in seconds, or 0.

    The `last` attempt locks, if it fails.
    """

    key: str
    mark: str
    locked: int
    last: bool


@dataclass(frozen=True, slots=True)
class _Failures:
    """Times of failures under one key, by their marks, and the seconds for which they count or lock."""

    times: dict[str, float]
    lasts: int

    @property
    def over(self) -> float:
        """The time from which on none of them counts."""
        return max(self.times.values(), default=0.0) + self.lasts


class Throttle:
    """Counts failures under the rules above.

    `clock` gives seconds since 1970, as Valkey's own does.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock
        self._attempt = redis.register_script(_ATTEMPT)
        self._write = redis.register_script(_WRITE)
        self._mark = redis_keys.counted(secrets.token_hex(8))
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        """This server's failures that still count, by key; the key of the newest is last."""
        self._taken_back: deque[tuple[str, str]] = deque(maxlen=MAX_REMEMBERED)
        """What Valkey could not be told to forget: key, and the mark of an attempt or '' for all."""

    async def attempt(self, rule: Rule, subject: str) -> Attempt:
        """Count an attempt, unless `subject` is locked."""
        key, mark = redis_keys.failures(rule.kind, subject), secrets.token_hex(8)
        seconds, now = await self._judge(rule, key, mark)
        if seconds <= 0:
            self._remember(rule, key, mark, now)
        return Attempt(key, mark, max(0, math.ceil(seconds)), last=seconds < 0)

    async def locked(self, rule: Rule, subject: str) -> bool:
        """Return whether `subject` is locked, and count nothing: what may be forged is nobody's failure."""
        seconds, _ = await self._judge(rule, redis_keys.failures(rule.kind, subject), "")
        return seconds > 0

    async def _judge(self, rule: Rule, key: str, mark: str) -> tuple[float, float]:
        """Return what :func:`judge` does of a key, and the time; count an attempt in Valkey if it has a mark."""
        try:
            return await self._count_attempt(key, [rule.limit, rule.window, rule.lock, mark])
        except RedisError:
            self._owe()
            now = self._clock()
            return judge(rule, list(self._known(key).values()), now), now

    def _known(self, key: str) -> dict[str, float]:
        """Return the remembered times under a key, by their marks."""
        return self._failures[key].times if key in self._failures else {}

    async def take_back(self, attempt: Attempt) -> None:
        """Take one attempt back: its secret was right, so it does not count as a failure."""
        self._known(attempt.key).pop(attempt.mark, None)
        try:
            await self._redis.zrem(attempt.key, attempt.mark)
        except RedisError:
            self._owe(attempt.key, attempt.mark)

    async def forget(self, attempt: Attempt) -> None:
        """Forget all failures counted with this attempt."""
        self._failures.pop(attempt.key, None)
        try:
            await self._redis.delete(attempt.key)
        except RedisError:
            self._owe(attempt.key)

    def _owe(self, key: str | None = None, mark: str = "") -> None:
        """Have everything written to Valkey before the next attempt is counted there: by a mark that it does not know.

        With a key, have Valkey forget one failure of it, or all.
        """
        self._mark = redis_keys.counted(secrets.token_hex(8))
        if key is not None:
            self._taken_back.append((key, mark))

    async def _count_attempt(self, key: str, arguments: list[str | int]) -> tuple[float, float]:
        """Return the seconds of a lock and Valkey's time; write first what Valkey has lost. Raises RedisError."""
        for _ in range(2):
            result = await self._attempt(keys=[self._mark, key], args=arguments)
            if result != FORGOTTEN:
                return float(result[0]), float(result[1])
            failures = [
                [of, mark, at, each.lasts] for of, each in self._failures.items() for mark, at in each.times.items()
            ]
            taken_back = list(self._taken_back)
            self._taken_back.clear()
            try:
                await self._write(keys=[self._mark], args=list(map(json.dumps, (failures, taken_back))))
            except BaseException:
                self._taken_back.extend(taken_back)
                raise
        raise RedisConnectionError("Valkey loses what is written to it")

    def _remember(self, rule: Rule, key: str, mark: str, now: float) -> None:
        """Remember a failure, and forget those that Valkey no longer counts."""
        earlier = self._known(key)
        self._failures.pop(key, None)
        times = {other: at for other, at in earlier.items() if at > now - rule.window} | {mark: now}
        self._failures[key] = _Failures(times, rule.lasts)
        while len(self._failures) > MAX_REMEMBERED or next(iter(self._failures.values())).over <= now:
            self._failures.popitem(last=False)


def judge(rule: Rule, failures: Sequence[float], now: float) -> float:
    """Return the seconds of a lock, -1 for the last attempt before one, or 0, as the script does in Valkey.

    `failures` are times of earlier ones.
    """
    if len(failures) >= rule.limit and (newest := max(failures)) + rule.lock > now:
        return newest + rule.lock - now
    return -1.0 if sum(at > now - rule.window for at in failures) + 1 >= rule.limit else 0.0
