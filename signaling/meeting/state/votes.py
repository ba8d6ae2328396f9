"""The latest vote of a meeting, and what each seat may know of it. Pure; what was voted is in the database."""

from datetime import datetime, timedelta

from scheduler.operations.votes import rules
from scheduler.operations.votes.model import MIN_SECRET, Question, Vote
from signaling.core.errors import MessageError
from signaling.messages.votes import VoteCast, VoteOutcome, VoteState, VoteTaken, VotingPoint

SHOWN = timedelta(minutes=1)
"""A result stands over the picture this long, unless it is taken away before."""


class LatestVote:
    """The vote in progress, or the one that was closed last; its result stands over the picture since `shown_since`."""

    def __init__(self) -> None:
        self.vote: Vote | None = None
        self.shown_since: datetime | None = None

    @property
    def shown(self) -> bool:
        """True while its result stands over the picture."""
        return self.shown_since is not None

    @property
    def caption(self) -> str:
        """The result as one line over composed pictures while it is shown, else empty."""
        vote = self.vote if self.shown else None
        decided = None if vote is None else rules.outcome(vote)
        if vote is None or vote.counts is None or decided is None:
            return ""
        choices = vote.question.choices
        counts = " · ".join(f"{choice}: {count}" for choice, count in zip(choices, vote.counts, strict=True))
        if not decided.quorum:
            return f"Biểu quyết số {vote.number} – {counts} – không đủ số điểm cầu"
        adopted = "không đạt" if decided.adopted is None else f"đạt: {choices[decided.adopted]}"
        return f"Biểu quyết số {vote.number} – {counts} – {adopted}"

    @property
    def running(self) -> Vote | None:
        """The vote in progress."""
        return self.vote if self.vote is not None and self.vote.closed is None else None

    def may_open(self, question: Question, entitled: int) -> None:
        """Check that a question may be put to so many points. Raises MessageError."""
        if self.running is not None:
            raise MessageError("vote-running")
        if question.secret and entitled < MIN_SECRET:
            raise MessageError("too-few-voters", str(MIN_SECRET))

    def timed_out(self, now: datetime) -> bool:
        """Return whether the time of the vote in progress is over."""
        return self.running is not None and self.running.deadline is not None and now >= self.running.deadline

    def shown_enough(self, now: datetime) -> bool:
        """Return whether the result has stood over the picture long enough, or the clock was set back since."""
        return self.shown_since is not None and not self.shown_since <= now < self.shown_since + SHOWN

    def known(self, id_: str, *, running: bool) -> Vote:
        """Return the vote of an id, which is in progress, or is not. Raises MessageError ``vote-over``."""
        vote = self.vote
        if vote is None or vote.id != id_ or (vote.closed is None) != running:
            raise MessageError("vote-over")
        return vote

    def state(self, point: str | None, *, leads: bool) -> VoteState | None:
        """Return the vote as a seat of a point may know it: the result once it is announced, unless the seat leads."""
        vote = self.vote
        if vote is None:
            return None
        own = vote.voter(point)
        told = vote.closed is not None and (leads or vote.announced is not None)
        return VoteState.of(
            vote,
            item=vote.item,
            opened=vote.opened,
            deadline=vote.deadline,
            closed=vote.closed,
            cancelled=vote.cancelled,
            announced=vote.announced is not None,
            shown=self.shown,
            entitled=len(vote.voters),
            cast=vote.cast if told or leads else None,
            counts=list(vote.counts) if told and vote.counts is not None else None,
            outcome=VoteOutcome.of(vote) if told else None,
            may=own is not None,
            voted=own is not None and own.voted,
            choice=None if own is None else own.choice,
            voters=[VotingPoint.of(voter) for voter in vote.voters] if leads else None,
        )

    def taken(self, point: str) -> tuple[VoteTaken, VoteCast]:
        """Return the messages about the vote of a point: to its devices, and to who leads the meeting."""
        vote = self.vote
        assert vote is not None
        voter = vote.voter(point)
        assert voter is not None
        cast = VoteCast(vote=vote.id, point=point, choice=voter.choice, aloud=voter.aloud, cast=vote.cast)
        return VoteTaken(vote=vote.id, choice=voter.choice), cast
