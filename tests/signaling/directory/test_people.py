"""Accounts by one-time link, and people whose accounts end with their days (Điều 9.3, 19.3; R-047, R-120).

Also tests `signaling/accounts/password_links.py` and `signaling/compliance/personal_data.py`.
"""

import json
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from scheduler.policy.profile_files import SHIPPED
from signaling.app.settings import Settings
from signaling.core.account import Account
from signaling.mail.config import Mail, Server
from tests.signaling.directory_calls import FRESH_PASSWORD, newest_audit_rows, post_directory, set_first_password
from tests.signaling.second_factor_calls import enrol
from tests.signaling.smtp_server import SENDER, smtp_server
from tests.signaling.world import CAM_RANH, NHA_TRANG, NOW, PASSWORD, World, open_world, problem_of


async def sign_in(world: World, account: str, password: str = FRESH_PASSWORD) -> int:
    async with world.client().post("/api/v1/login", json={"account": account, "password": password}) as response:
        return response.status


async def test_the_account_of_a_point_with_a_long_label_has_its_first_letters_as_name(world: World) -> None:
    central = await world.signed_in("central")
    await post_directory(central, "points/dk.suoitien/name", name="DK.SuoiTien", label="x" * 250)
    await post_directory(central, "points/dk.suoitien/account", account=None)
    stored = await world.accounts.account("dk.suoitien")
    assert stored is not None
    assert stored[0].name == "x" * 200


async def test_a_link_sets_the_first_password_once(world: World) -> None:
    central = await world.signed_in("central")
    issued = await post_directory(central, "points/dk.suoitien/account", account=None)
    assert (issued["account"], issued["sent"], issued["expires"]) == ("dk.suoitien", False, "2026-04-07T01:00:00Z")
    assert await set_first_password(world, issued["link"], "ngan") == (422, "invalid")
    assert await set_first_password(world, issued["link"]) == (200, "dk.suoitien")
    assert await set_first_password(world, issued["link"]) == (410, "link-dead")
    assert await sign_in(world, "dk.suoitien") == 200
    again = await post_directory(central, "points/dk.suoitien/account", account=None)
    assert await sign_in(world, "dk.suoitien") == 401
    world.clock.advance(24 * 3600)
    assert await set_first_password(world, again["link"]) == (410, "link-dead")
    for forged in ("#x", "#" + again["link"].partition("#")[2][:-1] + "x", "#é.1"):
        assert await set_first_password(world, forged) == (410, "link-dead")
    dump = str(world.services.database.url), issued["link"].partition("#")[2]
    async with world.services.database.connect() as db:
        rows = [str(row) for row in await db.execute(text("SELECT * FROM account_links"))]
    assert not any(dump[1] in row for row in rows)


async def test_a_person_is_mailed_that_the_second_factor_was_reset(settings: Settings) -> None:
    async with smtp_server("none", ssl.create_default_context()) as mail_server:
        server = Server("127.0.0.1", mail_server.port, "none", "", "")
        async with open_world(replace(settings, mail=Mail(server, SENDER))) as world:
            unit = (await world.services.scheduler.point("ubnd.nha-trang")).unit
            central = await world.signed_in("central")
            person = await post_directory(
                central, f"units/{unit}/people", name="Lê Văn An", phone="0905123456", email="an@khanhhoa.gov.vn"
            )
            await world.services.people.give_account(person["id"], "nhatrang", world.clock())
            await enrol(world, await world.signed_in("nhatrang"))
            reset = "/api/v1/directory/accounts/nhatrang/second-factor/reset"
            async with (await world.signed_in("admin")).post(reset, json={}) as response:
                assert response.status == 204
            await world.server.outbox.deliver()
            letter = mail_server.letters[0]
            assert letter["To"] == "an@khanhhoa.gov.vn"
            lines = letter.get_content().splitlines()
            assert {"Nội dung: nhatrang", "Ghi chú: Admin – 08:01 06/04/2026"} <= set(lines)
            assert await sign_in(world, "nhatrang", PASSWORD) == 200


