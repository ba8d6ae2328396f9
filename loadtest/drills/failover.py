"""The drills `sentinel` and `patroni`: the primary of Valkey, or of PostgreSQL, loses its machine, and its engine's own
failover makes another one the primary, under a server that leads and one that stands by."""

import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from loadtest.drills import postgresql_outage
from loadtest.drills.drill import Drill
from loadtest.drills.faults import signs_in
from loadtest.drills.meeting_record import Telling
from loadtest.drills.several_servers import SeveralServers, over, several_servers
from loadtest.server import machines
from loadtest.server.patroni import Cluster, cluster
from loadtest.server.postgresql import PostgreSql
from loadtest.server.sentinels import Replicated, replicated

PATRONI = ("etcd", "patroni-one", "patroni-two")
"""The machines of etcd and of two PostgreSQL servers under Patroni."""


class ServersWithSentinels(SeveralServers[PostgreSql]):
    """Servers that use one Valkey, which has a replica and Sentinels."""

    def __init__(self, servers: SeveralServers[PostgreSql], valkey: Replicated) -> None:
        super().__init__(servers.front, servers.database, servers.servers, servers.folder)
        self.media = servers.media
        self.valkey = valkey


@asynccontextmanager
async def with_sentinels(workers: int, points: int, **settings: str) -> AsyncIterator[ServersWithSentinels]:
    """Yield two servers that find Valkey by its Sentinels."""
    with tempfile.TemporaryDirectory(prefix="diemcau-sentinel-") as folder:
        async with replicated(Path(folder), machines.make("valkey")) as valkey:
            settings |= {"DIEMCAU_REDIS_URL": valkey.url}
            async with several_servers(workers, points, **settings) as servers:
                yield ServersWithSentinels(servers, valkey)


def with_patroni(workers: int, points: int, **settings: str) -> AbstractAsyncContextManager[SeveralServers[Cluster]]:
    """Return two servers that find PostgreSQL, which has a synchronous standby, by the names of its machines."""
    return over(cluster(*map(machines.make, PATRONI)), workers, points, settings)


async def lose_valkey(drill: Drill[ServersWithSentinels]) -> dict[str, Any]:
    """Kill Valkey's primary (kill -9); people sign in meanwhile. It comes back as the replica."""
    valkey, telling = drill.server.valkey, Telling(drill)
    async with telling.throughout():
        began = time.monotonic()
        valkey.signal(valkey.servers[0], signal.SIGKILL)
        await signs_in(drill)
        login = time.monotonic() - began
        await valkey.succeed()
        succeeded = time.monotonic() - began
        await valkey.complete()
    return {"login_s": [login], "obeys_s": telling.obeys, "succeeded_s": [succeeded], **await telling.kept()}


async def lose_postgresql(drill: Drill[SeveralServers[Cluster]]) -> dict[str, Any]:
    """Kill PostgreSQL's primary and its Patroni (kill -9) while sessions are booked. It comes back as the standby."""
    nodes = drill.server.database
    found = await postgresql_outage.lose(drill, nodes.lose_primary, nodes.succeed, away_s=0.0)
    await nodes.complete()
    return found
