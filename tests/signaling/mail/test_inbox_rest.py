"""Letters in the operator's inbox: their list, their text, and the form that offices attach.

Also tests `signaling/booking/drafts.py`.
"""

from scheduler.inbound_mail import form_template
from scheduler.inbound_mail.service import InboundMail, OfficialMailbox
from scheduler.inbound_mail.store import MailboxPosition
from scheduler.policy import profile_files
from tests.scheduler.inbound_mail.letters import OFFICE, letter
from tests.signaling.smtp_server import UNIT_BOX
from tests.signaling.world import NOW, World, problem_of

BODY = "Đăng ký họp trực tuyến từ 14h00 đến 16h30 ngày 08/4/2026\nThành phần: UBND thành phố Nha Trang"


async def came(world: World, *bodies: str) -> list[bytes]:
    """Let the official mailbox of the province write letters."""
    await world.services.notifications.set_mailbox("56", UNIT_BOX)
    raws = [letter(UNIT_BOX, body=body, message_id=f"<{n}@x>") for n, body in enumerate(bodies)]
    for uid, raw in enumerate(raws, 1):
        await world.services.inbound_mail.receive(raw, len(raw), MailboxPosition(1, uid), NOW, NOW)
    return raws


async def test_operators_read_letters(world: World) -> None:
    raws = await came(world, BODY, "Cảm ơn Sở.")
    central = await world.signed_in("central")
    async with central.get("/api/v1/letters") as response:
        first, second = await response.json()
    assert (first["fate"], first["unit"]["name"], second["fate"]) == ("person", "UBND tỉnh Khánh Hòa", "draft")
    async with central.get(f"/api/v1/letters/{first['id']}") as response:
        opened = await response.json()
    assert (opened["body"], opened["attachments"]) == ("Cảm ơn Sở.", [])
    async with central.get(f"/api/v1/letters/{second['id']}/raw") as response:
        assert (await response.read(), response.content_type) == (raws[0], "message/rfc822")
    async with central.post(f"/api/v1/letters/{first['id']}/handled", json={}) as response:
        assert (await response.json())["handled_by"] == "central"
    async with central.get(f"/api/v1/drafts/{second['draft']}") as response:
        draft = await response.json()
    assert draft["content"]["points"] == ["ubnd.nha-trang"]
    assert {"field": "points", "where": "letter", "said": "Thành phần: UBND thành phố Nha Trang"} in draft["content"][
        "read"
    ]
    assert {"field": "title", "word": "required", "value": ""} in draft["content"]["questions"]


async def test_a_letter_whose_sender_is_not_proven_is_accepted_once(world: World) -> None:
    await world.services.notifications.set_mailbox("56", UNIT_BOX)
    address, services = OfficialMailbox(OFFICE, "mx.vn"), world.services
    inbound_mail = InboundMail(services.database, address, profile_files.load(), services.drafts, services.parser)
    raw = letter(UNIT_BOX, body=BODY, Authentication_Results="mx.vn; spf=fail smtp.mailfrom=x@evil.vn; dmarc=fail")
    await inbound_mail.receive(raw, len(raw), MailboxPosition(1, 1), NOW, NOW)
    host, central = await world.signed_in("host"), await world.signed_in("central")
    async with host.post("/api/v1/letters/1/accept", json={}) as response:
        assert await problem_of(response) == (403, "forbidden")
    async with central.get("/api/v1/letters") as response:
        (found,) = await response.json()
    assert (found["fate"], found["reason"], found["draft"]) == ("person", "unauthenticated", None)
    assert found["authentication"] == "spf=fail (evil.vn) dmarc=fail"
    async with central.post("/api/v1/letters/1/accept", json={}) as response:
        made = await response.json()
    assert (made["fate"], made["handled_by"]) == ("draft", "central")
    async with central.get(f"/api/v1/drafts/{made['draft']}") as response:
        assert (await response.json())["state"] == "open"
    async with central.post("/api/v1/letters/1/accept", json={}) as response:
        assert await problem_of(response) == (409, "not-quarantined")
    async with central.post("/api/v1/letters/9/accept", json={}) as response:
        assert await problem_of(response) == (404, "not-found")


async def test_nobody_else_does(world: World) -> None:
    await came(world, BODY)
    host = await world.signed_in("host")
    for path in ("letters", "letters/1", "letters/1/raw"):
        async with host.get(f"/api/v1/{path}") as response:
            assert await problem_of(response) == (403, "forbidden")
    async with host.post("/api/v1/letters/1/handled", json={}) as response:
        assert await problem_of(response) == (403, "forbidden")
    central = await world.signed_in("central")
    for path in ("letters/9", "letters/x", "forms/dang-ky-hop.pdf", "forms/x.csv"):
        async with central.get(f"/api/v1/{path}") as response:
            assert await problem_of(response) == (404, "not-found")


async def test_the_form_is_for_everyone(world: World) -> None:
    host = await world.signed_in("host")
    for kind in form_template.KINDS:
        async with host.get(f"/api/v1/forms/dang-ky-hop.{kind}") as response:
            assert await response.read() == form_template.write(kind)