async def test_the_link_goes_to_the_official_mailbox(settings: Settings) -> None:
    async with smtp_server("none", ssl.create_default_context()) as mail_server:
        server = Server("127.0.0.1", mail_server.port, "none", "", "")
        async with open_world(replace(settings, mail=Mail(server, SENDER))) as world:
            unit = (await world.services.scheduler.point("dk.suoitien")).unit
            await world.services.notifications.set_mailbox(unit, "suoitien@khanhhoa.gov.vn")
            issued = await post_directory(await world.signed_in("central"), "points/dk.suoitien/account", account=None)
            assert (issued["sent"], issued["link"]) == (True, None)
            await world.server.outbox.deliver()
            body = mail_server.letters[0].get_content()
            link = next(line.partition(": ")[2] for line in body.splitlines() if "dùng một lần:" in line)
            async with world.services.database.connect() as db:
                stored_facts = [str(row) for row in await db.execute(text("SELECT facts FROM outbox"))]
            assert link.partition("#")[2] not in str(stored_facts)
            assert await set_first_password(world, link) == (200, "dk.suoitien")


async def test_an_account_ends_with_the_days_of_its_person(world: World) -> None:
    central = await world.signed_in("central")
    old = await post_directory(central, "units/568/people", name="Lê Văn Cũ", phone="0905123456", point=NHA_TRANG)
    issued = await post_directory(central, f"points/{NHA_TRANG}/account", account="nt.cu", person=old["id"])
    assert await set_first_password(world, issued["link"]) == (200, "nt.cu")
    session = await world.session(NHA_TRANG)
    client = world.client()
    async with client.post("/api/v1/login", json={"account": "nt.cu", "password": FRESH_PASSWORD}) as response:
        assert response.status == 200
    socket = await client.ws_connect("/ws", autoping=False)
    await socket.send_json({"type": "join", "code": session.code, "accepted": True})
    new = await post_directory(
        central, "units/568/people", name="Trần Thị Mới", phone="0905123457", point=NHA_TRANG, replaces=old["id"]
    )
    assert (new["serving"], new["untrained"]) == (True, True)
    async with client.get("/api/v1/me") as response:
        assert await problem_of(response) == (401, "signed-out")
    assert await sign_in(world, "nt.cu") == 401
    messages = [await socket.receive() for _ in range(20) if not socket.closed]
    assert any('"removed"' in str(message.data) for message in messages)
    assert ("central", "account-disable", "nt.cu", "") in await newest_audit_rows(world, 9)
    trained = await post_directory(central, f"people/{new['id']}/train", trained="2026-04-05")
    assert not trained["untrained"]


async def test_a_district_keeps_the_lists_of_its_communes(world: World) -> None:
    unit = (await world.services.scheduler.point("nt.xuonghuan")).unit
    hashed = await world.accounts.account("host")
    assert hashed is not None
    for name, of in (("huyen", "568"), ("huyen2", "569")):
        account = Account(name, name, ("registrant",), of, None)
        await world.accounts.add_account(account, hashed[1], NOW)
    body = {"name": "Ngô An", "phone": "0905123456"}
    await post_directory(await world.signed_in("huyen"), f"units/{unit}/people", **body)
    for other, refused in (("huyen2", (404, "not-found")), ("nhatrang", (403, "forbidden"))):
        client = await world.signed_in(other)
        async with client.post(f"/api/v1/directory/units/{unit}/people", json=body) as response:
            assert await problem_of(response) == refused
    async with (await world.signed_in("huyen")).get("/api/v1/directory/people") as response:
        lists = await response.json()
    below = [each.id for each in await world.services.scheduler.units() if each.parent == "568"]
    assert {each["unit"] for each in lists} == {"568", *below}
    assert [person["name"] for person in lists[-1]["people"]] == ["Ngô An"]
    async with (await world.signed_in("huyen2")).get("/api/v1/directory/people") as response:
        assert not any(each["people"] for each in await response.json())


