"""Measures how far lips and voice are apart, and how late the picture is. Not a test.

One page's camera flashes and its microphone beeps at the same moment, once a second. Another page notes when it
sees and hears that, through the server; the first page does the same over a direct connection to itself on as bad a
network, so that the time that browsers need themselves can be subtracted. Both run on one machine and read one clock.

tests/e2e/netns.sh .venv/bin/python -m tests.e2e.lip_sync

`--sender firefox` and `--receiver firefox` take Firefox for one of the pages. Without a sound card it plays no sound:
PulseAudio's null sink is one (`apt-get install --no-install-recommends pulseaudio`).
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from loadtest.bench.av_sync_probe import Moments, after, recorded
from loadtest.endpoint.network_emulator import NetworkEmulator
from signaling.app.services import file_cipher
from tests.e2e import browsers
from tests.e2e.emulated_network import redirect_media
from tests.e2e.people import HOST, People, record_live, stop_recording, unmute
from tests.e2e.server import LAN, MEDIA_PORT, Server, running

SECONDS = 30
RATE = 10e6
"""Of the network, bit/s."""
STALL_S = 0.1
QUANTILES = (0, 0.05, 0.5, 0.95, 1)
NEAR_MS = 450
"""A flash and a beep nearer than this belong together; they come once a second."""

_FLASH_AND_BEEP = r"""
const canvas = document.createElement('canvas'); canvas.width = 1280; canvas.height = 720;
const pen = canvas.getContext('2d');
window.flashes = [];
let sound, white = false;
function start() {
  sound = new AudioContext();
  const tone = new OscillatorNode(sound, {frequency: 1000}), gate = new GainNode(sound, {gain: 0});
  window.beeps = new MediaStreamAudioDestinationNode(sound);
  tone.connect(gate).connect(window.beeps); tone.start();
  let at = Math.ceil(sound.currentTime) + 1;
  setInterval(() => {
    const now = sound.currentTime, lit = now >= at;
    if (lit && !white) {
      gate.gain.setValueAtTime(0.5, now); gate.gain.setValueAtTime(0, now + 0.3);
      window.flashes.push(Date.now());
    }
    white = lit;
    if (now >= at + 0.5) at += 1;
    pen.fillStyle = 'black'; pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = white ? 'white' : 'black'; pen.fillRect(540, 480, 360, 210);
    pen.fillStyle = 'grey'; pen.fillRect(performance.now() / 10 % 1280, 0, 8, 60);
  }, 10);
}
const picture = canvas.captureStream(25);
navigator.mediaDevices.getUserMedia = async wanted => {
  if (!sound) start();
  return new MediaStream(wanted.video ? picture.getVideoTracks().map(track => track.clone())
    : window.beeps.stream.getAudioTracks().map(track => track.clone()));
};
const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()];
window.answered = async () => {
  const [light] = picture.getVideoTracks(), [beep] = window.beeps.stream.getAudioTracks(), stream = new MediaStream();
  here.addTrack(light.clone(), stream); here.addTrack(beep.clone(), stream);
  await here.setLocalDescription();
  const offer = here.localDescription.sdp.replace(/^a=candidate.*\r\n/gm, '');
  await there.setRemoteDescription({type: 'offer', sdp: offer});
  await there.setLocalDescription();
  while (there.iceGatheringState !== 'complete') await new Promise(then => there.onicegatheringstatechange = then);
  return Number(there.localDescription.sdp.match(/^a=candidate.* udp .* (\d+) typ host/im)[1]);
};
window.direct = async (host, port) => {
  const stream = new MediaStream(), video = document.createElement('video'), audio = document.createElement('audio');
  for (const {receiver} of there.getTransceivers()) stream.addTrack(receiver.track);
  const via = `$1 ${host} ${port} typ host`;
  const answer = there.localDescription.sdp.replace(/^(a=candidate.* udp \d+) .* typ host/gim, via);
  await here.setRemoteDescription({type: 'answer', sdp: answer});
  video.muted = true;
  video.srcObject = stream; audio.srcObject = stream;
  document.body.append(video, audio);
  await video.play(); await audio.play();
  window.leave = () => { here.close(); there.close(); video.remove(); audio.remove(); };
  await note(video, audio);
};
"""
"""Replaces camera and microphone: light and 1 kHz for a third of a second, at the same moment.

