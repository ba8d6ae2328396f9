"""The page that says why a point was bad in a session, from the samples that are stored of it."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from mediaserver.api import ConnectionQuality
from scheduler.core import database
from signaling.app.settings import read
from signaling.quality.model import Identity, Series
from signaling.quality.recorder import Look, sample
from signaling.quality.store import QualityStore
from tests.e2e import accessibility
from tests.e2e.people import HOST, People
from tests.e2e.server import Server, environment, run_beside

GOOD = ConnectionQuality(0.001, 0.0, 0.004, 0.031, received=1_600_000, sent=2_100_000, camera=720, step=3, most=3)
LOSSY = ConnectionQuality(0.08, 0.0, 0.006, 0.044, received=1_400_000, sent=2_100_000, camera=360, step=3, most=3)
BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)


def store(server: Server, session: str) -> None:
    """Store half an hour of two seats, of which one lost packets on the way up for five minutes."""

    async def write() -> None:
        engine = database.connect(read(environment(server.data)).database_url)
        series = []
        for point, worse in (("nt.xuonghuan", LOSSY), ("nt.vinhhai", GOOD)):
            of = Identity(f"s-{point}", point, f"UBND.{point}", "browser", "Mozilla/5.0 (X11; Linux) Firefox/140.0")
            one = Series(of, BEGIN)
            for line, times in ((GOOD, 60), (worse, 30), (GOOD, 90)):
                one.append(sample([Look(of, True, line)], None), times)
            series.append((session, one))
        await QualityStore(engine).save(series)
        await engine.dispose()

    run_beside(write())


def test_a_technician_reads_why_a_point_was_bad(server: Server, people: People, red: Browser) -> None:
    page = people.sign_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan", "nt.vinhhai"], "Giao ban có điểm cầu kém")
    session = page.evaluate(
        "async code => (await (await fetch('api/v1/sessions')).json()).find(each => each.code === code).id", code
    )
    store(server, session)
    page.goto(f"{server.http}quality.html?session={session}")
    fault = page.get_by_test_id("quality-fault")
    expect(fault).to_have_attribute("data-cause", "up")
    expect(fault).to_contain_text("Đường truyền lên mất 8 % gói từ")
    expect(page.get_by_test_id("quality-good")).to_contain_text("Đường truyền xuống tốt")
    expect(page.get_by_test_id("panel")).to_have_count(4)
    page.get_by_test_id("quality-moment").focus()
    for _ in range(90):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("quality-values")).to_contain_text("8 %")
    assert (accessibility.findings(page), accessibility.misnamed(page)) == ([], [])
    page.get_by_test_id("quality-seat").select_option("s-nt.vinhhai")
    expect(page.get_by_test_id("quality-fine")).to_be_visible()