async def test_the_operating_unit_is_told_of_a_change(settings: Settings) -> None:
    mail = Mail(Server("127.0.0.1", 9, "none", "", ""), SENDER)
    async with open_world(replace(settings, mail=mail)) as world:
        await world.services.notifications.set_mailbox("so.tttt", "truc@khanhhoa.gov.vn")
        commune = (await world.services.scheduler.point("dk.dienan")).unit
        await post_directory(
            await world.signed_in("focal"), f"units/{commune}/people", name="Ngô An", phone="0905123456"
        )
        (notice,) = await world.services.notifications.newest(9)
        assert (notice.kind, notice.unit, notice.facts.title) == ("people", "so.tttt", "Xã Diên An")


async def test_a_browser_on_a_wrong_line_is_flagged(world: World) -> None:
    central = await world.signed_in("central")
    await post_directory(
        central, f"points/{NHA_TRANG}/lines", type="TSLCD", subscribed_kbps=4000, ranges="10.79.0.0/16"
    )
    await world.join("nhatrang", await world.session(NHA_TRANG))
    async with central.get("/api/v1/directory/changes") as response:
        found = [(change["field"], change["old"], change["new"]) for change in await response.json()]
    assert found == [("line", "10.79.0.0/16", "127.0.0.1")]


async def test_a_wrong_line_is_kept_out_where_the_profile_says_so(settings: Settings, tmp_path: Path) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text(
        "{id: strict, version: 1, title: T, extends: KH-2023, effective_from: 2024-01-01, effective_to: null,"
        " directory: {line_mismatch: block}}"
    )
    async with open_world(replace(settings, profiles=(*SHIPPED, strict))) as world:
        central = await world.signed_in("central")
        socket = await world.socket("nhatrang")
        await post_directory(
            central, f"points/{NHA_TRANG}/lines", type="TSLCD", subscribed_kbps=4000, ranges="10.79.0.0/16"
        )
        session = await world.session(NHA_TRANG, CAM_RANH)
        assert (await socket.ask(type="join", code=session.code, accepted=True))["error"] == "wrong-line"
        await world.join("camranh", session)
        client, login = world.client(), {"account": "nhatrang", "password": PASSWORD}
        async with client.post("/api/v1/login", json=login) as response:
            assert await problem_of(response) == (403, "wrong-line")
        async with client.get("/api/v1/me") as response:
            assert await problem_of(response) == (401, "signed-out")
        assert [entry.action for entry in await world.audited(3)] == ["logout", "drift", "login"]


async def test_r004_a_sign_in_from_a_wrong_line_is_flagged(world: World) -> None:
    central = await world.signed_in("central")
    await post_directory(
        central, f"points/{NHA_TRANG}/lines", type="TSLCD", subscribed_kbps=4000, ranges="10.79.0.0/16"
    )
    await world.signed_in("nhatrang")
    async with central.get("/api/v1/directory/changes") as response:
        found = [(each["point"], each["field"], each["old"], each["new"]) for each in await response.json()]
    assert found == [(NHA_TRANG, "line", "10.79.0.0/16", "127.0.0.1")]


