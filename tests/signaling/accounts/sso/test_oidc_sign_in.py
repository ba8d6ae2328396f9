"""Single sign-on by a provider, from the page to the provider and back, against a whole server.

Also tests `oidc_provider.py`, `external_accounts.py`, `identities.py` and `rest.py`.
"""

from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession
from joserfc.jwk import ECKey, RSAKey

from scheduler.policy.policy import SecondFactorPolicy
from signaling.accounts.sso.settings import SsoSettings
from signaling.app import admin_cli
from signaling.app.settings import Settings
from signaling.core.errors import BadInput
from tests.fakes import FakeClock
from tests.signaling.accounts.sso.provider import EC, RSA, Provider, provider
from tests.signaling.second_factor_calls import API, demand, enrol
from tests.signaling.world import NOW, PASSWORD, World, open_world, problem_of

GROUPS = ["/quan-tri", "/khac"]
ROLES = [
    {"group": "/quan-tri", "roles": ["administrator"]},
    {"group": "/so-y-te", "roles": ["registrant", "site"], "unit": "568"},
    {"group": "/la", "roles": ["registrant"], "unit": "no.such.unit"},
]


@dataclass
class Site:
    """A server, and the provider by which it lets people in."""

    world: World
    provider: Provider

    async def begun(self, client: ClientSession) -> str:
        """Begin a sign-in; return where the browser goes."""
        async with client.post(f"{API}/sso/begin", json={}) as response:
            assert response.status == 200, await response.text()
            return str((await response.json())["url"])

    async def finish(self, client: ClientSession, answer: dict[str, str]) -> tuple[int, Any]:
        """End a sign-in; return the status, and the account or the word of the problem."""
        async with client.post(f"{API}/sso/finish", json=answer) as response:
            return (200, await response.json()) if response.status == 200 else await problem_of(response)

    async def enter(self, sub: str, client: ClientSession | None = None, **claims: Any) -> tuple[int, Any]:
        """Sign somebody in."""
        client = client or self.world.client()
        named = {"preferred_username": "an.nguyen", "name": "Nguyễn Văn An", "groups": GROUPS}
        answer = self.provider.sign_in(await self.begun(client), sub, **{**named, **claims})
        return await self.finish(client, answer)

    async def log(self, count: int = 12) -> list[tuple[str, str, str]]:
        """Return actor, action and detail of the newest entries that are about single sign-on or sign-ins."""
        return [(e.actor, e.action, e.detail) for e in await self.world.audited(count)]


@pytest.fixture
async def site(settings: Settings, tmp_path: Path) -> AsyncIterator[Site]:
    clock = FakeClock(NOW)
    async with provider(tmp_path / "provider", lambda: clock.now) as running:
        sections = {"oidc": running.settings(roles=ROLES, second_factor_acr=["2"], second_factor_amr=["otp"])}
        async with open_world(replace(settings, sso=SsoSettings.model_validate(sections))) as world:
            running.clock = world.server.clock
            yield Site(world, running)


async def test_somebody_is_opened_an_account_that_is_found_by_sub_alone(site: Site) -> None:
    status, me = await site.enter("s-1", email="admin@tinh.example", email_verified=True)
    assert (status, me["account"], me["name"], me["roles"], me["unit"], me["kind"], me["must_change"]) == (
        200,
        "an.nguyen",
        "Nguyễn Văn An",
        ["administrator"],
        None,
        "oidc",
        False,
    )
    status, me = await site.enter("s-1", preferred_username="an.tran", name="Trần An", groups=["/so-y-te"])
    assert (status, me["account"], me["name"], me["roles"], me["unit"]["id"]) == (
        200,
        "an.nguyen",
        "Trần An",
        ["registrant", "site"],
        "568",
    )
    status, me = await site.enter("s-2", groups=["/quan-tri"])
    assert (status, me["account"]) == (200, "an.nguyen-2")
    status, me = await site.enter("s-3", preferred_username="admin")  # an account of ours, which stays ours
    assert (status, me["account"]) == (200, "admin-2")
    issuer = site.provider.issuer
    assert [each for each in await site.log() if each[1] != "profile"] == [
        ("admin-2", "login", "oidc"),
        ("admin-2", "sso-account", f"oidc {issuer} s-3: administrator"),
        ("an.nguyen-2", "login", "oidc"),
        ("an.nguyen-2", "sso-account", f"oidc {issuer} s-2: administrator"),
        ("an.nguyen", "login", "oidc"),
        ("an.nguyen", "sso-roles", "administrator → registrant site 568"),
        ("an.nguyen", "login", "oidc"),
        ("an.nguyen", "sso-account", f"oidc {issuer} s-1: administrator"),
    ]


