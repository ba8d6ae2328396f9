"""The state of a meeting, without sockets: seats, rights, floors, absence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import Layout, SeatOptions
from scheduler.core.model import Interval
from signaling.core.errors import MessageError
from signaling.meeting.state.meeting_state import Booking, MeetingState
from signaling.meeting.state.roster import Person, Place, Roster
from signaling.messages import effects as e
from signaling.messages.server import (
    Arrangement,
    Audience,
    ContentState,
    LayoutState,
    LevelsState,
    RecordingState,
    Renew,
    Seat,
    Speaking,
    StorageState,
    ViewState,
    Wanted,
)

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
HOST = Place("host", "UBND.Khanh Hoa", "UBND tỉnh Khánh Hòa", 1)
NT = Place("nt", "UBND.Nha Trang", "UBND thành phố Nha Trang", 2)
CR = Place("cr", "UBND.Cam Ranh", "UBND thành phố Cam Ranh", 1)
PLACES = (HOST, NT, CR)


class Hall:
    """A conference whose seats and tokens are numbered: the first seat is s1 with token s2s3."""

    def __init__(self, recording: bool = False) -> None:
        numbers: Iterator[int] = count(1)
        roster = Roster(PLACES, new_id=lambda: f"s{next(numbers)}")
        booking = Booking("id", "Họp", "KH-1", PLACES, NOW, NOW + timedelta(hours=2), recording, 4)
        self.conference = MeetingState(booking, roster)
        self.tokens: dict[str, str] = {}

    def person(self, place: Place | None) -> Person:
        account = place.id if place else "central"
        return Person(account, account.title(), place, place in (HOST, None))

    def join(self, client: str, place: Place | None, resume: str | None = None, now: datetime = NOW) -> list[e.Effect]:
        person = self.person(place)
        choice = self.conference.roster.choose(person, resume)
        self.joined, effects = self.conference.join(client, person, choice, now)
        self.tokens[client] = self.joined.resume
        return effects

    def seat(self, client: str) -> str:
        seat = self.conference.roster.of(client)
        assert seat is not None
        return seat.id

    def row(self, seat: str) -> Seat:
        return next(row for row in self.conference.roster.wire() if row.seat == seat)


@pytest.fixture
def hall() -> Hall:
    """Host, Nha Trang and Cam Ranh are in."""
    made = Hall()
    made.join("h", HOST)
    made.join("n", NT)
    made.join("c", CR)
    made.conference.flush()
    return made


def assert_refused(word: str, call: object) -> None:
    assert callable(call)
    with pytest.raises(MessageError) as refused:
        call()
    assert refused.value.word == word


def test_the_first_to_join_opens_the_room_and_the_host_has_the_floor() -> None:
    hall = Hall()
    assert hall.join("h", HOST) == [
        e.OpenRoom(),
        e.Arrange(Layout()),
        e.AddSeat(SeatOptions("s1", "UBND.Khanh Hoa · UBND tỉnh Khánh Hòa", audience="host", floor=True)),
    ]
    assert (hall.joined.role, hall.joined.controller, hall.joined.seats[0].floor) == ("host", True, True)


def test_components_join_muted() -> None:
    hall = Hall()
    hall.join("h", HOST)
    assert hall.join("n", NT) == [
        e.AddSeat(SeatOptions("s4", "UBND.Nha Trang.01 · UBND thành phố Nha Trang", audience="components"))
    ]
    assert (hall.joined.role, hall.joined.controller) == ("component", False)
    assert [row.floor for row in hall.joined.seats] == [True, False, False]


def test_absent_points_are_in_the_roster_under_their_own_id() -> None:
    hall = Hall()
    hall.join("h", HOST)
    assert hall.joined.seats[1:] == [
        Seat(seat="nt", point="nt", name="UBND.Nha Trang", role="component", here=False),
        Seat(seat="cr", point="cr", name="UBND.Cam Ranh", role="component", here=False),
    ]


def test_observers_are_seen_in_the_roster_but_not_in_the_picture() -> None:
    hall = Hall()
    hall.join("h", HOST)
    assert hall.join("t", None) == [e.AddSeat(SeatOptions("s4", "Central", visible=False))]
    assert (hall.joined.role, hall.joined.controller, hall.joined.seats[-1].role) == ("observer", True, "observer")
    assert_refused("unknown-seat", lambda: hall.conference.view("h", "camera:s4"))


def test_a_second_browser_gets_the_second_device_and_a_third_replaces_the_first(hall: Hall) -> None:
    hall.join("n2", NT)
    assert hall.row(hall.seat("n2")).name == "UBND.Nha Trang.02"
    first = hall.seat("n")
    effects = hall.join("n3", NT)
    assert effects[:2] == [e.Hang("n", "replaced"), e.RemoveSeat(first)]
    assert hall.row(hall.seat("n3")).name == "UBND.Nha Trang.01"
    assert hall.conference.roster.of("n") is None


def test_a_device_whose_socket_is_lost_is_replaced_before_one_that_is_there(hall: Hall) -> None:
    hall.join("n2", NT)
    hall.conference.lost("n2", NOW)
    effects = hall.join("n3", NT)
    assert [effect for effect in effects if isinstance(effect, e.Hang)] == []
    assert hall.row(hall.seat("n3")).name == "UBND.Nha Trang.02"


def test_a_single_device_has_no_number_and_is_replaced(hall: Hall) -> None:
    assert hall.join("c2", CR)[0] == e.Hang("c", "replaced")
    assert hall.row(hall.seat("c2")).name == "UBND.Cam Ranh"


def test_hands_stand_in_the_order_they_were_raised(hall: Hall) -> None:
    c = hall.conference
    c.hand("c", True, NOW)
    c.hand("n", True, NOW + timedelta(seconds=1))
    c.hand("c", True, NOW + timedelta(seconds=2))
    assert [(row.seat, row.hand, row.since) for row in c.roster.wire() if row.hand] == [
        (hall.seat("n"), 2, NOW + timedelta(seconds=1)),
        (hall.seat("c"), 1, NOW),
    ]
    c.hand("c", False, NOW)
    assert hall.row(hall.seat("n")).hand == 1


@given(st.lists(st.tuples(st.sampled_from("hnc"), st.booleans())))
def test_the_hand_queue_is_a_queue(steps: list[tuple[str, bool]]) -> None:
    hall = Hall()
    for client, place in zip("hnc", PLACES, strict=True):
        hall.join(client, place)
    model: list[str] = []
    for number, (client, raised) in enumerate(steps):
        hall.conference.hand(client, raised, NOW + timedelta(seconds=number))
        if not raised:
            model = [other for other in model if other != client]
        elif client not in model:
            model.append(client)
    queue = sorted((row for row in hall.conference.roster.wire() if row.hand), key=lambda row: row.hand)
    assert [row.seat for row in queue] == [hall.seat(client) for client in model]
    assert [row.hand for row in queue] == list(range(1, len(model) + 1))
    assert [row.since for row in queue] == sorted(row.since for row in queue if row.since)


def test_the_host_gives_the_floor_which_lowers_the_hand_and_takes_it_back(hall: Hall) -> None:
    seat = hall.seat("n")
    hall.conference.hand("c", True, NOW)
    hall.conference.hand("n", True, NOW, "Đê biển")
    spoke = e.Speak("nt", "UBND.Nha Trang.01", True, 2, "Đê biển")  # out of order
    assert hall.conference.floor("h", seat, True) == [e.SetFloor(seat, True), spoke]
    assert hall.conference.floor("h", seat, True) == [e.SetFloor(seat, True)]
    assert (hall.row(seat).floor, hall.row(seat).hand) == (True, 0)
    done = e.Speak("nt", "UBND.Nha Trang.01", False)
    assert hall.conference.floor("h", seat, False) == [e.SetFloor(seat, False), done]
    assert hall.row(seat).floor is False


def test_where_microphones_are_advised_only_speaking_uninvited_is_noted(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    assert c.media("n", True, False) == []  # enforced
    assert hall.row(seat).floor is False
    c.booking = replace(c.booking, advisory=True)
    opened = [e.SetFloor(seat, True), e.Speak("nt", "UBND.Nha Trang.01", True, by="nt")]
    assert [c.media("n", True, False), c.media("n", True, True)] == [opened, []]
    c.floor("h", seat, False)  # the host may still take it
    assert (hall.row(seat).floor, c.media("n", False, True)) == (False, [])


def test_mute_all_leaves_the_host(hall: Hall) -> None:
    hall.conference.floor("h", hall.seat("n"), True)
    done = e.Speak("nt", "UBND.Nha Trang.01", False)
    assert hall.conference.mute_all("h") == [e.SetFloor(hall.seat("n"), False), done]
    assert hall.row(hall.seat("h")).floor is True


def test_only_controllers_control(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("c")
    for call in (
        lambda: c.floor("n", seat, True),
        lambda: c.mute_all("n"),
        lambda: c.lower("n", seat),
        lambda: c.set_layout("n", Layout()),
        lambda: c.record("n", True, False, NOW),
    ):
        assert_refused("forbidden", call)


def test_unknown_clients_and_seats_are_refused(hall: Hall) -> None:
    c = hall.conference
    assert_refused("not-joined", lambda: c.hand("x", True, NOW))
    for call in (
        lambda: c.floor("h", "x", True),
        lambda: c.lower("h", "x"),
        lambda: c.set_layout("h", Layout("single", "x")),
        lambda: c.view("h", "camera:x"),
        lambda: c.view("h", "camera:nt"),
    ):
        assert_refused("unknown-seat", call)


def test_the_layout_is_told_to_everyone(hall: Hall) -> None:
    seat = hall.seat("n")
    assert hall.conference.set_layout("h", Layout("speaker", seat)) == [
        e.Arrange(Layout("speaker", seat)),
        e.TellAll(LayoutState(kind="speaker", focus=seat)),
    ]


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (Layout("1+5", seats=(None,) * 7), "seats: at most 6 in 1+5"),
        (Layout("single", seats=("nt", "cr")), "seats: at most 1 in single"),
        (Layout("grid", seats=("s3", None, "s3")), "seats: the same one twice"),
        (Layout("grid", rotate=4), "rotate: 0 or at least 5 seconds"),
    ],
)
def test_a_layout_that_makes_no_sense_is_explained(hall: Hall, layout: Layout, text: str) -> None:
    with pytest.raises(MessageError) as refused:
        hall.conference.set_layout("h", layout)
    assert (refused.value.word, refused.value.text) == ("bad-message", text)
    assert hall.conference.layout_control.layout == Layout()


def test_an_audience_has_a_layout_of_its_own_until_it_sees_again_what_everyone_sees(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    large = Layout("single", seat)
    assert c.set_layout("h", large, "components") == [
        e.Arrange(large, "components"),
        e.TellAll(LayoutState(kind="grid", own={"components": Arrangement(kind="single", focus=seat)})),
    ]
    c.set_layout("h", Layout("2x2", seats=(None, seat)), "recording")
    assert (c.layout_control.layout, hall.join("n2", NT), hall.joined.layout.kind) == (
        Layout(),
        [seated(hall, "n2")],
        "grid",
    )
    assert set(hall.joined.layout.own) == {"components", "recording"}
    assert c.restore()[:4] == [
        e.OpenRoom(),
        e.Arrange(Layout()),
        e.Arrange(large, "components"),
        e.Arrange(Layout("2x2", seats=(None, seat)), "recording"),
    ]
    assert_refused("forbidden", lambda: c.same_layout("n", "components"))
    own: dict[Audience, Arrangement] = {"recording": Arrangement(kind="2x2", seats=[None, seat])}
    assert c.same_layout("h", "components") == [
        e.Arrange(None, "components"),
        e.TellAll(LayoutState(kind="grid", own=own)),
    ]
    for audience in ("components", "everyone"):
        assert c.same_layout("h", audience) == [e.Tell("h", LayoutState(kind="grid", own=own))]


def seated(hall: Hall, client: str) -> e.AddSeat:
    return e.AddSeat(hall.conference.roster.seats[hall.seat(client)].options)


def said(effects: list[e.Effect], seat: str) -> SeatOptions:
    """What the engine is told of a seat, once."""
    (told,) = [effect.options for effect in effects if isinstance(effect, e.AddSeat) and effect.options.seat == seat]
    return told


def test_room_systems_of_components_are_an_audience_the_hosts_shows_what_the_host_sees(hall: Hall) -> None:
    c = hall.conference
    assert c.set_layout("h", Layout("2x2"), "systems") == [
        e.Arrange(Layout("2x2"), "systems"),
        e.TellAll(LayoutState(kind="grid", own={"systems": Arrangement(kind="2x2")})),
    ]
    audiences = []
    for place in (HOST, NT):
        choice = c.roster.choose(person := Person("vcs:1", place.name, place, False, system=True), None)
        c.join(client := f"vcs-{place.id}", person, choice, NOW)
        audiences.append(c.roster.seats[hall.seat(client)].options.audience)
    assert audiences == ["host", "systems"]


def test_pins_and_focus_follow_in_every_layout(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("c")
    c.set_layout("h", Layout("1+5", seats=(seat,)), "host")
    c.set_layout("h", Layout("speaker", seat), "recording")
    told = LayoutState(
        kind="grid", own={"host": Arrangement(kind="1+5", seats=["cr"]), "recording": Arrangement(kind="speaker")}
    )
    effects = c.leave("c")
    assert [effect for effect in effects if isinstance(effect, e.Arrange | e.TellAll)] == [
        e.Arrange(Layout("1+5", seats=("cr",)), "host"),
        e.Arrange(Layout("speaker"), "recording"),
        e.TellAll(told),
    ]


def test_somebody_may_choose_a_layout_for_oneself(hall: Hall) -> None:
    c = hall.conference
    assert c.view("n", "composed:grid") == [
        e.Arrange(Layout("grid"), "grid"),
        e.SetView(hall.seat("n"), "composed:grid"),
        e.Tell("n", ViewState(source="composed:grid")),
    ]
    effects = c.restore()
    assert effects[effects.index(seated(hall, "n")) - 1] == e.Arrange(Layout("grid"), "grid")
    assert said(effects, hall.seat("n")).view == "composed:grid"


def test_a_display_and_what_is_looked_at_of_a_camera_are_remembered(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    assert c.view("n", "composed", 1080)[0] == e.SetView(seat, "composed", 1080)
    assert (said(c.restore(), seat).view, said(c.restore(), seat).lines) == ("composed", 1080)
    assert c.wanted(seat, 180) == [e.Tell("n", Wanted(lines=180))]
    assert c.wanted("nobody", 180) == []
    token = hall.tokens["n"]
    c.lost("n", NOW)
    assert c.wanted(seat, 360) == []
    hall.join("n", NT, token)
    assert hall.joined.wanted == 360
    c.offered("n")
    assert c.roster.seats[seat].wanted == 720


def test_r093_the_host_sees_how_loud_each_is_and_makes_a_voice_louder(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    hall.join("o", None)
    assert c.levels({seat: -45}) == [e.Tell(client, LevelsState(levels={seat: -45})) for client in ("h", "o")]
    assert_refused("forbidden", lambda: c.gain("n", seat, 9))
    assert_refused("unknown-seat", lambda: c.gain("h", hall.seat("o"), 9))
    assert c.gain("h", seat, 9) == [e.SetGain(seat, 9)]
    assert (hall.row(seat).gain, hall.row(hall.seat("c")).gain) == (9, 0)
    assert (said(c.restore(), seat).gain, said(c.restore(), hall.seat("c")).gain) == (9, 0)


def test_who_has_the_floor_shares_a_screen_until_it_is_taken(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    grid = Layout("grid", seats=(None, seat), title=True)
    c.set_layout("h", grid)
    for call in (lambda: c.share("n", True), lambda: c.share("c", True)):
        assert_refused("forbidden", call)
    c.floor("h", seat, True)
    c.floor("h", hall.seat("c"), True)
    beside = Layout("content", title=True)
    assert c.share("n", True) == [
        e.SetContent(seat),
        e.TellAll(ContentState(seat=seat)),
        e.Arrange(beside),
        e.TellAll(LayoutState(kind="content", title=True)),
    ]
    assert_refused("content-taken", lambda: c.share("c", True))
    assert c.share("c", False) == []
    assert c.view("c", "content")[0] == e.SetView(hall.seat("c"), "content")
    assert c.restore()[-2:] == [e.SetContent(seat), e.TellAll(Renew())]
    assert c.floor("h", seat, False) == [
        e.SetFloor(seat, False),
        e.SetContent(None),
        e.TellAll(ContentState(seat=None)),
        e.Arrange(grid),
        e.TellAll(LayoutState(kind="grid", seats=[None, seat], title=True)),
        e.SetView(hall.seat("c"), "composed"),
        e.Tell("c", ViewState(source="composed")),
        e.Speak("nt", "UBND.Nha Trang.01", False),
    ]
    assert_refused("unknown-seat", lambda: c.view("c", "content"))


def test_a_controller_takes_the_screen_over_and_a_layout_chosen_meanwhile_stays(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    c.floor("h", seat, True)
    c.share("n", True)
    assert c.share("h", True) == [e.SetContent(hall.seat("h")), e.TellAll(ContentState(seat=hall.seat("h")))]
    c.set_layout("h", Layout("speaker"))
    assert c.share("h", False) == [e.SetContent(None), e.TellAll(ContentState(seat=None))]
    assert c.layout_control.layout == Layout("speaker")
    c.share("n", True)
    assert e.SetContent(None) in c.leave("n")
    assert (c.layout_control.content, c.layout_control.layout) == (None, Layout("speaker"))
    hall.join("t", None)
    assert_refused("forbidden", lambda: c.share("t", True))


def test_every_audience_sees_a_shared_screen_and_afterwards_what_it_saw_before(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("c")
    c.set_layout("h", Layout("grid", title=True), "components")
    c.set_layout("h", Layout("speaker"), "recording")
    c.set_layout("h", Layout("1+5", seats=(seat,)), "host")
    beside = Layout("content")
    told = Arrangement(kind="content")
    assert c.share("h", True)[2:] == [
        e.Arrange(beside),
        e.Arrange(replace(beside, title=True), "components"),
        e.Arrange(beside, "recording"),
        e.Arrange(beside, "host"),
        e.TellAll(
            LayoutState(
                kind="content",
                own={"components": Arrangement(kind="content", title=True), "recording": told, "host": told},
            )
        ),
    ]
    c.set_layout("h", Layout("single"), "components")  # these stay
    c.same_layout("h", "recording")
    c.leave("c")
    assert c.share("h", False)[2:-1] == [e.Arrange(Layout()), e.Arrange(Layout("1+5", seats=("cr",)), "host")]
    assert c.layout_control.own == {"components": Layout("single"), "host": Layout("1+5", seats=("cr",))}


def test_who_takes_the_screen_over_gives_back_what_was_chosen_meanwhile(hall: Hall) -> None:
    c = hall.conference
    c.floor("h", hall.seat("n"), True)
    c.share("n", True)
    c.set_layout("h", Layout("speaker"))
    assert e.Arrange(Layout("content")) in c.share("h", True)
    assert e.Arrange(Layout("speaker")) in c.share("h", False)


def test_a_pinned_point_keeps_its_pane_while_it_is_away(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("c")
    pinned = Layout("1+5", seats=(None, seat), title=True)
    assert c.set_layout("h", pinned)[0] == e.Arrange(pinned)
    waiting = Layout("1+5", seats=(None, "cr"), title=True)
    assert e.Arrange(waiting) in c.leave("c")
    effects = hall.join("again", CR)
    back = Layout("1+5", seats=(None, hall.seat("again")), title=True)
    assert effects[-2:] == [
        e.Arrange(back),
        e.TellAll(LayoutState(kind="1+5", seats=[None, hall.seat("again")], title=True)),
    ]
    assert hall.joined.layout.seats == [None, hall.seat("again")]


def test_pins_and_focus_follow_while_a_screen_is_shared(hall: Hall) -> None:
    c = hall.conference
    c.leave("c")
    c.set_layout("h", Layout("1+5", hall.seat("n"), (hall.seat("n"), "cr")))
    c.share("h", True)
    hall.join("again", CR)
    c.leave("n")
    c.share("h", False)
    assert c.layout_control.layout == Layout("1+5", None, ("nt", hall.seat("again")))
    c.set_layout("h", c.layout_control.layout)  # who shows it again is not refused


def test_a_room_that_is_built_anew_knows_the_names_of_those_who_are_awaited(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    c.lost("n", NOW)
    assert e.RemoveSeat(seat) in c.tick(NOW + timedelta(seconds=13))
    assert {c.names[seat], c.names["nt"]} == {
        "UBND.Nha Trang.01 · UBND thành phố Nha Trang",
        "UBND.Nha Trang · UBND thành phố Nha Trang",
    }
    assert c.amended("Họp", Interval(NOW, NOW + timedelta(hours=3)), 4)[0] == e.SetNames("Họp", c.names)


def test_a_point_that_comes_while_it_is_pinned_as_absent_has_its_pane(hall: Hall) -> None:
    c = hall.conference
    c.set_layout("h", Layout("2x2", seats=("nt", "cr")))
    assert c.layout_control.layout.seats == (hall.seat("n"), hall.seat("c"))


def test_a_second_device_does_not_take_the_pane_of_the_first(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    c.set_layout("h", Layout("2x2", seats=(seat, "nt")))
    hall.join("n2", NT)
    assert c.layout_control.layout.seats == (seat, hall.seat("n2"))
    c.leave("n2")
    assert c.layout_control.layout.seats == (seat, "nt")
    c.leave("n")
    assert c.layout_control.layout.seats == (None, "nt")


def test_who_cannot_be_seen_cannot_be_pinned(hall: Hall) -> None:
    hall.join("t", None)
    for name in ("nobody", hall.seat("t")):
        assert_refused("unknown-seat", lambda name=name: hall.conference.set_layout("h", Layout("2x2", seats=(name,))))


def test_whoever_looked_at_a_seat_that_is_gone_sees_the_composed_picture(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    c.view("c", f"camera:{seat}")
    c.set_layout("h", Layout("single", seat))
    c.speaker_changed(seat)
    assert c.leave("n") == [
        e.Hang("n", "left"),
        e.RemoveSeat(seat),
        e.SetView(hall.seat("c"), "composed"),
        e.Tell("c", ViewState(source="composed")),
        e.Arrange(Layout("single")),
        e.TellAll(LayoutState(kind="single", focus=None)),
        e.TellAll(Speaking(seat=None)),
        e.Release("nt.01"),
    ]


def test_a_reload_within_the_twelve_seconds_changes_nothing_in_the_engine(hall: Hall) -> None:
    token = hall.tokens["n"]
    seat = hall.seat("n")
    hall.conference.floor("h", seat, True)
    hall.conference.hand("n", True, NOW)
    hall.conference.lost("n", NOW)
    assert hall.conference.tick(NOW + timedelta(seconds=11)) == []
    assert (hall.row(seat).here, hall.row(seat).media) == (True, "none")
    assert hall.join("n-again", NT, token) == []
    assert (hall.joined.seat, hall.row(seat).floor, hall.row(seat).hand) == (seat, True, 1)


def test_after_twelve_seconds_a_point_is_absent_and_comes_back_with_floor_and_view(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    token = hall.tokens["n"]
    c.floor("h", seat, True)
    c.view("n", f"camera:{hall.seat('c')}")
    c.lost("n", NOW)
    assert c.tick(NOW + timedelta(seconds=12)) == [e.RemoveSeat(seat), e.Release("nt.01")]
    assert hall.row(seat).here is False
    assert c.tick(NOW + timedelta(seconds=13)) == []
    label, view = "UBND.Nha Trang.01 · UBND thành phố Nha Trang", f"camera:{hall.seat('c')}"
    options = SeatOptions(seat, label, audience="components", floor=True, view=view)
    assert hall.join("n-again", NT, token) == [e.AddSeat(options)]
    assert hall.joined.view == f"camera:{hall.seat('c')}"


def test_after_a_minute_the_seat_is_gone_and_the_token_worth_nothing(hall: Hall) -> None:
    seat = hall.seat("n")
    token = hall.tokens["n"]
    hall.conference.lost("n", NOW)
    hall.conference.tick(NOW + timedelta(seconds=12))
    assert hall.conference.tick(NOW + timedelta(seconds=60)) == []
    assert hall.row("nt").here is False
    hall.join("n-again", NT, token)
    assert hall.joined.seat != seat


def test_a_token_is_worth_nothing_in_other_hands(hall: Hall) -> None:
    seat = hall.seat("n")
    token = hall.tokens["n"]
    hall.join("c2", CR, token)
    assert hall.joined.seat != seat
    assert hall.seat("n") == seat


def test_a_token_used_twice_ends_the_first_socket(hall: Hall) -> None:
    token = hall.tokens["n"]
    assert hall.join("n-again", NT, token) == [e.Hang("n", "replaced")]
    hall.conference.lost("n", NOW)
    assert hall.row(hall.seat("n-again")).here is True


def test_the_transport_shows_in_the_roster(hall: Hall) -> None:
    c, seat = hall.conference, hall.seat("n")
    states = [hall.row(seat).media]
    c.offered("n")
    states.append(hall.row(seat).media)
    c.peer_up(seat)
    states.append(hall.row(seat).media)
    c.peer_down(seat)
    states.append(hall.row(seat).media)
    assert states == ["none", "connecting", "connected", "none"]


def test_flush_says_only_what_changed(hall: Hall) -> None:
    assert hall.conference.flush() is None
    hall.conference.media("n", True, False)
    told = hall.conference.flush()
    assert told is not None
    assert [(row.seat, row.mic, row.camera) for row in told.changed] == [(hall.seat("n"), True, False)]
    gone = hall.seat("n")
    hall.conference.leave("n")
    told = hall.conference.flush()
    assert told is not None
    assert ([row.seat for row in told.changed], told.gone) == (["nt"], [gone])


def test_recording_by_hand(hall: Hall) -> None:
    on, off = RecordingState(on=True, since=NOW), RecordingState(on=False)
    [start] = hall.conference.record("h", True, False, NOW)
    assert hall.conference.record("h", True, False, NOW) == [e.Tell("h", off)]
    assert isinstance(start, e.StartRecording)
    assert hall.conference.recording.started(start, NOW) == [e.TellAll(on)]
    assert hall.conference.record("h", True, False, NOW) == [e.Tell("h", on)]
    assert hall.conference.record("h", False, False, NOW) == [e.StopRecording("host", None), e.TellAll(off)]
    assert hall.conference.recording_stopped(None) == []


def test_a_registered_recording_starts_with_the_first_picture_in_the_official_time() -> None:
    hall = Hall(recording=True)
    hall.join("n", NT, now=NOW - timedelta(minutes=5))
    hall.conference.peer_up(hall.seat("n"))
    assert hall.conference.tick(NOW - timedelta(seconds=1)) == []
    assert hall.conference.tick(NOW) == [e.StartRecording("")]
    assert hall.conference.tick(NOW) == []


def test_only_controllers_hear_of_the_disk(hall: Hall) -> None:
    low = StorageState(level="low", hours=3.5)
    assert hall.conference.disk(low) == [e.Tell("h", low)]
    assert hall.conference.disk(low) == []
    hall.join("t", None)
    assert hall.joined.storage == low
    hall.join("n2", NT)
    assert hall.joined.storage is None


def test_a_lost_worker_is_told_everything_again(hall: Hall) -> None:
    c = hall.conference
    c.floor("h", hall.seat("n"), True)
    c.set_layout("h", Layout("speaker"))
    c.view("c", f"camera:{hall.seat('n')}")
    c.record("h", True, False, NOW)
    c.peer_up(hall.seat("n"))
    assert c.media_lost(NOW) == []
    assert hall.row(hall.seat("n")).media == "none"
    seats = c.roster.seats
    assert c.restore() == [
        e.OpenRoom(),
        e.Arrange(Layout("speaker")),
        e.AddSeat(seats[hall.seat("h")].options),
        e.AddSeat(seats[hall.seat("n")].options),
        e.AddSeat(seats[hall.seat("c")].options),
        e.StartRecording("host"),
        e.TellAll(Renew()),
    ]
    told = [said(c.restore(), hall.seat(client)) for client in ("h", "n", "c")]
    assert [(options.floor, options.view) for options in told] == [
        (True, "composed"),
        (True, "composed"),
        (False, f"camera:{hall.seat('n')}"),
    ]


def test_a_room_nobody_is_in_is_closed_and_opened_again() -> None:
    hall = Hall(recording=True)
    hall.join("h", HOST)
    hall.conference.peer_up(hall.seat("h"))
    hall.conference.tick(NOW)
    assert hall.conference.leave("h")[-2:] == [e.StopRecording("", None), e.CloseRoom()]
    assert (hall.conference.restore(), hall.conference.empty) == ([], True)
    assert hall.join("h", HOST)[0] == e.OpenRoom()
    hall.conference.peer_up(hall.seat("h"))
    assert hall.conference.tick(NOW)[-1] == e.StartRecording("")


def test_the_end_sends_everyone_home_and_frees_every_leg(hall: Hall) -> None:
    hall.conference.record("h", True, False, NOW)
    hall.conference.lost("c", NOW)
    assert hall.conference.end("ended") == [
        e.Hang("h", "ended"),
        e.Hang("n", "ended"),
        e.StopRecording("", None),
        e.CloseRoom(),
        e.Release("host.01"),
        e.Release("nt.01"),
        e.Release("cr.01"),
    ]
    assert hall.conference.empty
