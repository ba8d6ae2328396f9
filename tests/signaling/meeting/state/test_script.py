"""The script of a running meeting: what steps change and undo, how long items took, which clients are told.

Also tests `signaling/booking/scripts.py` and `signaling/booking/script_spreadsheets.py`.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import Layout
from scheduler.core.model import ScriptItem
from signaling.booking.script_spreadsheets import NAMED
from signaling.core.errors import MessageError
from signaling.meeting.state.booking import Booking
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.roster import Person, Place, Roster
from signaling.messages import effects as e
from signaling.messages.script import ScriptState
from tests import bombs
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, problem_of
from tests.signaling.world import HOST as HOST_POINT

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
HOST = Place("host", "UBND.Khanh Hoa", "UBND tỉnh Khánh Hòa", 1)
NT = Place("nt", "UBND.Nha Trang", "UBND thành phố Nha Trang", 2)
CR = Place("cr", "UBND.Cam Ranh", "UBND thành phố Cam Ranh", 1)

OPENING = ScriptItem("open", "Khai mạc", None, "single", 5, "speech")
REPORT = ScriptItem("report", "Nha Trang báo cáo", "nt", "1+7", 15, "speech")
FILM = ScriptItem("film", "Phim tư liệu của Cam Ranh", "cr", None, 5, "show")
TALK = ScriptItem("talk", "Thảo luận", "cr", "grid", 30, "discussion")
PAUSE = ScriptItem("pause", "Giải lao", None, None, 10, "break")
ITEMS = (OPENING, REPORT, FILM, TALK, PAUSE)


class ScriptedMeeting:
    """A meeting with a script; the host is in as h, Nha Trang as n, Cam Ranh as c. Clients are their seats."""

    def __init__(self, *absent: str) -> None:
        numbers: Iterator[int] = count(1)
        roster = Roster((HOST, NT, CR), new_id=lambda: f"s{next(numbers)}")
        end = NOW + timedelta(hours=2)
        self.state = MeetingState(Booking("id", "Họp", "KH-1", (HOST, NT, CR), NOW, end, False, 4, ITEMS), roster)
        for client, place in (("h", HOST), ("n", NT), ("c", CR)):
            if client not in absent:
                self.join(client, place)

    def join(self, client: str, place: Place) -> list[e.Effect]:
        person = Person(client, client, place, place == HOST)
        choice = self.state.roster.choose(person, None)
        return self.state.join(client, person, choice, NOW)[1]

    def seat(self, client: str) -> str:
        seat = self.state.roster.of(client)
        assert seat is not None
        return seat.id

    @property
    def floors(self) -> str:
        """The clients who have the floor."""
        return "".join(client for client in "hnc" if self.has_floor(client))

    def has_floor(self, client: str) -> bool:
        seat = self.state.roster.of(client)
        return seat is not None and seat.floor

    def step(self, to: str | None, seconds: float = 0) -> list[e.Effect]:
        return self.state.step("h", to, NOW + timedelta(seconds=seconds))

    @property
    def shown(self) -> tuple[str, str | None]:
        """The layout and the client in its large pane."""
        layout = self.state.layout_control.layout
        return layout.kind, next((client for client in "hnc" if self.is_seat(client, layout.focus)), None)

    def is_seat(self, client: str, seat: str | None) -> bool:
        found = self.state.roster.of(client)
        return found is not None and found.id == seat


def test_each_item_arranges_the_picture_and_moves_the_floor() -> None:
    meeting = ScriptedMeeting()
    seen = []
    for item in ITEMS:
        meeting.step(item.id)
        seen.append((*meeting.shown, meeting.floors))
    assert seen == [
        ("single", "h", "h"),
        ("1+7", "n", "hn"),
        ("1+7", "c", "h"),
        ("grid", None, "hc"),
        ("grid", None, "h"),
    ]


def test_a_step_is_one_message_with_all_that_follows() -> None:
    meeting = ScriptedMeeting()
    meeting.state.hand("n", True, NOW)
    layout = Layout("1+7", meeting.seat("n"))
    [script, agenda, floor, spoke, arrange, layout_message, stored] = meeting.step("report")
    assert (agenda, stored) == (e.TellAll(meeting.state.script.agenda), e.StoreStep(REPORT))
    assert spoke == e.Speak("nt", "UBND.Nha Trang.01", True, 1)
    assert (floor, arrange) == (e.SetFloor(meeting.seat("n"), True), e.Arrange(layout))
    assert isinstance(layout_message, e.TellAll)
    state = meeting.state.script.state
    assert (script, state.at, state.since) == (e.Tell("h", state), "report", NOW)
    assert meeting.state.roster.hands == []


def test_stepping_back_undoes_a_step_with_what_was_arranged_by_hand() -> None:
    meeting = ScriptedMeeting()
    meeting.state.set_layout("h", Layout("2x2", meeting.seat("c"), clock=True))
    meeting.state.floor("h", meeting.seat("c"), True)
    meeting.step("report")
    assert (meeting.shown, meeting.floors, meeting.state.layout_control.layout.clock) == (
        ("1+7", "n"),
        "hnc",
        True,
    )
    meeting.state.set_layout("h", Layout("side-by-side"))
    meeting.step("pause")
    assert meeting.floors == "h"
    meeting.step("report")
    assert (meeting.shown, meeting.floors) == (("side-by-side", None), "hnc")
    meeting.step(None)
    assert (meeting.state.layout_control.layout, meeting.floors) == (
        Layout("2x2", meeting.seat("c"), clock=True),
        "hc",
    )
    assert meeting.state.script.state.at is None


def test_a_seat_that_left_meanwhile_is_not_brought_back() -> None:
    meeting = ScriptedMeeting()
    meeting.state.set_layout("h", Layout("2x2", meeting.seat("c"), (meeting.seat("c"), None, meeting.seat("h"))))
    meeting.step("report")
    meeting.state.leave("c")
    meeting.step(None)
    assert meeting.state.layout_control.layout == Layout("2x2", None, ("cr", None, meeting.seat("h")))


def test_undoing_shows_those_who_came_meanwhile_in_their_panes() -> None:
    meeting = ScriptedMeeting("c")
    meeting.state.set_layout("h", Layout("2x2", seats=(None, "cr"), empty=True))
    meeting.step("report")
    meeting.join("c", CR)
    meeting.step(None)
    assert meeting.state.layout_control.layout == Layout("2x2", None, (None, meeting.seat("c")), empty=True)


def test_a_floor_given_by_hand_outlasts_the_next_item_but_no_break() -> None:
    meeting = ScriptedMeeting()
    meeting.state.floor("h", meeting.seat("c"), True)
    meeting.step("report")
    meeting.step("open")
    assert meeting.floors == "hc"
    meeting.step("pause")
    assert meeting.floors == "h"


def test_the_same_item_again_arranges_again_and_can_still_be_undone() -> None:
    meeting = ScriptedMeeting()
    meeting.step("report")
    meeting.state.set_layout("h", Layout("8x8"))
    meeting.state.mute_all("h")
    meeting.step("report")
    assert (meeting.shown, meeting.floors) == (("1+7", "n"), "hn")
    meeting.step(None)
    assert (meeting.state.layout_control.layout, meeting.floors) == (Layout(), "h")


SPEECHES = (
    ScriptItem("first", "Nha Trang phát biểu", "nt", None, 5, "speech"),
    ScriptItem("second", "Cam Ranh phát biểu", "cr", None, 5, "speech"),
    PAUSE,
)
"""Items that leave the layout as it is."""


@pytest.fixture
def speeches() -> ScriptedMeeting:
    """Return a meeting of speeches, with the first one on in a layout that was arranged by hand."""
    meeting = ScriptedMeeting()
    meeting.state.scripted(SPEECHES, NOW)
    meeting.state.set_layout("h", Layout("1+5"))
    meeting.step("first")
    return meeting


def test_a_step_that_ends_the_screen_of_who_spoke_shows_who_speaks_next(speeches: ScriptedMeeting) -> None:
    speeches.state.share("n", True)
    assert speeches.shown == ("content", "n")
    speeches.step("second")
    assert (speeches.state.layout_control.content, speeches.shown) == (None, ("1+5", "c"))


def test_the_present_speaker_is_large_when_a_screen_ends_not_the_one_when_it_began(speeches: ScriptedMeeting) -> None:
    speeches.state.share("h", True)
    speeches.step("second")
    assert speeches.shown == ("content", "c")
    speeches.state.share("h", False)
    assert speeches.shown == ("1+5", "c")


def test_stepping_back_shows_no_screen_that_has_ended(speeches: ScriptedMeeting) -> None:
    speeches.state.share("h", True)
    speeches.step("second")
    speeches.state.share("h", False)
    speeches.state.set_layout("h", Layout("speaker"))
    speeches.step("first")
    assert speeches.shown == ("1+5", "n")


def test_stepping_back_shows_a_screen_that_was_hidden_meanwhile_until_it_ends(speeches: ScriptedMeeting) -> None:
    speeches.state.share("h", True)
    speeches.step("second")
    speeches.state.set_layout("h", Layout("speaker"))
    speeches.step("first")
    assert speeches.shown == ("content", "n")
    speeches.state.share("h", False)
    assert speeches.shown == ("1+5", "n")


def test_an_item_with_a_layout_of_its_own_outlasts_the_screen(speeches: ScriptedMeeting) -> None:
    beside = replace(SPEECHES[1], layout="content")
    speeches.state.scripted((SPEECHES[0], beside), NOW)
    speeches.state.share("h", True)
    speeches.step("second")
    speeches.state.share("h", False)
    assert speeches.shown == ("content", "c")


def test_a_speaker_that_joins_while_a_screen_is_shared_is_large_afterwards() -> None:
    meeting = ScriptedMeeting("n")
    meeting.step("report")
    meeting.state.share("h", True)
    meeting.join("n", NT)
    assert meeting.shown == ("content", "n")
    meeting.state.share("h", False)
    assert meeting.shown == ("1+7", "n")


def test_a_speaker_that_joins_late_is_shown_and_heard() -> None:
    meeting = ScriptedMeeting("n")
    meeting.step("report")
    assert list(meeting.shown) == ["1+7", None]
    assert meeting.join("n", NT)[-2] == e.Arrange(Layout("1+7", meeting.seat("n")))
    assert (meeting.shown, meeting.floors) == (("1+7", "n"), "hn")
    meeting.state.set_layout("h", Layout("1+7", meeting.seat("c")))
    meeting.join("n2", NT)
    assert meeting.shown == ("1+7", "c"), "whom the host shows stays"
    meeting.step("open")
    assert (meeting.floors, meeting.has_floor("n2")) == ("h", False)


def test_time_is_counted_for_each_item() -> None:
    meeting = ScriptedMeeting()
    meeting.step("open")
    meeting.step("report", 65.5)
    meeting.step("open", 70)
    meeting.step("talk", 80)
    spent = {item.id: item.spent for item in meeting.state.script.state.items}
    assert spent == {"open": 75, "report": 4, "film": 0, "talk": 0, "pause": 0}
    assert meeting.state.script.state.since == NOW + timedelta(seconds=80)


def test_a_changed_script_keeps_the_item_that_is_on() -> None:
    meeting = ScriptedMeeting()
    meeting.step("report")
    meeting.step("film", 60)
    renamed = replace(FILM, title="Phim")
    effects = meeting.state.scripted((renamed, PAUSE), NOW + timedelta(seconds=90))
    state = meeting.state.script.state
    assert effects == [e.Tell("h", state), e.TellAll(meeting.state.script.agenda)]
    assert meeting.state.script.agenda.next == "Giải lao"
    assert (state.at, [item.title for item in state.items]) == ("film", ["Phim", "Giải lao"])
    for gone in ("report", "nothing"):
        with pytest.raises(MessageError) as refused:
            meeting.step(gone)
        assert refused.value.word == "unknown-item"
    meeting.state.scripted((PAUSE,), NOW + timedelta(seconds=95))
    assert meeting.state.script.state.at is None
    meeting.step(None, 100)
    assert meeting.state.script.state.at is None


def test_only_controllers_step_and_see_the_script() -> None:
    meeting = ScriptedMeeting()
    with pytest.raises(MessageError) as refused:
        meeting.state.step("n", "open", NOW)
    assert refused.value.word == "forbidden"
    choice = meeting.state.roster.choose(Person("c", "c", CR, False), None)
    assert meeting.state.join("c2", Person("c", "c", CR, False), choice, NOW)[0].script is None


ACTS = st.lists(st.sampled_from([None, "open", "report", "film", "talk", "pause"]), max_size=12)


@given(way=ACTS)
def test_every_way_can_be_gone_back(way: list[str | None]) -> None:
    """Going back over all items one came by leads to the beginning, however one got there."""
    meeting = ScriptedMeeting()
    before = (meeting.state.layout_control.layout, meeting.floors)
    came: list[str | None] = []
    at = None
    for to in way:
        if came and came[-1] == to != at:
            came.pop()
        elif to != at:
            came.append(at)
        meeting.step(to)
        at = to
        assert meeting.has_floor("h")
    for to in reversed(came):
        meeting.step(to)
    assert (meeting.state.layout_control.layout, meeting.floors) == before


async def test_the_host_unit_writes_a_script_and_the_console_steps_through_it(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    client = await world.signed_in("host")
    item = {"title": " Khai  mạc ", "minutes": 5}
    report = {"id": "r", "title": "Báo cáo", "point": NHA_TRANG, "layout": "1+7", "minutes": 15, "kind": "speech"}
    async with client.post(f"/api/v1/sessions/{session.id}/script", json={"items": [item, report]}) as response:
        made = (await response.json())["items"]
    assert made[0] == {**report, **item, "title": "Khai mạc", "id": made[0]["id"], "point": None, "layout": None}
    assert (len(made[0]["id"]), made[1]) == (12, report)
    async with (await world.signed_in("nhatrang")).get(f"/api/v1/sessions/{session.id}/script") as response:
        assert (await response.json())["items"] == made
    host, joined = await world.join("host", session)
    guest, there = await world.join("nhatrang", session)
    state = {"type": "script", "items": [{**each, "spent": 0} for each in made], "at": None, "since": None}
    assert (joined["script"], there["script"]) == (state, None)
    assert there["agenda"] == {"type": "agenda", "on": None, "since": None, "next": "Khai mạc"}
    world.clock.advance(5)
    assert await host.ask(type="step", to="r") == {**state, "at": "r", "since": "2026-04-06T01:00:05Z"}
    shown = {"type": "agenda", "on": {**report, "spent": 0}, "since": "2026-04-06T01:00:05Z", "next": None}
    assert await guest.type("agenda") == shown
    assert (await guest.type("layout"))["focus"] == there["seat"]
    await guest.seat(there["seat"], floor=True)
    assert (await guest.ask(type="step", to=None))["error"] == "controlled-by"
    assert (await host.ask(type="step", to="x"))["error"] == "unknown-item"
    assert (await host.ask(type="step"))["error"] == "bad-message"
    async with client.post(f"/api/v1/sessions/{session.id}/script", json={"items": made[1:]}) as response:
        assert response.status == 200
    assert [each["id"] for each in (await host.type("script"))["items"]] == ["r"]
    assert ScriptState.model_validate(await host.ask(type="step", to=None)).at is None
    entries = [(each.actor, each.action, each.subject) for each in await world.audited(2)]
    assert entries == [("host", "step", session.id), ("host", "script", session.id)]


async def test_a_script_of_faulty_items_is_refused_with_their_places(world: World) -> None:
    session = await world.session(NHA_TRANG)
    client = await world.signed_in("host")
    items = [{"title": "Báo cáo", "point": CAM_RANH, "minutes": 0}, {"title": "x", "minutes": "5", "layout": "9x9"}]
    seen = []
    for faulty_items in (items[:1], items[1:], [{"title": "x", "minutes": 1}] * 101):
        async with client.post(f"/api/v1/sessions/{session.id}/script", json={"items": faulty_items}) as response:
            assert response.status == 422
            seen.append([(fault["field"], fault["detail"]) for fault in (await response.json())["errors"]])
    assert seen == [
        [
            ("script.0.point", "điểm cầu ubnd.cam-ranh không dự phiên họp này"),
            ("script.0.minutes", "phải từ 1 đến 600 phút"),
        ],
        [("items.0.layout", "không phải giá trị được dùng"), ("items.0.minutes", "phải là số nguyên")],
        [("script", "nhiều quá 100 mục")],
    ]
    assert await world.services.scheduler.script(session.id) == ()


async def test_a34_a_script_comes_from_a_table_and_goes_to_one(world: World) -> None:
    host = await world.signed_in("host")
    head = "nội dung,hình thức,điểm cầu,bố cục,số phút\n"
    body = {"points": [NHA_TRANG], "host": HOST_POINT}
    rows = "Khai mạc,,UBND.Khanh Hoa,Một hình,5\nBáo cáo,Trình chiếu,UBND.Nha Trang,1+7,15\n"
    file = base64.b64encode((head + rows).encode()).decode()
    async with host.post("/api/v1/scripts/preview", json={"file": file, **body}) as response:
        items = (await response.json())["items"]
    assert items == [
        {"id": "", "title": "Khai mạc", "point": None, "layout": "single", "minutes": 5, "kind": "speech"},
        {"id": "", "title": "Báo cáo", "point": NHA_TRANG, "layout": "1+7", "minutes": 15, "kind": "show"},
    ]
    async with host.post("/api/v1/scripts/export", json={"items": items, "format": "csv"}) as response:
        assert response.headers["Content-Disposition"] == 'attachment; filename="kich-ban.csv"'
        assert (await response.text("utf-8-sig")).splitlines() == [
            "nội dung,hình thức,điểm cầu,bố cục,số phút",
            "Khai mạc,Phát biểu,,Một hình,5",
            "Báo cáo,Trình chiếu,UBND.Nha Trang,1+7,15",
        ]
    wrong = base64.b64encode((head + "A,,UBND.Cam Ranh,,0").encode()).decode()
    async with host.post("/api/v1/scripts/preview", json={"file": wrong, **body}) as response:
        assert await problem_of(response) == (422, "bad-sheet")
        assert [(fault["field"], fault["detail"]) for fault in (await response.json())["errors"]] == [
            ("dòng 2 điểm cầu", "điểm cầu UBND.Cam Ranh không dự phiên họp này"),
            ("dòng 2 số phút", "phải từ 1 đến 600 phút"),
        ]


async def test_a_small_file_that_is_a_bomb_is_refused(world: World) -> None:
    unit = await world.signed_in("nhatrang")
    for name in bombs.TABLES:
        body = {"file": base64.b64encode(bombs.table(name)).decode(), "points": [NHA_TRANG]}
        async with unit.post("/api/v1/scripts/preview", json=body) as response:
            assert await problem_of(response) == (422, "bad-sheet")


def test_a34_tables_and_pages_call_layouts_alike() -> None:
    words = json.loads((Path(__file__).parents[4] / "web/i18n/vi.json").read_text())
    assert {kind: words[f"layout.{kind}"] for kind in NAMED} == dict(NAMED)
