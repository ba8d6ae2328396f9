"""The host arranges the picture, by the keyboard alone: a layout, a pane, a point; for everyone, and one step back."""

from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import press
from tests.e2e.people import HOST, People, Taps


def test_ux_21_31_the_host_arranges_the_picture_and_takes_it_back(people: People, red: Browser, blue: Browser) -> None:
    host_page = people.signed_in(red, HOST)
    code = people.register(host_page, ["nt.xuonghuan", "nt.vinhhai"], "Sắp xếp hình")
    host = people.enter(host_page, code, "host")
    guest = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    everyone = (host, guest)
    for seat in everyone:
        seat.until(lambda seat: {"red", "blue"} <= seat.colours(), "red and blue in one picture")

    expect(host_page.get_by_test_id("layout-undo")).to_be_disabled()
    press(host_page, "arrange")
    apply = host_page.get_by_test_id("layout-apply")
    expect(apply).to_be_disabled()
    expect(host_page.locator(".plan-choice")).to_have_count(22)
    press(host_page, "plan-1+5")
    expect(host_page.locator(".plan.map g")).to_have_count(6)
    press(host_page, "pane-0")
    press(host_page, "pin", point="nt.xuonghuan")
    expect(host_page.get_by_test_id("pane-0")).to_have_text("UBND phường Xương Huân")
    press(host_page, "pin", point="nt.vinhhai")  # absent: its pane waits for it
    expect(host_page.get_by_test_id("pane-1")).to_have_text("UBND phường Vĩnh Hải")
    for name in ("layout-title", "layout-clock", "layout-empty"):
        press(host_page, name, "Space")
        expect(host_page.get_by_test_id(name)).to_be_checked()
    press(host_page, "layout-apply")
    for seat in everyone:
        seat.until(lambda seat: 0.05 < seat.share("red") < 0.2 < 0.3 < seat.share("blue"), "blue large, red small")
    expect(host_page.get_by_test_id("layout-1+5")).to_have_attribute("aria-pressed", "true")

    audience = host_page.get_by_test_id("audience")  # the components see something else than the host
    audience.select_option("components")
    expect(host_page.get_by_test_id("layout-same")).to_have_count(0)
    host_page.get_by_test_id("layout-single").click()
    host_page.get_by_test_id("focus").select_option(label="UBND thành phố Nha Trang")
    guest.until(lambda guest: guest.share("red") > 0.7, "red alone for the guest")
    assert 0.05 < host.share("red") < 0.2 < 0.3 < host.share("blue")
    guest.page.get_by_test_id("source").select_option("composed:grid")  # a person's own choice
    guest.until(lambda guest: min(guest.share("red"), guest.share("blue")) > 0.15, "a grid for the guest alone")
    guest.page.get_by_test_id("source").select_option("composed")
    guest.until(lambda guest: guest.share("red") > 0.7, "red alone again")
    host_page.get_by_test_id("layout-same").click()
    guest.until(lambda guest: 0.05 < guest.share("red") < 0.2 < 0.3 < guest.share("blue"), "what everyone sees")
    expect(host_page.get_by_test_id("layout-same")).to_have_count(0)
    audience.select_option("everyone")

    press(host_page, "preset-save")
    press(host_page, "preset-6")
    press(host_page, "layout-undo")
    for seat in everyone:
        seat.until(lambda seat: abs(seat.share("red") - seat.share("blue")) < 0.05, "equal tiles")
    expect(host_page.get_by_test_id("layout-grid")).to_have_attribute("aria-pressed", "true")

    # 1+5 with the pinned point was kept as a preset: it is one tap away.
    taps = Taps(host_page)
    press(host_page, "preset-6")
    for seat in everyone:
        seat.until(lambda seat: 0.05 < seat.share("red") < 0.2 < 0.3 < seat.share("blue"), "blue large, red small")
    assert taps.count == 1

    host_page.set_viewport_size({"width": 1024, "height": 768})  # a small tablet: the tools leave the picture its room
    video = host_page.locator("meeting-video").bounding_box()
    assert video is not None
    assert video["height"] > 0.4 * 768
