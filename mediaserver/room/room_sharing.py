"""A room that is shared with other media workers: what goes there of its seats, and comes from there, by pipes."""

from collections.abc import Mapping
from functools import partial

from mediaserver.peer.simulcast import SimulcastLayer
from mediaserver.pipe.pipe import Pipe
from mediaserver.pipe.remote_picture import (
    RENDITIONS_BY_RID,
    RemotePicture,
    RemoteRendition,
    audience_of,
    picture_name,
)
from mediaserver.pipe.remote_seat import Kind, OfferedLayer, RemoteSeat, RemoteSource
from mediaserver.room.compositions import Compositions
from mediaserver.room.seat import Seat
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.quality import RenditionKey
from mediaserver.video.rendition import Rendition


class RoomSharing:
    """The pipes of a room, by the names of the workers to which they lead."""

    def __init__(
        self, room: str, seats: Mapping[str, Seat], compositions: Compositions, flush_queue: FlushQueue
    ) -> None:
        self._room = room
        self._seats = seats
        self._compositions = compositions
        self._flush_queue = flush_queue
        self.workers: tuple[str, ...] = ()
        """The other workers with which the room is shared, whether there is a pipe to them or not."""
        self.pipes: dict[str, Pipe] = {}
        self._placed: dict[str, tuple[str, Pipe | None]] = {}
        """The worker of each seat that is not here, and the pipe to it."""
        self.home = ""
        """The worker whose composed pictures are seen by all; empty for this one."""
        self._pictures: dict[tuple[Pipe, str], RemotePicture] = {}
        """The composed pictures of others, by their names in records."""

    def share(self, workers: tuple[str, ...], home: str, pipes: Mapping[str, Pipe], now: float) -> None:
        """Share the room with these workers, one of which is its `home`, and to some of which there are `pipes`."""
        for worker, pipe in self.pipes.items():
            if worker not in workers or pipes.get(worker) is not pipe:
                for name in self._seats:
                    pipe.forget_seat(self._room, name, now)
                self._forget_pictures(pipe, now)
        self.home, self.workers = home, workers
        self.pipes = {name: pipe for name, pipe in pipes.items() if name in workers}
        for pipe in self.pipes.values():
            pipe.offer_pictures(self._room, on=True)
        for seat in self._seats.values():
            self.place(seat, now)
        self.refresh(now)

    def place(self, seat: Seat, now: float) -> None:
        """Let a seat come from where its transport is."""
        name, worker = seat.options.seat, seat.options.worker
        place = worker, self.pipes.get(worker)
        if self._placed.get(name, ("", None)) == place:
            return
        self._placed[name] = place
        for camera_input in (seat.input, seat.content_input):
            camera_input.follow(None, now)
        self.forget(seat, now)
        if place[1] is not None:
            seat.remote = RemoteSeat(self._room, name, self._flush_queue, place[1])
            self.offered(seat)

    def offered(self, seat: Seat) -> None:
        """Take what its worker has of a seat."""
        pipe = self.pipes.get(seat.options.worker)
        if seat.remote is not None and pipe is not None:
            seat.remote.take(pipe.offered(self._room, seat.options.seat))

    def forget(self, seat: Seat, now: float) -> None:
        """Neither send nor ask for anything of a seat any more."""
        if seat.remote is not None:
            seat.remote.close()
            seat.remote = None
        for pipe in self.pipes.values():
            pipe.forget_seat(self._room, seat.options.seat, now)

    def remove(self, seat: Seat, now: float) -> None:
        """Forget a seat that is removed from the room."""
        self.forget(seat, now)
        self._placed.pop(seat.options.seat, None)

    def close(self, now: float) -> None:
        """Neither send nor ask for composed pictures any more."""
        for pipe in self.pipes.values():
            self._forget_pictures(pipe, now)

    def _forget_pictures(self, pipe: Pipe, now: float) -> None:
        pipe.offer_pictures(self._room, on=False)
        ours = {name for each, name in self._pictures if each is pipe}
        for name in ours:
            self._pictures.pop((pipe, name)).close()
        for name in ours | pipe.pictures(self._room):
            pipe.forget_seat(self._room, name, now)

    def refresh(self, now: float) -> None:
        """Tell the others which layers our seats have, and send what they want of them and of our pictures."""
        self.serve_pictures(now)
        for picture in self._pictures.values():
            picture.want()
        for pipe in self.pipes.values():
            for name, seat in self._seats.items():
                if not seat.options.worker:
                    pipe.offer(self._room, name, _layers(seat, now), poor=seat.poor)
                    self._serve(pipe, seat, now)

    def serve(self, seat: Seat, now: float) -> None:
        """Send the others what they want of a seat."""
        for pipe in self.pipes.values():
            self._serve(pipe, seat, now)

    def _serve(self, pipe: Pipe, seat: Seat, now: float) -> None:
        def find(kind: Kind, rid: str) -> SimulcastLayer | None:
            camera = None if seat.options.worker else seat.sent(kind == "content")
            return None if camera is None else camera.find(None, rid)

        pipe.serve(self._room, seat.options.seat, find, now)

    def serve_pictures(self, now: float) -> None:
        """Send the others what they want of our composed pictures."""
        for pipe in self.pipes.values():
            for name in pipe.pictures(self._room):
                pipe.serve(self._room, name, partial(self._rendition, name), now)

    def _rendition(self, name: str, kind: Kind, rid: str) -> Rendition | None:
        """Return a rendition of ours by its name in records."""
        audience, key = audience_of(name), RENDITIONS_BY_RID.get(rid)
        composition = None if audience is None or kind != "composed" else self._compositions.shared(audience)
        return None if composition is None or key is None else composition.renditions[key]

    def rendition(self, audience: str, key: RenditionKey, now: float) -> RemoteRendition | None:
        """Return the rendition of an audience's picture that comes from home; None where it is to be composed here."""
        pipe, shared = self.pipes.get(self.home), self._compositions.shared_name(audience)
        if pipe is None or not shared or not pipe.composes(self._room):
            return None
        named = pipe, picture_name(shared)
        if named not in self._pictures:
            self._pictures[named] = RemotePicture(self._room, shared, self._flush_queue, pipe)
        rendition = self._pictures[named].rendition(key)
        return rendition if rendition.comes(now) else None

    def source(self, pipe: Pipe, name: str) -> RemoteSource | None:
        """Return a seat or a composed picture that comes by a pipe."""
        remote = self._seats[name].remote if name in self._seats else self._pictures.get((pipe, name))
        return remote if remote is not None and remote.pipe is pipe else None

    def watched_lines(self) -> dict[str, int]:
        """Return the largest height in pixels at which others watch the cameras of our seats."""
        lines: dict[str, int] = {}
        for pipe in self.pipes.values():
            for seat, height in pipe.watched(self._room).items():
                lines[seat] = max(height, lines.get(seat, 0))
        return lines

    def speak(self, seat: str, packet: Packet, codec: str) -> None:
        """Send the others a packet of the voice of a seat of ours, which has the floor."""
        for pipe in self.pipes.values():
            pipe.speak(self._room, seat, packet, codec)

    def hush(self, seat: str) -> None:
        """End the voice of a seat, which has the floor no longer."""
        for pipe in self.pipes.values():
            pipe.hush(self._room, seat)


def _layers(seat: Seat, now: float) -> list[OfferedLayer]:
    """Return the layers of a seat's camera and screen."""
    kinds: tuple[Kind, ...] = ("camera", "content")
    cameras = ((kind, camera) for kind in kinds if (camera := seat.sent(kind == "content")) is not None)
    return [
        OfferedLayer(kind, layer.rid, layer.codec, layer.height, layer.most, layer.active(now))
        for kind, camera in cameras
        for layer in camera.layers
    ]
