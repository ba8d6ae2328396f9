"""The readers of live captions in a meeting, and how the captions are. Pure."""

from collections.abc import Collection

from mediaserver.api import CaptionWord
from signaling.messages.captions import CaptionsState
from signaling.messages.effects import Effect, SetCaptions, Tell
from signaling.messages.server import ServerMessage


class LiveCaptions:
    """The clients that switched captions on, each for itself; speech is recognized while there are any."""

    def __init__(self) -> None:
        self.readers: set[str] = set()
        self._word: CaptionWord = "away"

    def switch(self, client: str, on: bool) -> list[Effect]:
        """Switch captions on or off for a client."""
        if not on:
            return self.keep(self.readers - {client})
        first = not self.readers
        self.readers.add(client)
        return [SetCaptions(True)] if first else [Tell(client, CaptionsState(state=self._word))]

    def keep(self, clients: Collection[str]) -> list[Effect]:
        """Forget the readers that are not among these clients."""
        had, self.readers = bool(self.readers), self.readers & set(clients)
        return [SetCaptions(False)] if had and not self.readers else []

    def changed(self, word: CaptionWord) -> list[Tell]:
        """Tell the readers how the captions are from now on."""
        self._word = word
        return self.tell(CaptionsState(state=word))

    def tell(self, message: ServerMessage) -> list[Tell]:
        """Return a message to each reader."""
        return [Tell(reader, message) for reader in sorted(self.readers)]
