"""Numbers for Prometheus at /metrics. Labels have few values: no account, no session, no path of a request."""

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from signaling.hub import Hub

BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0)


class Metrics:
    """Counters of one roof."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "diemcau_http_requests", "HTTP requests", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "diemcau_http_request_seconds", "Time to answer", buckets=BUCKETS, registry=self._registry
        )
        self._refused = Counter("diemcau_ws_refused", "WebSocket messages refused", ["word"], registry=self._registry)
        self._sockets = Gauge("diemcau_sockets", "Connected WebSockets", registry=self._registry)
        self._conferences = Gauge("diemcau_conferences", "Conferences with people in them", registry=self._registry)
        self._seats = Gauge("diemcau_seats", "Seats by role", ["role"], registry=self._registry)
        self._workers = Gauge("diemcau_media_workers", "Media workers that answer", registry=self._registry)
        self._media = Gauge("diemcau_media", "Counters of a media worker", ["worker", "name"], registry=self._registry)

    def request(self, request: web.Request, status: int, seconds: float) -> None:
        """Count an HTTP request under its route, not its path."""
        resource = request.match_info.route.resource
        route = "none" if resource is None else resource.canonical
        method = request.method if request.method in {"GET", "HEAD", "POST"} else "other"
        self._requests.labels(method, route, str(status)).inc()
        if route != "/ws":
            self._seconds.observe(seconds)

    def refused(self, word: str) -> None:
        """Count a refused WebSocket message."""
        self._refused.labels(word).inc()

    async def text(self, hub: Hub) -> bytes:
        """Return all numbers in Prometheus' text form."""
        self._sockets.set(len(hub.clients))
        self._conferences.set(sum(not meeting.conference.empty for meeting in hub.meetings.values()))
        seats = [seat for meeting in hub.meetings.values() for seat in meeting.conference.roster.seats.values()]
        for role in ("host", "component", "observer"):
            self._seats.labels(role).set(sum(seat.here and seat.role == role for seat in seats))
        self._take(await hub.engine.stats())
        return generate_latest(self._registry)

    def _take(self, stats: dict[str, object]) -> None:
        """Show the counters of each worker; what is not a number stays out."""
        self._media.clear()
        workers = {name: value for name, value in stats.items() if isinstance(value, dict)}
        self._workers.set(len(workers))
        for worker, counters in workers.items():
            for name, value in counters.items():
                if isinstance(value, int | float):
                    self._media.labels(worker, str(name)).set(value)