It grows light only where :data:`_NOTE` looks: a whole picture of white takes a browser longer than any other.
"""

_BEEP_DETECTOR = """
registerProcessor('beep-detector', class extends AudioWorkletProcessor {
  quiet = 1e9;
  process([[samples]]) {
    let beep = null;
    samples?.forEach((sample, at) => {
      if (Math.abs(sample) <= 0.05) return void this.quiet++;
      if (this.quiet > 4800) beep = (currentFrame + at) / sampleRate;
      this.quiet = 0;
    });
    if (beep !== null || currentFrame % 4096 === 0) this.port.postMessage({now: currentTime, beep});
    return true;
  }
});
"""
"""Notes beeps by the clock of the sound, since a page's thread may be late; the least delay of two seconds dates
that clock, which need not run as fast as the page's."""
_NOTE = (
    f"const BEEP_DETECTOR = {json.dumps(_BEEP_DETECTOR)};"
    + """
window.note = async (video, audio) => {
  window.seen = []; window.heard = [];
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 8;
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  let white = true;
  const next = () => video.requestVideoFrameCallback((now, meta) => {
    pen.drawImage(video, 0, 0, 8, 8);
    const lit = pen.getImageData(4, 6, 1, 1).data[0] > 128;
    if (lit && !white) window.seen.push(performance.timeOrigin + meta.expectedDisplayTime);
    white = lit;
    next();
  });
  next();
  const context = new AudioContext();
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([BEEP_DETECTOR], {type: 'text/javascript'})));
  const source = new MediaStreamAudioSourceNode(context, {mediaStream: audio.srcObject});
  const detector = new AudioWorkletNode(context, 'beep-detector');
  const since = [];
  detector.port.onmessage = ({data: {now, beep}}) => {
    since.push(Date.now() - now * 1000);
    if (since.length > 24) since.shift();
    if (beep !== null) window.heard.push(Math.min(...since) + beep * 1000);
  };
  source.connect(detector);
};
"""
)
_THROUGH = "note(document.querySelector('[data-testid=picture]'), document.querySelector('[data-testid=audio]'))"
_TILE = "note(document.querySelector('[data-testid=tile] video'), document.querySelector('[data-testid=audio]'))"


def figures(flashes: Moments, seen: Moments, heard: Moments) -> dict[str, object]:
    """Return the delay of the picture, and by how much its sound is later, in ms (quantiles: `QUANTILES`)."""
    delays = sorted(after(flashes, seen, 0, 900).values())
    skews = sorted(after(seen, heard, -NEAR_MS, NEAR_MS).values())
    return {
        "pictures": len(delays),
        "delay_p50_ms": round(statistics.median(delays)) if delays else None,
        "delay_p95_ms": round(delays[int(0.95 * len(delays))]) if delays else None,
        "beeps": len(skews),
        "sound_after_picture_ms": [round(skews[int(part * (len(skews) - 1))]) for part in QUANTILES if skews],
    }


def measure(sender: Page, receiver: Page, seconds: float) -> dict[str, object]:
    """Note flashes and beeps for so many seconds and return their figures."""
    sender.evaluate("window.flashes.length = 0")
    receiver.evaluate("window.seen.length = window.heard.length = 0")
    receiver.wait_for_timeout(seconds * 1000)
    flashes: Moments = sender.evaluate("window.flashes")
    seen: Moments = receiver.evaluate("window.seen")
    heard: Moments = receiver.evaluate("window.heard")
    return figures(flashes, seen, heard)


def print_figures(what: str, values: dict[str, object]) -> None:
    """Print figures as one JSON object."""
    print(json.dumps({"what": what, **values}), flush=True)


@dataclass(frozen=True, slots=True)
class Setup:
    """The page that flashes and beeps, the point that watches and listens, and the network between them."""

    server: Server
    network: NetworkEmulator
    page: Page
    point: Page


def measure_with_bursts(network: NetworkEmulator, what: str, sender: Page, receiver: Page) -> None:
    """Measure on a clear network, and after each of three bursts of loss."""
    print_figures(what, measure(sender, receiver, SECONDS))
    for _ in range(3):
        network.loss = 0.5
        receiver.wait_for_timeout(700)
        network.loss = 0.0
        receiver.wait_for_timeout(1000)
        print_figures(f"{what}, after a burst of loss", measure(sender, receiver, 8))


