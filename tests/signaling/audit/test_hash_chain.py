"""The hash chain: an unchanged log verifies, and any change is found at the first changed entry."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from signaling.audit.hash_chain import GENESIS, ChainedEntry, Verdict, entry_hash
from signaling.core.audit_entry import AuditEntry

NOW = datetime(2026, 4, 6, 1, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ENTRIES = st.builds(
    AuditEntry,
    st.integers(0, 10**6).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.integers(0, 65535),
)


def chained(entries: list[AuditEntry], head: str = GENESIS) -> list[ChainedEntry]:
    rows = []
    for number, entry in enumerate(entries, 1):
        head = entry_hash(head, number, entry, "KH-2023/1")
        rows.append(ChainedEntry(number, entry, "KH-2023/1", head))
    return rows


def verified(rows: list[ChainedEntry]) -> Verdict:
    return Verdict(0, 0, GENESIS, None).after(rows)


def test_the_format_of_a_seal_never_changes() -> None:
    entry = AuditEntry(NOW, "host", "register", "s1", "Số 1", "192.0.2.1", 9)
    text = f'["{GENESIS}",7,1775437200,"host","register","s1","Số 1","192.0.2.1",9,"KH-2023/1"]'
    assert entry_hash(GENESIS, 7, entry, "KH-2023/1") == sha256(text.encode()).hexdigest()
    assert json.loads(text)[6] == "Số 1"


@given(st.lists(ENTRIES, max_size=8), st.integers(0, 8))
def test_entries_verify_in_portions_of_any_size(entries: list[AuditEntry], cut: int) -> None:
    rows = chained(entries)
    whole = Verdict(len(rows), len(rows), rows[-1].seal if rows else GENESIS, None)
    assert verified(rows) == whole
    assert verified(rows[:cut]).after(rows[cut:]) == whole


@given(st.lists(ENTRIES, min_size=2, max_size=8), st.data())
def test_an_entry_that_was_changed_removed_or_moved_is_named(entries: list[AuditEntry], data: st.DataObject) -> None:
    rows = chained(entries)
    at = data.draw(st.integers(0, len(rows) - 1))
    row = rows[at]
    other = data.draw(ENTRIES.filter(lambda entry: entry != row.entry))
    forged = [
        replace(row, entry=other),
        replace(row, profile="KH-2023/2"),
        replace(row, seal="f" * 64),
        replace(row, id=0),
    ]
    for each in forged:
        assert verified([*rows[:at], each, *rows[at + 1 :]]) == replace(verified(rows[:at]), broken=each.id)
    if at + 1 < len(rows):
        assert verified([*rows[:at], *rows[at + 1 :]]).broken == rows[at + 1].id
        assert verified([*rows[:at], rows[at + 1], row, *rows[at + 2 :]]).broken == rows[at + 1].id
