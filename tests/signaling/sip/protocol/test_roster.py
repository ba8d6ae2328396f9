"""Rosters that MCUs announce, against a plain dictionary as the model (RFC 4575)."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.sip.protocol import roster as rosters
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.roster import MAX_DEPTH, MAX_NAMES, MAX_USERS, NOBODY, Inside, Roster, read
from tests.signaling.sip.rosters import NAMESPACE, roster, user

OWN = ("diemcau", "10.0.0.1")
RFC_4575 = f"""<?xml version="1.0" encoding="UTF-8"?>
<conference-info xmlns="{NAMESPACE}" entity="sips:conf233@example.com" state="full" version="1">
 <conference-description><subject>Agenda: This month's goals</subject>
  <service-uris><entry><uri>http://sharepoint/salesgroup/</uri><purpose>web-page</purpose></entry></service-uris>
 </conference-description>
 <conference-state><user-count>33</user-count></conference-state>
 <users>
  <user entity="sip:bob@example.com" state="full">
   <display-text>Bob Hoskins</display-text>
   <endpoint entity="sip:bob@pc33.example.com">
    <display-text>Bob's Laptop</display-text>
    <status>disconnected</status>
    <disconnection-method>departed</disconnection-method>
    <disconnection-info><when>2005-03-04T20:00:00Z</when><reason>bad voice quality</reason></disconnection-info>
   </endpoint>
  </user>
  <user entity="sip:alice@example.com" state="full">
   <display-text>Alice</display-text>
   <endpoint entity="sip:4kfk4j392jsu@example.com;grid=433kj4j3u">
    <display-text>Alice's phone</display-text>
    <status>connected</status>
    <joining-method>dialed-out</joining-method>
    <media id="1"><display-text>main audio</display-text><type>audio</type><status>disconnected</status></media>
   </endpoint>
  </user>
 </users>
