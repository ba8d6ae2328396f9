"""Layout presets belong to a session; the next one of its host begins with them."""

from tests.scheduler.conftest import ServicesFixture

HOST, CITY = "ubnd.khanh-hoa", "ubnd.nha-trang"
GRID, LARGE = '{"kind": "grid"}', '{"kind": "1+5"}'


async def test_presets_of_a_session_are_those_of_its_hosts_latest_until_it_has_own(services: ServicesFixture) -> None:
    scheduler = services.scheduler
    first, other, last = [await services.session(host, CITY if host == HOST else HOST) for host in (HOST, CITY, HOST)]
    assert await scheduler.presets(first.id) == {}
    await scheduler.set_presets(first.id, {2: GRID, 1: LARGE})
    assert [await scheduler.presets(each.id) for each in (first, other, last)] == [
        {1: LARGE, 2: GRID},
        {},
        {1: LARGE, 2: GRID},
    ]
    await scheduler.set_presets(last.id, {1: GRID})
    assert [await scheduler.presets(each.id) for each in (first, last)] == [{1: LARGE, 2: GRID}, {1: GRID}]
