"""The sheet that invites: whoever scans its QR code is in the meeting with a sign-in, and strangers get no code."""

import io
import re

import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.e2e.people import HOST, People, Taps
from tests.e2e.server import Server


def test_ux_01_a_tablet_joins_by_the_qr_code_of_the_sheet(
    people: People, server: Server, blue: Browser, fox: Browser
) -> None:
    host = people.sign_in(blue, HOST)
    code = people.register_by_form(host, ["nt.vinhhai", "nt.xuonghuan"], "Họp có giấy mời")
    host.get_by_test_id("to-invitation").click()
    expect(host.get_by_test_id("invitation-code")).to_have_text(f"{code[:3]} {code[3:6]} {code[6:]}")
    expect(host.get_by_test_id("invitation-sheet")).to_contain_text("UBND phường Vĩnh Hải")
    (seen,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(host.screenshot(full_page=True))))
    assert seen.text == f"{server.http}?code={code}"
    sheet = host.url
    host.emulate_media(media="print")
    expect(host.get_by_test_id("print")).to_be_hidden()

    for browser, point in ((blue, "nt.vinhhai"), (fox, "nt.xuonghuan")):
        tablet = browser.new_context(
            locale="vi-VN", has_touch=browser is blue, viewport={"width": 820, "height": 1180}
        ).new_page()
        tablet.goto(seen.text)
        taps = Taps(tablet)
        tablet.get_by_test_id("account").fill(point)
        tablet.get_by_test_id("password").fill(server.accounts[point])
        expect(tablet.get_by_test_id("code")).to_have_value(f"{code[:3]} {code[3:6]} {code[6:]}")
        for name in ("sign-in", "accept"):
            button = tablet.get_by_test_id(name)
            (button.tap if browser is blue else button.click)()  # BiDi has no touch yet
        expect(tablet.get_by_test_id("mic")).to_be_visible()
        assert re.search(rf"room\.html\?code={code}$", tablet.url)
        assert taps.count == 2
        tablet.context.close()

    stranger = people.signed_in(blue, "ubnd.cam-ranh")
    stranger.goto(sheet)
    expect(stranger.get_by_test_id("invitation-sheet")).to_have_count(0)
    expect(stranger.get_by_role("alert")).to_be_visible()
