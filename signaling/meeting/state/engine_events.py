"""Events of the media engine, and a room that moves to another media worker. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime

from mediaserver import api
from mediaserver.api import CaptionWord, TilesForwarded
from mediaserver.audio.active_speaker import THRESHOLD_DBOV
from signaling.meeting.state.meeting_core import MeetingCore
from signaling.messages.captions import Caption
from signaling.messages.effects import Effect, SetContent, Tell, TellAll
from signaling.messages.joining import Moved, Renew
from signaling.messages.media import WantedHeight, tiles_state
from signaling.messages.recording import ComposingState, StorageState
from signaling.messages.seats import Heard, LevelsState


class EngineEvents(MeetingCore):
    """The events of a meeting's media, and its room while that moves."""

    def peer_up(self, seat_id: str) -> list[Effect]:
        """Note that the transport of a seat is connected."""
        self._moving.discard(seat_id)
        seat = self.roster.seats.get(seat_id)
        if seat is not None:
            seat.up = True
        return []

    def peer_down(self, seat_id: str) -> list[Effect]:
        """Note that the transport of a seat is gone."""
        seat = self.roster.seats.get(seat_id)
        if seat is not None:
            seat.up = seat.offered = seat.presumed = False
            seat.control = None
        return []

    def wanted(self, seat_id: str, height: int) -> list[Tell]:
        """Tell a seat how high its camera is shown at most, in pixels."""
        seat = self.roster.seats.get(seat_id)
        if seat is None:
            return []
        seat.wanted = height
        return [Tell(seat.client, WantedHeight(lines=height))] if seat.client else []

    def tiles_forwarded(self, event: TilesForwarded) -> list[Tell]:
        """Tell a seat which cameras it is forwarded, and where they stand in the picture."""
        seat = self.roster.seats.get(event.seat)
        return [Tell(seat.client, tiles_state(event))] if seat is not None and seat.client else []

    def caption(self, event: api.Caption) -> list[Tell]:
        """Tell who reads captions what is heard, under the name of the point that says it."""
        seat = self.roster.seats.get(event.seat)
        if seat is None:
            return []
        fields = ("seat", "utterance", "text", "start", "end", "final")
        return self.live_captions.tell(Caption(name=seat.name, **{name: getattr(event, name) for name in fields}))

    def captions_changed(self, word: CaptionWord) -> list[Tell]:
        """Tell who reads captions whether they are complete."""
        return self.live_captions.changed(word)

    def levels(self, levels: Mapping[str, int]) -> list[Tell | TellAll]:
        """Tell host and controllers the levels of the seats with the floor (R-093), and everyone who is heard, if that
        changed."""
        told: list[Tell | TellAll] = [*self._tell_leaders(LevelsState(levels=dict(levels)))]
        heard = sorted(seat for seat, level in levels.items() if level > THRESHOLD_DBOV)
        if heard != self.heard:
            self.heard = heard
            told.append(TellAll(Heard(seats=heard)))
        return told

    def recording_stopped(self, error: str | None) -> list[Effect]:
        """Note that the engine closed the recording; `error` is None when that was asked for."""
        return self.recording.ended(error)

    def recording_leaves(self, now: datetime) -> list[Effect]:
        """Note that the worker cannot write any more: the recording goes on where the room moves to."""
        return self.recording.media_lost(now)

    def composing(self, composing: ComposingState) -> list[Tell]:
        """Tell controllers how much of a closed part of the recording is composed."""
        return self._tell_controllers(composing)

    def disk(self, storage: StorageState) -> list[Effect]:
        """Note the free space on the disk of the recordings; tell controllers if it changed."""
        unchanged = self.recording.storage == storage
        effects = self.recording.disk(storage)
        return effects + ([] if unchanged else self._tell_controllers(storage))

    def media_lost(self, now: datetime) -> list[Effect]:
        """Note that the media worker died: all transports are gone, and nothing is recorded."""
        self._moving = set()
        for seat in self.roster.seats.values():
            seat.up = seat.offered = seat.presumed = False
            seat.control = None
        silence = list[Effect](self.speaker_changed(None)) if self.speaking else []
        silence += self.levels({}) if self.heard else []
        silence += self.live_captions.changed("away")
        return silence + self.recording.media_lost(now)

    def seats_lost(self, seats: Collection[str]) -> list[Tell]:
        """Note that the media worker of some seats died, and ask them to connect again."""
        lost = [self.roster.seats[seat] for seat in seats if seat in self.roster.seats]
        for seat in lost:
            self.peer_down(seat.id)
        return [Tell(seat.client, Renew()) for seat in lost if seat.client is not None]

    def restore(self) -> list[Effect]:
        """Build the room anew in a fresh engine, and ask all clients to connect again."""
        if not self._room_open:
            return []
        return [*self._rebuild(), *self.recording.restore(), TellAll(Renew())]

    def _rebuild(self) -> list[Effect]:
        effects = self._open_room()
        for seat in self.roster.seats.values():
            seat.presumed = False
            effects += self._seat(seat) if seat.here else []
        effects += [SetContent(self.layout_control.content)] if self.layout_control.content is not None else []
        return [*effects, *self._captions_anew()]

    def move(self) -> list[Effect]:
        """Build the room where it moves to; those who are connected stay where they are until `moved`."""
        self._moving = {seat.id for seat in self.roster.seats.values() if seat.up}
        return self._rebuild()

    def ask_over(self) -> list[Tell]:
        """Ask all whose offer was answered to connect where the room moves to; others are only answered there."""
        connected = [seat for seat in self.roster.seats.values() if seat.offered or seat.up]
        return [Tell(seat.client, Renew(keep=True)) for seat in connected if seat.client is not None]

    def move_seats(self, seats: Collection[str]) -> list[Tell]:
        """Ask some seats to connect where they move to, as far as their offer was answered."""
        moving = [self.roster.seats[seat] for seat in seats if seat in self.roster.seats]
        self._moving = {seat.id for seat in moving if seat.up}
        connected = [seat for seat in moving if seat.offered or seat.up]
        return [Tell(seat.client, Renew(keep=True)) for seat in connected if seat.client is not None]

    def seats_moved(self, seats: Collection[str], now: datetime, *, recording: bool) -> list[Effect]:
        """Note that these seats could have come over; with `recording` the worker that records is another one, too."""
        for seat in self.arriving:
            self.peer_down(seat)
        self._moving = set()
        clients = [self.roster.seats[seat].client for seat in seats if seat in self.roster.seats]
        told = [Tell(client, Moved()) for client in clients if client is not None]
        return [*told, *((*self._captions_anew(), *self.recording.moved(now)) if recording else ())]

    def connect_anew(self) -> list[Effect]:
        """Ask all to connect anew, those who are away as soon as they are back: a copy of the room was closed."""
        self._astray = {seat.id for seat in self.roster.seats.values() if seat.client is None}
        return [TellAll(Renew())]

    @property
    def arriving(self) -> set[str]:
        """The seats whose media were connected before the room moved, and are not yet where it moved to."""
        return {seat for seat in self._moving if seat in self.roster.seats and self.roster.seats[seat].here}

    def moved(self, now: datetime) -> list[Effect]:
        """Note that all who could have come over; whoever has not is without media until it connects again."""
        for seat in self.arriving:
            self.peer_down(seat)
        self._moving = set()
        return [TellAll(Moved()), *self.recording.moved(now)]
