"""Our H.323 agent as a room system, and as what it calls and is called by."""

from loadtest.media.perception import sees
from loadtest.rooms.descriptions import with_slides_by_h239
from loadtest.rooms.h323_room import H323Room, h323_room
from loadtest.rooms.plain_media import PlainMedia
from signaling.h323.agent.call import Call
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.sip.agent.context import Target
from tests.loadtest.rooms.waiting import until
from tests.signaling.h323.agents import RecordingHandler, agent

BLUE, RED, GREEN, YELLOW = (0, 0, 255), (255, 0, 0), (0, 255, 0), (255, 255, 0)


async def seen_and_heard(room: H323Room, call: Call, other: PlainMedia) -> None:
    """Wait until both sides of a call see and hear each other; then the room system hangs up."""
    await room.established()
    other.send_to(call.sdp)
    await until(lambda: sees(room.media.seen(), RED) and room.hears(440))
    await until(lambda: sees(other.seen(), BLUE) and other.hears(880))
    await room.hang_up()
    other.stop()


async def slides_go_both_ways(room: H323Room, call: Call, handler: RecordingHandler, other: PlainMedia) -> None:
    """Have the room system show slides, and then the other side."""
    room.media.stop()
    await room.ask_for_floor()
    assert await handler.wishes.get()
    call.decide_floor("granted")
    other.send_to(await described(handler, "a=sendonly"))
    await until(lambda: sees(other.slides.picture, YELLOW))
    assert room.media.slides.picture is None
    call.decide_floor("other")
    other.send_to(await described(handler, "a=recvonly"))
    await until(lambda: sees(room.media.slides.picture, GREEN))


async def described(handler: RecordingHandler, direction: str) -> str:
    """Wait for a description in which slides go in one direction alone."""
    while direction not in (offer := await handler.offers.get()):
        pass
    return offer


async def test_slides_go_both_ways_under_the_token() -> None:
    other = PlainMedia("127.0.1.2", 440, RED, GREEN)

    async def take(incoming: IncomingCall) -> Call:
        return await incoming.accept(with_slides_by_h239(other.host, other.ports))

    handler = RecordingHandler(take)
    await other.open()
    try:
        async with agent(handler) as ours, h323_room(PlainMedia("127.0.1.1", 880, BLUE, YELLOW)) as room:
            await room.dial("sip:1234567890@{}:{};transport=h323".format(*ours.address))
            call = await handler.calls.get()
            await room.established()
            await slides_go_both_ways(room, call, handler, other)
            await room.hang_up()
    finally:
        await other.close()


async def test_it_calls_and_is_called() -> None:
    other = PlainMedia("127.0.1.2", 440, RED, GREEN)

    async def take(incoming: IncomingCall) -> Call:
        return await incoming.accept(other.description)

    handler = RecordingHandler(take)
    named = h323_room(PlainMedia("127.0.1.1", 880, BLUE, GREEN), "Hội nghị Chính phủ")
    await other.open()
    try:
        async with agent(handler) as ours, named as room:
            await room.dial("sip:1234567890@{}:{};transport=h323".format(*ours.address))
            await seen_and_heard(room, await handler.calls.get(), other)
            assert (await handler.incoming.get()).user == "1234567890"
            await room.expect()
            called = await ours.invite(Target(*room.address, "h323"), other.description, name="UBND")
            assert called.peer.name == "Hoi nghi Chinh phu"
            await seen_and_heard(room, called, other)
    finally:
        await other.close()