</conference-info>"""
"""Shaped like the example of RFC 4575 §6: endpoints and media have texts and states of their own."""


def inside(*documents: str) -> Inside:
    """Return who is inside after some documents, each of which must be taken."""
    known = Roster(OWN)
    assert [known.take(read(each)) for each in documents] == [True] * len(documents)
    return known.inside()


def test_the_example_of_the_rfc() -> None:
    assert inside(RFC_4575) == Inside(("Alice",))
    assert inside(RFC_4575.replace(f'xmlns="{NAMESPACE}"', "")) == Inside(("Alice",))
    other = RFC_4575.replace("<conference-info xmlns", "<c:conference-info xmlns:c").replace("</conf", "</c:conf", 3)
    with pytest.raises(BadMessage):  # its other elements are of no namespace that is declared
        inside(other.replace("</c:conference-description", "</conference-description"))


def test_elements_of_other_namespaces_are_passed_over() -> None:
    strange = '<x:user xmlns:x="urn:x" entity="sip:x@y"><display-text>X</display-text></x:user>'
    assert inside(RFC_4575.replace("</users>", f"{strange}</users>")) == Inside(("Alice",))
    assert inside(RFC_4575.replace("</users>", f"<more>{strange}</more></users>")) == Inside(("Alice",))


def test_we_are_not_named_and_who_has_no_name_is_counted() -> None:
    users = [
        user("sip:diemcau@10.0.0.1:5060", "UBND tỉnh"),
        user("sip:leg-7@mcu", "UBND tỉnh", {"sip:diemcau@10.0.0.1;transport=tcp": "connected"}),
        user("sip:van-phong@10.0.0.7", "Văn phòng\n\x85Chính   phủ"),
        user("sip:2001@10.0.0.7"),
        user("sip:anonymous@anonymous.invalid"),
        user("tel:+84"),
        user("sip:l@m", "L" * 100),
        user("sip:silent@m", "Im", {"sip:s@m": None}),
        user("sip:plain@m", "Không thiết bị", {}),
        *(user(f"sip:{status}@m", "Ngoài", {"sip:e@m": status}) for status in sorted(rosters.AWAY)),
        user("sip:twice@m", "Hai thiết bị", {"sip:a@m": "disconnected", "sip:b@m": "on-hold"}),
    ]
    names = "Văn phòng Chính phủ", "2001", "+84", "L" * 60, "Im", "Không thiết bị", "Hai thiết bị"
    assert inside(roster(users)) == Inside(names, 1)
    many = [user(f"sip:{number}@m", f"Điểm {number}") for number in range(MAX_NAMES + 7)]
    assert inside(roster(many)) == Inside(tuple(f"Điểm {number}" for number in range(MAX_NAMES)), 7)


def test_documents_that_say_what_changed() -> None:
    first = roster([user("sip:a@m", "An", {"sip:1@m": "connected"}), user("sip:b@m", "Bình")], version=7)
    renamed = user("sip:a@m", "An Giang", {"sip:2@m": "alerting"}, "partial")
    second = roster([renamed, user("sip:b@m", state="deleted")], version=8, state="partial", users_state="partial")
    assert inside(first, second) == Inside(("An Giang",))
    left = user("sip:a@m", None, {"sip:1@m": "deleted"}, "partial")
    third = roster([left, user("sip:c@m", "Cường")], version=9, state="partial", users_state="partial")
    assert inside(first, second, third) == Inside(("Cường",))
    again = user("sip:a@m", None, {"sip:2@m": "connected"}, "partial")
    fourth = roster([again], version=10, state="partial", users_state="partial")
    assert inside(first, second, third, fourth) == Inside(("An Giang", "Cường"))
    ours = user("sip:b@m", None, {"sip:diemcau@10.0.0.1": "connected"}, "partial")
    fifth = roster([ours], version=8, state="partial", users_state="partial")
    assert inside(first, fifth) == Inside(("An",))
    gone = user("sip:b@m", None, {"sip:diemcau@10.0.0.1": "deleted"}, "partial")
    assert inside(first, fifth, roster([gone], version=9, state="partial", users_state="partial")) == Inside(
        ("An", "Bình")
    )
    assert inside(first, roster(None, version=8, state="partial")) == Inside(("An", "Bình"))
    assert inside(first, roster([], version=8, state="partial")) == NOBODY
    assert inside(first, roster([], version=8, state="partial", users_state="deleted")) == NOBODY
    assert inside(first, roster(None, version=8, state="deleted")) == NOBODY
    assert inside(first, roster(None, version=8)) == NOBODY


def test_a_document_that_is_missing_is_noted_and_an_earlier_one_changes_nothing() -> None:
    def partial(version: int) -> str:
        return roster([user("sip:b@m", "Bình")], version=version, state="partial", users_state="partial")

    known = Roster(OWN)
    assert (known.take(read(partial(0))), known.inside()) == (False, NOBODY)
    assert known.take(read(roster([user("sip:a@m", "An")], version=3)))
    for version, taken in ((5, False), (3, True), (1, True)):
        assert (known.take(read(partial(version))), known.inside()) == (taken, Inside(("An",)))
    assert (known.take(read(partial(4))), known.inside()) == (True, Inside(("An", "Bình")))
    assert known.take(read(roster([user("sip:c@m", "Cường")], version=2)))  # an MCU that counts anew
    assert (known.take(read(partial(3))), known.inside()) == (True, Inside(("Cường", "Bình")))


Users = dict[str, tuple[str, str]]
"""Name and status of users, by their URI."""
ENTITIES = st.sampled_from([f"sip:{letter}@m" for letter in "abcde"])
STATUSES = st.sampled_from(["connected", "disconnected", "alerting", "on-hold"])
USERS = st.dictionaries(ENTITIES, st.tuples(st.text("AĐộ ", min_size=1, max_size=4), STATUSES), max_size=5)


@given(st.lists(st.tuples(st.booleans(), USERS, st.sets(ENTITIES)), max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_order_of_documents_gives_what_a_dictionary_does(steps: list[tuple[bool, Users, set[str]]]) -> None:
    known, model = Roster(OWN), Users()
    assert known.take(read(roster([], version=0)))
    for version, (full, told, gone) in enumerate(steps, 1):
        elements, state = [user(entity, name, {"sip:e@m": status}) for entity, (name, status) in told.items()], "full"
        model = (
            Users(told) if full else {each: of for each, of in model.items() if each not in gone - told.keys()} | told
        )
        if not full:
            elements += [user(entity, state="deleted") for entity in gone - told.keys()]
            state = "partial"
        assert known.take(read(roster(elements, version=version, state=state, users_state=state)))
        assert known.inside().names == _names(model)


def _names(model: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    there = [(entity, name) for entity, (name, status) in model.items() if status in ("connected", "on-hold")]
    return tuple(" ".join(name.split()) or entity[4] for entity, name in there)


@pytest.mark.parametrize(
    "document",
    [
        *("", "<", "x", "<a/>", f'<conference-info xmlns="{NAMESPACE}">'),
        '<!DOCTYPE conference-info [<!ENTITY a "a">]>' + roster([]),
        '<!DOCTYPE conference-info SYSTEM "http://127.0.0.1/x.dtd">' + roster([]),
        "<conference-info>&a;</conference-info>",
        *(roster([]).replace('"full"', each) for each in ('"all"', '""')),
        *(roster([]).replace('version="1"', f'version="{each}"') for each in ("-1", "x", str(2**32))),
        "<conference-info>" + "<x>" * MAX_DEPTH + "</x>" * MAX_DEPTH + "</conference-info>",
        "<conference-info>" + " " * rosters.MAX_BYTES + "</conference-info>",
    ],
)
def test_what_is_no_roster_is_refused(document: str) -> None:
    with pytest.raises(BadMessage):
        read(document)


def test_a_roster_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Roster(OWN)
    most = [user(f"sip:{number}@m", endpoints={}) for number in range(MAX_USERS)]
    assert known.take(read(roster(most)))
    further = [user("sip:x@m"), user("sip:0@m", "Đầu", state="partial")]
    assert known.take(read(roster(further, version=2, state="partial", users_state="partial")))
    assert known.inside() == Inside(("Đầu", *map(str, range(1, MAX_NAMES))), MAX_USERS - MAX_NAMES)
    calls = 0

    def counted(uri: str) -> tuple[str, str]:
        nonlocal calls
        calls += 1
        return "", ""

    monkeypatch.setattr(rosters, "address_of", counted)
    for version in range(3, 9):  # each URI is read once, however often something changes
        assert known.take(read(roster(further, version=version, state="partial", users_state="partial")))
        assert known.inside().more == MAX_USERS - MAX_NAMES
    assert calls == 0
    endpoints: dict[str, str | None] = {f"sip:{number}@m": "disconnected" for number in range(rosters.MAX_ENDPOINTS)}
    assert inside(roster([user("sip:a@m", "An", endpoints | {"sip:late@m": "connected"})])) == NOBODY
    assert inside(roster([user(f"sip:{'a' * rosters.MAX_ENTITY}@m", "An")])) == NOBODY
    assert inside(roster([user("sip:a@m", "N" * 60_000)])) == Inside(("N" * 60,))
