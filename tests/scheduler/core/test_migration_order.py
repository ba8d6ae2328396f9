"""Migrations follow each other by what they name, so that one with a lower number may come later."""

from pathlib import Path

from scheduler.core.migration_order import versions


def test_the_order_is_that_of_the_chain(tmp_path: Path) -> None:
    for revision, before in (("0001", None), ("0003", "0001"), ("0002", "0003")):
        named = "None" if before is None else f'"{before}"'
        (tmp_path / f"{revision}_x.py").write_text(f'revision = "{revision}"\ndown_revision = {named}\n')
    assert versions(tmp_path) == ("0001", "0003", "0002")
