"""Reads what /metrics shows of the parts of a server: database, Valkey, disks, certificates, queues, mail, syslog,
webhooks, traces, join guard.

A part that cannot be read is left out, and the others are shown.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.recording import disk_space
from mediaserver.recording.disk_space import Space
from scheduler.core.lock_timeout import lock_timeout
from scheduler.notifications.service import Notifications
from scheduler.webhooks.service import Webhooks
from signaling.accounts.store import AccountStore
from signaling.app import tls
from signaling.audit.syslog.forwarder import SyslogForwarder
from signaling.core import tracing
from signaling.mail.inbox_watcher import InboxWatcher
from signaling.mail.outbox_sender import OutboxSender, Outcome
from signaling.meeting.capacity_guard import CapacityGuard
from signaling.recording.catalog import RecordingCatalog
from signaling.recording.model import RecordingPhase
from signaling.recording.store import RecordingStore
from signaling.today.setup_steps import ServerFacts
from signaling.transcript.queue import TranscriptQueue

LOCK_SECONDS = 2.0
"""A database that allows no write for so long is not ready."""

Families = Iterator[Metric]


@dataclass(frozen=True, slots=True)
class Readings:
    """The parts of a server that are read."""

    accounts: AccountStore
    redis: Redis
    notifications: Notifications
    recordings: RecordingCatalog
    recording_store: RecordingStore
    transcript_queue: TranscriptQueue
    outbox: OutboxSender
    inbox: InboxWatcher | None
    """None: no letters come in."""
    syslog: SyslogForwarder | None
    """None: the audit log goes nowhere."""
    webhooks: Webhooks
    capacity_guard: CapacityGuard
    data: Path
    """The directory of database and keys."""
    certificates: Mapping[str, Path]
    """Directories of certificates, by what they are for."""
    server_facts: Callable[[], ServerFacts]
    backups: Callable[[], Mapping[int, datetime | None]]
    """Returns when the last backup of each repository was made, by its number."""
    clock: Callable[[], datetime]

    async def database(self) -> bool:
        """Return whether the database answers and allows writes."""
        try:
            with lock_timeout(LOCK_SECONDS):
                await self.accounts.ping()
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def valkey(self) -> bool:
        """Return whether Valkey answers."""
        try:
            return bool(await self.redis.ping())
        except (RedisError, OSError):
            return False

    async def read(self) -> list[Metric]:
        """Read all parts."""
        began = time.perf_counter()
        up = await self.database()
        seconds = time.perf_counter() - began
        families = [
            _gauge("diemcau_database_up", "1 where the database answers and allows writes, else 0", up),
            _gauge("diemcau_database_ping_seconds", "Time of that check", seconds),
            _gauge("diemcau_valkey_up", "1 where Valkey answers, else 0", await self.valkey()),
            *self._mail(),
            *_traces(),
        ]
        parts = (self._disks, self._files, *((self._queues, self._guard, self._webhooks, self._syslog) if up else ()))
        for part in parts:
            families += await _readable(part)
        return families

    def _mail(self) -> Families:
        outcomes: tuple[Outcome, ...] = get_args(Outcome)
        kinds = [(channel, outcome) for channel in self.outbox.channels for outcome in outcomes]
        tries = CounterMetricFamily(
            "diemcau_notice_tries", "Tries to send a letter or a group's notice", labels=["channel", "outcome"]
        )
        last = GaugeMetricFamily(
            "diemcau_notice_last_try_timestamp_seconds", "Unix time of the last one", labels=["channel", "outcome"]
        )
        for kind in kinds:
            tries.add_metric(kind, self.outbox.tries[kind])
            if (at := self.outbox.last.get(kind)) is not None:
                last.add_metric(kind, at.timestamp())
        inbox = GaugeMetricFamily("diemcau_inbox_up", "1 where the official mailbox could be read last, else 0")
        if self.inbox is not None:
            inbox.add_metric([], not self.inbox.fault)
        yield from (tries, last, inbox)

    async def _disks(self) -> Families:
        folders = {
            "data": await asyncio.to_thread(disk_space.measure, self.data),
            "recordings": await self.recordings.space(),
        }
        return _space(folders)

    async def _files(self) -> Families:
        return iter(await asyncio.to_thread(list, self._dates()))

    def _dates(self) -> Families:
        expiry = GaugeMetricFamily(
            "diemcau_certificate_expiry_timestamp_seconds",
            "Unix time at which a certificate ends",
            labels=["certificate"],
        )
        for name, folder in self.certificates.items():
            _, ends = tls.described(folder)
            if ends is not None:
                expiry.add_metric([name], ends.timestamp())
        yield expiry
        backed_up = self.server_facts().backed_up
        yield _time("diemcau_backup", "Unix time of the last backup, of several repositories the oldest one", backed_up)
        repositories = GaugeMetricFamily(
            "diemcau_backup_repository_timestamp_seconds",
            "Unix time of the last backup in a repository, 0: there was none",
            labels=["repository"],
        )
        for number, at in self.backups().items():
            repositories.add_metric([str(number)], 0 if at is None else at.timestamp())
        yield repositories

    async def _queues(self) -> Families:
        recordings, notices = await self.recording_store.counts(), await self.notifications.unsent()
        states = GaugeMetricFamily("diemcau_recordings", "Parts of recordings by state", labels=["state"])
        for state in get_args(RecordingPhase):
            states.add_metric([state], sum(count for (found, _), count in recordings.items() if found == state))
        queue = GaugeMetricFamily("diemcau_queue_length", "Pieces of work that wait or are done", labels=["queue"])
        queue.add_metric(["remux"], recordings.get(("finishing", "live"), 0))
        queue.add_metric(["compose"], recordings.get(("finishing", "afterwards"), 0))
        queue.add_metric(["transcript"], await self.transcript_queue.length())
        queue.add_metric(["outbox"], notices["waiting"])
        failed = _gauge("diemcau_notices_failed", "Notices that are not tried again by themselves", notices["failed"])
        return iter((states, queue, failed))

    async def _webhooks(self) -> Families:
        found = await self.webhooks.undelivered()
        deliveries = GaugeMetricFamily(
            "diemcau_webhook_deliveries", "Deliveries of webhooks that no other system has taken", labels=["state"]
        )
        deliveries.add_metric(["waiting"], found.waiting)
        deliveries.add_metric(["failed"], found.failed)
        oldest = _time("diemcau_webhook_oldest_waiting", "Unix time of the oldest delivery that waits", found.oldest)
        return iter((deliveries, oldest, _gauge("diemcau_webhooks_paused", "Webhooks that are paused", found.paused)))

    async def _syslog(self) -> Families:
        found = None if self.syslog is None else await self.syslog.waiting()
        up = GaugeMetricFamily("diemcau_syslog_up", "1 where the syslog server was reached last, else 0")
        entries = GaugeMetricFamily("diemcau_syslog_waiting_entries", "Entries of the audit log to be sent there")
        since = None if found is None else found.oldest
        oldest = _time("diemcau_syslog_oldest_waiting", "Unix time of the oldest of these", since)
        if self.syslog is not None and found is not None:
            up.add_metric([], not self.syslog.away)
            entries.add_metric([], found.entries)
        return iter((up, entries, oldest))

    async def _guard(self) -> Families:
        connected, most = await self.capacity_guard.load(self.clock())
        return iter(
            (
                _gauge("diemcau_connected_legs", "Devices that are connected, as the join guard counts", connected),
                _gauge("diemcau_usable_legs", "Devices that may be connected: the usable share", most),
            )
        )


async def _readable(part: Callable[[], Awaitable[Families]]) -> list[Metric]:
    """Return what can be read of a part, nothing where it does not answer."""
    try:
        with lock_timeout(LOCK_SECONDS):
            return list(await part())
    except (SQLAlchemyError, OSError):
        return []


def _traces() -> Families:
    """Yield what became of spans where they are sent to a collector."""
    if (counts := tracing.counts()) is None:
        return
    spans = CounterMetricFamily("diemcau_trace_spans", "Spans that a collector took, or missed", labels=["outcome"])
    spans.add_metric(["sent"], counts.sent)
    spans.add_metric(["dropped"], counts.dropped)
    yield spans
    yield _gauge("diemcau_trace_spans_waiting", "Spans that wait to be sent", counts.waiting)


def _space(folders: Mapping[str, Space]) -> Families:
    free = GaugeMetricFamily("diemcau_disk_free_bytes", "Free space of a folder's file system", labels=["folder"])
    size = GaugeMetricFamily("diemcau_disk_size_bytes", "Size of a folder's file system", labels=["folder"])
    for name, space in folders.items():
        free.add_metric([name], space.free)
        size.add_metric([name], space.total)
    yield from (free, size)


def _time(name: str, text: str, time: datetime | None) -> GaugeMetricFamily:
    """Return a gauge of a time; it has no value where there is none."""
    family = GaugeMetricFamily(f"{name}_timestamp_seconds", text)
    if time is not None:
        family.add_metric([], time.timestamp())
    return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value)
