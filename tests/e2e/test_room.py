"""The room as a point sees it, in Chromium and in Firefox: what always stands over and under the picture, the turn, the
invitation to speak, and what is left of it all without a network."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import wait_until
from tests.e2e.layout_boxes import layout_faults
from tests.e2e.people import HOST, People, seat_of
from tests.e2e.server import Server

SIZES = [(1280, 800), (820, 1180), (390, 844)]
TITLE = "Hội nghị trực tuyến toàn tỉnh về phòng, chống thiên tai năm 2026"
SCRIPT = [
    {"title": "Khai mạc", "kind": "speech", "minutes": 10},
    {"title": "Xương Huân báo cáo", "kind": "speech", "point": "nt.xuonghuan", "minutes": 10},
    {"title": "Thảo luận", "kind": "speech", "point": "nt.vinhhai", "minutes": 10},
]

OPEN = re.compile("^(on|live)$")
"""A microphone that is open, whether or not its point is the active speaker."""
KEPT = """() => {
  const {connection, tracks} = document.querySelector('room-page').meeting;
  return [tracks.mic.label, JSON.parse(localStorage.devices).mic, connection.pc === window.first];
}"""
"""The microphone in use, the one remembered, and whether the connection is still the first one."""
COVERED = """() => {
  const box = element => element.getBoundingClientRect();
  const seen = selector => [...document.querySelectorAll(selector)].filter(each => each.checkVisibility());
  const names = seen('[data-testid=tile] .name');
  const over = seen('.room-head, .notice, .captions, .turn, control-bar, .prompt, .share-bar, .watermark');
  const beyond = (a, b) => a.left >= b.right - 1 || a.top >= b.bottom - 1;
  const apart = (a, b) => beyond(a, b) || beyond(b, a);
  const faults = names.flatMap(name => over.filter(each => !apart(box(name), box(each))).map(each => each.className));
  const [right, bottom] = [innerWidth + 1, innerHeight + 1];
  if ([...names, ...over].some(each => box(each).bottom > bottom || box(each).right > right)) faults.push('outside');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('page too wide');
  return [names.length, faults];
}"""
"""How many names are seen, and what covers one or is outside the window."""


ACTIONS = """() => {
  const {mediaSession} = navigator, set = mediaSession.setActionHandler.bind(mediaSession);
  window.actions = {};
  mediaSession.setActionHandler = (action, run) => (set(action, run), window.actions[action] = run);
}"""
"""Keeps what the browser is to call by itself."""
AWAKE = """window.awake = [];
  Object.defineProperty(navigator, 'wakeLock', {value: {request: async kind => window.awake.push(kind)}});"""
"""Notes what the page keeps awake."""
IN_LINES = """() => {
  const box = id => document.querySelector(`[data-testid=${id}]`).getBoundingClientRect();
  const lines = box('captions-lines');
  const within = ({top, bottom}) => top >= lines.top - 1 && bottom <= lines.bottom + 1;
  return [within(box('caption-name')), within(box('caption-text'))];
}"""
"""Whether the speaker's name and a short text stand within the lines of the captions."""


CUT = """off => {
  const {protocol} = document.querySelector('room-page').meeting;
  protocol.reach ??= protocol.open;
  protocol.open = off ? () => Object.assign(new EventTarget(), {send() {}, close() {}}) : protocol.reach;
  protocol.drop();
}"""
"""Gives the meeting sockets that never open, or real ones again."""