async def test_other_agencies_enter_what_they_were_granted(world: World) -> None:
    central = await world.signed_in("central")
    unit = {"id": "cv", "name": "Cảng vụ Hàng hải Nha Trang", "level": "khac"}
    point = "cang-vu-hang-hai-nha-trang"
    await world.services.scheduler.import_units(json.dumps({"units": [unit]}))
    hashed = await world.accounts.account("host")
    assert hashed is not None
    await world.accounts.add_account(Account("cangvu", "Cảng vụ", ("site",), "cv", point), hashed[1], NOW)
    first_, second = [await world.session(point, NHA_TRANG) for _ in range(2)]
    socket = await world.socket("cangvu")
    assert (await socket.ask(type="join", code=first_.code))["error"] == "not-granted"
    found = await post_directory(central, f"points/{point}/grants", session=first_.id, granted=True)
    assert (found["needed"], [each["granted"] for each in found["sessions"]]) == (True, [True, False])
    assert (await socket.ask(type="join", code=first_.code, accepted=True))["type"] == "joined"
    other = await world.socket("cangvu")
    assert (await other.ask(type="join", code=second.code))["error"] == "not-granted"
    found = await post_directory(central, f"points/{point}/grants", session=first_.id, granted=False)
    assert [each["granted"] for each in found["sessions"]] == [False, False]
    assert (await post_directory(central, f"points/{NHA_TRANG}/grants", session=second.id, granted=True)) == {
        "needed": False,
        "sessions": [],
    }


async def test_each_provider_hears_of_its_own_points_once(settings: Settings) -> None:
    async with smtp_server("none", ssl.create_default_context()) as mail_server:
        server = Server("127.0.0.1", mail_server.port, "none", "", "")
        async with open_world(replace(settings, mail=Mail(server, SENDER))) as world:
            central = await world.signed_in("central")
            for name, point in (("VNPT", NHA_TRANG), ("Viettel", CAM_RANH)):
                provider = await post_directory(central, "providers", name=name, email=f"{name.lower()}@example.vn")
                await post_directory(
                    central, f"points/{point}/lines", type="WAN", subscribed_kbps=4000, provider=provider["id"]
                )
            session = await world.session(NHA_TRANG, CAM_RANH, start=timedelta(hours=3))
            for _ in range(2):
                await world.server.periodic_jobs.work()
                await world.server.outbox.deliver()
            letters_by_recipient = {
                letter["To"]: letter.get_content()
                for letter in mail_server.letters
                if letter["To"].endswith("@example.vn")
            }
            assert (set(letters_by_recipient), len(mail_server.letters)) == (
                {"vnpt@example.vn", "viettel@example.vn"},
                2,
            )
            vnpt = letters_by_recipient["vnpt@example.vn"]
            assert "UBND.Nha Trang" in vnpt and "UBND.Cam Ranh" not in vnpt
            assert session.code is not None and session.code not in vnpt and session.title not in vnpt


async def test_i10_a_unit_fetches_and_erases_what_is_on_record_of_its_people(world: World) -> None:
    central, other = await world.signed_in("central"), await world.signed_in("dienkhanh")
    added = await post_directory(
        central, "units/568/people", name="=Lê Văn Cũ", phone="0905123456", email="cu@khanhhoa.gov.vn"
    )
    where = "/api/v1/directory/units/568/personal"
    async with central.get(where) as response:
        assert await response.json() == {"entries": 1, "erasable": 0}
    async with central.get(f"{where}/export") as response:
        assert response.content_type == "text/csv"
        assert (await response.read()).decode("utf-8-sig").splitlines() == [
            "Loại,Họ và tên,Số điện thoại,Thư điện tử,Chức danh,Số phiên,Còn cần",
            "phụ trách,'=Lê Văn Cũ,'+84905123456,cu@khanhhoa.gov.vn,technician,,1",
        ]
    await post_directory(central, f"people/{added['id']}/end", valid_to="2026-04-05")
    async with other.post(f"{where}/erase", json={}) as response:
        assert await problem_of(response) == (404, "not-found")
    async with central.get(where) as response:
        assert await response.json() == {"entries": 1, "erasable": 1}
    async with central.post(f"{where}/erase", json={}) as response:
        assert await response.json() == {"entries": 0, "erasable": 0}
    async with world.services.database.connect() as db:
        rows = str((await db.execute(text("SELECT * FROM people"))).all())
    assert "Cũ" not in rows and "905123456" not in rows and "cu@" not in rows
    done = [(e.action, e.subject, e.detail) for e in await world.audited(20) if e.action.startswith("personal")]
    assert done == [("personal-erase", "568", "1"), ("personal-export", "568", "1")]
