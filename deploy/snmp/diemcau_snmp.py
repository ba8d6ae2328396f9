#!/usr/bin/python3
"""Prints what /metrics of the server tells as whole numbers, one a line, for `extend` of snmpd (docs/operations.md).

A number keeps its line in later releases, which add theirs at the end. -1 stands for what the server does not tell.
Exit status 1: it does not answer.
"""

import re
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from math import isfinite

URL = "http://127.0.0.1:8080/metrics"
TIMEOUT_S = 3.0
MAX_BYTES = 4 << 20
DAY_S = 86_400
UNKNOWN = -1
SAMPLE = re.compile(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Labels = dict[str, str]
Samples = list[tuple[str, Labels, float]]
Reading = Callable[[Samples, float], float | None]


def samples(text: str) -> Iterator[tuple[str, Labels, float]]:
    """Yield name, labels and value of each sample in Prometheus' text format; what is none is left out."""
    for line in text.splitlines():
        found = SAMPLE.fullmatch(line)
        if found is not None and not line.startswith("#"):
            try:
                yield found[1], dict(LABEL.findall(found[2] or "")), float(found[3])
            except ValueError:
                continue


def values(given: Samples, name: str, labels: Labels) -> list[float]:
    """Return the values of a name that have these labels."""
    return [value for found, known, value in given if found == name and labels.items() <= known.items()]


def total(name: str, **labels: str) -> Reading:
    """Return how the values of a name with these labels are added up."""
    return lambda given, _: sum(found) if (found := values(given, name, labels)) else None


def percent(part: str, whole: str, **labels: str) -> Reading:
    """Return how a part is told in percent of the whole."""

    def read(given: Samples, _: float) -> float | None:
        parts, wholes = values(given, part, labels), values(given, whole, labels)
        return 100 * sum(parts) / sum(wholes) if parts and sum(wholes) else None

    return read


def until(name: str, unit_s: int, **labels: str) -> Reading:
    """Return how the time to the earliest of some times is told, 0 after it."""

    def read(given: Samples, now: float) -> float | None:
        found = values(given, name, labels)
        return max(0.0, min(found) - now) / unit_s if found else None

    return read


def since(name: str, unit_s: int, default: float | None = None) -> Reading:
    """Return how the time since the earliest of some times is told; the default where there is none."""

    def read(given: Samples, now: float) -> float | None:
        found = values(given, name, {})
        return max(0.0, now - min(found)) / unit_s if found else default

    return read


READINGS: tuple[Reading, ...] = (
    lambda _, __: 1,
    total("diemcau_media_workers"),
    total("diemcau_conferences"),
    total("diemcau_seats"),
    total("diemcau_sip_calls"),
    total("diemcau_connected_legs"),
    total("diemcau_usable_legs"),
    total("diemcau_database_up"),
    total("diemcau_valkey_up"),
    percent("diemcau_disk_free_bytes", "diemcau_disk_size_bytes", folder="data"),
    percent("diemcau_disk_free_bytes", "diemcau_disk_size_bytes", folder="recordings"),
    until("diemcau_certificate_expiry_timestamp_seconds", DAY_S),
    since("diemcau_backup_timestamp_seconds", DAY_S),
    total("diemcau_recordings", state="recording"),
    total("diemcau_recordings", state="broken"),
    total("diemcau_queue_length", queue="remux"),
    total("diemcau_queue_length", queue="outbox"),
    total("diemcau_notices_failed"),
    total("diemcau_inbox_up"),
    total("diemcau_joins_total", outcome="seated"),
    total("diemcau_joins_total", outcome="failed"),
    total("diemcau_http_requests_total", status="500"),
    total("process_cpu_seconds_total"),
    total("diemcau_media_cpu_seconds_total"),
    total("diemcau_media_received_datagrams_total"),
    total("diemcau_media_received_lost_packets_total"),
    total("diemcau_media_sent_datagrams_total"),
    total("diemcau_media_sent_lost_packets_total"),
    total("diemcau_syslog_up"),
    total("diemcau_syslog_waiting_entries"),
    since("diemcau_syslog_oldest_waiting_timestamp_seconds", 60, 0),
    total("diemcau_webhook_deliveries", state="waiting"),
    total("diemcau_webhooks_paused"),
)
"""Readings in the order of the lines, which docs/operations.md lists."""


def numbers(text: str | None, now: float) -> list[int]:
    """Return the numbers of a server that told this text, or did not answer."""
    if text is None:
        return [0, *[UNKNOWN] * (len(READINGS) - 1)]
    given = list(samples(text))
    found = (reading(given, now) for reading in READINGS)
    return [int(value) if value is not None and isfinite(value) else UNKNOWN for value in found]


def fetch(url: str) -> str | None:
    """Return what the server tells, None where it does not answer; a proxy of the environment is not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_S) as response:
            text: str = response.read(MAX_BYTES).decode("utf-8", "replace")
    except (OSError, HTTPException, ValueError):
        return None
    return text


if __name__ == "__main__":
    told = fetch(sys.argv[1] if len(sys.argv) > 1 else URL)
    print(*numbers(told, time.time()), sep="\n")
    sys.exit(told is None)