async def test_who_is_in_no_group_of_ours_gets_no_account_and_loses_the_sign_ins(site: Site) -> None:
    assert await site.enter("s-1", groups=["/khac"]) == (403, "no-role")
    assert await site.world.accounts.account("an.nguyen") is None
    client = site.world.client()
    assert (await site.enter("s-1", client))[0] == 200
    assert await site.enter("s-1", groups=["/la"]) == (403, "no-role")
    async with client.get(f"{API}/me") as response:
        assert await problem_of(response) == (401, "signed-out")
    assert [each for each in await site.log() if each[1] == "sso-refused"] == [
        ("an.nguyen", "sso-refused", "oidc s-1: unit no.such.unit"),
        ("?", "sso-refused", "oidc s-1: no group"),
    ]


async def test_an_answer_counts_once_and_in_the_browser_that_asked(site: Site) -> None:
    client, other = site.world.client(), site.world.client()
    answer = site.provider.sign_in(await site.begun(client), "s-1", groups=GROUPS)
    await site.begun(other)
    assert await site.finish(other, answer) == (401, "sso-failed")
    assert await site.finish(site.world.client(), answer) == (401, "sso-failed")
    assert await site.finish(client, {**answer, "issuer": "https://khac.example"}) == (401, "sso-failed")
    assert (await site.finish(client, answer))[0] == 200
    assert await site.finish(client, answer) == (401, "sso-failed")  # the cookie is gone
    answer = site.provider.sign_in(await site.begun(client), "s-1", groups=GROUPS)
    assert await site.finish(client, {**answer, "code": "stolen"}) == (401, "sso-failed")
    failures = [detail for _, action, detail in await site.log() if action == "login-failed"]
    assert failures == ["oidc: token endpoint 400: invalid_grant", *["oidc: state"], "oidc: iss", *["oidc: state"] * 2]


async def test_the_provider_may_change_its_keys(site: Site) -> None:
    assert (await site.enter("s-1"))[0] == 200
    fresh = RSAKey.generate_key(2048, {"kid": "r2"})
    site.provider.keys, site.provider.signing = [fresh], fresh
    assert await site.enter("s-1") == (401, "sso-failed")  # an unknown key does not lead to questions at will
    site.world.clock.advance(31)
    assert (await site.enter("s-1"))[0] == 200
    assert site.provider.asked.count("certs") == 2
    stranger = RSAKey.generate_key(2048, {"kid": "r2"})
    site.provider.signing = stranger
    assert await site.enter("s-1") == (401, "sso-failed")
    site.provider.keys, site.provider.signing = [RSA, EC], EC
    site.world.clock.advance(31)
    assert (await site.enter("s-1"))[0] == 200
    wrong = ECKey.generate_key("P-384", {"kid": "e1"})
    site.provider.keys = [wrong]
    site.world.clock.advance(3601)
    assert await site.enter("s-1") == (401, "sso-failed")


async def test_a_second_factor_is_the_providers_or_ours(site: Site) -> None:
    demand(site.world, SecondFactorPolicy(everywhere=("administrator",), trusted=()))
    status, me = await site.enter("s-1", acr="2")
    assert (status, me["must_enrol"]) == (200, False)
    status, me = await site.enter("s-1", amr=["pwd", "otp"])
    assert (status, me["must_enrol"]) == (200, False)
    client = site.world.client()
    status, me = await site.enter("s-1", client, acr="1", amr=["pwd"])
    assert (status, me["must_enrol"]) == (200, True)
    site.world.clock.advance(601)
    async with client.post(f"{API}/second-factor/totp", json={}) as response:
        assert await problem_of(response) == (403, "sign-in-again")
    client = site.world.client()
    await site.enter("s-1", client)
    await enrol(site.world, client)
    assert await site.enter("s-1", client) == (401, "second-factor")
    assert "diemcau-second-step" in {cookie.key for cookie in client.cookie_jar}