NOTE_SIGNALS = """() => {
  Object.assign(window, {shaken: [], tones: []});
  navigator.vibrate = pattern => window.shaken.push(pattern);
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function(at) { window.tones.push(this.frequency.value); start.call(this, at); };
}"""
"""Notes how the page shakes the device, and the tones that it plays: machines that run tests have no sound card."""
RAISED = "() => document.querySelector('room-page').meeting.seat.since"
"""Since when the own hand is raised."""
WATERMARK = """() => {
  const mark = document.querySelector('.watermark'), box = mark.getBoundingClientRect();
  const frame = document.querySelector('.meeting-frame').getBoundingClientRect();
  const {opacity, pointerEvents} = getComputedStyle(mark);
  return [frame.right - box.right, box.top - frame.top, Number(opacity), box.height, pointerEvents];
}"""
"""How far the watermark is from the upper right corner of the picture, and how faint and small it is."""
NOTICE = "() => document.querySelector('room-page').showNotice('UBND phường Vĩnh Hải đang chia sẻ màn hình')"
STILL_SEEN = """() => {
  const box = selector => document.querySelector(selector).getBoundingClientRect();
  const [frame, banner] = [box('.meeting-frame'), box('.banner')];
  const videos = [...document.querySelectorAll('.meeting-frame video')];
  const pictures = videos.filter(video => video.checkVisibility() && video.videoWidth);
  return pictures.length > 0 && banner.top > frame.top && banner.bottom < frame.bottom;
}"""
"""Whether a last picture is seen under the banner."""
MEASURED = """async detail => {
  const {connection} = document.querySelector('room-page').meeting;
  connection.watch = async () => {};
  await connection.pc.getStats();  // a measurement that was under way comes before this one
  connection.dispatchEvent(new CustomEvent('measure', {detail: {loss: 0, pictures: 1, decoded: 1, ...detail}}));
}"""
"""Gives the page a measurement of its line, instead of its own from then on."""
MEASURES = "() => { delete document.querySelector('room-page').meeting.connection.watch; }"
SCREEN = """() => {
  const screen = Object.assign(document.createElement('canvas'), {width: 1280, height: 720});
  const context = screen.getContext('2d');
  setInterval(() => context.fillRect(0, 0, 1280 * Math.random(), 720), 100);
  navigator.mediaDevices.getDisplayMedia = async () => screen.captureStream();
}"""
"""Lets a page share a canvas as if it were the screen."""
DECODES_ALL = """() => {
  const {meeting} = document.querySelector('room-page, host-page');
  Object.assign(meeting.decoding, {level: 0, update: () => false});
  meeting.reportOnePicture();
}"""
"""Lets a page take its machine for one that decodes all in time: three browsers on a busy one do not, and would get one
picture instead of tiles, as they should."""
POOR = """() => {
  const {meeting} = document.querySelector('room-page'), {seats, me} = meeting.state;
  const [{seat}] = seats.filter(each => each.here && each.seat !== me);
  meeting.onMessage({type: 'lines', weak: [{seat, loss: 12, jitter: 21, round_trip: 180}]});
}"""
"""Tells the page that the line of another point is weak."""


AGENDA_SINCE = """minutes => {
  const {meeting} = document.querySelector('room-page'), {agenda} = meeting.state;
  const since = new Date(meeting.now - 60000 * minutes).toISOString();
  meeting.onMessage({...agenda, type: 'agenda', since});
}"""
"""Tells the page that the item which is on began so many minutes ago."""


@dataclass
class Meeting:
    """A meeting with its host in the console, a point in Chromium and one in Firefox."""

    host: Page
    chromium: Page
    firefox: Page

    @property
    def points(self) -> tuple[Page, Page]:
        """Both points."""
        return self.chromium, self.firefox

    def invite(self, page: Page) -> None:
        """Give the floor to a point, which is thereby invited to speak."""
        seat = seat_of(self.host, "NT.XuongHuan" if page == self.chromium else "NT.VinhHai")
        self.command({"type": "floor", "seat": seat, "open": True})
        expect(page.get_by_test_id("floor-prompt")).to_be_visible()

    def cut(self, page: Page, *, off: bool = True) -> None:
        """Take the network away from a page, or give it back; Firefox is left with a server that does not answer."""
        if page == self.chromium:
            page.context.set_offline(off)
        else:
            page.evaluate(CUT, off)

    def command(self, message: dict[str, object]) -> None:
        """Send a command of the host."""
        self.host.evaluate("message => document.querySelector('host-page').meeting.command(message)", message)

    def rest(self) -> None:
        """Take back what a test gave."""
        self.command({"type": "step", "to": None})  # which gives back the floors that its items took
        self.command({"type": "mute-all"})
        for page in self.points:
            expect(page.get_by_test_id("mic")).to_have_attribute("data-state", "blocked")


@pytest.fixture(scope="module")
def held(server: Server, red: Browser, blue: Browser, fox: Browser) -> Iterator[Meeting]:
    """Hold the meeting for which somebody is on duty."""
    people = People(server)
    host = people.signed_in(red, HOST)
    code = people.register(host, ["nt.xuonghuan", "nt.vinhhai"], TITLE, SCRIPT)
    session = next(each for each in host.request.get(f"{server.http}api/v1/sessions").json() if each["title"] == TITLE)
    duty = {"role": "main", "name": "Lê Văn B", "phone": "0905 123 456"}
    centre = people.signed_in(blue, "truc.ban")
    assert centre.request.post(f"{server.http}api/v1/readiness/{session['id']}/duties", data=duty).ok
    people.enter(host, code, "host")
    pages = [people.signed_in(browser, name) for browser, name in ((blue, "nt.xuonghuan"), (fox, "nt.vinhhai"))]
    pages[0].add_init_script(f"({ACTIONS})()")
    for page in pages:
        page.add_init_script(AWAKE)
    points = [people.enter(page, code) for page in pages]
    for page in (host, *pages):
        page.evaluate(DECODES_ALL)
    yield Meeting(host, *(seat.page for seat in points))
    people.leave()


