"""The judge of what the database holds of the facts that meetings told their records."""

from datetime import UTC, datetime, timedelta

from loadtest.drills.record_facts import RecordFact, compare, differing

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
TOLD = [
    RecordFact("floor", "A", NOW),
    RecordFact("floor-end", "A", NOW + timedelta(seconds=1)),
    RecordFact("chat", "1", NOW + timedelta(seconds=2)),
    RecordFact("item", "1", NOW + timedelta(seconds=3)),
    RecordFact("audit", "step 1", NOW + timedelta(seconds=3)),
    RecordFact("floor", "A", NOW + timedelta(seconds=9)),
]
WHOLE = {"facts": 6, "facts_lost": 0, "facts_doubled": 0, "misdated_s": 0.0}


def test_facts_are_there_complete_and_once() -> None:
    assert compare(TOLD, TOLD) == WHOLE
    assert compare(TOLD, list(reversed(TOLD[:5])) + TOLD[5:]) == WHOLE  # each table has an order of its own


def test_each_fact_that_is_lost_or_doubled_is_counted() -> None:
    for left_out in range(6):
        without = TOLD[:left_out] + TOLD[left_out + 1 :]
        found = compare(TOLD, without)
        assert (found["facts_lost"], found["facts_doubled"]) == (1, 0)
        found = compare(TOLD, [*TOLD, TOLD[left_out]])
        assert (found["facts_lost"], found["facts_doubled"]) == (0, 1)
    assert differing(TOLD, [*TOLD[1:], TOLD[-1], TOLD[2]]) == ["chat '1': 1, 2"]
    assert compare(TOLD, [*TOLD[1:], RecordFact("chat", "2", NOW)]) | {"misdated_s": 0.0} == WHOLE | {
        "facts_lost": 1,
        "facts_doubled": 1,
    }


def test_a_fact_has_the_time_at_which_it_was_told_and_not_that_at_which_it_was_written() -> None:
    written_late = RecordFact("chat", "1", NOW + timedelta(seconds=32))
    assert compare(TOLD, [*TOLD[:2], written_late, *TOLD[3:]]) == WHOLE | {"misdated_s": 30.0}


def test_what_a_meeting_did_not_answer_may_be_there_once() -> None:
    unanswered = [RecordFact("floor", "A", NOW + timedelta(seconds=5)), RecordFact("chat", "2", NOW)]
    assert compare(TOLD, TOLD, unanswered) == WHOLE
    assert compare(TOLD, [*TOLD, *unanswered], unanswered) == WHOLE
    assert differing(TOLD, [*TOLD, *unanswered], unanswered) == []
    found = compare(TOLD, [*TOLD[:2], *TOLD[3:], *unanswered, unanswered[1]], unanswered)
    assert (found["facts_lost"], found["facts_doubled"]) == (1, 1)
