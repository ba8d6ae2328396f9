"""The chat as people see it: the chair's notice over the picture, a reply, and what outlives a reload."""

from playwright.sync_api import Browser, Page, expect

from tests.e2e.layout_boxes import clear_at_all_sizes
from tests.e2e.people import HOST, People

NOTICE = "Đề nghị các điểm cầu tắt micrô; 15 giờ 30 nghỉ giải lao. <b>Cảm ơn</b>"


def write(page: Page, text: str) -> None:
    """Write a message by the keyboard."""
    page.get_by_test_id("chat-text").fill(text)
    page.keyboard.press("Enter")


def test_ux_16_a_message_of_the_chair_is_read_over_the_picture_and_answered(
    blue: Browser, fox: Browser, people: People
) -> None:
    host = people.signed_in(blue, HOST)
    point, other = people.signed_in(fox, "nt.vinhhai"), people.signed_in(blue, "nt.xuonghuan")
    code = people.register(host, ["nt.vinhhai", "nt.xuonghuan"], "Họp có tin nhắn")
    people.enter(host, code, "host")
    for page in (point, other):
        people.enter(page, code)
    host.get_by_test_id("tab-chat").click()
    write(host, NOTICE)
    for page in (point, other):
        notice = page.get_by_test_id("chat-notice")
        expect(notice).to_contain_text(NOTICE)  # as text, without markup
        size = notice.locator(".text").evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
        assert size >= 24
        clear_at_all_sizes(page)
        expect(notice).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="15 giờ 30")).to_have_count(1)
        expect(page.get_by_test_id("chat-button")).to_have_attribute("data-unread", "1")
    other.context.close()
    notice = point.get_by_test_id("chat-notice")
    point.keyboard.press("c")
    expect(notice).to_have_count(0)
    expect(point.get_by_test_id("chat-closed")).to_be_visible()
    host.get_by_test_id("chat-open").click()  # it is checked once the server has said so
    expect(host.get_by_test_id("chat-open")).to_be_checked()
    host.get_by_test_id("undo").hover()  # which keeps it, however long the other browser takes
    expect(point.get_by_test_id("chat-text")).to_be_visible()
    host.get_by_test_id("undo").click()
    expect(point.get_by_test_id("chat-closed")).to_be_visible()
    expect(host.get_by_test_id("chat-open")).not_to_be_checked()
    host.get_by_test_id("chat-open").click()  # it is checked once the server has said so
    expect(host.get_by_test_id("chat-open")).to_be_checked()
    point.get_by_test_id("chat-text").fill("Đã rõ, xin thêm tài liệu")
    point.reload()
    point.get_by_test_id("chat-button").click()
    expect(point.get_by_test_id("chat-message")).to_have_count(1)
    expect(point.get_by_test_id("chat-text")).to_have_value("Đã rõ, xin thêm tài liệu")
    expect(point.get_by_test_id("chat-text")).to_be_focused()
    point.keyboard.press("Enter")
    expect(host.get_by_test_id("chat-message").last).to_contain_text("Đã rõ, xin thêm tài liệu")
    host.get_by_test_id("chat-to").select_option("nt.vinhhai")
    write(host, "Đã gửi qua Văn thư")
    expect(point.get_by_test_id("chat-message").last).to_contain_text("Đã gửi qua Văn thư")
    expect(point.get_by_test_id("chat-button")).to_have_attribute("data-unread", "0")
