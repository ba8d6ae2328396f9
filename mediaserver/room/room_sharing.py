"""A room that is shared with other media workers: what goes there of its seats, and comes from there, by pipes."""

from collections.abc import Mapping

from mediaserver.peer.simulcast import SimulcastLayer
from mediaserver.pipe.pipe import Pipe
from mediaserver.pipe.remote_seat import Kind, OfferedLayer, RemoteSeat
from mediaserver.room.seat import Seat
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue


class RoomSharing:
    """The pipes of a room, by the names of the workers to which they lead."""

    def __init__(self, room: str, seats: Mapping[str, Seat], flush_queue: FlushQueue) -> None:
        self._room = room
        self._seats = seats
        self._flush_queue = flush_queue
        self.workers: tuple[str, ...] = ()
        """The other workers with which the room is shared, whether there is a pipe to them or not."""
        self.pipes: dict[str, Pipe] = {}
        self._placed: dict[str, tuple[str, Pipe | None]] = {}
        """The worker of each seat that is not here, and the pipe to it."""

    def share(self, workers: tuple[str, ...], pipes: Mapping[str, Pipe], now: float) -> None:
        """Share the room with these workers, to some of which there are `pipes`."""
        for worker, pipe in self.pipes.items():
            if worker not in workers or pipes.get(worker) is not pipe:
                for name in self._seats:
                    pipe.forget_seat(self._room, name, now)
        self.workers, self.pipes = workers, {name: pipe for name, pipe in pipes.items() if name in workers}
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

    def refresh(self, now: float) -> None:
        """Tell the others which layers our seats have, and send what they want of them."""
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