@pytest.fixture
def meeting(held: Meeting) -> Meeting:
    """The meeting, at rest."""
    held.rest()
    return held


def test_ux_05_10_the_turn_is_a_sentence_and_a_hand_keeps_its_place_over_a_lost_connection(meeting: Meeting) -> None:
    for page in meeting.points:
        assert set(page.evaluate("window.awake")) == {"screen"}
        page.evaluate("() => { window.awake = []; document.dispatchEvent(new Event('visibilitychange')); }")
        assert page.evaluate("window.awake") == ["screen"]  # the browser ended it while the page was hidden
    queue = meeting.host.get_by_test_id("queue-item")
    meeting.host.get_by_test_id("tab-queue").click()
    for page in meeting.points:
        hand, turn = page.get_by_test_id("hand"), page.get_by_test_id("turn")
        expect(turn).to_contain_text("Bạn đang tắt tiếng; điểm cầu chủ trì mời mới nói được. Giơ tay để xin phát biểu")
        hand.click()
        expect(turn).to_contain_text(re.compile(r"Bạn đứng thứ 1 trong hàng xin phát biểu.*đã chờ 00:\d\d"))
        expect(hand).to_have_text(re.compile(r"Hạ tay \(thứ 1\)\s*đã chờ 00:\d\d"))
        expect(queue).to_have_count(1)
        since = page.evaluate(RAISED)
        meeting.cut(page)
        expect(turn).to_have_attribute("data-turn", "lost")
        expect(hand).to_have_attribute("data-place", "1")
        meeting.cut(page, off=False)
        expect(turn).to_have_attribute("data-turn", "hand")
        assert page.evaluate(RAISED) == since
        hand.click()
        expect(turn).to_have_attribute("data-turn", "blocked")
        expect(queue).to_have_count(0)
    meeting.host.get_by_test_id("tab-points").click()
    meeting.host.get_by_test_id("mic").click()
    for page in meeting.points:
        expect(page.get_by_test_id("who-speaks")).to_have_text("Đang nói: UBND thành phố Nha Trang")
    meeting.host.get_by_test_id("mic").click()


def test_ux_07_defect_10_20_names_are_never_covered_and_title_line_and_turn_stay(meeting: Meeting) -> None:
    for page in meeting.points:
        meeting.invite(page)
        expect(page.locator(".watermark")).to_have_count(1)
        right, top, opacity, height, taps = page.evaluate(WATERMARK)
        assert 0 <= right < 24 and 0 <= top < 80 and opacity <= 0.5 and height < 24 and taps == "none"
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(NOTICE)
            expect(page.get_by_test_id("notice")).to_be_visible()
            wait_until(page, lambda: page.evaluate(COVERED) == [3, []], f"free names at {width}x{height}")  # noqa: B023
        page.set_viewport_size({"width": 1280, "height": 800})
    meeting.rest()
    for page in meeting.points:
        page.get_by_test_id("hand").click()
        page.mouse.move(5, 300)
    for page in meeting.points:
        expect(page.locator("main.idle")).to_be_visible()
        expect(page.locator("control-bar .bar")).to_have_css("opacity", "0")
        for place in ("room-head", "turn", "quality", "clock", "topic"):
            expect(page.get_by_test_id(place)).to_be_visible()
        expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
        page.get_by_test_id("topic").fill("Lũ trên sông Cái")  # what is asked at rest is taken
        page.get_by_test_id("topic-send").click()
        expect(page.get_by_test_id("topic")).to_have_count(0)
        page.get_by_test_id("hand").click()
        expect(page.get_by_test_id("turn")).to_have_attribute("data-turn", "blocked")


