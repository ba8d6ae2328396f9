"""Forms whose request fails, is refused, or meets a reload: words are seen at the field, and nothing typed is lost."""

from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page

from tests.e2e.people import People
from tests.e2e.refusals import Form, assert_nothing_is_lost
from tests.e2e.server import Server

POINT = "nt.xuonghuan"
PHONE = "0905 123 456"
DIALOG = "dialog[open]"


def pressing(area: Page | Locator, *names: str) -> Callable[[], None]:
    """Return what presses controls of an area, the first one of each name."""

    def press() -> None:
        for name in names:
            area.get_by_test_id(name).first.click()

    return press


def test_forms_of_the_directory_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = people.sign_in(red, "truc.ban")
    page.goto(f"{server.http}directory.html?point={POINT}")
    point, unit, device = f"directory/points/{POINT}", "directory/units/[^/]+", "directory/devices/[^/]+"
    folded = {  # what a fold has is seen again by itself
        "room": Form(f"{point}/room", "save-room", {"f-address": "12 Lê Lợi", "f-seats": "30"}, "address"),
        "name": Form(f"{point}/name", "rename", {"f-name": "NT.XuongHuan.B", "f-label": "Phường"}, "name"),
        "unit": Form(f"{unit}/documents", "allow", {"f-dated": "05/04/2026", "f-number": "7/QĐ"}, "dated"),
    }
    for fold, form in folded.items():
        assert_nothing_is_lost(page, form, pressing(page, f"fold-{fold}"), lambda: None)

    def pairs() -> None:
        page.get_by_test_id("fold-displays").click()
        page.get_by_test_id("f-code").fill("BCDF-GHJK")  # a secret, which is not kept

    pairing = Form(f"{device}/display", "pair-display", {"f-sends": "", "f-accepted": ""})
    assert_nothing_is_lost(page, pairing, pairs, lambda: None)
    opened = {
        ("move-suspend",): Form(f"{point}/move", "confirm", {"f-reason": "Sửa phòng họp"}, "reason"),
        ("fold-equipment", "edit-device"): Form(
            device, "save-device", {"f-model": "Room Kit", "f-port": "5062"}, "model"
        ),
        ("fold-equipment", "add-line"): Form(
            f"{point}/lines", "save-line", {"f-subscribed": "4,5", "f-ranges": "10.79.0.0/16"}, "subscribed_kbps"
        ),
        ("fold-people", "add-person"): Form(
            f"{unit}/people", "save-person", {"f-phone": PHONE, "f-name": "Trần Thị Bình"}, "phone", "point-people"
        ),
    }
    for presses, form in opened.items():
        page.reload()
        assert_nothing_is_lost(page, form, pressing(page, *presses))
    page.goto(f"{server.http}controls.html?point={POINT}")
    said = Form("controls", "control-save", {"control-remark": "Đã thay mật khẩu"}, "remark", DIALOG)
    assert_nothing_is_lost(page, said, pressing(page, "control-say"))
