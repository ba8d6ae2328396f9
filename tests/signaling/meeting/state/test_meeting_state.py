"""The state of a meeting, without sockets: seats, rights, floors, absence.

Also tests `booking.py`, `engine_events.py`, `help.py`, `meeting_core.py`, `takeover.py`, `talk.py`, `roster.py`,
`layout_control.py`, `layout_validation.py` and `signaling/messages/effects.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import (
    CameraControl,
    CameraMovement,
    CameraSource,
    ForwardedTile,
    Layout,
    RoomOptions,
    RoomState,
    SeatOptions,
    SeatState,
    TilesForwarded,
)
from scheduler.core.model import Interval
from signaling.core.errors import MessageError
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.roster import Person
from signaling.messages import effects as e
from signaling.messages.incidents import ClockState
from signaling.messages.joining import Moved, Renew
from signaling.messages.layouts import Arrangement, LayoutState
from signaling.messages.media import ContentState, OnePictureState, ViewState, WantedHeight, tiles_state
from signaling.messages.recording import RecordingState, StorageState
from signaling.messages.seats import ControllableCamera, Heard, LevelsState, Seat, Speaking
from signaling.messages.words import Audience
from tests.signaling.meeting.state.meeting_fixture import CR, HOST, NOW, NT, PLACES, MeetingFixture


@pytest.fixture
def meeting() -> MeetingFixture:
    """Return a meeting which host, Nha Trang and Cam Ranh have joined."""
    made = MeetingFixture()
    made.join("h", HOST)
    made.join("n", NT)
    made.join("c", CR)
    made.state.flush()
    return made


def assert_refused(word: str, call: object) -> None:
    assert callable(call)
    with pytest.raises(MessageError) as refused:
        call()
    assert refused.value.word == word


def test_the_first_to_join_opens_the_room_and_the_host_has_the_floor() -> None:
    meeting = MeetingFixture()
    assert meeting.join("h", HOST) == [
        e.OpenRoom(),
        e.Arrange(Layout()),
        e.AddSeat(SeatOptions("s1", "UBND.Khanh Hoa · UBND tỉnh Khánh Hòa", audience="host", floor=True)),
    ]
    assert (meeting.joined.role, meeting.joined.controller, meeting.joined.seats[0].floor) == ("host", True, True)


def test_components_join_muted() -> None:
    meeting = MeetingFixture()
    meeting.join("h", HOST)
    assert meeting.join("n", NT) == [
        e.AddSeat(SeatOptions("s4", "UBND.Nha Trang.01 · UBND thành phố Nha Trang", audience="components"))
    ]
    assert (meeting.joined.role, meeting.joined.controller) == ("component", False)
    assert [row.floor for row in meeting.joined.seats] == [True, False, False]


def test_absent_points_are_in_the_roster_under_their_own_id() -> None:
    meeting = MeetingFixture()
    meeting.join("h", HOST)
    assert meeting.joined.seats[1:] == [
        Seat(seat="nt", point="nt", name=NT.name, label=NT.label, role="component", here=False),
        Seat(seat="cr", point="cr", name=CR.name, label=CR.label, role="component", here=False),
    ]


def test_observers_are_seen_in_the_roster_but_not_in_the_picture() -> None:
    meeting = MeetingFixture()
    meeting.join("h", HOST)
    assert meeting.join("t", None) == [e.AddSeat(SeatOptions("s4", "Central", visible=False))]
    assert (meeting.joined.role, meeting.joined.controller, meeting.joined.seats[-1].role) == (
        "observer",
        True,
        "observer",
    )
    assert_refused("unknown-seat", lambda: meeting.state.view("h", "camera:s4"))


def test_a_second_browser_gets_the_second_device_and_a_third_replaces_the_first(meeting: MeetingFixture) -> None:
    meeting.join("n2", NT)
    assert meeting.row(meeting.seat("n2")).name == "UBND.Nha Trang.02"
    first = meeting.seat("n")
    effects = meeting.join("n3", NT)
    assert effects[:2] == [e.Hang("n", "replaced"), e.RemoveSeat(first)]
    assert meeting.row(meeting.seat("n3")).name == "UBND.Nha Trang.01"
    assert meeting.state.roster.of("n") is None


def test_a_device_whose_socket_is_lost_is_replaced_before_one_that_is_there(meeting: MeetingFixture) -> None:
    meeting.join("n2", NT)
    meeting.state.lost("n2", NOW)
    effects = meeting.join("n3", NT)
    assert [effect for effect in effects if isinstance(effect, e.Hang)] == []
    assert meeting.row(meeting.seat("n3")).name == "UBND.Nha Trang.02"


def test_a_single_device_has_no_number_and_is_replaced(meeting: MeetingFixture) -> None:
    assert meeting.join("c2", CR)[0] == e.Hang("c", "replaced")
    assert meeting.row(meeting.seat("c2")).name == "UBND.Cam Ranh"


def test_hands_stand_in_the_order_they_were_raised(meeting: MeetingFixture) -> None:
    state = meeting.state
    state.hand("c", True, NOW)
    state.hand("n", True, NOW + timedelta(seconds=1))
    state.hand("c", True, NOW + timedelta(seconds=2))
    assert [(row.seat, row.hand, row.since) for row in state.roster.wire() if row.hand] == [
        (meeting.seat("n"), 2, NOW + timedelta(seconds=1)),
        (meeting.seat("c"), 1, NOW),
    ]
    state.hand("c", False, NOW)
    assert meeting.row(meeting.seat("n")).hand == 1


@given(st.lists(st.tuples(st.sampled_from("hnc"), st.booleans())))
def test_the_hand_queue_is_a_queue(steps: list[tuple[str, bool]]) -> None:
    meeting = MeetingFixture()
    for client, place in zip("hnc", PLACES, strict=True):
        meeting.join(client, place)
    model: list[str] = []
    for number, (client, raised) in enumerate(steps):
        meeting.state.hand(client, raised, NOW + timedelta(seconds=number))
        if not raised:
            model = [other for other in model if other != client]
        elif client not in model:
            model.append(client)
    queue = sorted((row for row in meeting.state.roster.wire() if row.hand), key=lambda row: row.hand)
    assert [row.seat for row in queue] == [meeting.seat(client) for client in model]
    assert [row.hand for row in queue] == list(range(1, len(model) + 1))
    assert [row.since for row in queue] == sorted(row.since for row in queue if row.since)


def test_the_host_orders_the_queue_and_raises_what_it_lowered(meeting: MeetingFixture) -> None:
    state, (nt, cr) = meeting.state, (meeting.seat("n"), meeting.seat("c"))
    state.hand("n", True, NOW, "Đê biển")
    state.hand("c", True, NOW + timedelta(seconds=1))
    state.order_hands("h", [cr, nt], NOW)
    assert state.roster.hands == [cr, nt]
    state.order_hands("h", [], NOW)
    assert (state.roster.hands, meeting.row(nt).since) == ([], None)
    state.order_hands("h", [nt], NOW + timedelta(seconds=9))
    assert (meeting.row(nt).hand, meeting.row(nt).since, meeting.row(nt).topic) == (1, NOW, "Đê biển")
    assert_refused("forbidden", lambda: state.order_hands("n", [], NOW))
    assert_refused("unknown-seat", lambda: state.order_hands("h", ["x"], NOW))


def test_the_host_gives_the_floor_which_lowers_the_hand_and_takes_it_back(meeting: MeetingFixture) -> None:
    seat = meeting.seat("n")
    meeting.state.hand("c", True, NOW)
    meeting.state.hand("n", True, NOW, "Đê biển")
    spoke = e.Speak("nt", "UBND.Nha Trang.01", True, 2, "Đê biển")  # out of order
    assert meeting.state.floor("h", seat, True) == [e.SetFloor(seat, True), spoke]
    assert meeting.state.floor("h", seat, True) == [e.SetFloor(seat, True)]
    assert (meeting.row(seat).floor, meeting.row(seat).hand) == (True, 0)
    done = e.Speak("nt", "UBND.Nha Trang.01", False)
    assert meeting.state.floor("h", seat, False) == [e.SetFloor(seat, False), done]
    assert meeting.row(seat).floor is False


def test_with_advisory_microphones_speaking_without_the_floor_is_only_noted(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    assert state.media("n", True, False) == []  # enforced
    assert meeting.row(seat).floor is False
    state.booking = replace(state.booking, advisory=True)
    opened = [e.SetFloor(seat, True), e.Speak("nt", "UBND.Nha Trang.01", True, by="nt")]
    assert [state.media("n", True, False), state.media("n", True, True)] == [opened, []]
    state.floor("h", seat, False)  # the host may still take it
    assert (meeting.row(seat).floor, state.media("n", False, True)) == (False, [])


def test_mute_all_leaves_the_host(meeting: MeetingFixture) -> None:
    meeting.state.floor("h", meeting.seat("n"), True)
    done = e.Speak("nt", "UBND.Nha Trang.01", False)
    assert meeting.state.mute_all("h") == [e.SetFloor(meeting.seat("n"), False), done]
    assert meeting.row(meeting.seat("h")).floor is True


def test_mute_all_but_one_leaves_that_one(meeting: MeetingFixture) -> None:
    for client in ("n", "c"):
        meeting.state.floor("h", meeting.seat(client), True)
    meeting.state.mute_all("h", meeting.seat("n"))
    assert [meeting.row(meeting.seat(client)).floor for client in ("n", "c")] == [True, False]


def test_only_controllers_control(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("c")
    for call in (
        lambda: state.floor("n", seat, True),
        lambda: state.mute_all("n"),
        lambda: state.lower("n", seat),
        lambda: state.set_layout("n", Layout()),
        lambda: state.record("n", True, False, NOW),
    ):
        assert_refused("forbidden", call)


def test_unknown_clients_and_seats_are_refused(meeting: MeetingFixture) -> None:
    state = meeting.state
    assert_refused("not-joined", lambda: state.hand("x", True, NOW))
    for call in (
        lambda: state.floor("h", "x", True),
        lambda: state.lower("h", "x"),
        lambda: state.set_layout("h", Layout("single", "x")),
        lambda: state.view("h", "camera:x"),
        lambda: state.view("h", "camera:nt"),
    ):
        assert_refused("unknown-seat", call)


def test_the_layout_is_told_to_everyone(meeting: MeetingFixture) -> None:
    seat = meeting.seat("n")
    assert meeting.state.set_layout("h", Layout("speaker", seat)) == [
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
def test_a_layout_that_makes_no_sense_is_explained(meeting: MeetingFixture, layout: Layout, text: str) -> None:
    with pytest.raises(MessageError) as refused:
        meeting.state.set_layout("h", layout)
    assert (refused.value.word, refused.value.text) == ("bad-message", text)
    assert meeting.state.layout_control.layout == Layout()


def test_an_audience_has_a_layout_of_its_own_until_it_sees_again_what_everyone_sees(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    large = Layout("single", seat)
    assert state.set_layout("h", large, "components") == [
        e.Arrange(large, "components"),
        e.TellAll(LayoutState(kind="grid", own={"components": Arrangement(kind="single", focus=seat)})),
    ]
    state.set_layout("h", Layout("2x2", seats=(None, seat)), "recording")
    assert (state.layout_control.layout, meeting.join("n2", NT), meeting.joined.layout.kind) == (
        Layout(),
        [seated(meeting, "n2")],
        "grid",
    )
    assert set(meeting.joined.layout.own) == {"components", "recording"}
    assert state.restore()[:4] == [
        e.OpenRoom(),
        e.Arrange(Layout()),
        e.Arrange(large, "components"),
        e.Arrange(Layout("2x2", seats=(None, seat)), "recording"),
    ]
    assert_refused("forbidden", lambda: state.same_layout("n", "components"))
    own: dict[Audience, Arrangement] = {"recording": Arrangement(kind="2x2", seats=[None, seat])}
    assert state.same_layout("h", "components") == [
        e.Arrange(None, "components"),
        e.TellAll(LayoutState(kind="grid", own=own)),
    ]
    for audience in ("components", "everyone"):
        assert state.same_layout("h", audience) == [e.Tell("h", LayoutState(kind="grid", own=own))]


def seated(meeting: MeetingFixture, client: str) -> e.AddSeat:
    return e.AddSeat(meeting.state.roster.seats[meeting.seat(client)].options)


def added_options(effects: list[e.Effect], seat: str) -> SeatOptions:
    """Return the options of the only AddSeat effect of a seat."""
    (options,) = [effect.options for effect in effects if isinstance(effect, e.AddSeat) and effect.options.seat == seat]
    return options


def test_room_systems_of_components_are_an_audience_the_hosts_shows_what_the_host_sees(meeting: MeetingFixture) -> None:
    state = meeting.state
    assert state.set_layout("h", Layout("2x2"), "systems") == [
        e.Arrange(Layout("2x2"), "systems"),
        e.TellAll(LayoutState(kind="grid", own={"systems": Arrangement(kind="2x2")})),
    ]
    audiences = []
    for place in (HOST, NT):
        choice = state.roster.choose(person := Person("vcs:1", place.name, place, False, system=True), None)
        state.join(client := f"vcs-{place.id}", person, choice, NOW)
        audiences.append(state.roster.seats[meeting.seat(client)].options.audience)
    assert audiences == ["host", "systems"]


def test_pins_and_focus_follow_in_every_layout(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("c")
    state.set_layout("h", Layout("1+5", seats=(seat,)), "host")
    state.set_layout("h", Layout("speaker", seat), "recording")
    layout_message = LayoutState(
        kind="grid", own={"host": Arrangement(kind="1+5", seats=["cr"]), "recording": Arrangement(kind="speaker")}
    )
    effects = state.leave("c")
    assert [effect for effect in effects if isinstance(effect, e.Arrange | e.TellAll)] == [
        e.Arrange(Layout("1+5", seats=("cr",)), "host"),
        e.Arrange(Layout("speaker"), "recording"),
        e.TellAll(layout_message),
    ]


def test_somebody_may_choose_a_layout_for_oneself(meeting: MeetingFixture) -> None:
    state = meeting.state
    assert state.view("n", "composed:grid") == [
        e.Arrange(Layout("grid"), "grid"),
        e.SetView(meeting.seat("n"), "composed:grid"),
        e.Tell("n", ViewState(source="composed:grid")),
    ]
    effects = state.restore()
    assert effects[effects.index(seated(meeting, "n")) - 1] == e.Arrange(Layout("grid"), "grid")
    assert added_options(effects, meeting.seat("n")).view == "composed:grid"


def test_tiles_are_told_to_their_seat_alone_and_again_to_one_that_comes_back(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    event = TilesForwarded(
        "s", seat, (ForwardedTile(seat, None, 0, 0, 1280, 720, "NT.XuongHuan", "NT.XuongHuan", 80, 45),), 1280, 720
    )
    assert state.tiles_forwarded(event) == [e.Tell("n", tiles_state(event))]
    assert state.tiles_forwarded(replace(event, seat="nobody")) == []
    state.view("n", "composed:grid", 1080)
    state.offered("n")
    token = meeting.tokens["n"]
    state.lost("n", NOW)
    assert state.tiles_forwarded(event) == []
    assert e.SetView(seat, "composed:grid", 1080) in meeting.join("n", NT, token)


def test_a_person_may_choose_one_picture_and_a_controller_for_everyone(meeting: MeetingFixture) -> None:
    state, ours = meeting.state, meeting.seat("n")

    def chosen(effects: list[e.Effect]) -> dict[str, bool]:
        added = [effect.options for effect in effects if isinstance(effect, e.AddSeat)]
        return {options.seat: options.one_picture for options in added}

    everyone = [meeting.seat(client) for client in ("h", "n", "c")]
    assert chosen(state.choose_one_picture("n", True)) == {ours: True}
    assert state.choose_one_picture("n", True) == []
    assert chosen(state.restore()) == {seat: seat == ours for seat in everyone}
    assert_refused("forbidden", lambda: state.one_picture_for_all("n", True))

    effects = state.one_picture_for_all("h", True)
    assert effects[-1] == e.TellAll(OnePictureState(on=True))
    assert chosen(effects) == {seat: True for seat in everyone if seat != ours}
    assert state.one_picture_for_all("h", True) == [e.Tell("h", OnePictureState(on=True))]
    assert chosen(meeting.join("t", None)) == {meeting.seat("t"): True} and meeting.joined.one_picture
    assert state.choose_one_picture("n", False) == [], "everyone gets one picture all the same"

    successor = MeetingFixture().state
    successor.recover(state.snapshot, NOW)
    assert set(chosen(successor.restore()).values()) == {True}
    assert set(chosen(state.one_picture_for_all("h", False)).values()) == {False}


def test_what_the_engine_was_not_told_of_one_picture_it_is_told_on_takeover(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    held = {row.id: row.options for row in state.roster.seats.values()}
    state.choose_one_picture("n", True)
    room = RoomState(RoomOptions(), tuple(SeatState(options, False, False, 180) for options in held.values()), {})
    assert state.adopt_room(room, NOW) == [e.AddSeat(replace(held[seat], one_picture=True))]


def test_who_is_back_before_the_worker_brings_the_room_keeps_its_media(meeting: MeetingFixture) -> None:
    """After a failover media count as connected until the room says whose are not; these connect anew."""
    for client in ("h", "n"):
        meeting.state.offered(client)
        meeting.state.peer_up(meeting.seat(client))
    options = {row.id: row.options for row in meeting.state.roster.seats.values()}
    seats, tokens = {client: meeting.seat(client) for client in ("h", "n", "c")}, meeting.tokens
    after = MeetingFixture()
    after.state.recover(meeting.state.snapshot, NOW)
    for client, place in (("h", HOST), ("c", CR)):
        after.join(client, place, tokens[client])
    assert [after.row(seats[client]).media for client in ("h", "n", "c")] == ["connected", "lost", "connected"]
    states = [SeatState(options[seats[client]], up, up, 180) for client, up in (("h", True), ("n", True), ("c", False))]
    effects = after.state.adopt_room(RoomState(RoomOptions(), tuple(states), {}), NOW)
    assert effects == [e.SetView(seats["h"], "composed", 0), e.Tell("c", Renew())]
    after.join("n", NT, tokens["n"])
    assert [after.row(seats[client]).media for client in ("h", "n", "c")] == ["connected", "connected", "none"]


@pytest.mark.parametrize("loses", [MeetingState.restore, lambda state: state.media_lost(NOW)])
def test_media_do_not_count_as_connected_where_the_room_is_lost_with_the_server(
    meeting: MeetingFixture, loses: Callable[[MeetingState], object]
) -> None:
    after = MeetingFixture()
    after.state.recover(meeting.state.snapshot, NOW)
    loses(after.state)
    after.join("n", NT, meeting.tokens["n"])
    assert after.row(meeting.seat("n")).media == "none"


def test_a_display_and_what_is_looked_at_of_a_camera_are_remembered(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    assert state.view("n", "composed", 1080)[0] == e.SetView(seat, "composed", 1080)
    assert (added_options(state.restore(), seat).view, added_options(state.restore(), seat).lines) == ("composed", 1080)
    assert state.wanted(seat, 180) == [e.Tell("n", WantedHeight(lines=180))]
    assert state.wanted("nobody", 180) == []
    token = meeting.tokens["n"]
    state.lost("n", NOW)
    assert state.wanted(seat, 360) == []
    meeting.join("n", NT, token)
    assert meeting.joined.wanted == 360
    state.offered("n")
    assert state.roster.seats[seat].wanted == 720


def test_everyone_is_told_who_is_heard_when_that_changes(meeting: MeetingFixture) -> None:
    """By its level; a room's own noise is no voice."""
    state, seat, other = meeting.state, meeting.seat("n"), meeting.seat("h")
    told = [
        [effect.message for effect in state.levels(levels) if isinstance(effect, e.TellAll)]
        for levels in ({seat: -49}, {seat: -20, other: -50}, {seat: -30, other: -31}, {}, {})
    ]
    assert told == [[Heard(seats=[seat])], [], [Heard(seats=sorted((seat, other)))], [Heard(seats=[])], []]
    state.levels({seat: -20})
    meeting.join("o", None)
    assert meeting.joined.heard == [seat]
    assert e.TellAll(Heard(seats=[])) in state.media_lost(NOW)


