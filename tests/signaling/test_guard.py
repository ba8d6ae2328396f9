"""Throttles and the join guard, on a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from signaling.presence import TTL_SECONDS, Presence, Quota
from signaling.throttle import CODE, LOGIN_PAIR, Rule, Throttle

NOW = datetime(2026, 4, 6, tzinfo=UTC)
RULE = Rule("test", 3, 10, 100)


@pytest.fixture
async def valkey(valkey_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Valkey."""
    client = Redis.from_url(valkey_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def test_the_limit_is_allowed_and_the_next_is_locked(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    locked = [(await throttle.attempt(RULE, "a", after(i))).locked for i in range(4)]
    assert locked == [0, 0, 0, 99]
    assert (await throttle.attempt(RULE, "b", after(3))).locked == 0


async def test_a_lock_ends_and_attempts_during_it_do_not_prolong_it(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    for i in range(3):
        await throttle.attempt(RULE, "a", after(i))
    assert [(await throttle.attempt(RULE, "a", after(t))).locked for t in (50, 101, 102)] == [52, 1, 0]


async def test_old_failures_do_not_count(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    assert [(await throttle.attempt(RULE, "a", after(i * 6))).locked for i in range(6)] == [0] * 6


async def test_what_was_right_does_not_count(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    for i in range(9):
        attempt = await throttle.attempt(RULE, "a", after(i / 10))
        assert attempt.locked == 0
        await throttle.right(attempt)


async def test_a_hundred_at_once_are_no_better_than_one_after_the_other(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    attempts = await asyncio.gather(*(throttle.attempt(LOGIN_PAIR, "a", NOW) for _ in range(100)))
    assert sum(attempt.locked == 0 for attempt in attempts) == LOGIN_PAIR.limit


async def test_codes_lock_for_a_quarter_of_an_hour(valkey: Redis) -> None:
    throttle = Throttle(valkey)
    for _ in range(20):
        await throttle.attempt(CODE, "a", NOW)
    assert [(await throttle.attempt(CODE, "a", after(t))).locked for t in (1, 899, 900)] == [899, 1, 0]


async def test_the_guard_counts_legs_once_and_both_limits(valkey: Redis) -> None:
    presence, quota = Presence(valkey), Quota(reserved=2, usable=3)
    entered = [
        await presence.enter(session, leg, quota, NOW)
        for session, leg in [("a", "1"), ("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2"), ("b", "1")]
    ]
    assert entered == ["in", "in", "in", "session", "in", "total", "in"]
    await presence.leave("a", "1")
    assert await presence.enter("b", "2", quota, NOW) == "in"
    assert await presence.connected("b", NOW) == 2


async def test_legs_nobody_refreshes_expire(valkey: Redis) -> None:
    presence, quota = Presence(valkey), Quota(reserved=2, usable=2)
    await presence.enter("a", "1", quota, NOW)
    await presence.enter("a", "2", quota, NOW)
    await presence.refresh("a", ["2"], after(TTL_SECONDS - 1))
    assert await presence.enter("b", "1", quota, after(TTL_SECONDS - 1)) == "total"
    assert await presence.enter("b", "1", quota, after(TTL_SECONDS)) == "in"
    assert await presence.enter("b", "2", quota, after(TTL_SECONDS)) == "total"


async def test_a_guard_that_forgot_everything_learns_it_from_the_heartbeat(valkey: Redis) -> None:
    presence = Presence(valkey)
    await presence.refresh("a", ["1", "2"], NOW)
    await presence.refresh("a", [], NOW)
    assert await presence.enter("a", "3", Quota(2, 9), NOW) == "session"


STEPS = st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.sampled_from("123")), max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, reserved=st.integers(1, 3), usable=st.integers(1, 5))
async def test_i18_the_guard_is_never_passed(
    valkey: Redis, steps: list[tuple[bool, str, str]], reserved: int, usable: int
) -> None:
    """I18 against a set: connected ≤ reserved per session, the sum ≤ usable, entering is idempotent per leg."""
    await valkey.flushall()
    presence, quota = Presence(valkey), Quota(reserved, usable)
    model: set[tuple[str, str]] = set()
    for enters, session, leg in steps:
        if not enters:
            await presence.leave(session, leg)
            model.discard((session, leg))
            continue
        others = sum(known == session for known, _ in model)
        fits = (session, leg) in model or (others < reserved and len(model) < usable)
        assert (await presence.enter(session, leg, quota, NOW) == "in") == fits
        if fits:
            model.add((session, leg))
    assert [await presence.connected(s, NOW) for s in "ab"] == [sum(known == s for known, _ in model) for s in "ab"]
