"""The one kind of table in which figures are printed."""

from loadtest.table import Row, table


def test_a_row_says_whether_it_was_reached() -> None:
    rows = [Row("forward", "5 µs", "≤ 5", True, "limit 2"), Row("mix", "11 %", "≤ 10", False), Row("join", "3 ms")]
    assert table(rows).splitlines() == [
        "| work | figure | reach | reached | beside |",
        "| --- | --- | --- | --- | --- |",
        "| forward | 5 µs | ≤ 5 | yes | limit 2 |",
        "| mix | 11 % | ≤ 10 | no | – |",
        "| join | 3 ms | – | – | – |",
    ]
