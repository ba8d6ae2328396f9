"""An encoder without a browser publishes by WHIP: its picture and tone are what everybody sees and hears."""

import subprocess
from contextlib import ExitStack

from playwright.sync_api import Browser, expect

from tests.e2e import browsers
from tests.e2e.people import People, leave_console, seat_of
from tests.e2e.server import Server

POINT = "nt.phuocdong"
TOKEN = "ma-truy-cap-cua-camera"
TONE_HZ = 660
CAMERA = (
    "videotestsrc is-live=true pattern=blue ! video/x-raw,width=320,height=180,framerate=15/1 ! vp8enc deadline=1"
    " ! rtpvp8pay pt=96 ! application/x-rtp,media=video,encoding-name=VP8,payload=96"
)
MICROPHONE = (
    f"audiotestsrc is-live=true freq={TONE_HZ} ! audioconvert ! audioresample ! opusenc"
    " ! rtpopuspay pt=100 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
)


def end(encoder: subprocess.Popen[bytes]) -> None:
    """End the encoder, also one that waits for a server that does not answer."""
    encoder.terminate()
    try:
        encoder.wait(browsers.PATIENCE_S)
    except subprocess.TimeoutExpired:
        encoder.kill()
        raise


def test_an_encoder_publishes_a_points_camera(server: Server, people: People, red: Browser) -> None:
    """Debian's whip-client publishes to the address that the directory shows."""
    page = people.signed_in(red, "truc.ban")
    page.goto(f"{server.http}directory.html?point={POINT}")
    page.get_by_test_id("fold-equipment").click()
    page.get_by_test_id("edit-device").click()
    device = page.get_by_test_id("device")
    device.get_by_test_id("f-kind").select_option(label="Camera, bộ mã hóa")
    device.get_by_test_id("f-protocol").select_option("WHIP")
    device.get_by_test_id("f-password").fill("ngắn quá")
    device.get_by_test_id("save-device").click()
    expect(device).to_contain_text("ít nhất 16 ký tự")
    device.get_by_test_id("f-password").fill(TOKEN)
    device.get_by_test_id("save-device").click()
    address = device.get_by_test_id("http-address").text_content() or ""
    host_page = people.signed_in(red, "ubnd.nha-trang")
    code = people.register(host_page, [POINT], "Họp có camera gửi bằng WHIP")
    host = people.enter(host_page, code, "host")
    with ExitStack() as ending:
        command = ["whip-client", "-u", address.strip(), "-t", TOKEN, "-V", CAMERA, "-A", MICROPHONE, "-n", "-l", "2"]
        encoder = ending.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        ending.callback(end, encoder)
        seat = seat_of(host_page, "NT.PhuocDong")
        host.until(lambda host: {"red", "blue"} <= host.colours(), "the encoder's picture beside the host's")
        row = host_page.locator(f'[data-testid="seat"][data-seat="{seat}"]')
        row.get_by_test_id("give-floor").click()
        host.hears(TONE_HZ)
        row.get_by_test_id("take-floor").click()
        host.silent(TONE_HZ)
    expect(host_page.locator(f'[data-testid="seat"][data-point="{POINT}"]')).to_have_attribute("data-here", "false")
    leave_console(host_page)
