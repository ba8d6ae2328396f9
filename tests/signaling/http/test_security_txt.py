"""`/.well-known/security.txt` names whom a weakness of the installation is reported to (RFC 9116).

Also tests `security_contact.py`.
"""

from dataclasses import replace
from datetime import date

import pytest

from signaling.app.settings import Settings, read
from signaling.core.errors import SettingsError
from signaling.http.security_contact import SecurityContact
from tests.signaling.world import World, open_world, problem_of

PATH = "/.well-known/security.txt"


async def test_everybody_reads_whom_to_report_to(settings: Settings) -> None:
    contact = SecurityContact(("mailto:attt@khanhhoa.gov.vn", "tel:+84-258-3822229"), date(2027, 6, 30))
    async with open_world(replace(settings, security_contact=contact)) as world, world.client().get(PATH) as response:
        assert (response.status, response.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
        assert await response.text() == (
            "Contact: mailto:attt@khanhhoa.gov.vn\nContact: tel:+84-258-3822229\nExpires: 2027-06-30T00:00:00Z\n"
            "Preferred-Languages: vi, en\n"
        )


async def test_without_a_contact_there_is_no_such_file(world: World) -> None:
    async with world.client().get(PATH) as response:
        assert await problem_of(response) == (404, "not-found")


def test_contact_and_expiry_are_settings() -> None:
    uris, expires = "mailto:attt@khanhhoa.gov.vn, https://khanhhoa.gov.vn/attt", "2027-06-30"
    environ = {"DIEMCAU_SECURITY_CONTACT": uris, "DIEMCAU_SECURITY_EXPIRES": expires}
    assert read(environ).security_contact == SecurityContact(
        ("mailto:attt@khanhhoa.gov.vn", "https://khanhhoa.gov.vn/attt"), date(2027, 6, 30)
    )
    assert read({}).security_contact is None
    wrong: list[dict[str, str]] = [
        {"DIEMCAU_SECURITY_CONTACT": uris},
        {"DIEMCAU_SECURITY_EXPIRES": expires},
        environ | {"DIEMCAU_SECURITY_EXPIRES": "30/06/2027"},
        *(
            environ | {"DIEMCAU_SECURITY_CONTACT": contact}
            for contact in (
                "attt@khanhhoa.gov.vn",
                "http://a",
                "mailto:a@b\nx",
                "mailto:a@b,",
                ",".join(["tel:113"] * 9),
            )
        ),
    ]
    for each in wrong:
        with pytest.raises(SettingsError, match="DIEMCAU_SECURITY_"):
            read(each)
