"""The benchmark of the records runs, on few bookings, and says what it measured."""

from loadtest.bench import database_cost


async def test_a_small_year_is_measured() -> None:
    told: list[str] = []
    figures = await database_cost.run(told.append, bookings=60)
    assert told == ["60 bookings", "plans", "months, reports, the desk, audit log"]
    assert figures["bookings"] == 60
    asked = ("plan_ms", "agenda_month_ms", "load_month_ms", "report_year_ms", "audit_append_ms")
    desk = ("board_ms", "readiness_week_ms", "breaches_week_ms", "queue_ms")
    pages = ("sessions_page_ms", "sessions_newest_ms", "sessions_unit_ms", "sessions_search_ms")
    assert min(figures[name] for name in (*asked, *desk, *pages)) > 0
    assert database_cost.table(figures).splitlines()[0] == "bookings                  60"
