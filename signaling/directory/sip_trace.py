"""REST: the SIP messages of a room system's newest calls, for technicians of the centre."""

from typing import Annotated

from pydantic import Field

from signaling.core.errors import NotFound
from signaling.directory.context import EQUIPMENT
from signaling.http.route import ID, ApiRequest, Model, Moment, Route


class TracedMessage(Model):
    """A SIP message, sent or received; digits of addresses, credentials, keys and DTMF are blotted."""

    at: Moment
    sent: bool
    text: str


class TracedCall(Model):
    """The messages of one call, of which the last ones may have been left out for want of room."""

    messages: list[TracedMessage]
    left_out: Annotated[int, Field(ge=0)]


async def trace(request: ApiRequest) -> list[TracedCall]:
    """Return the newest calls with a device, the newest first."""
    context = request.context(EQUIPMENT)
    request.only(request.account.central)
    device = next((each for each in await context.equipment.devices() if each.id == request.id), None)
    if device is None:
        raise NotFound
    calls = [
        TracedCall(
            messages=[TracedMessage(at=each.at, sent=each.sent, text=each.text) for each in call.messages],
            left_out=call.left_out,
        )
        for call in await context.device_trace(device)
    ]
    await request.note("see-trace", device.point, f"{device.number:02} {device.address}")
    return calls


ROUTES = [
    Route(
        "GET",
        f"/directory/devices/{ID}/trace",
        trace,
        "SIP messages of a device's newest calls",
        list[TracedCall],
        problems=(403, 404, 409),
    ),
]
