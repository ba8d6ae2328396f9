"""What strangers and broken devices send: each gets the answer that the standard names."""

from signaling.h323.protocol import asn1
from tests.signaling.h323.agents import RecordingHandler, agent
from tests.signaling.h323.pdus import call_signalling
from tests.signaling.h323.wire import wire
from tests.signaling.sip.agents import soon

STRANGER = "127.0.0.2"


async def test_the_h245_port_of_a_call_takes_its_caller_alone() -> None:
    handler = RecordingHandler()
    async with agent(handler, tunnelling=False) as callee, wire(callee.address) as caller:
        caller.send(call_signalling()[0])
        where = await caller.h245_address()
        for _ in range(2):
            async with wire(where, STRANGER) as stranger:
                assert await stranger.packet() == b""
        async with wire(where) as control:
            kind, (name, _) = asn1.decode("control", await control.packet())
            assert (kind, name) == ("request", "terminalCapabilitySet")
        assert await caller.packet() == b""  # its control channel was closed
        await soon(handler.failed.get())