async def test_no_password_opens_the_account_of_a_provider(site: Site) -> None:
    client = site.world.client()
    await site.enter("s-1", client)
    for password in ("!", PASSWORD):
        async with client.post(f"{API}/login", json={"account": "an.nguyen", "password": password}) as response:
            assert await problem_of(response) == (401, "bad-login")
    async with client.post(f"{API}/password", json={"current": "!", "password": PASSWORD}) as response:
        body = await response.json(content_type="application/problem+json")
        assert body["errors"][0]["field"] == "current"
    links = site.world.server.password_links
    link = await links.issue("an.nguyen", timedelta(hours=1), "admin", NOW)
    body = {"token": links.token(link.id), "password": PASSWORD}
    async with client.post(f"{API}/first-password", json=body) as response:
        assert response.status == 410
    await site.world.accounts.disable("an.nguyen")
    assert await site.enter("s-1") == (401, "bad-login")


async def test_our_own_accounts_get_in_while_the_provider_fails(site: Site) -> None:
    site.provider.down = True
    client = site.world.client()
    for _ in range(3):
        async with client.post(f"{API}/sso/begin", json={}) as response:
            assert await problem_of(response) == (503, "sso-unavailable")
    assert site.provider.asked == ["discovery"]
    await site.world.signed_in("admin")
    async with client.get(f"{API}/sso") as response:
        assert await response.json() == {"oidc": "Đăng nhập bằng tài khoản của tỉnh", "ldap": None}
    site.provider.down = False
    site.world.clock.advance(31)
    assert (await site.enter("s-1"))[0] == 200
    site.provider.down = True
    site.world.clock.advance(3601)
    assert (await site.enter("s-1"))[0] == 200  # what it said of itself an hour ago still holds


async def test_nothing_but_the_settings_decides_where_the_server_connects_to(site: Site) -> None:
    outcomes = []
    for described in (
        {"token_endpoint": "https://169.254.169.254/token"},
        {"jwks_uri": "http://127.0.0.1/certs"},
        {"issuer": "https://khac.example"},
        {"authorization_endpoint": 7},
        {"code_challenge_methods_supported": ["plain"]},
        {"padding": "x" * (1 << 18)},
    ):
        site.provider.described = described
        site.world.clock.advance(31)
        async with site.world.client().post(f"{API}/sso/begin", json={}) as response:
            outcomes.append(await problem_of(response))
    assert outcomes == [(503, "sso-unavailable")] * 6
    assert site.provider.asked == ["discovery"] * 6


async def test_one_signs_out_of_the_provider_too(site: Site) -> None:
    async with site.world.client().post(f"{API}/sso/end", json={}) as response:
        url = (await response.json())["url"]
    page = str(site.world.http.make_url("/index.html")).replace(":", "%3A").replace("/", "%2F")
    base = f"{site.provider.issuer}/protocol/openid-connect/logout"
    assert url == f"{base}?client_id=diemcau&post_logout_redirect_uri={page}"


async def test_an_account_of_ours_is_given_to_its_person_and_back(site: Site) -> None:
    issuer, services = site.provider.issuer, site.world.services

    async def run(command: str, **arguments: str | None) -> None:
        await admin_cli.COMMANDS[command](services, Namespace(**arguments))

    link = {"account": "central", "kind": "oidc", "issuer": issuer, "subject": "s-1", "login": None}
    await run("link-account", **link)
    with pytest.raises(BadInput):
        await run("link-account", **{**link, "account": "admin"})  # one person has one account
    with pytest.raises(BadInput):
        await run("set-password", account="central")
    with pytest.raises(AssertionError, match="bad-login"):
        await site.world.signed_in("central")
    status, me = await site.enter("s-1")
    assert (status, me["account"], me["roles"]) == (200, "central", ["administrator"])
    client = await site.world.signed_in("admin")
    async with client.get(f"{API}/directory/accounts") as response:
        kinds = {each["account"]: each["kind"] for each in await response.json()}
    assert (kinds["central"], kinds["admin"]) == ("oidc", "own")
    await run("unlink-account", account="central")
    with pytest.raises(BadInput):
        await run("unlink-account", account="central")
    status, me = await site.enter("s-1")
    assert (status, me["account"]) == (200, "an.nguyen")


async def test_without_settings_there_is_none(world: World) -> None:
    client: aiohttp.ClientSession = world.client()
    async with client.get(f"{API}/sso") as response:
        assert await response.json() == {"oidc": None, "ldap": None}
    async with client.post(f"{API}/sso/begin", json={}) as response:
        assert await problem_of(response) == (404, "not-found")
