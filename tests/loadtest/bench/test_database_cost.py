"""The benchmark of the database runs on few bookings, and reports all figures."""

from loadtest.bench import database_cost


async def test_a_small_year_is_measured() -> None:
    progress: list[str] = []
    figures = await database_cost.run(progress.append, bookings=60)
    assert progress == ["60 bookings", "plans", "months, reports, the desk, audit log"]
    assert figures["bookings"] == 60
    queries = ("plan_ms", "agenda_month_ms", "load_month_ms", "report_year_ms", "audit_append_ms")
    operator_pages = ("board_ms", "readiness_week_ms", "breaches_week_ms", "queue_ms")
    session_pages = ("sessions_page_ms", "sessions_newest_ms", "sessions_unit_ms", "sessions_search_ms")
    assert min(figures[name] for name in (*queries, *operator_pages, *session_pages)) > 0
    assert database_cost.table(figures).splitlines()[0] == "bookings                  60"
