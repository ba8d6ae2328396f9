"""LDAP messages: pycrate, which has the ASN.1 of RFC 4511, reads what is written and writes what is read."""

from typing import Any

import pytest
from pycrate_asn1dir import LDAP

from signaling.accounts.sso import ldap_message
from signaling.accounts.sso.ldap_message import BadLdap, Entry, Result

MESSAGE = LDAP.Lightweight_Directory_Access_Protocol_V3.LDAPMessage


def read(message: bytes) -> Any:
    """Return what pycrate reads."""
    MESSAGE.from_ber(message)
    return MESSAGE.get_val()


def written(number: int, operation: tuple[str, Any]) -> bytes:
    """Return the content of a message that pycrate writes."""
    MESSAGE.set_val({"messageID": number, "protocolOp": operation})
    message: bytes = MESSAGE.to_ber()
    sizes = ldap_message.header(message)
    assert sizes is not None and sum(sizes) == len(message)
    return message[sizes[0] :]


def test_requests_are_those_of_the_rfc() -> None:
    bind = {"version": 3, "name": b"an@tinh", "authentication": ("simple", "mật khẩu".encode())}
    assert read(ldap_message.bind_request(1, "an@tinh", "mật khẩu")) == {
        "messageID": 1,
        "protocolOp": ("bindRequest", bind),
    }
    assert read(ldap_message.start_tls_request(200))["protocolOp"] == (
        "extendedReq",
        {"requestName": b"1.3.6.1.4.1.1466.20037"},
    )
    assert read(ldap_message.unbind_request(70_000)) == {"messageID": 70_000, "protocolOp": ("unbindRequest", 0)}
    wanted = ldap_message.both(ldap_message.equals("uid", "*)(uid=*"), ldap_message.holds_nested("member", "cn=x"))
    search = read(ldap_message.search_request(2, "dc=x" * 60, wanted, ["cn", "1.1"], 1000, 8))["protocolOp"][1]
    assert {name: search[name] for name in ("baseObject", "scope", "sizeLimit", "timeLimit", "typesOnly")} == {
        "baseObject": b"dc=x" * 60,
        "scope": "wholeSubtree",
        "sizeLimit": 1000,
        "timeLimit": 8,
        "typesOnly": False,
    }
    kind, (first, second) = search["filter"]
    assert (kind, first) == ("and", ("equalityMatch", {"attributeDesc": b"uid", "assertionValue": b"*)(uid=*"}))
    assert (second[0], second[1]["matchingRule"], second[1]["type"], second[1]["matchValue"]) == (
        "extensibleMatch",
        b"1.2.840.113556.1.4.1941",
        b"member",
        b"cn=x",
    )
    assert search["attributes"] == [b"cn", b"1.1"]


def test_no_bind_is_without_a_password() -> None:
    for name, password in (("an", ""), ("", "x")):
        with pytest.raises(ValueError, match="no password"):
            ldap_message.bind_request(1, name, password)


def test_responses_are_read() -> None:
    result = {"resultCode": "invalidCredentials", "matchedDN": b"", "diagnosticMessage": b"80090308: sai"}
    assert ldap_message.response(written(1, ("bindResponse", result))) == (
        1,
        ldap_message.BIND_DONE,
        Result(49, "80090308: sai"),
    )
    attributes = [{"type": b"memberOf", "vals": [b"cn=a", b"\xff"]}, {"type": b"objectGUID", "vals": [b"\x00\x01"]}]
    number, tag, entry = ldap_message.response(
        written(300, ("searchResEntry", {"objectName": "cn=Ấn".encode(), "attributes": attributes}))
    )
    assert isinstance(entry, Entry)
    assert (number, tag, entry.dn, entry.texts("memberof")) == (300, ldap_message.ENTRY, "cn=Ấn", ["cn=a"])
    assert (entry.identity("objectGuid"), entry.identity("none"), entry.texts("none")) == ("0001", "", [])
    assert ldap_message.response(written(4, ("searchResRef", [b"ldap://x"]))) == (4, ldap_message.REFERENCE, None)
    done = {"resultCode": "sizeLimitExceeded", "matchedDN": b"", "diagnosticMessage": b""}
    assert ldap_message.response(written(5, ("searchResDone", done)))[2] == Result(4)
    assert ldap_message.response(written(6, ("extendedResp", {**done, "resultCode": "success"})))[2] == Result(0)


@pytest.mark.parametrize(
    "message", [b"\x31\x00", b"\x30\x80", b"\x30\x85\x00\x00\x00\x00\x01", b"\x30\x84\x00\x04\x00\x01"]
)
def test_what_is_no_message_is_refused_before_it_is_read(message: bytes) -> None:
    with pytest.raises(BadLdap):
        ldap_message.header(message)


def test_a_header_may_come_in_parts() -> None:
    assert [ldap_message.header(b"\x30\x82\x01\x00"[:size]) for size in range(5)] == [None, None, None, None, (4, 256)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x02\x01",
        b"\x02\x01\x01",
        b"\x02\x00\x61\x00",
        b"\x02\x01\x01\x61\x00",
        b"\x02\x01\x01\x61\x03\x0a\x01\x00",
        b"\x02\x01\x01\x60\x00",
        b"\x02\x01\x01\x64\x02\x04\x00",
        b"\x02\x01\x01\x64\x05\x04\x01\xff\x30\x00",
        b"\x02\x01\x01\x64\x06\x04\x00\x30\x02\x30\x00",
        b"\x02\x06\x01\x01\x01\x01\x01\x01\x61\x00",
    ],
)
def test_a_faulty_response_is_refused(content: bytes) -> None:
    with pytest.raises(BadLdap):
        ldap_message.response(content)
