"""URLs of Sentinels are read whole, and refused with a reason."""

import pytest

from signaling.core.valkey_pool import SentinelUrl, check

THREE = (("10.0.0.1", 26379), ("vk.example", 26380), ("2001:db8::1", 5000))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis+sentinel://10.0.0.1/main", SentinelUrl(THREE[:1], "main", False, {"db": 0}, None)),
        (
            "rediss+sentinel://10.0.0.1,vk.example:26380,[2001:db8::1]:5000/main/3",
            SentinelUrl(THREE, "main", True, {"db": 3}, None),
        ),
        (
            "redis+sentinel://dc:p%40ss,w@10.0.0.1/m%C3%A1y?sentinel_password=x%26y",
            SentinelUrl(THREE[:1], "máy", False, {"db": 0, "username": "dc", "password": "p@ss,w"}, "x&y"),
        ),
        (
            "redis+sentinel://:only@10.0.0.1/main",
            SentinelUrl(THREE[:1], "main", False, {"db": 0, "password": "only"}, None),
        ),
    ],
)
def test_a_url_of_sentinels_is_read(text: str, expected: SentinelUrl) -> None:
    assert SentinelUrl.parse(text) == expected
    assert check(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("http://10.0.0.1", "must start with redis://, rediss://, unix:// or redis+sentinel://"),
        ("redis+sentinel://10.0.0.1", "must look like redis+sentinel://10.0.0.1,10.0.0.2,10.0.0.3/NAME"),
        ("redis+sentinel:///main", "has '' where a host is expected"),
        ("redis+sentinel://10.0.0.1,/main", "has '' where a host is expected"),
        ("redis+sentinel://10.0.0.1:70000/main", "has '70000' where a port is expected"),
        ("redis+sentinel://10.0.0.1/main/two", "has 'two' where the number of a database is expected"),
        ("redis+sentinel://10.0.0.1/main?db=3", "must look like redis+sentinel://10.0.0.1,10.0.0.2,10.0.0.3/NAME"),
        ("redis+sentinel://10.0.0.1/main?x", "bad query field: 'x'"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError) as raised:
        check(text)
    assert str(raised.value) == reason
