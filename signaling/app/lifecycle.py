"""Starts the media workers and the parts of a server in order, and stops them in reverse."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from mediaserver.api import MediaEngine
from mediaserver.recording import disk_space
from mediaserver.rpc.client import RemoteEngine, ask_to_end
from signaling.app import private_files
from signaling.app.build import Clock, Measure, build
from signaling.app.server import Server
from signaling.app.services import Services, utc_now
from signaling.app.settings import Settings
from signaling.app.worker_command import worker_command
from signaling.core import valkey
from signaling.core.server_id import owner_of
from signaling.h323.agent.agent import Agent as H323Agent
from signaling.h323.combined_agent import CombinedAgent
from signaling.sip.agent.agent import Agent
from signaling.sip.bridge.bridge import SipBridge
from signaling.sip.bridge.saved_traces import SavedTraces
from signaling.workers.pool import WorkerPool
from signaling.workers.supervisor import Supervisor

REMOTE_WORKER_SECONDS = 12.0
"""Time for a worker of another machine to dial a new server, and to bring the rooms that it holds."""


@asynccontextmanager
async def media(settings: Settings) -> AsyncIterator[Supervisor]:
    """Run the media workers of this machine until the context ends."""
    owner = owner_of(settings.data)
    supervisor = Supervisor(
        WorkerPool(),
        settings.workers,
        settings.sockets,
        worker_command(settings) if settings.start_workers else None,
        lambda path: RemoteEngine.dial(str(path), owner),
        lambda path: ask_to_end(str(path), owner),
    )
    try:
        await supervisor.start()
        yield supervisor
    except BaseException:  # an error of this server ends no meeting: the next server continues it
        await supervisor.leave()
        raise
    await supervisor.stop()


@asynccontextmanager
async def running(
    settings: Settings,
    services: Services,
    engine: MediaEngine,
    clock: Clock = utc_now,
    measure: Measure = disk_space.measure,
) -> AsyncIterator[Server]:
    """Build the server over services and a media engine, and run it until the context ends."""
    async with valkey.connect(settings.redis_url, settings.run) as redis:
        server = build(settings, services, engine, redis, clock, measure)
        with suppress(TimeoutError):  # the thread goes on
            await server.recordings.folder.run(lambda: private_files.restrict_folder(settings.recordings))
        await server.meetings.recover(REMOTE_WORKER_SECONDS if await services.worker_keys.names() else 0)
        for part in (*_background(server), server.meetings, *_devices(server)):
            part.start()
        try:
            await _start_gateway(settings, server.sip_bridge, server.saved_traces)
            if server.room_moves is not None:
                server.room_moves.start()
            yield server
        except BaseException:  # an error of this server ends no meeting: the next server continues it
            await leave(server)
            raise
        await (leave if server.meetings.left else _stop)(server)


class _Part(Protocol):
    """Works by itself between its start and its end."""

    def start(self) -> None:
        """Start to work."""

    async def stop(self) -> None:
        """Stop to work."""


def _background(server: Server) -> tuple[_Part, ...]:
    """Return what works beside the meetings, in the order in which it starts."""
    watcher = () if server.inbox_watcher is None else (server.inbox_watcher,)
    queues = server.remux_queue, server.composing_queue, server.transcript_queue
    cascade = server.cascade_channel, server.cascade_booking  # the first closes their connections, and ends last
    first = (server.loop_lag,) if server.syslog is None else (server.loop_lag, server.syslog)
    outgoing = server.outbox, server.webhook_sender
    return (*first, *queues, server.quality_recorder, *outgoing, *watcher, server.periodic_jobs, *cascade)


def _devices(server: Server) -> tuple[_Part, ...]:
    """Return what seats devices in meetings and ends sessions of people, in the order in which it starts."""
    return server.sign_out, server.whip, server.rtsp_cameras


async def leave(server: Server) -> None:
    """Leave the meetings to the next server; nothing of this one works by itself any more. Idempotent."""
    await _stop_moves(server)
    await server.sip_bridge.leave()
    await server.saved_traces.save()
    await server.meetings.leave()  # before its devices end: they end no seat of a meeting that goes on
    await _stop_parts(_devices(server))
    await _stop_background(server)


async def _stop(server: Server) -> None:
    await _stop_moves(server)
    await server.sip_bridge.stop()
    await server.saved_traces.save()
    await _stop_parts(_devices(server))
    await server.meetings.stop()
    await _stop_background(server)


async def _stop_moves(server: Server) -> None:
    if server.room_moves is not None:
        await server.room_moves.stop()


async def _stop_background(server: Server) -> None:
    await server.recordings.stop()
    await _stop_parts(_background(server))


async def _stop_parts(parts: Sequence[_Part]) -> None:
    for part in reversed(parts):
        await part.stop()


async def _start_gateway(settings: Settings, sip_bridge: SipBridge, saved: SavedTraces) -> None:
    """Let the gateway speak the protocols that the settings name, if any. Raises OSError."""
    if settings.sip is not None and settings.h323 is not None:
        agents = Agent(settings.sip, sip_bridge), H323Agent(settings.h323, sip_bridge)
        saved.load([each.trace for each in agents])
        at = settings.h323.gatekeeper
        gatekeeper = None if at is None else (at.host, at.port)
        await sip_bridge.start(CombinedAgent(*agents), ("SIP", "H323"), gatekeeper)
    elif settings.sip is not None:
        agent = Agent(settings.sip, sip_bridge)
        saved.load([agent.trace])
        await sip_bridge.start(agent)
    else:
        await sip_bridge.run_without_gateway()
