"""The room system of the tests works: two of them call each other."""

from pathlib import Path

from loadtest.rooms import baresip


async def test_two_rooms_see_and_hear_each_other(tmp_path: Path) -> None:
    film = await baresip.film(tmp_path / "card.mp4", baresip.COLOURS, 3)
    async with baresip.room(tmp_path, film=film) as one, baresip.room(tmp_path, name="Sala Perú ñ", tone=440) as other:
        await one.command("dial", "sip:room@{}:{};transport=tcp".format(*other.address))
        for peer in (one, other):
            await peer.event("CALL_ESTABLISHED")
            await peer.event("CALL_RTPESTAB", "audio")
            await peer.event("CALL_RTPESTAB", "video")
        assert (await other.snapshot()).read_bytes().startswith(b"\x89PNG")
        await one.command("hangup")
        await other.event("CALL_CLOSED")
        assert other.heard()
