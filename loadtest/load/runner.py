"""Runs all meetings of one case: endpoints join and send the cameras and layers of the load."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.frame_timing import ArrivalWatcher
from loadtest.endpoint.participant_group import JOINING_AT_ONCE, ParticipantGroup, SeatedParticipant
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load.cases import VISIBLE_TILES, Case, Load
from loadtest.media.library import MediaLibrary
from loadtest.server.booking import admit_guest, book, cancel
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate

LAYOUT = "4x4"
SPEAKERS = 2
"""The host and one more point have the floor."""
OFFERED = OfferOptions(("H264",), tiles=VISIBLE_TILES)
"""As a page does: cameras are forwarded to it one by one, where the server finds that cheaper than composing."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """A signed-in account and its point."""

    client: Client
    point: str
    guest: bool
    """True if the point enters only sessions that the operating unit opened to it (Điều 6.5)."""


@dataclass(slots=True)
class _Meeting:
    size: int
    host: Client
    session: dict[str, Any]
    group: ParticipantGroup[ArrivalWatcher]


class LoadRunner:
    """Runs the meetings of a case. All begin; when the load is made lighter, the last ones are closed first.

    `centre` is the client that opens sessions to points of other agencies.
    """

    def __init__(self, case: Case, library: MediaLibrary, load: Load, centre: Client) -> None:
        self._case = case
        self._centre = centre
        self._library = library
        self.load = load
        self.failures: list[str] = []
        self._certificate: RTCCertificate = make_certificate()
        self._meetings: list[_Meeting] = []

    @property
    def sizes(self) -> list[int]:
        """Points wanted in each running meeting."""
        return [meeting.size for meeting in self._meetings]

    @property
    def seated(self) -> list[SeatedParticipant[ArrivalWatcher]]:
        """All participants in running meetings."""
        return [seated for meeting in self._meetings for seated in meeting.group.seated]

    @property
    def cameras(self) -> int:
        """Number of endpoints that send a camera."""
        return sum(min(self.load.cameras(meeting.size), len(meeting.group.seated)) for meeting in self._meetings)

    async def join(self, attendees: Sequence[Attendee]) -> None:
        """Register all sessions, join all meetings at once, then apply the load. Raises Refused.

        Only the lowest layer is sent until everyone has joined: a full machine has no time for handshakes.
        """
        gate = asyncio.Semaphore(JOINING_AT_ONCE)
        # The first attendees host: the highest units, which control what they host.
        hosts, others = attendees[: len(self._case.sizes)], iter(attendees[len(self._case.sizes) :])
        members = [[host, *islice(others, size - 1)] for host, size in zip(hosts, self._case.sizes, strict=True)]
        groups = list(zip(accumulate([0, *self._case.sizes]), members, strict=False))
        for first, group in groups:
            self._meetings.append(await self._register(first, group, gate))
        seatings = zip(self._meetings, groups, strict=True)
        load, self.load = self.load, replace(self.load, layers=1)
        await asyncio.gather(*(self._seat(meeting, group, first) for meeting, (first, group) in seatings))
        await self.apply(load)

    async def _register(self, first: int, attendees: Sequence[Attendee], gate: asyncio.Semaphore) -> _Meeting:
        host, *others = attendees
        title = f"{self._case.title.vi} – {len(self._meetings) + 1}"
        session = await book(host.client, host.point, [other.point for other in others], title)
        for other in others:
            if other.guest:
                await admit_guest(self._centre, other.point, session["id"])

        def endpoint(index: int, watcher: ArrivalWatcher) -> Endpoint:
            created = Endpoint(
                self._certificate, self._library.shared_material(index), OFFERED, watcher, counts="tiles"
            )
            created.sending.layers = self.load.layers
            created.sending.camera = index - first < self.load.cameras(len(attendees))
            return created

        return _Meeting(len(attendees), host.client, session, ParticipantGroup(ArrivalWatcher, endpoint, gate))

    async def _seat(self, meeting: _Meeting, attendees: Sequence[Attendee], first: int) -> None:
        group, code = meeting.group, str(meeting.session["code"])
        clients = [attendee.client for attendee in attendees]
        await group.join(clients[:1], code, first)
        if group.participants:
            await group.participants[0].send("layout", kind=LAYOUT)
        await group.join(clients[1:], code, first + 1)
        await group.give_floors(SPEAKERS)
        self.failures += group.failures

    async def apply(self, load: Load) -> None:
        """Send the layers and cameras of a load, and close meetings beyond its number, the last ones first."""
        self.load = load
        while len(self._meetings) > load.meetings:
            await self._close(self._meetings.pop())
        for meeting in self._meetings:
            cameras = load.cameras(meeting.size)
            for at, seated in enumerate(meeting.group.seated):
                await _set(seated, camera=at < cameras, layers=load.layers)

    async def command(self, kind: str, **fields: Any) -> None:
        """Have the host of each meeting send a command."""
        for meeting in self._meetings:
            await meeting.group.participants[0].send(kind, **fields)

    async def leave(self) -> None:
        """Let all participants leave, and cancel the sessions."""
        while self._meetings:
            await self._close(self._meetings.pop())

    async def _close(self, meeting: _Meeting) -> None:
        await meeting.group.leave()
        await cancel(meeting.host, meeting.session["id"])


async def _set(seated: SeatedParticipant[ArrivalWatcher], *, camera: bool, layers: int) -> None:
    endpoint = seated.participant.endpoint
    if endpoint is None:
        return
    endpoint.sending.layers = layers
    if endpoint.sending.camera != camera:
        endpoint.sending.camera = camera
        await seated.participant.send("media", mic=endpoint.sending.mic, camera=camera)
