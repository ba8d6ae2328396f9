"""Loss that receivers report: only what is new counts, and no more than was sent."""

from mediaserver.rtp.reported_loss import ReportedLoss
from mediaserver.transport.peer_path import Counters


def test_what_is_new_in_each_report_is_added() -> None:
    counters = Counters()
    loss = ReportedLoss(counters)
    added = []
    for ssrc, lost, sent in ((1, 3, 100), (1, 3, 200), (1, 2, 300), (1, 5, 400), (2, 4, 50), (1, -8, 500)):
        before = counters.lost_out
        loss.take(ssrc, lost, sent)
        added.append(counters.lost_out - before)
    assert added == [3, 0, 0, 2, 4, 0]


def test_a_receiver_cannot_lose_more_than_it_was_sent() -> None:
    counters = Counters()
    ReportedLoss(counters).take(1, 0x7FFFFF, 10)
    assert counters.lost_out == 10
