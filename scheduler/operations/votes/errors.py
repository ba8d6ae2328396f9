"""Errors of votes."""


class VoteError(Exception):
    """Base of what a vote refuses."""


class VoteRunning(VoteError):
    """Another vote of the session is in progress."""


class VoteOver(VoteError):
    """The vote is closed, or there is none of this id."""


class NotEntitled(VoteError):
    """The point may not vote."""


class AlreadyVoted(VoteError):
    """The point has cast its secret ballot, which cannot be changed."""


class BallotsLost(VoteError):
    """The ballots of a secret vote cannot be counted: its key is gone, or its counts were changed by hand."""