def test_r093_the_host_sees_how_loud_each_is_and_makes_a_voice_louder(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    meeting.join("o", None)
    assert state.levels({seat: -55}) == [e.Tell(client, LevelsState(levels={seat: -55})) for client in ("h", "o")]
    assert_refused("forbidden", lambda: state.gain("n", seat, 9))
    assert_refused("unknown-seat", lambda: state.gain("h", meeting.seat("o"), 9))
    assert state.gain("h", seat, 9) == [e.SetGain(seat, 9)]
    assert (meeting.row(seat).gain, meeting.row(meeting.seat("c")).gain) == (9, 0)
    assert (added_options(state.restore(), seat).gain, added_options(state.restore(), meeting.seat("c")).gain) == (9, 0)


def test_a_camera_is_moved_where_the_room_allows_it_and_stops_with_whoever_moves_it(meeting: MeetingFixture) -> None:
    state, seat, left, still = meeting.state, meeting.seat("n"), CameraMovement(pan=-1), CameraMovement()
    assert_refused("no-camera-control", lambda: state.move_camera("h", seat, left))
    assert state.controllable(seat, CameraControl(("pan",), 2)) == state.controllable("gone", None) == []
    assert meeting.row(seat).control == ControllableCamera(axes=["pan"], presets=2)
    assert_refused("forbidden", lambda: state.move_camera("c", seat, left))
    assert_refused("forbidden", lambda: state.use_camera_preset("c", seat, 0, False))
    assert state.move_camera("h", seat, left) == [e.MoveCamera(seat, left)]
    assert state.move_camera("c", seat, still) == []
    assert state.move_camera("h", seat, still) == [e.MoveCamera(seat, still)]
    assert state.move_camera("h", seat, still) == []
    assert state.use_camera_preset("h", seat, 1, True) == [e.UseCameraPreset(seat, 1, True)]
    assert_refused("no-camera-control", lambda: state.use_camera_preset("h", seat, 2, False))
    assert_refused("no-camera-control", lambda: state.select_camera_source("h", seat, 1))
    state.controllable(seat, CameraControl(("pan",), 0, (CameraSource(1), CameraSource(3)), 1))
    assert_refused("forbidden", lambda: state.select_camera_source("c", seat, 3))
    assert state.select_camera_source("h", seat, 3) == [e.SelectCameraSource(seat, 3)]
    state.move_camera("h", seat, left)
    assert state.lost("h", NOW)[0] == e.MoveCamera(seat, still)
    state.peer_down(seat)
    assert meeting.row(seat).control is None


@pytest.mark.parametrize("way", ["leaves", "is replaced", "resumes elsewhere"])
def test_a_camera_stops_when_whoever_moves_it_goes(meeting: MeetingFixture, way: str) -> None:
    state, seat, still = meeting.state, meeting.seat("n"), CameraMovement()
    meeting.join("o", None)
    state.controllable(seat, CameraControl(("pan",)))
    state.move_camera("o", seat, CameraMovement(pan=1))
    if way == "leaves":
        effects = state.leave("o")
    else:
        effects = meeting.join("o2", None, meeting.tokens["o"] if way == "resumes elsewhere" else None)
    assert e.MoveCamera(seat, still) in effects


def test_r057_a_room_system_shows_its_slides_by_the_rule_of_screens_and_ends_its_own_alone(
    meeting: MeetingFixture,
) -> None:
    state, seat, host = meeting.state, meeting.seat("n"), meeting.seat("h")
    assert state.share_asked(seat, True) == [e.RefuseShare(seat)]
    state.floor("h", seat, True)
    assert state.share_asked(seat, True)[0] == e.SetContent(seat)
    assert state.share_asked(host, False) == []
    assert state.share_asked(seat, False)[0] == e.SetContent(None)
    assert state.share_asked(seat, True)[0] == e.SetContent(seat)
    assert state.share_asked(host, True)[0] == e.SetContent(host)


def test_a_seat_with_the_floor_shares_a_screen_until_the_floor_is_taken(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    grid = Layout("grid", seats=(None, seat), title=True)
    state.set_layout("h", grid)
    for call in (lambda: state.share("n", True), lambda: state.share("c", True)):
        assert_refused("forbidden", call)
    state.floor("h", seat, True)
    state.floor("h", meeting.seat("c"), True)
    beside = Layout("content", title=True)
    assert state.share("n", True) == [
        e.SetContent(seat),
        e.TellAll(ContentState(seat=seat)),
        e.Arrange(beside),
        e.TellAll(LayoutState(kind="content", title=True)),
    ]
    assert_refused("content-taken", lambda: state.share("c", True))
    assert state.share_asked(meeting.seat("c"), True) == [e.RefuseShare(meeting.seat("c"))]
    assert state.share_asked(meeting.seat("c"), False) == state.share_asked("gone", True) == []
    assert state.share("c", False) == []
    assert state.view("c", "content")[0] == e.SetView(meeting.seat("c"), "content")
    assert state.restore()[-2:] == [e.SetContent(seat), e.TellAll(Renew())]
    assert state.floor("h", seat, False) == [
        e.SetFloor(seat, False),
        e.SetContent(None),
        e.TellAll(ContentState(seat=None)),
        e.Arrange(grid),
        e.TellAll(LayoutState(kind="grid", seats=[None, seat], title=True)),
        e.SetView(meeting.seat("c"), "composed"),
        e.Tell("c", ViewState(source="composed")),
        e.Speak("nt", "UBND.Nha Trang.01", False),
    ]
    assert_refused("unknown-seat", lambda: state.view("c", "content"))


def test_a_controller_takes_the_screen_over_and_a_layout_chosen_meanwhile_stays(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    state.floor("h", seat, True)
    state.share("n", True)
    assert state.share("h", True) == [e.SetContent(meeting.seat("h")), e.TellAll(ContentState(seat=meeting.seat("h")))]
    state.set_layout("h", Layout("speaker"))
    assert state.share("h", False) == [e.SetContent(None), e.TellAll(ContentState(seat=None))]
    assert state.layout_control.layout == Layout("speaker")
    state.share("n", True)
    assert e.SetContent(None) in state.leave("n")
    assert (state.layout_control.content, state.layout_control.layout) == (None, Layout("speaker"))
    meeting.join("t", None)
    assert_refused("forbidden", lambda: state.share("t", True))


def test_every_audience_sees_a_shared_screen_and_afterwards_what_it_saw_before(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("c")
    state.set_layout("h", Layout("grid", title=True), "components")
    state.set_layout("h", Layout("speaker"), "recording")
    state.set_layout("h", Layout("1+5", seats=(seat,)), "host")
    beside = Layout("content")
    arrangement = Arrangement(kind="content")
    assert state.share("h", True)[2:] == [
        e.Arrange(beside),
        e.Arrange(replace(beside, title=True), "components"),
        e.Arrange(beside, "recording"),
        e.Arrange(beside, "host"),
        e.TellAll(
            LayoutState(
                kind="content",
                own={
                    "components": Arrangement(kind="content", title=True),
                    "recording": arrangement,
                    "host": arrangement,
                },
            )
        ),
    ]
    state.set_layout("h", Layout("single"), "components")  # these stay
    state.same_layout("h", "recording")
    state.leave("c")
    assert state.share("h", False)[2:-1] == [e.Arrange(Layout()), e.Arrange(Layout("1+5", seats=("cr",)), "host")]
    assert state.layout_control.own == {"components": Layout("single"), "host": Layout("1+5", seats=("cr",))}


def test_taking_a_screen_over_restores_the_layout_chosen_meanwhile(meeting: MeetingFixture) -> None:
    state = meeting.state
    state.floor("h", meeting.seat("n"), True)
    state.share("n", True)
    state.set_layout("h", Layout("speaker"))
    assert e.Arrange(Layout("content")) in state.share("h", True)
    assert e.Arrange(Layout("speaker")) in state.share("h", False)


def test_a_pinned_point_keeps_its_pane_while_it_is_away(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("c")
    pinned = Layout("1+5", seats=(None, seat), title=True)
    assert state.set_layout("h", pinned)[0] == e.Arrange(pinned)
    waiting = Layout("1+5", seats=(None, "cr"), title=True)
    assert e.Arrange(waiting) in state.leave("c")
    effects = meeting.join("again", CR)
    back = Layout("1+5", seats=(None, meeting.seat("again")), title=True)
    assert effects[-2:] == [
        e.Arrange(back),
        e.TellAll(LayoutState(kind="1+5", seats=[None, meeting.seat("again")], title=True)),
    ]
    assert meeting.joined.layout.seats == [None, meeting.seat("again")]


def test_pins_and_focus_follow_while_a_screen_is_shared(meeting: MeetingFixture) -> None:
    state = meeting.state
    state.leave("c")
    state.set_layout("h", Layout("1+5", meeting.seat("n"), (meeting.seat("n"), "cr")))
    state.share("h", True)
    meeting.join("again", CR)
    state.leave("n")
    state.share("h", False)
    assert state.layout_control.layout == Layout("1+5", None, ("nt", meeting.seat("again")))
    state.set_layout("h", state.layout_control.layout)  # who shows it again is not refused


def test_a_room_that_is_built_anew_knows_the_names_of_those_who_are_awaited(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    state.lost("n", NOW)
    assert e.RemoveSeat(seat) in state.tick(NOW + timedelta(seconds=13))
    assert {state.names[seat], state.names["nt"]} == {
        "UBND.Nha Trang.01 · UBND thành phố Nha Trang",
        "UBND.Nha Trang · UBND thành phố Nha Trang",
    }
    assert state.amended("Họp", Interval(NOW, NOW + timedelta(hours=3)), 4)[0] == e.SetNames("Họp", state.names)


def test_a_point_that_comes_while_it_is_pinned_as_absent_has_its_pane(meeting: MeetingFixture) -> None:
    state = meeting.state
    state.set_layout("h", Layout("2x2", seats=("nt", "cr")))
    assert state.layout_control.layout.seats == (meeting.seat("n"), meeting.seat("c"))


def test_a_second_device_does_not_take_the_pane_of_the_first(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    state.set_layout("h", Layout("2x2", seats=(seat, "nt")))
    meeting.join("n2", NT)
    assert state.layout_control.layout.seats == (seat, meeting.seat("n2"))
    state.leave("n2")
    assert list(state.layout_control.layout.seats) == [seat, "nt"]
    state.leave("n")
    assert list(state.layout_control.layout.seats) == [None, "nt"]


def test_a_seat_without_picture_cannot_be_pinned(meeting: MeetingFixture) -> None:
    meeting.join("t", None)
    for name in ("nobody", meeting.seat("t")):
        assert_refused("unknown-seat", lambda name=name: meeting.state.set_layout("h", Layout("2x2", seats=(name,))))


def test_viewers_of_a_seat_that_is_gone_see_the_composed_picture(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    state.view("c", f"camera:{seat}")
    state.set_layout("h", Layout("single", seat))
    state.speaker_changed(seat)
    assert state.leave("n") == [
        e.Hang("n", "left"),
        e.RemoveSeat(seat),
        e.SetView(meeting.seat("c"), "composed"),
        e.Tell("c", ViewState(source="composed")),
        e.Arrange(Layout("single")),
        e.TellAll(LayoutState(kind="single", focus=None)),
        e.TellAll(Speaking(seat=None)),
        e.Release("nt.01"),
    ]


def test_a_reload_within_the_twelve_seconds_changes_nothing_in_the_engine(meeting: MeetingFixture) -> None:
    token = meeting.tokens["n"]
    seat = meeting.seat("n")
    meeting.state.floor("h", seat, True)
    meeting.state.hand("n", True, NOW)
    meeting.state.lost("n", NOW)
    assert meeting.state.tick(NOW + timedelta(seconds=11)) == []
    assert (meeting.row(seat).here, meeting.row(seat).media) == (True, "lost")
    assert meeting.join("n-again", NT, token) == []
    assert (meeting.joined.seat, meeting.row(seat).floor, meeting.row(seat).hand) == (seat, True, 1)


def test_after_twelve_seconds_a_point_is_absent_and_comes_back_with_floor_and_view(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    token = meeting.tokens["n"]
    state.floor("h", seat, True)
    state.view("n", f"camera:{meeting.seat('c')}")
    state.lost("n", NOW)
    assert state.tick(NOW + timedelta(seconds=12)) == [e.RemoveSeat(seat), e.Release("nt.01")]
    assert meeting.row(seat).here is False
    assert state.tick(NOW + timedelta(seconds=13)) == []
    label, view = "UBND.Nha Trang.01 · UBND thành phố Nha Trang", f"camera:{meeting.seat('c')}"
    options = SeatOptions(seat, label, audience="components", floor=True, view=view)
    assert meeting.join("n-again", NT, token) == [e.AddSeat(options)]
    assert meeting.joined.view == f"camera:{meeting.seat('c')}"


def test_after_a_minute_the_seat_is_gone_and_the_token_worth_nothing(meeting: MeetingFixture) -> None:
    seat = meeting.seat("n")
    token = meeting.tokens["n"]
    meeting.state.lost("n", NOW)
    meeting.state.tick(NOW + timedelta(seconds=12))
    assert meeting.state.tick(NOW + timedelta(seconds=60)) == []
    assert meeting.row("nt").here is False
    meeting.join("n-again", NT, token)
    assert meeting.joined.seat != seat


def test_a_token_is_worth_nothing_in_other_hands(meeting: MeetingFixture) -> None:
    seat = meeting.seat("n")
    token = meeting.tokens["n"]
    meeting.join("c2", CR, token)
    assert meeting.joined.seat != seat
    assert meeting.seat("n") == seat


def test_a_token_used_twice_ends_the_first_socket(meeting: MeetingFixture) -> None:
    token = meeting.tokens["n"]
    assert meeting.join("n-again", NT, token) == [e.Hang("n", "replaced")]
    meeting.state.lost("n", NOW)
    assert meeting.row(meeting.seat("n-again")).here is True


def test_the_transport_shows_in_the_roster(meeting: MeetingFixture) -> None:
    state, seat = meeting.state, meeting.seat("n")
    states = [meeting.row(seat).media]
    state.offered("n")
    states.append(meeting.row(seat).media)
    state.peer_up(seat)
    states.append(meeting.row(seat).media)
    state.peer_down(seat)
    states.append(meeting.row(seat).media)
    assert states == ["none", "connecting", "connected", "none"]


def test_flush_says_only_what_changed(meeting: MeetingFixture) -> None:
    assert meeting.state.flush() is None
    meeting.state.media("n", True, False)
    update = meeting.state.flush()
    assert update is not None
    assert [(row.seat, row.mic, row.camera) for row in update.changed] == [(meeting.seat("n"), True, False)]
    gone = meeting.seat("n")
    meeting.state.leave("n")
    update = meeting.state.flush()
    assert update is not None
    assert ([row.seat for row in update.changed], update.gone) == (["nt"], [gone])


def test_recording_by_hand(meeting: MeetingFixture) -> None:
    on, off = RecordingState(on=True, since=NOW), RecordingState(on=False)
    [start] = meeting.state.record("h", True, False, NOW)
    assert meeting.state.record("h", True, False, NOW) == [e.Tell("h", off)]
    assert isinstance(start, e.StartRecording)
    assert meeting.state.recording.started(start, NOW) == [e.TellAll(on)]
    assert meeting.state.record("h", True, False, NOW) == [e.Tell("h", on)]
    assert meeting.state.record("h", False, False, NOW) == [e.StopRecording("host", None), e.TellAll(off)]
    assert meeting.state.recording_stopped(None) == []


def test_a_registered_recording_starts_with_the_first_picture_in_the_official_time() -> None:
    meeting = MeetingFixture(recording=True)
    meeting.join("n", NT, now=NOW - timedelta(minutes=5))
    meeting.state.peer_up(meeting.seat("n"))
    assert meeting.state.tick(NOW - timedelta(seconds=1)) == []
    assert meeting.state.tick(NOW) == [e.StartRecording("")]
    assert meeting.state.tick(NOW) == []


def test_host_and_controllers_are_told_of_a_wrong_clock_once(meeting: MeetingFixture) -> None:
    told = [meeting.state.clock(ahead) for ahead in (5.0, -5.0, 299.6, 300.4, -2.0, -300.0)]
    assert told == [
        [],
        [],
        [e.Tell("h", ClockState(ahead=300))],
        [],
        [e.Tell("h", ClockState(ahead=0))],
        [e.Tell("h", ClockState(ahead=-300))],
    ]
    controller, point = meeting.join("t", None), meeting.join("n2", NT)
    assert e.Tell("t", ClockState(ahead=-300)) in controller
    assert e.Tell("n2", ClockState(ahead=-300)) not in point


def test_only_controllers_hear_of_the_disk(meeting: MeetingFixture) -> None:
    low = StorageState(level="low", hours=3.5)
    assert meeting.state.disk(low) == [e.Tell("h", low)]
    assert meeting.state.disk(low) == []
    meeting.join("t", None)
    assert meeting.joined.storage == low
    meeting.join("n2", NT)
    assert meeting.joined.storage is None


def test_whoever_joins_is_told_who_speaks_until_the_worker_is_lost(meeting: MeetingFixture) -> None:
    meeting.state.speaker_changed(meeting.seat("n"))
    meeting.join("n2", NT)
    assert meeting.joined.speaking == meeting.seat("n")
    assert meeting.state.media_lost(NOW) == [e.TellAll(Speaking(seat=None))]
    meeting.join("n3", NT)
    assert meeting.joined.speaking is None


def test_a_lost_worker_is_told_everything_again(meeting: MeetingFixture) -> None:
    state = meeting.state
    state.floor("h", meeting.seat("n"), True)
    state.set_layout("h", Layout("speaker"))
    state.view("c", f"camera:{meeting.seat('n')}")
    state.record("h", True, False, NOW)
    state.peer_up(meeting.seat("n"))
    assert state.media_lost(NOW) == []
    assert meeting.row(meeting.seat("n")).media == "none"
    seats = state.roster.seats
    assert state.restore() == [
        e.OpenRoom(),
        e.Arrange(Layout("speaker")),
        e.AddSeat(seats[meeting.seat("h")].options),
        e.AddSeat(seats[meeting.seat("n")].options),
        e.AddSeat(seats[meeting.seat("c")].options),
        e.StartRecording("host"),
        e.TellAll(Renew()),
    ]
    seat_options = [added_options(state.restore(), meeting.seat(client)) for client in ("h", "n", "c")]
    assert [(options.floor, options.view) for options in seat_options] == [
        (True, "composed"),
        (True, "composed"),
        (False, f"camera:{meeting.seat('n')}"),
    ]


def test_a_room_that_moves_is_rebuilt_and_recorded_there_once_all_have_come(meeting: MeetingFixture) -> None:
    state, seats = meeting.state, meeting.state.roster.seats
    start = state.record("h", True, False, NOW)[0]
    assert isinstance(start, e.StartRecording)
    state.recording.started(start, NOW)
    for client in ("h", "n", "c"):
        state.peer_up(meeting.seat(client))
    meeting.join("o", None)  # it has sent no offer yet
    assert state.move() == [
        e.OpenRoom(),
        e.Arrange(Layout("grid")),
        *(e.AddSeat(seats[meeting.seat(client)].options) for client in ("h", "n", "c", "o")),
    ]
    assert state.ask_over() == [e.Tell(client, Renew(keep=True)) for client in ("h", "n", "c")]
    assert state.arriving == {meeting.seat(client) for client in ("h", "n", "c")}
    state.peer_up(meeting.seat("h"))
    state.leave("n")
    assert state.arriving == {meeting.seat("c")}
    assert state.moved(NOW + timedelta(minutes=1)) == [e.TellAll(Moved()), e.StartRecording("host")]
    assert (state.arriving, seats[meeting.seat("h")].up, seats[meeting.seat("c")].up) == (set(), True, False)


def test_a_room_nobody_is_in_is_closed_and_opened_again() -> None:
    meeting = MeetingFixture(recording=True)
    meeting.join("h", HOST)
    meeting.state.peer_up(meeting.seat("h"))
    meeting.state.tick(NOW)
    assert meeting.state.leave("h")[-2:] == [e.StopRecording("", None), e.CloseRoom()]
    assert (meeting.state.restore(), meeting.state.empty) == ([], True)
    assert meeting.join("h", HOST)[0] == e.OpenRoom()
    meeting.state.peer_up(meeting.seat("h"))
    assert meeting.state.tick(NOW)[-1] == e.StartRecording("")


def test_the_end_sends_everyone_home_and_frees_every_leg(meeting: MeetingFixture) -> None:
    meeting.state.record("h", True, False, NOW)
    meeting.state.lost("c", NOW)
    assert meeting.state.end("ended") == [
        e.Hang("h", "ended"),
        e.Hang("n", "ended"),
        e.StopRecording("", None),
        e.CloseRoom(),
        e.Release("host.01"),
        e.Release("nt.01"),
        e.Release("cr.01"),
    ]
    assert meeting.state.empty
