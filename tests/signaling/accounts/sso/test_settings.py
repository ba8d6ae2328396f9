"""The file of single sign-on: what it may say, and that whatever is not understood is refused."""

from pathlib import Path

import pytest

from signaling.accounts.sso import settings
from signaling.accounts.sso.roles import RoleMapping
from signaling.app.settings import read
from signaling.core.errors import SettingsError

OIDC = """
[oidc]
label = "Đăng nhập bằng tài khoản của tỉnh"
issuer = "https://sso.tinh.example/realms/tinh"
client_id = "diemcau"
[[oidc.roles]]
group = "/so-y-te"
roles = ["site", "registrant"]
unit = "so-y-te"
"""
LDAP = """
[ldap]
label = "Tài khoản của tỉnh"
servers = ["ldaps://dc1.tinh.example", "ldap://dc2.tinh.example:3389"]
bind = "{account}@tinh.example"
base = "dc=tinh,dc=example"
[[ldap.roles]]
group = "cn=quan-tri,dc=tinh,dc=example"
roles = ["administrator"]
"""


def test_both_ways_may_be_set() -> None:
    found = settings.parse((OIDC + LDAP).encode())
    assert found.oidc is not None and found.ldap is not None
    assert found.oidc.mappings == [RoleMapping("/so-y-te", ("registrant", "site"), "so-y-te")]
    reached = [(each.host, each.port, each.tls_first) for each in found.ldap.reached]
    assert reached == [("dc1.tinh.example", 636, True), ("dc2.tinh.example", 3389, False)]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("", "neither"),
        ("[oidc", "Expected"),
        (OIDC.replace("https:", "http:"), "oidc.issuer"),
        (OIDC.replace("https://sso", "https://user@sso"), "oidc.issuer"),
        (OIDC.replace('"site", "registrant"', '"provider"'), "oidc.roles.0.roles"),
        (OIDC.replace('"site", "registrant"', ""), "oidc.roles.0.roles"),
        (OIDC.replace("client_id", "client_secret"), "oidc.client_id"),
        (OIDC.replace("label", 'secret = "mat khau"\nlabel'), "oidc.secret"),
        (OIDC.partition("[[oidc")[0], "oidc.roles"),
        (LDAP.replace("ldaps:", "http:"), "ldap.servers"),
        (LDAP.replace("{account}@", "an@"), "ldap.bind"),
        (LDAP.replace("{account}@", "{account}{x}@"), "ldap.bind"),
        (LDAP.replace("base =", 'account_attribute = "uid)(x"\nbase ='), "ldap.account_attribute"),
        ("x = " + "[" * 5000, "nested"),
        ("#" * (1 << 18) + "x", "more than"),
    ],
)
def test_what_is_not_understood_is_refused_and_not_repeated(content: str, place: str) -> None:
    with pytest.raises(ValueError, match=place) as raised:
        settings.parse(content.encode())
    assert "mat khau" not in str(raised.value)


def test_the_server_does_not_start_with_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    file, secret = tmp_path / "sso.toml", tmp_path / "secret"
    file.write_text(OIDC.replace("[[", f'client_secret_file = "{secret}"\n[['), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"DIEMCAU_SSO.*cannot be read"):
        read({"DIEMCAU_SSO": str(file)})
    secret.write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="no secret"):
        read({"DIEMCAU_SSO": str(file)})
    secret.write_text("xyz\n", encoding="utf-8")
    found = read({"DIEMCAU_SSO": str(file)})
    assert found.sso is not None and found.sso.oidc is not None
    assert (found.sso.oidc.secret(), "xyz" in repr(found)) == ("xyz", False)
    file.write_text(OIDC.replace("[[", f'ca = "{secret}"\n[['), encoding="utf-8")
    with pytest.raises(SettingsError, match="DIEMCAU_SSO"):
        read({"DIEMCAU_SSO": str(file)})
