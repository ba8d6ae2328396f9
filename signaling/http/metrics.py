"""Prometheus metrics of /metrics. Labels have few values: no account, no session, no path of a request."""

from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, get_args

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from signaling.http.clamd import ScanOutcome

BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0)
LAG_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 1.0)
JOIN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
JoinOutcome = Literal["seated", "waiting", "asked", "refused", "failed"]
"""`waiting` is in the waiting room; `asked` is to accept a notice first; `failed` is a fault of ours."""

LEVELS = {
    "rooms": ("diemcau_media_rooms", "Rooms of a media worker"),
    "seats": ("diemcau_media_seats", "Seats in the rooms of a media worker"),
    "peers": ("diemcau_media_peers", "Peers whose transport is connected"),
    "dtls_calls": ("diemcau_media_dtls_calls", "Calls of room systems whose media go by DTLS-SRTP"),
    "pipe_streams": ("diemcau_media_pipe_streams", "Cameras and screens that are sent to other media workers"),
    "pipe_renditions": (
        "diemcau_media_pipe_renditions",
        "Composed pictures that are sent to other media workers, in each rendition",
    ),
    "pipe_waiting": ("diemcau_media_pipe_waiting", "Those that wait, as no more can be sent to one worker"),
    "caption_speakers": ("diemcau_captioned_speakers", "Speakers whose speech a media worker recognizes now"),
    "records": ("diemcau_media_records", "1 where a media worker can record, else 0"),
    "drained": ("diemcau_media_drained", "1 where a media worker takes no more rooms, else 0"),
    "clock_offset_s": ("diemcau_media_clock_offset_seconds", "Seconds by which its clock is ahead of the server's"),
    "tcp_connections": ("diemcau_media_tcp_connections", "TCP connections of browsers"),
    "started_at": ("diemcau_media_start_time_seconds", "Unix time at which a media worker began"),
    "memory_bytes": ("diemcau_media_resident_memory_bytes", "Resident memory of a media worker"),
}
"""Gauges of a worker: name in the engine's stats, name and meaning for Prometheus."""
COUNTS = {
    "packets_in": ("diemcau_media_received_datagrams", "Datagrams that came in"),
    "bytes_in": ("diemcau_media_received_bytes", "Bytes of the datagrams that came in"),
    "packets_out": ("diemcau_media_sent_datagrams", "Datagrams that went out"),
    "bytes_out": ("diemcau_media_sent_bytes", "Bytes of the datagrams that went out"),
    "strangers": ("diemcau_media_stranger_datagrams", "Datagrams from addresses nobody validated"),
    "malformed": ("diemcau_media_malformed_packets", "RTP packets of peers that cannot be read"),
    "undecryptable": (
        "diemcau_media_undecryptable_packets",
        "Packets of room systems that could not be decrypted",
    ),
    "camera_requests": ("diemcau_media_camera_requests", "Messages of room systems to move a camera of ours: ignored"),
    "excess": ("diemcau_media_excess_packets", "Packets of peers under more SSRCs than they may have"),
    "refused": ("diemcau_media_refused_datagrams", "Datagrams the kernel would not take: dropped"),
    "tcp_dropped": ("diemcau_media_tcp_dropped_packets", "Packets that a TCP connection did not take in time"),
    "lost_in": ("diemcau_media_received_lost_packets", "RTP packets of peers missing when a report on them was due"),
    "lost_out": ("diemcau_media_sent_lost_packets", "RTP packets sent that peers reported as lost"),
    "repeated": (
        "diemcau_media_sent_repeated_packets",
        "RTP packets of pictures sent again unasked, on long lines that lose much",
    ),
    "cpu_s": ("diemcau_media_cpu_seconds", "Seconds of CPU that a media worker used"),
    "mix_s": ("diemcau_media_mix_cpu_seconds", "Seconds of CPU that the sound of rooms took"),
    "compose_s": ("diemcau_media_compose_cpu_seconds", "Seconds of CPU that decoding and painting pictures took"),
    "encode_s": ("diemcau_media_encode_cpu_seconds", "Seconds of CPU that scaling and encoding pictures took"),
    "pictures": ("diemcau_media_composed_pictures", "Composed pictures that were encoded, in each rendition"),
    "caption_sound_s": ("diemcau_caption_sound_seconds", "Seconds of speech recognized for captions"),
    "caption_cpu_s": ("diemcau_caption_cpu_seconds", "Seconds of CPU that recognizing speech took"),
    "caption_dropped_s": ("diemcau_caption_dropped_seconds", "Seconds of sound left out of captions: too late"),
}
"""Counters of a worker, from its start; Prometheus ends these names with ``_total``."""
HISTOGRAMS = {"lag": ("diemcau_media_loop_lag_seconds", "Time by which ticks of sound, 50 a second, began late")}
"""Histograms of a worker, from its start."""


@dataclass(frozen=True, slots=True)
class Load:
    """The present load of the server."""

    sockets: int
    meetings: int
    """Meetings with people in them."""
    seats: Counts[str]
    """Present seats, by role."""
    calls: Counts[str]
    """Calls of room systems, by how they are protected."""
    media: Mapping[str, object]
    """Statistics of each media worker, by name."""


def method_of(request: web.Request) -> str:
    """Return the method of a request, of the few that pages use, else `other`."""
    return request.method if request.method in {"GET", "HEAD", "POST"} else "other"


