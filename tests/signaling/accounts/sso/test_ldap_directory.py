"""Passwords and groups of an LDAP directory: of Debian's slapd, and of servers that do not keep to the protocol."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from loadtest.rooms.certificates import Authority
from signaling.accounts.sso import ldap_directory
from signaling.accounts.sso.ldap_directory import LdapDirectory
from signaling.accounts.sso.ldap_message import BIND_DONE, EXTENDED_DONE
from signaling.accounts.sso.roles import Person
from signaling.accounts.sso.settings import LdapSettings, SsoSettings
from signaling.app.settings import Settings
from signaling.core.errors import SsoUnavailable
from tests.signaling.accounts.sso.ldap_responses import message
from tests.signaling.second_factor_calls import API
from tests.signaling.slapd import BASE, PASSWORDS, UUIDS, Slapd, slapd
from tests.signaling.world import PASSWORD, open_world, problem_of

ROLES = [
    {"group": f"CN=Quan-Tri, OU=Nhom,{BASE}", "roles": ["administrator"]},
    {"group": f"cn=so-y-te,ou=nhom,{BASE}", "roles": ["registrant"], "unit": "568"},
]


@dataclass(frozen=True)
class Site:
    """A directory and the certificates that are trusted, and others."""

    server: Slapd
    trusted: Path
    other: Path

    def section(self, *servers: str, **fields: Any) -> dict[str, Any]:
        """Return a section [ldap]."""
        return {
            "label": "Tài khoản của tỉnh",
            "servers": list(servers or (f"ldap://127.0.0.1:{self.server.port}",)),
            "bind": f"uid={{account}},ou=nguoi,{BASE}",
            "base": BASE,
            "object_class": "inetOrgPerson",
            "groups": "member",
            "ca": str(self.trusted),
            "roles": ROLES,
            **fields,
        }

    def directory(self, *servers: str, **fields: Any) -> LdapDirectory:
        """Return a directory of such settings."""
        return LdapDirectory(LdapSettings.model_validate(self.section(*servers, **fields)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("ldap")
    authority, other = Authority("tinh"), Authority("khac")
    folder = authority.folder(home / "server", "127.0.0.1", trusts=authority)
    strange = other.folder(home / "other", "127.0.0.1", trusts=other)
    with slapd(folder) as server:
        yield Site(server, folder / "authority.pem", strange / "authority.pem")


async def test_people_are_known_by_their_own_password(site: Site) -> None:
    an = Person("ldap", BASE, UUIDS["an"], "an", "An Nguyễn", ("administrator",), None)
    binh = Person("ldap", BASE, UUIDS["binh"], "binh", "Binh Nguyễn", ("registrant",), "568")
    secure = f"ldaps://127.0.0.1:{site.server.tls_port}"
    for directory in (site.directory(), site.directory(secure), site.directory(groups="memberOf")):
        assert await directory.person("an", PASSWORDS["an"]) == an
    assert await site.directory().person("binh", PASSWORDS["binh"]) == binh
    chi = await site.directory(unit_attribute="ou").person("chi", PASSWORDS["chi"])
    assert chi is not None and (chi.roles, chi.unit) == ((), "568")
    wrong = [("an", "sai"), ("an", PASSWORDS["binh"]), ("nobody", "x"), ("an", ""), ("*", "x"), ("an)(uid=*", "x")]
    assert [await site.directory().person(*each) for each in wrong] == [None] * len(wrong)


async def test_a_name_that_is_bound_must_be_that_of_the_person_found(site: Site) -> None:
    bound_as_another = site.directory(bind=f"uid=an,ou=nguoi,{BASE}".replace("an,", "{account},"), base=BASE)
    assert await bound_as_another.person("an", PASSWORDS["an"]) is not None
    found_another = site.directory(account_attribute="cn")  # nobody's cn is "an"
    assert await found_another.person("an", PASSWORDS["an"]) is None
    several = site.directory(account_attribute="sn", object_class=None)
    assert await several.person("an", PASSWORDS["an"]) is None


async def test_servers_are_asked_in_turn_and_none_without_the_right_certificate(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    here = f"ldap://127.0.0.1:{site.server.port}"
    assert await site.directory("ldaps://127.0.0.1:9", here).person("an", PASSWORDS["an"]) is not None
    for refused in (
        site.directory(ca=str(site.other)),
        site.directory(f"ldaps://localhost:{site.server.tls_port}"),  # the certificate is for 127.0.0.1
        site.directory(f"ldaps://127.0.0.1:{site.server.port}"),
    ):
        with pytest.raises(SsoUnavailable):
            await refused.person("an", PASSWORDS["an"])
    assert PASSWORDS["an"] not in caplog.text


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[str]:
    """Run a server that answers each message by the next of its answers, whatever was asked, and then is silent."""

    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        for each in answers:
            if not await reader.read(1000):
                break
            writer.write(each)
        await reader.read(1000)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"ldap://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for each in writers:
        each.close()
        await each.wait_closed()


@pytest.mark.parametrize(
    "answer",
    [
        message(1, EXTENDED_DONE) + message(2, BIND_DONE),  # a response for what is asked later, and without TLS
        message(1, EXTENDED_DONE, 2),
        message(2, EXTENDED_DONE),
        message(1, BIND_DONE),
        b"\x30\x84\x7f\xff\xff\xff",
        b"HTTP/1.1 400\r\n\r\n",
        b"",
    ],
)
async def test_nothing_is_asked_without_tls(site: Site, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(ldap_directory, "SECONDS", 0.2)
    async with answering(answer, b"") as server:
        with pytest.raises(SsoUnavailable):
            await site.directory(server).person("an", PASSWORDS["an"])


async def test_people_of_the_directory_sign_in_by_the_same_form(site: Site, settings: Settings) -> None:
    sso = SsoSettings.model_validate({"ldap": site.section()})
    async with open_world(replace(settings, sso=sso)) as world:
        outcomes: list[tuple[Any, ...]] = []
        for account, password in (
            ("An", PASSWORDS["an"]),
            ("an", PASSWORD),
            ("chi", PASSWORDS["chi"]),
            ("admin", PASSWORD),
            ("admin", PASSWORDS["an"]),
        ):
            async with world.client().post(f"{API}/login", json={"account": account, "password": password}) as response:
                if response.status == 200:
                    me = await response.json()
                    outcomes.append((me["account"], me["roles"], me["kind"]))
                else:
                    outcomes.append(await problem_of(response))
        assert outcomes == [
            ("an", ["administrator"], "ldap"),
            (401, "bad-login"),
            (403, "no-role"),
            ("admin", ["administrator"], "own"),
            (401, "bad-login"),
        ]
        client = world.client()
        body = {"account": "an", "password": PASSWORDS["an"]}
        async with client.post(f"{API}/login", json=body) as response:
            assert response.status == 200
        async with client.post(f"{API}/second-factor/totp", json={"password": "sai"}) as response:
            assert await problem_of(response) == (401, "bad-login")
        async with client.post(f"{API}/second-factor/totp", json={"password": PASSWORDS["an"]}) as response:
            assert response.status == 200
        for _ in range(5):
            async with client.post(f"{API}/login", json={**body, "password": "sai"}) as response:
                last = await problem_of(response)
        assert last == (401, "bad-login")
        async with client.post(f"{API}/login", json=body) as response:
            assert await problem_of(response) == (429, "locked")
        log = [(e.actor, e.action, e.detail) for e in await world.audited(40)]
        assert log.count(("an", "login", "ldap")) == 2
        assert ("an", "sso-account", f"ldap {BASE} {UUIDS['an']}: administrator") in log


async def test_a_directory_that_fails_locks_nobody(site: Site, settings: Settings) -> None:
    sso = SsoSettings.model_validate({"ldap": site.section("ldaps://127.0.0.1:9")})
    async with open_world(replace(settings, sso=sso)) as world:
        for _ in range(7):
            body = {"account": "an", "password": PASSWORDS["an"]}
            async with world.client().post(f"{API}/login", json=body) as response:
                assert await problem_of(response) == (503, "sso-unavailable")
        await world.signed_in("admin")
