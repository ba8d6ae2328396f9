"""The drill `hand-over`: restarts the server that leads, as an upgrade does; another one leads its meetings on."""

import signal
import time
from typing import Any

from loadtest.drills.drill import Drill
from loadtest.drills.several_servers import SeveralServers
from loadtest.server.postgresql import PostgreSql


async def hand_over(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Restart the server that leads as `systemctl restart` does (SIGUSR1): the one that stood by leads at once."""
    servers = drill.server
    restarted, began = servers.leading, time.monotonic()
    restarted.signal(signal.SIGUSR1)
    leads = await servers.succeed()
    obeys = await drill.obeyed(began)
    await restarted.ended()
    await restarted.start()
    await restarted.until(b"Standing by")
    return {"leads_s": [leads - began], "obeys_s": obeys}