def test_captions_are_read_by_who_wants_them_under_the_speakers_name(meeting: Meeting) -> None:
    reader, other = meeting.points
    expect(reader.get_by_test_id("captions")).to_have_attribute("aria-pressed", "false")
    expect(reader.get_by_test_id("captions-lines")).to_have_count(0)
    reader.locator("body").press("t")
    expect(reader.get_by_test_id("captions")).to_have_attribute("aria-pressed", "true")
    expect(reader.get_by_test_id("captions-lines")).to_have_attribute("data-state", "on")
    meeting.host.get_by_test_id("captions").click()
    meeting.host.get_by_test_id("mic").click()
    for page in (reader, meeting.host):
        expect(page.get_by_test_id("caption-text")).to_have_text("Kính thưa các đồng chí, tôi xin báo cáo.")
        expect(page.get_by_test_id("caption-name")).to_have_text("UBND thành phố Nha Trang")
        assert page.evaluate(IN_LINES) == [True, True]
    expect(reader.get_by_role("log")).to_have_text(re.compile("UBND thành phố Nha Trang: tôi xin báo cáo."))
    expect(other.get_by_test_id("captions-lines")).to_have_count(0)
    meeting.host.get_by_test_id("mic").click()
    other.locator("body").press("t")
    meeting.invite(other)
    other.get_by_test_id("floor-accept").click()
    for page in (reader, other):
        expect(page.get_by_test_id("caption-name").last).to_have_text("UBND phường Vĩnh Hải")
    wait_until(other, lambda: other.evaluate(IN_LINES) == [True, True], "the captions within their lines")
    for width, height in [*SIZES, (320, 640)]:
        reader.set_viewport_size({"width": width, "height": height})
        wait_until(reader, lambda: reader.evaluate(COVERED)[1] == [], f"nothing covered at {width}x{height}")
    reader.set_viewport_size({"width": 1280, "height": 800})
    meeting.cut(reader)
    expect(reader.get_by_test_id("turn")).to_have_attribute("data-turn", "lost")
    meeting.cut(reader, off=False)
    expect(reader.get_by_test_id("captions-lines")).to_have_attribute("data-state", "on")
    for page in (reader, other, meeting.host):
        page.locator("body").press("t")
        expect(page.get_by_test_id("captions-lines")).to_have_count(0)


def test_ux_11_defect_09_an_invitation_sounds_and_rests_without_a_network(meeting: Meeting) -> None:
    for page in meeting.points:
        page.evaluate(NOTE_SIGNALS)
        meeting.invite(page)
        assert page.evaluate("[window.shaken, window.tones]") == [[[200, 100, 200]], [660, 880]]
        accept = page.get_by_test_id("floor-accept")
        expect(accept).to_be_enabled()
        meeting.cut(page)
        expect(accept).to_be_disabled()
        expect(page.get_by_test_id("invited-for")).to_contain_text("Mất kết nối")
        expect(page.get_by_test_id("turn")).to_have_attribute("data-turn", "lost")
        meeting.cut(page, off=False)
        expect(accept).to_be_enabled()
        accept.click()
        expect(page.get_by_test_id("on-air")).to_have_text("ĐANG PHÁT")
        expect(page.get_by_test_id("turn")).to_have_attribute("data-turn", "on")


def test_ux_12_the_item_that_is_on_the_next_one_and_the_time_left(meeting: Meeting) -> None:
    for page in meeting.points:
        expect(page.get_by_test_id("agenda")).to_have_text("Tiếp theo: Khai mạc")
    for title in ("Khai mạc", "Xương Huân báo cáo"):
        meeting.host.get_by_test_id("script-next").click()
        expect(meeting.host.get_by_test_id("script-on").locator("strong")).to_contain_text(title)
    for page in meeting.points:
        expect(page.get_by_test_id("agenda")).to_contain_text("Xương Huân báo cáo")
        expect(page.get_by_test_id("agenda")).to_contain_text("Tiếp theo: Thảo luận")
        expect(page.get_by_test_id("agenda-left")).to_have_text(re.compile(r"^09:\d\d$"))
    for speaker in meeting.points:  # each has an item of its own
        speaker.get_by_test_id("floor-accept").click()
        expect(speaker.get_by_test_id("floor-left")).to_have_text(re.compile(r"^09:\d\d$"))
        for minutes, end in ((9.5, "soon"), (10.2, "late")):
            speaker.evaluate(AGENDA_SINCE, minutes)
            for place in ("floor-left", "agenda-left"):
                expect(speaker.get_by_test_id(place)).to_have_attribute("data-end", end)
        expect(speaker.get_by_test_id("floor-left")).to_contain_text("+00:")
        expect(speaker.get_by_test_id("mic")).to_have_attribute("data-state", OPEN)  # the sound is never cut
        if speaker == meeting.chromium:
            meeting.host.get_by_test_id("script-next").click()


