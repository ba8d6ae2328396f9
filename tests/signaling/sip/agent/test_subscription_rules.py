"""Times at which a subscription is refreshed or made anew, and states that a NOTIFY tells (RFC 6665)."""

import pytest

from signaling.sip.agent import subscription_rules as rules
from signaling.sip.agent.subscription_rules import SubscriptionState
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Request, Response


def notify(state: str) -> Request:
    """Return a NOTIFY with a Subscription-State."""
    return Request("NOTIFY", "sip:diemcau@10.0.0.1", headers=[("subscription-state", state)])


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("active;expires=3599", (False, 3599, None)),
        ("Active ; Expires=60", (False, 60, None)),
        ("pending;expires=x", (False, None, None)),
        ("active;expires=999999999", (False, 86400, None)),
        ("terminated", (True, None, 0)),
        ("terminated;reason=timeout;retry-after=7", (True, None, 0)),
        ("terminated;reason=deactivated", (True, None, 0)),
        ("terminated;reason=probation;retry-after=90", (True, None, 90)),
        ("terminated;reason=giveup", (True, None, 0)),
        *((f"terminated;reason={reason};retry-after=9", (True, None, None)) for reason in sorted(rules.FINAL)),
    ],
)
def test_the_state_of_a_subscription(state: str, expected: tuple[bool, int | None, int | None]) -> None:
    assert rules.state_of(notify(state)) == SubscriptionState(*expected)


@pytest.mark.parametrize("state", ["", "gone", ";active", "active,terminated"])
def test_a_state_that_is_none(state: str) -> None:
    with pytest.raises(BadMessage):
        rules.state_of(notify(state))


def test_a_subscription_is_refreshed_before_it_ends_and_no_more_often_than_twice_a_minute() -> None:
    assert [rules.refresh_delay(each) for each in (0, 1, 39, 60, 240, 3600)] == [30, 30, 30, 45, 180, 3540]
    answer = Response(200, "OK", headers=[("expires", " 120 ")])
    assert (rules.granted_s(answer), rules.granted_s(Response(200, "OK"))) == (120, 3600)
    brief = [("min-expires", "1800")]
    refused = Response(423, "Interval Too Brief", headers=brief), Response(403, "Forbidden", headers=brief)
    assert [rules.demanded_s(each) for each in refused] == [1800, None]