def clear(setup: Setup) -> None:
    """Measure directly, through the server, and in the recording."""
    page, point = setup.page, setup.point
    with NetworkEmulator((LAN, page.evaluate("answered()")), RATE) as network:
        page.evaluate("([host, port]) => direct(host, port)", [LAN, network.port])
        page.wait_for_timeout(6000)
        measure_with_bursts(network, "direct, browser to browser", page, page)
        page.evaluate("leave()")
    point.evaluate(_THROUGH)
    record_live(page)
    measure_with_bursts(setup.network, "through the server", page, point)
    stop_recording(page)
    point.wait_for_timeout(3000)
    for path in sorted((setup.server.data / "recordings").rglob("*.mp4")):
        with file_cipher((setup.server.data / "code.key").read_bytes()).open(path) as file:
            seen, heard = ([1000 * at for at in each] for each in recorded(file))
        values = figures(seen, seen, heard)
        print_figures("recorded", {key: value for key, value in values.items() if not key.startswith("delay")})


def stalling(setup: Setup) -> None:
    """Measure on a network that stalls: the composed picture, and the camera alone."""
    setup.network.stall_s = STALL_S
    setup.point.wait_for_timeout(6000)
    setup.point.evaluate(_THROUGH)
    print_figures("composed", measure(setup.page, setup.point, SECONDS))
    source = setup.point.get_by_test_id("source")
    source.select_option(label=source.locator("option[value^='camera:']").first.inner_text())
    setup.point.wait_for_timeout(6000)
    print_figures("the camera alone", measure(setup.page, setup.point, SECONDS))


def tiles(setup: Setup) -> None:
    """Measure directly, and in the tile of the camera that is forwarded."""
    page, point = setup.page, setup.point
    with NetworkEmulator((LAN, page.evaluate("answered()")), RATE) as network:
        page.evaluate("([host, port]) => direct(host, port)", [LAN, network.port])
        page.wait_for_timeout(6000)
        print_figures("direct, browser to browser", measure(page, page, SECONDS))
        page.evaluate("leave()")
    point.evaluate(_TILE)
    measure_with_bursts(setup.network, "in the tile", page, point)
    setup.network.stall_s = STALL_S
    point.wait_for_timeout(6000)
    print_figures("in the tile, on a network that stalls", measure(page, point, SECONDS))


@contextmanager
def sound_card(directory: Path) -> Iterator[None]:
    """Run PulseAudio with a null sink, for the browsers that are started meanwhile."""
    address = f"unix:{directory / 'pulse'}"
    arguments = ["--exit-idle-time=-1", "--use-pid-file=no", "-n", "-L", "module-null-sink"]
    arguments += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={directory / 'pulse'}"]
    os.environ |= {"PULSE_SERVER": address, "PULSE_LATENCY_MSEC": "20"}
    with subprocess.Popen(["pulseaudio", *arguments], stderr=subprocess.DEVNULL) as daemon:
        try:
            yield
        finally:
            daemon.terminate()


def browser(name: str, playwright: Playwright, arguments: list[str]) -> AbstractContextManager[Browser]:
    """Run Chromium or Firefox."""
    return browsers.firefox(playwright) if name == "firefox" else browsers.chromium(playwright, arguments)


def main() -> None:
    """Measure the composed picture on a clear network or, with `--stalling`, on one that stalls; or a tile."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stalling", action="store_true", help="measure on a network that stalls for up to 0.1 s")
    arguments.add_argument("--tiles", action="store_true", help="measure a camera in the tile that the page draws")
    for role in ("sender", "receiver"):
        arguments.add_argument(f"--{role}", choices=("chromium", "firefox"), default="chromium")
    options = arguments.parse_args()
    data = Path(tempfile.mkdtemp())
    material = browsers.fake_devices(data, "red", browsers.plain_picture("red", 30), 440)
    network = NetworkEmulator((LAN, MEDIA_PORT), RATE)
    with sound_card(data), running(data / "data") as server, sync_playwright() as playwright, network:
        server.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        server.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        sender, receiver = (browser(name, playwright, material) for name in (options.sender, options.receiver))
        with sender as first, receiver as second:
            people = People(server)
            page = people.sign_in(first, HOST)
            browsers.allow_worklets(page)
            page.add_init_script(_FLASH_AND_BEEP + _NOTE + (redirect_media(network.port) if options.stalling else ""))
            code = people.register(page, ["nt.xuonghuan"], "Đo môi khớp tiếng")
            unmute(people.enter(page, code, "host"))
            page.get_by_test_id("layout-single").click()
            point = people.sign_in(second, "nt.xuonghuan", composed=not options.tiles)
            browsers.allow_worklets(point)
            point.add_init_script(_NOTE + redirect_media(network.port))
            point.goto(f"{server.http}room.html?code={code}")
            point.get_by_test_id("accept").click()
            point.wait_for_timeout(6000)
            measured = tiles if options.tiles else stalling if options.stalling else clear
            measured(Setup(server, network, page, point))


if __name__ == "__main__":
    main()
