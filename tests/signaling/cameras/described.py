"""Describes devices that publish or watch over HTTP."""

from typing import Any

from tests.signaling.world import World

TOKEN = "mot-ma-truy-cap-dai"
SDP = {"Content-Type": "application/sdp"}


async def described(world: World, point: str, **facts: Any) -> tuple[int, str]:
    """Describe the first device of a point; return the status of that and its id."""
    central = await world.signed_in("central")
    (device, *_) = await world.services.equipment.devices(point)
    body = {"kind": "CAMERA", "protocol": "WHIP", "password": TOKEN, **facts}
    async with central.post(f"/api/v1/directory/devices/{device.id}", json=body) as response:
        return response.status, device.id
