"""What a camera is asked for."""

from mediaserver.demand import PATIENCE_S, Demand


def test_more_is_asked_for_at_once_and_less_after_a_while() -> None:
    demand = Demand()
    told = []
    for now, lines in ((0.0, 90), (3.9, 90), (4.0, 0), (4.5, 181), (9.0, 180), (12.9, 0), (13.0, 0), (14.0, 1080)):
        told.append(demand.lines if demand.update(lines, now) else None)
    assert told == [None, None, 180, 360, None, None, 180, 720]


def test_what_is_needed_again_meanwhile_is_kept() -> None:
    demand = Demand()
    for now in range(60):
        assert not demand.update(0 if now % PATIENCE_S else 720, float(now))
    assert demand.lines == 720
