"""Throttles and the join guard, on a real Valkey.

Also tests `connected_devices.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

import signaling.accounts.throttle
from signaling.accounts.throttle import CODE, LOGIN_PAIR, Rule, Throttle
from signaling.core import redis_keys
from signaling.core.valkey_pool import pool
from signaling.meeting.connected_devices import TTL_SECONDS, ConnectedDevices, Quota
from tests.signaling.world import PATIENCE_S, older

RULE = Rule("test", 3, 10, 100)


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[Redis]:
    """Yield a client of an empty Valkey."""
    client = Redis.from_url(valkey_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


async def locked(valkey: Redis, throttle: Throttle, rule: Rule, waits: Sequence[float]) -> list[int]:
    """Attempt after each of these waits; return how long `a` is locked each time, to ten seconds."""
    found = []
    for seconds in waits:
        await older(valkey, seconds)
        found.append(round((await throttle.attempt(rule, "a")).locked, -1))
    return found


async def test_the_limit_is_allowed_and_the_next_is_locked(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    assert await locked(valkey, throttle, RULE, [0, 1, 1, 1]) == [0, 0, 0, 100]
    assert (await throttle.attempt(RULE, "b")).locked == 0


async def test_a_lock_ends_and_attempts_during_it_do_not_prolong_it(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    assert await locked(valkey, throttle, RULE, [0, 1, 1, 40, 50, 20]) == [0, 0, 0, 60, 10, 0]


async def test_old_failures_do_not_count(valkey: Redis) -> None:
    assert await locked(valkey, Throttle(valkey), RULE, [6] * 6) == [0] * 6


async def test_right_attempts_do_not_count(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    for _ in range(9):
        attempt = await throttle.attempt(RULE, "a")
        assert attempt.locked == 0
        await throttle.take_back(attempt)


async def test_a_hundred_attempts_at_once_are_counted_like_a_sequence(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    attempts = await asyncio.gather(*(throttle.attempt(LOGIN_PAIR, "a") for _ in range(100)))
    assert sum(attempt.locked == 0 for attempt in attempts) == LOGIN_PAIR.limit


async def test_codes_lock_for_a_quarter_of_an_hour(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    assert await locked(valkey, throttle, CODE, [0] * 20 + [10, 880, 20]) == [0] * 20 + [890, 10, 0]


async def test_a_name_that_valkey_forgot_is_locked_all_the_same(valkey: Redis) -> None:
    here, there = Throttle(valkey), Throttle(valkey)
    for who in "aab":
        await here.attempt(RULE, who)
    right, _ = await there.attempt(RULE, "a"), await there.attempt(RULE, "b")
    await there.take_back(right)
    await valkey.flushall()
    assert not (await here.attempt(RULE, "b")).last
    assert (await here.attempt(RULE, "a")).last
    assert await locked(valkey, here, RULE, [0]) == [RULE.lock]
    assert round((await there.attempt(RULE, "b")).locked, -1) == RULE.lock


async def test_forgotten_attempts_are_not_written_to_valkey_again(
    valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle, short = Throttle(valkey), Rule("test", 3, 0, 100)
    for _ in range(9):
        await throttle.attempt(short, "a")
    forgiven = await throttle.attempt(RULE, "b")
    await throttle.forget(forgiven)
    monkeypatch.setattr(signaling.accounts.throttle, "MAX_REMEMBERED", 2)
    for who in "cd":
        await throttle.attempt(RULE, who)
    await valkey.flushall()
    await throttle.attempt(RULE, "e")
    assert sorted(await valkey.keys("*failures:test:*")) == [redis_keys.failures("test", who) for who in "cde"]


class Clock:
    """A clock that stands still until it is set forward."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def away(tmp_path: Path) -> AsyncIterator[Redis]:
    """Yield a client of a Valkey that is not there."""
    async with pool(f"unix://{tmp_path}/nobody", 1.0, retries=0) as connections:
        yield Redis(connection_pool=connections)


RULES = st.builds(Rule, st.just("test"), st.integers(1, 4), st.integers(10, 100), st.integers(10, 200))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=RULES, steps=st.lists(st.tuples(st.integers(0, 120), st.booleans()), max_size=15))
async def test_without_valkey_attempts_are_judged_as_by_its_script(
    valkey: Redis, away: Redis, rule: Rule, steps: list[tuple[int, bool]]
) -> None:
    await valkey.flushall()
    clock = Clock()
    scripted, own = Throttle(valkey), Throttle(away, clock)
    for seconds, right in steps:
        await older(valkey, seconds + 0.5)  # a moment passes between the two, which decides nothing
        clock.now += seconds + 0.5
        attempts = [await throttle.attempt(rule, "a") for throttle in (scripted, own)]
        (wait, last), (own_wait, own_last) = [(attempt.locked, attempt.last) for attempt in attempts]
        assert (abs(wait - own_wait) <= 1, own_last) == (True, last)
        if right and not wait:
            await scripted.take_back(attempts[0])
            await own.take_back(attempts[1])


async def test_what_was_counted_without_valkey_counts_in_it_once_it_is_back(valkey_url: str, valkey: Redis) -> None:
    async with pool(valkey_url, PATIENCE_S, retries=0) as connections:
        throttle = Throttle(Redis(connection_pool=connections))
        right, _, forgiven = [await throttle.attempt(RULE, who) for who in "aab"]
        connections.away = True
        await throttle.take_back(right)
        await throttle.forget(forgiven)
        wrong = [await throttle.attempt(RULE, who) for who in "bcc"]
        connections.away = False
        assert [(each.locked, each.last) for each in wrong] == [(0, False)] * 3
        assert (await throttle.attempt(RULE, "c")).last
    counted = {who: await valkey.zcard(redis_keys.failures("test", who)) for who in "abc"}
    assert counted == {"a": 1, "b": 1, "c": 3}


