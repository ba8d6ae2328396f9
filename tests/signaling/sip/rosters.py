"""Writes rosters as MCUs announce them (RFC 4575), by ElementTree and not by code of ours."""

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

NAMESPACE = "urn:ietf:params:xml:ns:conference-info"


def roster(users: Iterable[Element] | None, *, version: int = 1, state: str = "full", users_state: str = "full") -> str:
    """Return a document with some users; None: without any word of users."""
    root = Element("conference-info", xmlns=NAMESPACE, entity="sip:8800@mcu", state=state, version=str(version))
    if users is not None:
        SubElement(root, "users", state=users_state).extend(users)
    return ElementTree.tostring(root, "unicode")


def user(
    entity: str, name: str | None = None, endpoints: Mapping[str, str | None] | None = None, state: str = "full"
) -> Element:
    """Return a user with endpoints by their URI: a status, None for one without, `deleted` for one that is gone."""
    element = Element("user", entity=entity, state=state)
    if name is not None:
        SubElement(element, "display-text").text = name
    for each, status in ({entity: "connected"} if endpoints is None else endpoints).items():
        gone = status == "deleted"
        endpoint = SubElement(element, "endpoint", entity=each, state="deleted" if gone else state)
        if status is not None and not gone:
            SubElement(endpoint, "status").text = status
    return element


THREE = (
    roster([user("sip:a@mcu", "Văn phòng Chính phủ"), user("sip:b@mcu", "Bộ Y tế", {"sip:1@h": "alerting"})]),
    roster(
        [user("sip:b@mcu", None, {"sip:1@h": "connected", "sip:2@h": "deleted"}, "partial")],
        version=2,
        state="partial",
        users_state="partial",
    ),
    roster([user("sip:a@mcu", state="deleted")], version=3, state="partial", users_state="partial"),
)
"""Documents of which each tells what changed since the one before."""
