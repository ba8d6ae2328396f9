"""The chat of a meeting: who may write, who reads it, limits, and what another process continues with."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from signaling.core.errors import MessageError
from signaling.meeting.state.chat import (
    CHAIR_RATE,
    KEPT,
    MOST,
    MOST_WITH_ABOVE,
    PASSED_ON,
    POINT_RATE,
    WITHIN,
    Chat,
    ChatSnapshot,
    ChatWriter,
)
from signaling.meeting.state.meeting_state import MeetingState
from signaling.messages import effects as e
from signaling.messages.chat import ChatMessage, ChatOpenState
from signaling.messages.neighbours import ChairMessage
from tests.signaling.meeting.state.meeting_fixture import CR, HOST, NOW, NT, MeetingFixture

CHAIR = ChatWriter("host", "UBND.Khanh Hoa", chair=True)
POINT = ChatWriter("nt", "UBND.Nha Trang", chair=False)


@pytest.fixture
def meeting() -> MeetingFixture:
    """Return a meeting which host, Nha Trang and Cam Ranh have joined."""
    made = MeetingFixture()
    for client, place in (("h", HOST), ("n", NT), ("c", CR)):
        made.join(client, place)
    return made


def told(effects: list[e.Effect]) -> dict[str, str]:
    """Return the texts that clients are told, by client."""
    tells = [each for each in effects if isinstance(each, e.Tell) and isinstance(each.message, ChatMessage)]
    return {each.client: each.message.text for each in tells if isinstance(each.message, ChatMessage)}


def stored(effects: list[e.Effect]) -> list[tuple[str | None, bool, str | None, str]]:
    messages = [each.message for each in effects if isinstance(each, e.StoreChat)]
    return [(message.point, message.chair, message.to, message.text) for message in messages]


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(MessageError) as refused:
        action()
    return refused.value.word


def test_the_chair_writes_to_everyone_or_to_one_point(meeting: MeetingFixture) -> None:
    state = meeting.state
    effects = state.write("h", "Nghỉ 10 phút", None, NOW)
    assert told(effects) == {"h": "Nghỉ 10 phút", "n": "Nghỉ 10 phút", "c": "Nghỉ 10 phút"}
    assert stored(effects) == [("host", True, None, "Nghỉ 10 phút")]
    effects = state.write("h", "Mời chỉnh camera", "nt", NOW)
    assert told(effects) == {"h": "Mời chỉnh camera", "n": "Mời chỉnh camera"}
    assert stored(effects) == [("host", True, "nt", "Mời chỉnh camera")]


def test_a_point_writes_to_the_chair_once_it_is_opened(meeting: MeetingFixture) -> None:
    state = meeting.state
    assert refusal(lambda: state.write("n", "Xin in thêm", None, NOW)) == "chat-closed"
    assert refusal(lambda: state.open_chat("n", True)) == "forbidden"
    assert state.open_chat("h", True) == [e.TellAll(ChatOpenState(on=True))]
    effects = state.write("n", "Xin in thêm", None, NOW)
    assert told(effects) == {"h": "Xin in thêm", "n": "Xin in thêm"}
    assert stored(effects) == [("nt", False, None, "Xin in thêm")]
    assert refusal(lambda: state.write("n", "Chào", "cr", NOW)) == "forbidden"
    state.open_chat("h", False)
    assert refusal(lambda: state.write("n", "Alô", None, NOW)) == "chat-closed"


def test_the_centre_without_a_point_is_of_the_chair_while_it_controls(meeting: MeetingFixture) -> None:
    meeting.join("t", None)
    effects = meeting.state.write("t", "Kỹ thuật đang xử lý", None, NOW)
    assert set(told(effects)) == {"h", "n", "c", "t"}
    assert stored(effects) == [(None, True, None, "Kỹ thuật đang xử lý")]
    assert refusal(lambda: Chat().write(ChatWriter(None, "Giám sát", chair=False), None, "x", NOW)) == "forbidden"


def test_an_absent_point_reads_it_when_it_comes_and_nobody_elses(meeting: MeetingFixture) -> None:
    state = meeting.state
    state.leave("c")
    state.write("h", "Gọi 0258 khi vào", "cr", NOW)
    state.write("h", "Riêng Nha Trang", "nt", NOW)
    state.write("h", "Bắt đầu", None, NOW)
    assert refusal(lambda: state.write("h", "x", "nowhere", NOW)) == "unknown-seat"
    meeting.join("c2", CR)
    assert [message.text for message in meeting.joined.chat.messages] == ["Gọi 0258 khi vào", "Bắt đầu"]
    joined, _ = state.welcome("h", "", NOW)
    assert [message.id for message in joined.chat.messages] == [1, 2, 3]


def test_another_process_continues_the_chat(meeting: MeetingFixture) -> None:
    meeting.state.open_chat("h", True)
    meeting.state.write("n", "Có mặt", None, NOW)
    other = MeetingState(meeting.state.booking)
    other.recover(meeting.state.snapshot, NOW)
    assert other.chat.snapshot == ChatSnapshot(True, 1, meeting.state.snapshot.chat.messages, NOW)
    assert other.chat.write(CHAIR, None, "Tiếp tục", NOW).id == 2


def test_what_the_chair_above_wrote_is_told_once_also_by_another_process(meeting: MeetingFixture) -> None:
    first, second = above(1, NOW, "Nghỉ 10 phút"), above(2, NOW, "Mời vào", name="Chính phủ")
    effects = meeting.state.hear_chair("nt", NOW, [first], NOW)
    message = ChatMessage(
        id=1, at=NOW, point="nt", name="UBND thành phố Nha Trang", chair=True, to=None, text="Nghỉ 10 phút", above=True
    )
    assert effects == [e.StoreChat(message), e.TellAll(message)]
    assert meeting.state.hear_chair("nt", NOW, [first], NOW) == []
    other = MeetingState(meeting.state.booking)
    other.recover(meeting.state.snapshot, NOW)
    (heard, _) = other.hear_chair("nt", NOW, [first, second], NOW)
    assert isinstance(heard, e.StoreChat)
    assert (heard.message.id, heard.message.name, heard.message.text) == (2, "Chính phủ", "Mời vào")
    assert other.hear_chair("nt", NOW, [first, second], NOW) == []


def test_a_new_meeting_above_whose_numbers_begin_anew_is_heard() -> None:
    chat, later = Chat(), NOW + timedelta(minutes=5)
    assert [each.id for each in chat.hear(CHAIR, NOW, [above(7, NOW, "Nghỉ")], NOW)] == [1]
    assert [each.text for each in chat.hear(CHAIR, later, [above(1, later, "Mời vào")], later)] == ["Mời vào"]
    assert chat.hear(CHAIR, later, [above(1, later, "Mời vào")], later) == []


def test_what_is_told_again_of_an_earlier_meeting_above_is_not_taken() -> None:
    chat, later = Chat(), NOW + timedelta(minutes=5)
    chat.hear(CHAIR, NOW, [above(7, NOW, "Nghỉ")], NOW)
    chat.hear(CHAIR, later, [above(1, later, "Mời vào")], later)
    assert chat.hear(CHAIR, NOW, [above(7, NOW, "Nghỉ"), above(8, later, "Hết")], later) == []
    assert [each.text for each in chat.hear(CHAIR, later, [above(2, later, "Rõ")], later)] == ["Rõ"]


def test_what_the_release_before_heard_of_a_meeting_above_is_not_taken_again() -> None:
    chat, later = Chat(), NOW + timedelta(minutes=5)
    chat.recover(ChatSnapshot(heard=7, heard_at=later))  # as version 1 has it
    told = [above(7, later, "Nghỉ"), above(8, later, "Mời vào")]
    assert [each.text for each in chat.hear(CHAIR, NOW, told, later)] == ["Mời vào"]


def test_what_the_chair_above_writes_too_fast_is_taken_in_its_order_when_it_is_told_later() -> None:
    chat = Chat()
    told = [above(each, NOW, str(each)) for each in range(1, CHAIR_RATE + 3)]
    assert len(chat.hear(CHAIR, NOW, told, NOW)) == CHAIR_RATE
    assert chat.hear(CHAIR, NOW, told, NOW) == []
    rest = [str(CHAIR_RATE + 1), str(CHAIR_RATE + 2)]
    assert [each.text for each in chat.hear(CHAIR, NOW, list(reversed(told)), NOW + WITHIN)] == rest


def test_the_clock_of_the_system_above_may_be_ahead_or_be_set_back() -> None:
    chat, ahead = Chat(), NOW + timedelta(hours=1)
    assert [each.at for each in chat.hear(CHAIR, ahead, [above(1, ahead, "Nghỉ")], NOW)] == [NOW]
    told = [above(1, ahead, "Nghỉ"), above(2, NOW, "Mời")]
    assert [each.text for each in chat.hear(CHAIR, ahead, told, NOW)] == ["Mời"]


def test_systems_below_are_told_what_the_chairs_here_and_above_wrote_to_everyone() -> None:
    chat = Chat()
    chat.open = True
    chat.hear(CHAIR, NOW, [above(3, NOW, "Từ trên")], NOW)
    chat.write(POINT, None, "Rõ", NOW)
    chat.write(CHAIR, "nt", "Riêng", NOW)
    chat.write(CHAIR, None, "Tất cả", NOW)
    to_all = (above(1, NOW, "Từ trên", name=CHAIR.name), above(4, NOW, "Tất cả"))
    assert chat.of_chair("cr") == to_all
    alone = ChairMessage(id=3, at=NOW, name="", text="Riêng", alone=True)
    assert chat.of_chair("nt") == (to_all[0], alone, to_all[1])
    for _ in range(PASSED_ON):
        chat.write(CHAIR, None, "Nữa", NOW)
    assert [each.id for each in chat.of_chair("nt")] == [*range(5, 5 + PASSED_ON)]


def test_what_the_chair_above_writes_to_this_system_alone_is_read_by_its_chair(meeting: MeetingFixture) -> None:
    alone = ChairMessage(id=1, at=NOW, name="", text="Mời cử người phát biểu", alone=True)
    stored, *told = meeting.state.hear_chair("nt", NOW, [alone], NOW)
    assert isinstance(stored, e.StoreChat)
    assert (stored.message.to, stored.message.above) == ("nt", True)
    assert told == [e.Tell("h", stored.message)]
    assert meeting.state.chat.of_chair("cr") == ()


def test_a_meeting_with_too_many_messages_takes_no_more_of_the_chair_above() -> None:
    chat = Chat()
    chat.recover(ChatSnapshot(number=MOST_WITH_ABOVE - 1))
    told = [above(1, NOW, "Nghỉ"), above(2, NOW, "Mời")]
    assert [each.text for each in chat.hear(CHAIR, NOW, told, NOW)] == ["Nghỉ"]
    assert chat.write(CHAIR, None, "Ở đây", NOW).id == MOST_WITH_ABOVE + 1


def above(number: int, at: datetime, text: str, name: str = "") -> ChairMessage:
    return ChairMessage(id=number, at=at, name=name, text=text)


@pytest.mark.parametrize(("writer", "rate"), [(POINT, POINT_RATE), (CHAIR, CHAIR_RATE)])
def test_a_writer_is_limited_within_a_minute_and_others_are_not(writer: ChatWriter, rate: int) -> None:
    chat = Chat()
    chat.open = True
    for _ in range(rate):
        chat.write(writer, None, "x", NOW)
    assert refusal(lambda: chat.write(writer, None, "x", NOW + WITHIN - timedelta(seconds=1))) == "too-fast"
    assert chat.write(ChatWriter("cr", "UBND.Cam Ranh", chair=False), None, "x", NOW).id == rate + 1
    assert chat.write(writer, None, "x", NOW + WITHIN).id == rate + 2


def test_who_joins_is_told_the_latest_messages_and_a_meeting_has_an_end_of_them() -> None:
    chat = Chat()
    for number in range(MOST):
        chat.write(CHAIR, None, str(number), NOW + number * WITHIN)
    assert [each.id for each in chat.history("nt", chair=False).messages] == list(range(MOST - KEPT + 1, MOST + 1))
    assert refusal(lambda: chat.write(CHAIR, None, "x", NOW + MOST * WITHIN)) == "too-fast"


def test_a_test_room_has_no_chat() -> None:
    room = MeetingFixture()
    room.state = MeetingState(replace(room.state.booking, echo_s=1.0))
    room.join("h", HOST)
    assert refusal(lambda: room.state.write("h", "x", None, NOW)) == "forbidden"
    assert refusal(lambda: room.state.open_chat("h", True)) == "forbidden"
