"""Deliveries are signed as Standard Webhooks says; the value was made by one of its reference libraries."""

import base64
from datetime import UTC, datetime

from signaling.webhooks.signature import PREFIX, headers_of, new_secret


def test_the_signature_is_that_of_the_specification() -> None:
    now = datetime.fromtimestamp(1614265330, UTC)
    body = b'{"test": 2432232314}'
    assert headers_of(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", body, now) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_of_two_secrets_signs() -> None:
    now, keys = datetime.fromtimestamp(1614265330, UTC), [new_secret(), new_secret()]
    both = headers_of(keys, "msg_1", b"{}", now)["webhook-signature"]
    assert both.split() == [headers_of([key], "msg_1", b"{}", now)["webhook-signature"] for key in keys]


def test_secrets_differ_and_have_256_bits() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert [len(base64.b64decode(each.removeprefix(PREFIX))) for each in (first, second)] == [32, 32]