async def test_without_valkey_the_guard_applies_both_limits_to_what_it_knows(away: Redis) -> None:
    clock, quota = Clock(), Quota(reserved=2, usable=3)
    devices = ConnectedDevices(away, clock)
    devices.hold({"a": {"1"}})
    wanted = [("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("a", "1"), ("b", "1")]
    verdicts = [await devices.enter(session, leg, quota) for session, leg in wanted]
    assert verdicts == ["in", "session", "in", "total", "in", "in"]
    assert await devices.connected("a", "b", "c") == [2, 1, 0]
    devices.hold({"a": {"1"}})  # the others ring, or connect
    assert await devices.enter("b", "2", quota) == "total"
    devices.leave("a", "2")
    assert await devices.enter("b", "2", quota) == "in"
    devices.hold({"a": {"1"}})
    clock.now += TTL_SECONDS
    assert await devices.connected("a", "b") == [1, 0]
    assert await devices.enter("c", "1", quota) == "in"


async def expire(valkey: Redis, session: str, leg: str) -> None:
    """Let the time of a leg be over, by Valkey's own clock."""
    seconds, _ = await valkey.time()
    await valkey.zadd(redis_keys.legs(session), {leg: seconds}, xx=True)
    await valkey.zadd(redis_keys.LEGS_ALL, {f"{session}/{leg}": seconds}, xx=True)


async def test_the_guard_counts_legs_once_and_both_limits(valkey: Redis) -> None:
    here, there, quota = ConnectedDevices(valkey), ConnectedDevices(valkey), Quota(reserved=2, usable=3)
    entered = [
        await server_presence.enter(session, leg, quota)
        for server_presence in (here, there)
        for session, leg in [("a", "1"), ("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("b", "1")]
    ]
    assert entered == ["in", "in", "in", "session", "in", "total", "in"] * 2
    here.leave("a", "1")
    assert await here.enter("b", "2", quota) == "in"
    assert await here.connected("a", "b") == [1, 2]
    assert await here.connected() == []


async def test_legs_nobody_refreshes_expire_by_the_clock_of_valkey(valkey: Redis) -> None:
    here, there, quota = ConnectedDevices(valkey), ConnectedDevices(valkey), Quota(reserved=2, usable=2)
    before, _ = await valkey.time()
    await here.enter("a", "1", quota)
    await here.enter("a", "2", quota)
    after, _ = await valkey.time()
    until = await valkey.zscore(redis_keys.legs("a"), "1")
    assert until is not None
    assert before <= until - TTL_SECONDS <= after + 1
    await expire(valkey, "a", "1")
    assert await there.connected("a") == [1]
    assert await there.enter("b", "1", quota) == "in"
    assert await there.enter("b", "2", quota) == "total"


async def test_a_leg_that_waited_to_be_taken_out_and_came_back_is_counted(valkey: Redis) -> None:
    presence, quota = ConnectedDevices(valkey), Quota(2, 9)
    await presence.enter("a", "1", quota)
    presence.leave("a", "1")
    assert await presence.enter("a", "1", quota) == "in"
    presence.leave("a", "1")
    presence.hold({"a": {"1"}})
    await presence.write()
    assert await presence.connected("a") == [1]


async def test_nobody_comes_in_because_others_are_forgotten(valkey: Redis) -> None:
    presence, quota = ConnectedDevices(valkey), Quota(2, 9)
    presence.hold({"a": {"1"}})
    assert await presence.enter("a", "2", quota) == "in"
    await valkey.flushall()
    assert await presence.enter("a", "3", quota) == "session"
    await valkey.flushall()
    assert await presence.connected("a", "b") == [2, 0]


async def test_legs_that_valkey_forgot_are_written_again_by_themselves(valkey: Redis) -> None:
    presence = ConnectedDevices(valkey)
    keeping = asyncio.create_task(presence.keep())
    presence.hold({"a": {"1"}, "b": {"1", "2"}})
    for _ in range(2):
        async with asyncio.timeout(PATIENCE_S):
            while await valkey.zcard(redis_keys.LEGS_ALL) != 3:
                await asyncio.sleep(0.01)
        await valkey.flushall()
    keeping.cancel()


STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.sampled_from("123")), max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, reserved=st.integers(1, 3), usable=st.integers(1, 5))
async def test_i18_the_guard_is_never_passed(
    valkey: Redis, steps: list[tuple[bool, str, str]], reserved: int, usable: int
) -> None:
    """I18 against a set: connected ≤ reserved per session, the sum ≤ usable, entering is idempotent per leg."""
    await valkey.flushall()
    presence, quota = ConnectedDevices(valkey), Quota(reserved, usable)
    model: set[tuple[str, str]] = set()
    for enters, session, leg in steps:
        if not enters:
            presence.leave(session, leg)
            model.discard((session, leg))
            continue
        others = sum(known == session for known, _ in model)
        fits = (session, leg) in model or (others < reserved and len(model) < usable)
        assert (await presence.enter(session, leg, quota) == "in") == fits
        if fits:
            model.add((session, leg))
    await presence.write()
    assert await presence.connected(*"ab") == [sum(known == s for known, _ in model) for s in "ab"]
