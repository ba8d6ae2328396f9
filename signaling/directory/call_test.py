"""REST: test calls with room systems, for technicians of the centre."""

from scheduler.directory import model as directory
from signaling.calls import call_test, wire
from signaling.calls.model import Outcome
from signaling.core.errors import NotFound
from signaling.directory.context import EQUIPMENT
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.messages.calls import ProtectionWord


class CallTest(Model):
    """A test call: `outcome` and `report` are empty while it goes on; a call that failed has no report, and `status`
    where it was refused by SIP."""

    began: Moment
    target: str
    state: call_test.CallTestState
    outcome: Outcome
    status: int
    transport: str
    protection: ProtectionWord
    report: wire.CallTestReport | None


async def call(request: ApiRequest) -> CallTest:
    """Begin a test call with a device: it is dialled, and what it sends is measured for some seconds."""
    device = await _device(request)
    trial = await request.context(EQUIPMENT).try_call(device, request.now)
    await request.note("call-test", device.point, f"{device.number:02} {trial.target}")
    return _wire(trial)


async def result(request: ApiRequest) -> CallTest:
    """Return the newest test call with a device, how far it is or what came of it."""
    device = await _device(request)
    trial = request.context(EQUIPMENT).newest_call_test(device.id)
    if trial is None:
        raise NotFound
    return _wire(trial)


async def _device(request: ApiRequest) -> directory.Device:
    request.only(request.account.central)
    devices = await request.context(EQUIPMENT).equipment.devices()
    device = next((each for each in devices if each.id == request.id), None)
    if device is None:
        raise NotFound
    return device


def _wire(trial: call_test.CallTest) -> CallTest:
    return CallTest(
        began=trial.began,
        target=trial.target,
        state=trial.state,
        outcome=trial.outcome,
        status=trial.status,
        transport=trial.transport,
        protection=trial.protection,
        report=None if trial.report is None else wire.sent(trial.report),
    )


ROUTES = [
    Route(
        "POST",
        f"/directory/devices/{ID}/test-call",
        call,
        "Call a device to try it",
        CallTest,
        status=202,
        problems=(403, 404, 409),
    ),
    Route(
        "GET",
        f"/directory/devices/{ID}/test-call",
        result,
        "The newest test call with a device",
        CallTest,
        problems=(403, 404),
    ),
]
