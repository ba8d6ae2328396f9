"""Test calls: dials a room system that is in no session, sends it a picture and a tone, and measures what comes back.

The device sees its own camera, hears a tone and then itself. A test call uses no leg of any session.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from mediaserver.api import Layout, MediaEngine, RoomOptions, SeatOptions
from mediaserver.errors import BadOffer, MediaError
from scheduler.directory.model import Device
from signaling.calls.call_test import CallTest, CallTestReport, evaluate
from signaling.calls.model import CallRecord, Outcome, outcome_of
from signaling.calls.recorder import CallRecorder
from signaling.core.errors import DeviceInCall, TooManyTests
from signaling.sip.agent.agent import CallFailed, Target
from signaling.sip.agent.room_call import RoomCall
from signaling.sip.bridge import call_records
from signaling.sip.bridge.protection import protection

log = logging.getLogger(__name__)

MOST: Final = 4
"""Test calls at once: each has a composed picture of its own."""
KEPT: Final = 64
"""Results that are kept, the newest of each device."""
RING_S, WARM_S, MEASURE_S = 9.0, 3.5, 5.5
"""Seconds in which the device must answer; until the first measurement, by which its picture has come; and from there
to the second one, in which each side reports at least once (RFC 3550 §6.2)."""
ECHO_S: Final = 1.0
SEAT: Final = "device"
TEXT: Final = "Cuộc gọi thử\nTest call"
NAME: Final = "Gọi thử"

Dial = Callable[[str, str, Device, str, Target, CallRecord], Awaitable[RoomCall]]
"""Calls a device, with a room, our shown name, a seat, the target and the record of the call, which is written where
the call fails. Raises CallFailed, MediaError, OSError."""


class CallTester:
    """All test calls, and their newest results."""

    def __init__(self, engine: MediaEngine, recorder: CallRecorder, dial: Dial, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._recorder = recorder
        self._dial = dial
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """By device."""
        self._tests: OrderedDict[str, CallTest] = OrderedDict()
        self.calls: dict[str, RoomCall] = {}
        """Those whose media are connected, by media room."""

    def running(self, device: str) -> bool:
        """Return whether a test call with a device goes on."""
        return device in self._tasks

    def place(self, call: RoomCall) -> tuple[str, str] | None:
        """Return the media room and the seat of a test call that is measured; None for any other."""
        room = next((room for room, each in self.calls.items() if each is call), None)
        return None if room is None else (room, SEAT)

    def newest(self, device: str) -> CallTest | None:
        """Return the newest test call with a device since the server began; None without one."""
        return self._tests.get(device)

    def begin(self, device: Device, name: str, where: Target) -> CallTest:
        """Begin a test call. Raises DeviceInCall, TooManyTests."""
        if self.running(device.id):
            raise DeviceInCall
        if len(self._tasks) >= MOST:
            raise TooManyTests
        test = CallTest(device.id, self._clock(), f"{where.host}:{where.port}")
        self._tests.pop(device.id, None)
        self._tests[device.id] = test
        if len(self._tests) > KEPT:
            self._tests.popitem(last=False)
        self._tasks[device.id] = task = asyncio.create_task(self._run(test, device, name, where))
        task.add_done_callback(lambda _: self._tasks.pop(device.id, None))
        return test

    async def stop(self) -> None:
        """End all test calls."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, test: CallTest, device: Device, name: str, where: Target) -> None:
        room = f"call-test-{device.id}"
        record = call_records.dialled(device, name, where, test.began, "test")
        try:
            await self._engine.open_room(room, RoomOptions(title=NAME, echo_s=ECHO_S))
            await self._engine.add_seat(room, SeatOptions(SEAT, name, floor=True))
            await self._engine.set_layout(room, Layout(clock=True, title=True))
            call = await self._ring(room, device, where, record)
            await self._answered(test, room, device, call, record)
        except (CallFailed, MediaError, OSError) as error:
            log.info("x the test call to %s failed: %s", name, error)
            test.outcome, test.status = call_records.failure(error)
        finally:
            test.state = "done"
            with contextlib.suppress(MediaError):
                await self._engine.close_room(room)

    async def _ring(self, room: str, device: Device, where: Target, record: CallRecord) -> RoomCall:
        """Dial a device. Raises CallFailed, MediaError, OSError."""
        try:
            async with asyncio.timeout(RING_S) as ringing:
                return await self._dial(room, NAME, device, SEAT, where, record)
        except TimeoutError:
            if ringing.expired():
                await self._recorder.failed(record, "unanswered")
            raise

    async def _answered(self, test: CallTest, room: str, device: Device, call: RoomCall, record: CallRecord) -> None:
        """Measure a call that was answered, and hang up. Raises MediaError."""
        test.transport = call.peer.transport
        test.protection = protection(device.encryption, call.peer.transport, call.sdp)
        await self._recorder.answered(call_records.carrying(record, call, device, test.protection), call)
        ending: Outcome = "no-media"
        try:
            await self._engine.accept(room, SEAT, call.sdp)
            self.calls[room] = call
            test.state = "measuring"
            test.report = await self._measure(room, call)
            await self._recorder.reported(call, test.report)
            ending = "hung-up"
        except BadOffer as error:
            ending, _ = call_records.failure(error)
            raise
        finally:
            self.calls.pop(room, None)
            await call.hang_up(ending)
            test.outcome = outcome_of(call.reason)

    async def _measure(self, room: str, call: RoomCall) -> CallTestReport:
        """Return what a call carries; one that the device ends early is reported as far as it went."""
        engine = self._engine
        await engine.show_overlay(room, SEAT, TEXT, WARM_S)
        with contextlib.suppress(BadOffer):
            await engine.play_prompt(room, SEAT, "tone")
        await _wait(call, WARM_S)
        before = await engine.call_report(room, SEAT)
        await engine.try_keyframe(room, SEAT)
        await _wait(call, MEASURE_S)
        return evaluate(before, await engine.call_report(room, SEAT))


async def _wait(call: RoomCall, seconds: float) -> None:
    """Wait, but no longer than the call lasts."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await call.ended.wait()