def route_of(request: web.Request) -> str:
    """Return the route of a request, which its path follows; `none` where there is none."""
    resource = request.match_info.route.resource
    return "none" if resource is None else resource.canonical


class _MediaWorkers(Collector):
    """Exports the latest statistics of the media workers that answered."""

    def __init__(self) -> None:
        self.stats: Mapping[str, Mapping[str, object]] = {}
        """Statistics, by worker."""

    def collect(self) -> Iterator[Metric]:
        """Yield one metric family for each statistic."""
        for stat, named in LEVELS.items():
            yield self._filled(stat, GaugeMetricFamily(*named, labels=["worker"]))
        for stat, named in COUNTS.items():
            yield self._filled(stat, CounterMetricFamily(*named, labels=["worker"]))
        for stat, named in HISTOGRAMS.items():
            yield self._histogram(stat, HistogramMetricFamily(*named, labels=["worker"]))

    def _filled(self, stat: str, family: CounterMetricFamily | GaugeMetricFamily) -> Metric:
        for worker, numbers in self.stats.items():
            if isinstance(value := numbers.get(stat), int | float):
                family.add_metric([worker], value)
        return family

    def _histogram(self, stat: str, family: HistogramMetricFamily) -> Metric:
        for worker, numbers in self.stats.items():
            match numbers.get(stat):
                case {"bounds": list(bounds), "counts": list(counts), "sum": int(total) | float(total)}:
                    upper = [*map(floatToGoString, bounds), "+Inf"]
                    family.add_metric([worker], list(zip(upper, accumulate(counts), strict=False)), total)
        return family


class _Readings(Collector):
    """Exports what was read of the server's parts."""

    def __init__(self) -> None:
        self.families: Iterable[Metric] = ()

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families that were read."""
        yield from self.families


class Metrics:
    """Metrics of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "diemcau_http_requests", "HTTP requests", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "diemcau_http_request_seconds", "Time to answer", buckets=BUCKETS, registry=self._registry
        )
        self._lag = Histogram(
            "diemcau_loop_lag_seconds",
            "Time by which the server's event loop ran late, measured twice a second",
            buckets=LAG_BUCKETS,
            registry=self._registry,
        )
        self._joins = Counter("diemcau_joins", "Tries to join a meeting", ["outcome"], registry=self._registry)
        for outcome in get_args(JoinOutcome):
            self._joins.labels(outcome)
        self._join_seconds = Histogram(
            "diemcau_join_seconds",
            "Time from the message that joins to the seat",
            buckets=JOIN_BUCKETS,
            registry=self._registry,
        )
        self._refused = Counter("diemcau_ws_refused", "WebSocket messages refused", ["word"], registry=self._registry)
        self._scans = Counter(
            "diemcau_file_scans",
            "Uploaded files that clamd scanned, or failed to",
            ["outcome"],
            registry=self._registry,
        )
        for scan_outcome in get_args(ScanOutcome):
            self._scans.labels(scan_outcome)
        self._sockets = Gauge("diemcau_sockets", "Connected WebSockets", registry=self._registry)
        self._meetings = Gauge("diemcau_conferences", "Conferences with people in them", registry=self._registry)
        self._seats = Gauge("diemcau_seats", "Seats by role", ["role"], registry=self._registry)
        self._calls = Gauge(
            "diemcau_sip_calls",
            "Calls of room systems: encrypted, so with keys that went in the clear (exposed), or clear",
            ["protection"],
            registry=self._registry,
        )
        self._workers = Gauge("diemcau_media_workers", "Media workers that answer", registry=self._registry)
        self._media = _MediaWorkers()
        self._registry.register(self._media)
        self._readings = _Readings()
        self._registry.register(self._readings)
        ProcessCollector(registry=self._registry)

    def request(self, request: web.Request, status: int, seconds: float) -> None:
        """Count an HTTP request under its route, not its path."""
        route = route_of(request)
        self._requests.labels(method_of(request), route, str(status)).inc()
        if route != "/ws":
            self._seconds.observe(seconds)

    def refused(self, word: str) -> None:
        """Count a refused WebSocket message."""
        self._refused.labels(word).inc()

    def lagged(self, seconds: float) -> None:
        """Count how late the event loop ran."""
        self._lag.observe(seconds)

    def joined(self, outcome: JoinOutcome, seconds: float) -> None:
        """Count a try to join, and its time if it led to a seat."""
        self._joins.labels(outcome).inc()
        if outcome == "seated":
            self._join_seconds.observe(seconds)

    def scanned(self, outcome: ScanOutcome) -> None:
        """Count a scan of an uploaded file."""
        self._scans.labels(outcome).inc()

    def text(self, load: Load, readings: Iterable[Metric] = ()) -> bytes:
        """Return all metrics in Prometheus' text format."""
        self._readings.families = readings
        self._sockets.set(load.sockets)
        self._meetings.set(load.meetings)
        for role in ("host", "component", "observer"):
            self._seats.labels(role).set(load.seats[role])
        for protection in ("encrypted", "exposed", "clear"):
            self._calls.labels(protection).set(load.calls[protection])
        self._media.stats = {worker: numbers for worker, numbers in load.media.items() if isinstance(numbers, dict)}
        self._workers.set(len(self._media.stats))
        return generate_latest(self._registry)
