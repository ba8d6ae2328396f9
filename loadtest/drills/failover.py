"""The drills `sentinel` and `patroni`: the primary of Valkey, or of PostgreSQL, loses its machine, and its engine's own
failover makes another one the primary, under a server that leads and one that stands by."""

import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from loadtest.drills import postgresql_outage
from loadtest.drills.drill import Drill
from loadtest.drills.faults import signs_in
from loadtest.drills.leader import SeveralServers, several_servers
from loadtest.server.patroni import Cluster, cluster
from loadtest.server.postgresql import postgresql
from loadtest.server.sentinels import Replicated, replicated


class ServersWithSentinels(SeveralServers):
    """Servers that use one Valkey, which has a replica and Sentinels."""

    def __init__(self, servers: SeveralServers, valkey: Replicated) -> None:
        super().__init__(servers.url, servers.servers)
        self.media = servers.media
        self.valkey = valkey


class ServersWithPatroni(SeveralServers):
    """Servers whose PostgreSQL has a synchronous standby."""

    def __init__(self, servers: SeveralServers, nodes: Cluster) -> None:
        super().__init__(servers.url, servers.servers)
        self.media = servers.media
        self.nodes = nodes


@asynccontextmanager
async def with_sentinels(workers: int, points: int, **settings: str) -> AsyncIterator[ServersWithSentinels]:
    """Yield two servers that find Valkey by its Sentinels."""
    with tempfile.TemporaryDirectory(prefix="diemcau-sentinel-") as folder:
        async with replicated(Path(folder)) as valkey:
            settings |= {"DIEMCAU_REDIS_URL": valkey.url}
            async with several_servers(workers, points, nullcontext, postgresql, **settings) as servers:
                yield ServersWithSentinels(servers, valkey)


@asynccontextmanager
async def with_patroni(workers: int, points: int, **settings: str) -> AsyncIterator[ServersWithPatroni]:
    """Yield two servers that find PostgreSQL by the names of its machines."""
    nodes: list[Cluster] = []

    @asynccontextmanager
    async def engine() -> AsyncIterator[str]:
        async with cluster() as made:
            nodes.append(made)
            yield made.url

    async with several_servers(workers, points, nullcontext, engine, **settings) as servers:
        yield ServersWithPatroni(servers, nodes[0])


async def lose_valkey(drill: Drill[ServersWithSentinels]) -> dict[str, Any]:
    """Kill Valkey's primary (kill -9); people sign in meanwhile. It comes back as the replica."""
    valkey, began = drill.server.valkey, time.monotonic()
    valkey.signal(valkey.servers[0], signal.SIGKILL)
    await signs_in(drill)
    login = time.monotonic() - began
    obeys = await drill.obeyed(began)
    await valkey.succeed()
    succeeded = time.monotonic() - began
    await drill.obeyed(time.monotonic())
    await valkey.complete()
    return {"login_s": [login], "obeys_s": obeys, "succeeded_s": [succeeded]}


async def lose_postgresql(drill: Drill[ServersWithPatroni]) -> dict[str, Any]:
    """Kill PostgreSQL's primary and its Patroni (kill -9) while sessions are booked. It comes back as the standby."""
    nodes = drill.server.nodes
    found = await postgresql_outage.lose(drill, nodes.lose_primary, nodes.succeed, away_s=0.0)
    await nodes.complete()
    return found
