"""Do lips and voice meet, and how late is the picture? A measurement, not a test.

One page's camera flashes and its microphone beeps at the same moment, once a second. Another page notes when it
sees and hears that, through the server; the first page does the same over a direct connection to itself on as bad a
line, so that what browsers need for their own part can be taken off. Both run on one machine and read one clock.

tests/e2e/netns.sh .venv/bin/python -m tests.e2e.lip_sync
"""

import argparse
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from loadtest.bench.av_sync_probe import Moments, after, recorded
from loadtest.endpoint.network_emulator import NetworkEmulator
from signaling.app.services import file_cipher
from tests.e2e import browsers
from tests.e2e.line import redirect
from tests.e2e.people import HOST, People, unmute
from tests.e2e.server import LAN, MEDIA_PORT, Server, running

SECONDS = 30
RATE = 10e6
"""Of the line, bit/s."""
STALL_S = 0.1
QUANTILES = (0, 0.05, 0.5, 0.95, 1)
NEAR_MS = 450
"""A flash and a beep nearer than that belong together; they come once a second."""

_CLAPPER = r"""
const canvas = document.createElement('canvas'); canvas.width = 1280; canvas.height = 720;
const pen = canvas.getContext('2d');
window.flashes = [];
let sound, white = false;
function clap() {
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
  if (!sound) clap();
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
  return Number(there.localDescription.sdp.match(/^a=candidate.* udp .* (\d+) typ host/m)[1]);
};
window.direct = async (host, port) => {
  const stream = new MediaStream(), video = document.createElement('video'), audio = document.createElement('audio');
  for (const {receiver} of there.getTransceivers()) stream.addTrack(receiver.track);
  const via = `$1 ${host} ${port} typ host`;
  const answer = there.localDescription.sdp.replace(/^(a=candidate.* udp \d+) .* typ host/gm, via);
  await here.setRemoteDescription({type: 'answer', sdp: answer});
  video.muted = true;
  video.srcObject = stream; audio.srcObject = stream;
  document.body.append(video, audio);
  await video.play(); await audio.play();
  window.leave = () => { here.close(); there.close(); video.remove(); audio.remove(); };
  await note(video, audio);
};
"""
"""Instead of camera and microphone: light and 1 kHz for a third of a second, at the same moment.

It grows light only where :data:`_NOTE` looks: a whole picture of white takes a browser longer than any other.
"""

_EAR = """
registerProcessor('ear', class extends AudioWorkletProcessor {
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
"""Notes beeps by the clock of the sound: a page's thread may be late. Its least lateness says when that clock began."""
_NOTE = (
    f"const EAR = {json.dumps(_EAR)};"
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
  const ear = new AudioContext();
  await ear.audioWorklet.addModule(URL.createObjectURL(new Blob([EAR], {type: 'text/javascript'})));
  const source = new MediaStreamAudioSourceNode(ear, {mediaStream: audio.srcObject});
  const listener = new AudioWorkletNode(ear, 'ear');
  window.since = Infinity;
  listener.port.onmessage = ({data: {now, beep}}) => {
    window.since = Math.min(window.since, Date.now() - now * 1000);
    if (beep !== null) window.heard.push(beep * 1000);
  };
  source.connect(listener);
};
"""
)
_THROUGH = "note(document.querySelector('[data-testid=picture]'), document.querySelector('[data-testid=audio]'))"


def figures(flashes: Moments, seen: Moments, heard: Moments) -> dict[str, object]:
    """Delay of the picture, and how much later its sound comes (least, 5th, 50th and 95th percentile, most), in ms."""
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
    """Note for a while."""
    sender.evaluate("window.flashes.length = 0")
    receiver.evaluate("window.seen.length = window.heard.length = 0")
    receiver.wait_for_timeout(seconds * 1000)
    flashes: Moments = sender.evaluate("window.flashes")
    seen: Moments = receiver.evaluate("window.seen")
    heard: Moments = receiver.evaluate("window.heard.map(at => window.since + at)")
    return figures(flashes, seen, heard)


def tell(what: str, found: dict[str, object]) -> None:
    """One JSON object a line."""
    print(json.dumps({"what": what, **found}), flush=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who flashes and beeps, who looks and listens, and the line."""

    server: Server
    line: NetworkEmulator
    page: Page
    point: Page


def on(line: NetworkEmulator, what: str, sender: Page, receiver: Page) -> None:
    """Measure on a line that is clear, and after each of three bursts of loss."""
    tell(what, measure(sender, receiver, SECONDS))
    for _ in range(3):
        line.loss = 0.5
        receiver.wait_for_timeout(700)
        line.loss = 0.0
        receiver.wait_for_timeout(1000)
        tell(f"{what}, after a burst of loss", measure(sender, receiver, 8))


def clear(scene: Scene) -> None:
    """Measure directly, through the server, and in the recording."""
    page, point = scene.page, scene.point
    with NetworkEmulator((LAN, page.evaluate("answered()")), RATE) as line:
        page.evaluate("([host, port]) => direct(host, port)", [LAN, line.port])
        page.wait_for_timeout(6000)
        on(line, "direct, browser to browser", page, page)
        page.evaluate("leave()")
    point.evaluate(_THROUGH)
    page.get_by_test_id("record").click()
    on(scene.line, "through the server", page, point)
    page.get_by_test_id("record").click()
    point.wait_for_timeout(3000)
    for path in sorted((scene.server.data / "recordings").rglob("*.mp4")):
        with file_cipher((scene.server.data / "code.key").read_bytes()).open(path) as file:
            seen, heard = ([1000 * at for at in each] for each in recorded(file))
        told = figures(seen, seen, heard)
        tell("recorded", {key: value for key, value in told.items() if not key.startswith("delay")})


def stalling(scene: Scene) -> None:
    """Measure on a line that stalls, composed and looking at the camera alone."""
    scene.line.stall_s = STALL_S
    scene.point.wait_for_timeout(6000)
    scene.point.evaluate(_THROUGH)
    tell("composed", measure(scene.page, scene.point, SECONDS))
    source = scene.point.get_by_test_id("source")
    source.select_option(label=source.locator("option[value^='camera:']").first.inner_text())
    scene.point.wait_for_timeout(6000)
    tell("the camera alone", measure(scene.page, scene.point, SECONDS))


def main() -> None:
    """Measure what was asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stalling", action="store_true", help="measure on a line that stalls for up to 0.1 s")
    wish = arguments.parse_args()
    data = Path(tempfile.mkdtemp())
    material = browsers.material(data, "red", browsers.plain("red"), 440)
    line = NetworkEmulator((LAN, MEDIA_PORT), RATE)
    with running(data / "data") as server, sync_playwright() as playwright, line:
        server.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        server.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        chromium = browsers.chromium
        with chromium(playwright, material) as first, chromium(playwright, material) as second:
            people = People(server)
            page = people.sign_in(first, HOST)
            browsers.let_worklets(page)
            page.add_init_script(_CLAPPER + _NOTE + (redirect(line) if wish.stalling else ""))
            code = people.register(page, ["nt.xuonghuan"], "Đo môi khớp tiếng")
            unmute(people.enter(page, code, "host"))
            page.get_by_test_id("layout-single").click()
            point = people.sign_in(second, "nt.xuonghuan")
            browsers.let_worklets(point)
            point.add_init_script(_NOTE + redirect(line))
            point.goto(f"{server.http}room.html?code={code}")
            point.get_by_test_id("accept").click()
            point.wait_for_timeout(6000)
            (stalling if wish.stalling else clear)(Scene(server, line, page, point))


if __name__ == "__main__":
    main()