def test_ux_14_a_line_has_four_steps_and_tells_more_the_own_always_others_when_poor(meeting: Meeting) -> None:
    steps = (
        ({"rtt": 0.1, "limitedBy": ""}, "good", 4, "Mạng tốt", "Trễ: 100 ms"),
        ({"rtt": 0.3, "limitedBy": "bandwidth"}, "fair", 3, "Mạng hơi kém", "Mạng yếu nên hình gửi đi bị giảm"),
        ({"rtt": 0.5, "limitedBy": "cpu"}, "poor", 2, "Mạng yếu", "Máy này quá tải nên hình gửi đi bị giảm"),
        ({"rtt": 1.2, "limitedBy": ""}, "bad", 1, "Mạng rất yếu", "Trễ: 1200 ms"),
    )
    for page in meeting.points:
        line, more = page.get_by_test_id("quality"), page.get_by_test_id("line-more")
        line.click()
        for measured, word, bars, words, told in steps:
            page.evaluate(MEASURED, measured)
            expect(line).to_have_attribute("data-line", word)
            expect(line).to_have_text(words)
            expect(line.locator("rect.solid")).to_have_count(bars)
            expect(more).to_contain_text(told)
            expect(more).to_contain_text(re.compile(r"Mất gói: \d+\.\d %"))
        page.keyboard.press("Escape")
        expect(more).to_be_hidden()
        page.evaluate(MEASURES)
        page.get_by_test_id("people").click()
        expect(page.get_by_test_id("poor-line")).to_have_count(0)
        page.evaluate(POOR)
        expect(page.get_by_test_id("poor-line")).to_have_text("Mạng yếu")
        page.get_by_test_id("people").click()


def test_ux_15_a_lost_connection_is_told_over_the_last_picture_and_ends_speech_after_a_minute(meeting: Meeting) -> None:
    for page in meeting.points:
        banner, mic = page.get_by_test_id("banner"), page.get_by_test_id("mic")
        meeting.invite(page)
        page.get_by_test_id("floor-accept").click()
        expect(mic).to_have_attribute("data-state", OPEN)
        meeting.cut(page)
        expect(banner).to_contain_text(re.compile(r"Đang kết nối lại… \(lần \d+\)"))
        assert page.evaluate(STILL_SEEN)
        expect(page.get_by_test_id("operator")).to_have_count(0)
        page.evaluate("() => { document.querySelector('room-page').meeting.lostAt -= 30000; }")
        expect(page.get_by_test_id("operator")).to_have_text("Gọi cán bộ trực kỹ thuật Lê Văn B: +84905123456")
        expect(page.get_by_test_id("retry")).to_be_visible()
        meeting.cut(page, off=False)
        expect(banner).to_be_hidden()
        expect(mic).to_have_attribute("data-state", OPEN)  # it had the floor a moment ago
        meeting.cut(page)
        expect(banner).to_be_visible()
        page.evaluate("() => { document.querySelector('room-page').meeting.lostAt -= 61000; }")
        meeting.cut(page, off=False)
        expect(banner).to_be_hidden()
        expect(mic).to_have_attribute("data-state", "off")


def test_devices_and_language_change_while_one_speaks(meeting: Meeting) -> None:
    for page, device in ((meeting.chromium, 2), (meeting.firefox, 0)):
        meeting.invite(page)
        page.get_by_test_id("floor-accept").click()
        expect(page.get_by_test_id("mic")).to_have_attribute("data-state", OPEN)
        page.evaluate("() => { window.first = document.querySelector('room-page').meeting.connection.pc; }")
        page.get_by_test_id("more").click()
        page.get_by_test_id("settings-open").click()
        chosen = page.get_by_test_id("mic-picker").locator("option").nth(device).get_attribute("value")
        assert chosen
        page.get_by_test_id("mic-picker").select_option(chosen)
        page.get_by_test_id("language-picker").select_option("en")
        expect(page.get_by_test_id("settings")).to_contain_text("Devices and language")
        expect(page.get_by_test_id("no-blur")).to_be_visible()  # no fake camera can
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("turn")).to_contain_text("Microphone on: every point hears you")
        expect(page.get_by_test_id("mic")).to_have_attribute("data-state", OPEN)
        kept = [chosen, chosen, True]
        wait_until(page, lambda: page.evaluate(KEPT) == kept, "the microphone, without another connection")  # noqa: B023
        page.get_by_test_id("more").click()
        page.get_by_test_id("settings-open").click()
        page.get_by_test_id("language-picker").select_option("vi")
        page.get_by_test_id("settings-close").click()
        expect(page.get_by_test_id("turn")).to_contain_text("ĐANG PHÁT")


