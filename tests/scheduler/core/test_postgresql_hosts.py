"""Of several PostgreSQL servers the one that takes writes is found, and asked first from then on."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from scheduler.core import database
from scheduler.core.postgresql_hosts import Hosts, split
from tests.conftest import PostgresServer

ONE, TWO, THREE = ("10.0.0.1", 5432), ("10.0.0.2", 5433), ("10.0.0.3", 5432)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///a,b", ("sqlite:///a,b", ())),
        ("postgresql://u:p%40@h:5433/d?x=1,2", ("postgresql://u:p%40@h:5433/d?x=1,2", ())),
        ("postgresql://u:a,b@h/d", ("postgresql://u:a,b@h/d", ())),
        (
            "postgresql://u:a,b@10.0.0.1,10.0.0.2:5433,10.0.0.3:5432/d?x=1",
            ("postgresql://u:a,b@10.0.0.1/d?x=1", (ONE, TWO, THREE)),
        ),
        (
            "postgresql://[2001:db8::1]:5433,[2001:db8::2],%2Frun%2Fpg/d",
            ("postgresql://[2001:db8::1]:5433/d", (("2001:db8::1", 5433), ("2001:db8::2", 5432), ("/run/pg", 5432))),
        ),
    ],
)
def test_a_url_of_several_hosts_is_split(url: str, expected: tuple[str, tuple[tuple[str, int], ...]]) -> None:
    assert split(url) == expected


@pytest.mark.parametrize(
    ("hosts", "fault"),
    [
        ("a,", "'' where a host"),
        (",a", "'' where a host"),
        ("[::1]5,b", "'[::1]5' where a host"),
        ("[::1,b", "'[::1' where a host"),
        ("a:x,b", "'x' where a port"),
        ("a,b:0", "'0' where a port"),
        ("a,b:65536", "'65536' where a port"),
        ("a,b:-1", "'-1' where a port"),
    ],
)
def test_hosts_that_cannot_be_read_are_refused(hosts: str, fault: str) -> None:
    with pytest.raises(ValueError) as raised:
        split(f"postgresql://{hosts}/d")
    assert str(raised.value) == f"has {fault} is expected"


class Servers:
    """Accepts connections by a script, and notes which were tried, for how long."""

    def __init__(self) -> None:
        self.answers: dict[str, Exception | None] = {}
        self.tried: list[tuple[str, float]] = []

    async def connect(self, host: str, timeout: float, **_: Any) -> str:
        self.tried.append((host, timeout))
        if (error := self.answers.get(host)) is not None:
            raise error
        return host


async def test_the_server_that_took_writes_last_is_asked_first() -> None:
    servers = Servers()
    hosts = Hosts([ONE, TWO, THREE], servers.connect)
    servers.answers = {ONE[0]: TimeoutError(), TWO[0]: asyncpg.TargetServerAttributeNotMatched("a standby")}
    assert [await hosts.connect(timeout=3.0, user="u") for _ in range(2)] == [THREE[0], THREE[0]]
    assert servers.tried == [(each, 1.0) for each in (ONE[0], TWO[0], THREE[0], THREE[0])]
    servers.answers[THREE[0]] = asyncpg.CannotConnectNowError("it shuts down")
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
        await hosts.connect(timeout=3.0)
    servers.answers = {}
    assert await hosts.connect(timeout=3.0) == THREE[0]


@pytest.mark.postgres
async def test_a_database_is_reached_where_the_first_host_is_gone(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    gone, there = (str(folder).replace("/", "%2F") for folder in (tmp_path, postgres_server.directory))
    engine = database.connect(f"postgresql://postgres@{gone},{there}/{name}")
    try:
        async with engine.connect() as connection:
            assert (await connection.execute(text("SELECT current_database()"))).scalar() == name
    finally:
        await engine.dispose()
