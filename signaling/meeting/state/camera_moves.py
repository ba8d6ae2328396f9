"""The cameras of rooms that controllers move now: whoever begins a movement ends it. Pure."""

from mediaserver.api import CameraMovement
from signaling.messages.effects import Effect, MoveCamera

STILL = CameraMovement()


class CameraMoves:
    """The movements of one meeting. The media engine ends one that is not commanded again; so none is stored."""

    def __init__(self) -> None:
        self._moves: dict[str, tuple[str, CameraMovement]] = {}
        """Client and movement by seat."""

    def of(self, seat: str) -> CameraMovement:
        """Return how a camera moves now."""
        return self._moves.get(seat, ("", STILL))[1]

    def move(self, client: str, seat: str, movement: CameraMovement) -> list[Effect]:
        """Move a camera, or go on; another client's movement ends with that."""
        self._moves[seat] = client, movement
        return [MoveCamera(seat, movement)]

    def stop(self, client: str, seat: str | None = None) -> list[Effect]:
        """Stop the camera that a client moves, or all of them."""
        moved = [each for each, (by, _) in self._moves.items() if by == client and seat in (None, each)]
        for each in moved:
            del self._moves[each]
        return [MoveCamera(each, STILL) for each in moved]

    def forget(self, seat: str) -> None:
        """Forget the movement of a camera that is gone."""
        self._moves.pop(seat, None)
