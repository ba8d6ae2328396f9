"""The shipped profiles of room systems."""

import pytest
from pydantic import ValidationError

from scheduler.directory.equipment import sip_profiles
from scheduler.directory.equipment.sip_profiles import SipProfile


def test_the_common_makes_are_shipped_and_others_get_the_generic_profile() -> None:
    assert list(sip_profiles.load()) == ["generic", "polycom", "cisco", "yealink", "huawei", "sony", "diemcau", "dtls"]
    assert sip_profiles.profile("") == sip_profiles.profile("gone") == sip_profiles.load()["generic"]
    assert sip_profiles.profile("sony").modes == [0]
    assert sip_profiles.profile("diemcau").sounds[0] == "opus", "a lone voice goes on as it came"


def test_a_profile_says_what_we_have() -> None:
    generic = sip_profiles.profile("").model_dump()
    wrong: tuple[tuple[str, object], ...] = (
        ("sounds", []),
        ("sounds", ["OPUS"]),
        ("modes", [2]),
        ("level", 41),
        ("kbps", 3001),
        ("keys", "MIKEY"),
        ("session_s", 89),
        ("bfcp", False),  # as YAML reads off without quotation marks
        ("bfcp", "TLS"),
        ("bfcp_version", 3),
        ("high", 1),
        ("pin", 1),
    )
    for name, value in wrong:
        with pytest.raises(ValidationError):
            SipProfile.model_validate({**generic, name: value})
