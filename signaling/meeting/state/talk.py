"""Chat, captions and votes of a meeting. Pure."""

from collections.abc import Sequence
from datetime import datetime

from scheduler.operations.votes.model import Question, Vote, Voter
from signaling.core.errors import MessageError
from signaling.meeting.state.chat import ChatWriter, may_read
from signaling.meeting.state.meeting_core import MeetingCore
from signaling.messages.chat import ChatMessage, ChatOpenState
from signaling.messages.effects import Effect, SetNames, StoreChat, Tell, TellAll
from signaling.messages.neighbours import ChairMessage


class Talk(MeetingCore):
    """The requests and events of chat, captions and votes."""

    def write(self, client: str, text: str, to: str | None, now: datetime) -> list[Effect]:
        """Write a chat message: host and controllers to everyone or to a point, a point to them."""
        seat = self._seat_of(client)
        if self.booking.is_test_room:
            raise MessageError("forbidden")
        if to is not None and not self._is_point(to):
            raise MessageError("unknown-seat")
        point = None if seat.place is None else seat.place.id
        message = self.chat.write(ChatWriter(point, seat.name, self._is_leader(seat)), to, text, now)
        readers = [
            each.client
            for each in self.roster.seats.values()
            if self._is_leader(each) or may_read(message, None if each.place is None else each.place.id)
        ]
        return [StoreChat(message), *(Tell(reader, message) for reader in readers if reader is not None)]

    def hear_chair(
        self, point: str, began: datetime | None, told: Sequence[ChairMessage], now: datetime
    ) -> list[Effect]:
        """Tell what the chair of the system above, which a point stands for, wrote since it was heard last."""
        heard = self.chat.hear(ChatWriter(point, self.label_of(point), chair=True), began, told, now)
        return [effect for message in heard for effect in (StoreChat(message), *self._tell_heard(message))]

    def _tell_heard(self, message: ChatMessage) -> Sequence[Effect]:
        return [TellAll(message)] if message.to is None else self._tell_leaders(message)

    def open_chat(self, client: str, on: bool) -> list[Effect]:
        """Let points write to host and controllers, or no longer."""
        if not self._is_leader(self._seat_of(client)) or self.booking.is_test_room:
            raise MessageError("forbidden")
        self.chat.open = on
        return [TellAll(ChatOpenState(on=on))]

    def _is_point(self, point: str) -> bool:
        """Return whether a point was invited or is here."""
        return self.invites(point) or any(
            seat.place is not None and seat.place.id == point for seat in self.roster.seats.values()
        )

    def switch_captions(self, client: str, on: bool) -> list[Effect]:
        """Switch captions on or off for a client alone."""
        self._seat_of(client)
        if on and not self.booking.captions:
            raise MessageError("no-captions")
        return self.live_captions.switch(client, on)

    def may_lead(self, client: str) -> str:
        """Return the account of a client that leads the meeting. Raises MessageError."""
        seat = self._seat_of(client)
        if not self._is_leader(seat) or self.booking.is_test_room:
            raise MessageError("forbidden")
        return seat.account

    def voters(self, question: Question, points: Sequence[str] | None) -> tuple[Voter, ...]:
        """Return the points that a question is put to: all that were invited, or those of `points`.

        Raises MessageError: `vote-running`, `unknown-seat`, `too-few-voters`.
        """
        known = {place.id: place for place in self.booking.places}
        known |= {seat.place.id: seat.place for seat in self.roster.seats.values() if seat.place is not None}
        if not known.keys() >= set(points or ()):
            raise MessageError("unknown-seat")
        wanted = {place.id for place in self.booking.places} if points is None else set(points)
        voters = tuple(Voter(place.id, place.name, place.label) for place in known.values() if place.id in wanted)
        self.latest_vote.may_open(question, len(voters))
        return voters

    def own_point(self, client: str) -> str:
        """Return the point that a client votes for. Raises MessageError."""
        seat = self._seat_of(client)
        if seat.place is None:
            raise MessageError("not-entitled")
        return seat.place.id

    def vote_changed(self, vote: Vote, shown_since: datetime | None = None) -> list[Effect]:
        """Tell everyone of a vote that was opened, closed, announced, or whose result is shown no longer.

        Composed pictures tell a result in their heading.
        """
        captioned = bool(self.latest_vote.caption)
        self.latest_vote.vote, self.latest_vote.shown_since = vote, shown_since
        seats = [seat for seat in self.roster.seats.values() if seat.client is not None]
        states = [(seat.client, self._vote_state(seat)) for seat in seats]
        told = [Tell(client, state) for client, state in states if client is not None and state is not None]
        caption = bool(self.latest_vote.caption)
        drawn = [SetNames(self.room_title, self.names), *self.layout_control.caption(caption)]
        return [*told, *(drawn if self._room_open and (captioned or caption) else [])]

    def vote_taken(self, vote: Vote, point: str) -> list[Tell]:
        """Tell the devices of a point that its vote is stored, and host and controllers that it has voted."""
        self.latest_vote.vote = vote
        taken, cast = self.latest_vote.taken(point)
        own = [seat for seat in self.roster.seats.values() if seat.place is not None and seat.place.id == point]
        return [*(Tell(seat.client, taken) for seat in own if seat.client is not None), *self._tell_leaders(cast)]
