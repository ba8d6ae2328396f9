"""Load tests let guests into their sessions as the centre does (Điều 6.5).

Also tests `loadtest/server/booking.py` and `loadtest/server/rest_client.py`.
"""

import json

from loadtest.server.booking import admit_guest, is_guest
from loadtest.server.rest_client import Client
from tests.signaling.world import NHA_TRANG, NOW, PASSWORD, World


async def test_guests_of_a_load_test_are_granted_their_session(world: World) -> None:
    guest = {"id": "tai.01", "name": "Đơn vị mời 1", "level": "khac", "point": "DonViMoi01"}
    await world.services.scheduler.import_units(json.dumps({"units": [guest]}))
    points = await world.services.scheduler.points()
    point = next(each.id for each in points if each.unit == "tai.01")
    session = await world.session(point, NHA_TRANG)
    async with Client(str(world.http.make_url("/"))) as centre:
        await centre.login("central", PASSWORD)
        assert [await is_guest(centre, each) for each in (point, NHA_TRANG)] == [True, False]
        assert await world.services.guest_access.lacking(point, session.id, NOW)
        await admit_guest(centre, point, session.id)
        assert not await world.services.guest_access.lacking(point, session.id, NOW)
