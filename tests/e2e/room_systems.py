"""Room systems beside the browsers, which call a server by SIP."""

from dataclasses import replace

from signaling.app.services import open_services, utc_now
from signaling.app.settings import read
from tests.e2e.server import SIP, Server, environment


async def register_room_system(
    server: Server, point: str, address: str = SIP[0], *, camera_control: bool = False
) -> None:
    """Register a room system of an address of this machine for a point; it calls in with the code."""
    async with open_services(read(environment(server.data))) as services:
        device = (await services.equipment.devices(point))[0]
        described = replace(device, kind="VCS", protocol="SIP", address=address, camera_control=camera_control)
        await services.equipment.describe(described, utc_now())