def test_ux_18_the_picture_goes_on_in_a_small_window(meeting: Meeting) -> None:
    """By the button in both browsers, and when one leaves the tab, for which Chromium calls the action: tiles or the
    one picture, the invitation, the microphone."""
    for page in meeting.points:
        with page.context.expect_page() as opened:
            if page == meeting.chromium:
                page.evaluate("() => window.actions.enterpictureinpicture()")
            else:
                page.get_by_test_id("more").click()
                page.get_by_test_id("small").click()
        small = opened.value
        small.set_viewport_size({"width": 480, "height": 400})
        tiles = small.get_by_test_id("tile").locator("video:not(.waits)")
        expect(tiles).to_have_count(3)
        expect(small.get_by_test_id("mic")).to_have_attribute("data-state", "blocked")
        meeting.invite(page)
        expect(small.get_by_test_id("invited-for")).to_be_visible()
        wait_until(small, lambda: layout_faults(small) == [], "a small window without faults")  # noqa: B023
        small.get_by_test_id("floor-accept").click()
        expect(page.get_by_test_id("mic")).to_have_attribute("data-state", OPEN)
        small.get_by_test_id("mic").click()
        expect(page.get_by_test_id("mic")).to_have_attribute("data-state", "off")
        page.evaluate("() => document.querySelector('room-page').meeting.chooseOnePicture(true)")
        expect(tiles).to_have_count(0)
        picture = small.get_by_test_id("picture")
        wait_until(small, lambda: picture.evaluate("video => video.videoWidth > 0 && !video.paused"), "the one picture")  # noqa: B023
        page.evaluate("() => document.querySelector('room-page').meeting.chooseOnePicture(false)")
        with small.expect_event("close"):
            page.keyboard.press("w")


def test_ux_22_all_from_whom_sound_comes_have_waves(meeting: Meeting) -> None:
    """In tiles, in the room's list and in the console's: not only the loudest."""
    for page in meeting.points:
        meeting.invite(page)
        page.get_by_test_id("floor-accept").click()
        expect(page.get_by_test_id("mic")).to_have_attribute("data-state", OPEN)
    waves, listed = "[data-testid=tile] svg.sound", "[data-testid=seat][data-activity=speaking]"
    meeting.chromium.get_by_test_id("people").click()
    meeting.host.get_by_test_id("tab-points").click()
    for count in (2, 1):
        for page in (meeting.host, *meeting.points):
            expect(page.locator(waves)).to_have_count(count)
        expect(meeting.host.locator(listed)).to_have_count(count)
        expect(meeting.chromium.locator("participant-list .speaking")).to_have_count(count)
        meeting.firefox.get_by_test_id("mic").click()
    meeting.chromium.get_by_test_id("people").click()


def test_ux_17_a_shared_screen_is_previewed_told_and_stopped(meeting: Meeting) -> None:
    meeting.firefox.evaluate(SCREEN)  # without a display there is none to be chosen
    for page in meeting.points:
        meeting.invite(page)
        expect(page.get_by_test_id("share-bar")).to_have_count(0)
        page.locator("body").press("s")
        expect(page.get_by_test_id("share-bar")).to_contain_text("Chỉ gửi hình, không gửi tiếng của máy")
        preview = page.get_by_test_id("share-preview").locator("video")
        wait_until(page, lambda: preview.evaluate("video => video.videoWidth > 0"), "the preview")  # noqa: B023
        page.get_by_test_id("share-stop").click()
        expect(page.get_by_test_id("share-bar")).to_have_count(0)
        expect(page.get_by_test_id("share")).to_have_attribute("data-state", "off")


def test_ux_24_the_mark_of_the_recording_stays_and_counts(meeting: Meeting) -> None:
    meeting.host.get_by_test_id("record").click()
    for page in meeting.points:
        expect(page.get_by_test_id("room-head").get_by_test_id("rec-mark")).to_have_text(
            re.compile(r"^Đang ghi (?!00:00)\d\d:\d\d$")
        )
    meeting.command({"type": "record", "on": False})
    for page in meeting.points:
        expect(page.get_by_test_id("rec-mark")).to_be_hidden()
