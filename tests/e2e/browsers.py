"""Browsers with a camera of one colour and a microphone of one tone, and measurements of what they receive."""

import re
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any, Self

import av
import numpy as np
from playwright.sync_api import Browser, Page, Playwright, Route

CHROMIUM = "/usr/bin/chromium"
FIREFOX = "/usr/bin/firefox-esr"
PATIENCE_S = 30.0
"""Long, since two cores run three browsers, a server and its encoders."""

FIREFOX_PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,  # a picture of changing colours and a 1 kHz tone
    "media.navigator.video.default_fps": 10,  # of the fake camera, whatever a page asks for
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
}
FIREFOX_HZ = 1000

PIXELS = """picture => {
  const canvas = document.createElement('canvas'); canvas.width = 64; canvas.height = 36;
  const context = canvas.getContext('2d'), tiles = document.querySelector('[data-testid=tiles]');
  const draw = (video, {x, y, width, height}) => {
    if (!video.videoWidth) return;
    const scale = Math.min(width / video.videoWidth, height / video.videoHeight);
    const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
    context.drawImage(video, x + (width - w) / 2, y + (height - h) / 2, w, h);
  };
  if (!tiles) draw(picture, {x: 0, y: 0, width: 64, height: 36});
  else {
    const whole = tiles.getBoundingClientRect(), share = 64 / whole.width;
    for (const video of tiles.querySelectorAll('[data-testid=tile] video')) {
      const {x, y, width, height} = video.closest('[data-testid=tile]').getBoundingClientRect();
      draw(video, {x: (x - whole.x) * share, y: (y - whole.y) * share, width: width * share, height: height * share});
    }
  }
  return Array.from(context.getImageData(0, 0, 64, 36).data);
}"""
"""What the viewer sees, in 64 × 36 pixels: one picture, or the tiles that the page draws instead."""

_RECORD = """(audio, ms) => new Promise((resolve, reject) => {
  const recorder = new MediaRecorder(audio.srcObject), parts = [];
  recorder.ondataavailable = event => parts.push(event.data);
  recorder.onerror = event => reject(event.error);
  recorder.onstop = async () => {
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    resolve(btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join('')));
  };
  recorder.start();
  setTimeout(() => recorder.stop(), ms);
})"""
"""What an element plays, as a WebM file; Firefox's AudioContext never starts on a machine without a sound card."""

NOTE_FIRST_SOUND = """(() => {
  addEventListener('click', ({target}) => {
    if (target.closest('[data-testid=accept]')) window.acceptedAt = performance.now();
  }, true);
  const look = async () => {
    const {pc} = document.querySelector('room-page')?.meeting?.connection ?? {};
    const report = pc ? [...(await pc.getStats()).values()] : [];
    const sound = report.find(({type, kind}) => type === 'inbound-rtp' && kind === 'audio');
    if (sound?.totalAudioEnergy > 1e-4) window.heardAt = performance.now();
    else setTimeout(look, 20);
  };
  look();
})()"""
"""Script of a page that notes when a meeting's notice is accepted and when a tone is first played (some 6 ms of it)."""

HEARD_DB = -30.0
SILENT_DB = -60.0
"""Tones are sent at about −18 dB of full scale."""
WORK_MS = 11.0
"""What `_WORK` takes on two cores at rest."""
_WORK = """() => {
  const times = Array.from({length: 15}, () => {
    const from = performance.now();
    for (let n = 0, sum = 0; n < 3e6; n += 1) sum += Math.sqrt(n % 97);
    return performance.now() - from;
  });
  return times.sort((a, b) => a - b)[7];
}"""
"""The median time of a piece of work, in milliseconds: how fast this browser computes now."""


def plain_picture(colour: str, fps: int = 5) -> str:
    """Return the ffmpeg source of a picture of one colour.

    With 30 pictures a second, three browsers in a meeting keep a core busy; with five, a third of one.
    """
    return f"color=c={colour}:size=640x360:rate={fps}"


def fake_devices(directory: Path, name: str, picture: str, hz: int) -> list[str]:
    """Return Chromium's arguments for a camera that shows an ffmpeg source and a microphone of one tone (`hz`)."""
    camera, tone = (
        directory / f"{name}.y4m",
        directory / f"{name}.wav",
    )  # its header has the rate, that of MJPEG has none
    make = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i"]
    subprocess.run([*make, picture, "-t", "2", "-pix_fmt", "yuv420p", camera], check=True)
    sound = f"sine=frequency={hz}:sample_rate=48000"
    subprocess.run([*make, sound, "-t", "5", "-ac", "1", "-c:a", "pcm_s16le", tone], check=True)
    return [f"--use-file-for-fake-video-capture={camera}", hearing(tone)]


def hearing(sound: Path) -> str:
    """Return Chromium's argument for a microphone that hears a sound file again and again."""
    return f"--use-file-for-fake-audio-capture={sound}"


def noisy_voice(directory: Path) -> Path:
    """Return a sound file of two seconds: a voice in white noise of −40 dB, then a second of noise alone."""
    voice, noisy = directory / "voice.wav", directory / "noisy.wav"
    subprocess.run(["espeak-ng", "-v", "vi", "-w", voice, "Đề nghị báo cáo"], check=True)
    mixed = "[0]aresample=48000,volume=0.5,apad=pad_dur=1[v];[v][1]amix=duration=first:normalize=0"
    noise = ["-f", "lavfi", "-i", "anoisesrc=color=white:amplitude=0.0173:sample_rate=48000:seed=7"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", voice, *noise, "-filter_complex", mixed, "-ac", "1", noisy], check=True
    )
    return noisy


def allow_worklets(page: Page) -> None:
    """Let a page run worklets from its next document on; its content policy forbids them."""
    if page.context.browser is not None and page.context.browser.browser_type.name == "chromium":
        page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
        return

    def without_policy(route: Route) -> None:
        response = route.fetch()
        headers = {name: value for name, value in response.headers.items() if name != "content-security-policy"}
        route.fulfill(response=response, headers=headers)

    page.route(re.compile(r"\.html"), without_policy)


def intercept(
    page: Page, where: str | re.Pattern[str], handler: Callable[[Route], object], times: int | None = None
) -> None:
    """Route requests of a page that is open, and wait until the browser holds them back.

    Chromium answers to `Page.route` before the page has its new loader: a request that is made at once gets through.
    """
    page.route(where, handler, times=times)
    page.route("**/healthz", lambda route: route.fulfill(status=204))
    asked = "fetch('healthz').then(({status}) => status)"
    wait_until(page, lambda: page.evaluate(asked) == 204, "requests to be intercepted")
    page.unroute("**/healthz")


def imported(script: str) -> str:
    """Return an expression of asynchronous JavaScript for the script of a page, as the page itself has it: another
    address would be another instance."""
    return f"await import(new URL('{script}', document.querySelector('link[rel=stylesheet]').href).href)"


@contextmanager
def chromium(playwright: Playwright, arguments: list[str], program: str = CHROMIUM) -> Iterator[Browser]:
    """Run Debian's Chromium."""
    always = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    browser = playwright.chromium.launch(executable_path=program, args=[*always, *arguments])
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def firefox(playwright: Playwright, sound: dict[str, str] | None = None) -> Iterator[Browser]:
    """Run Debian's unpatched Firefox, over WebDriver BiDi; with the environment of a sound server, it has that one's
    microphone and loudspeaker, and no camera."""
    preferences = {**FIREFOX_PREFERENCES, "media.navigator.streams.fake": sound is None}
    browser = playwright.firefox.launch(
        channel="moz-firefox",
        executable_path=FIREFOX,
        firefox_user_prefs=preferences,
        env=dict[str, str | float | bool](sound) if sound else None,
    )
    try:
        yield browser
    finally:
        browser.close()


class Seat:
    """One browser in the meeting."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def pixels(self) -> list[int]:
        """Return the picture as 64 × 36 pixels, red, green, blue and alpha after each other."""
        pixels: list[int] = self.page.get_by_test_id("picture").evaluate(PIXELS)
        return pixels

    def _names(self) -> list[str]:
        data = self.pixels()
        return [colour_name(*data[i : i + 3]) for i in range(0, len(data), 4)]

    def colours(self) -> set[str]:
        """Return the strong colours in the picture, each covering at least 2 % of it."""
        names = self._names()
        return {name for name in set(names) if name and names.count(name) >= 0.02 * len(names)}

    def share(self, colour: str) -> float:
        """Return the share of the picture that has a colour, 0 to 1."""
        names = self._names()
        return names.count(colour) / len(names)

    def level(self, hz: int) -> float:
        """Record what this seat hears for 0.7 s and return the level of a tone in it, dB of full scale."""
        return tone_level(self._record(700), hz)

    def above_noise(self) -> float:
        """Record what this seat hears for 2.5 seconds, which have the whole of `noisy_voice`; return by how many dB its
        voice is above the noise between words: the 95th above the 10th percentile of 20 ms each."""
        sound = samples(self._record(2500))[4800:]  # without the beginning of the recorder
        pieces = sound[: len(sound) // 960 * 960].reshape(-1, 960)
        levels = 20 * np.log10(np.sqrt((pieces**2).mean(axis=1)) + 1e-5)
        return float(np.percentile(levels, 95) - np.percentile(levels, 10))

    def _record(self, ms: int) -> bytes:
        recorded: str = self.page.get_by_test_id("audio").evaluate(_RECORD, ms)
        return b64decode(recorded)

    def hears(self, hz: int) -> None:
        """Wait until a tone is heard."""
        self.until(lambda _: self.level(hz) > HEARD_DB, f"{hz} Hz to be heard")

    def silent(self, hz: int) -> None:
        """Wait until a tone is gone."""
        self.until(lambda _: self.level(hz) < SILENT_DB, f"{hz} Hz to be silent")

    def until(self, condition: Callable[[Self], bool], what: str) -> None:
        """Wait until a condition of this seat holds; `what` names it in the failure."""
        wait_until(self.page, lambda: condition(self), what)


def joined_s(page: Page) -> float:
    """Return the seconds from accepting the notice of a meeting to the first sound; the page has NOTE_FIRST_SOUND."""
    page.wait_for_function("() => window.heardAt")
    took_ms: float = page.evaluate("window.heardAt - window.acceptedAt")
    return took_ms / 1000


def slowness(page: Page) -> float:
    """Return how many times slower than on two cores at rest a page computes now, 1 at least."""
    took_ms: float = page.evaluate(_WORK)
    return max(1.0, took_ms / WORK_MS)


def wait_until(page: Page, condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds, while the page goes on; fails after `PATIENCE_S`."""
    end = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < end, f"waited in vain for {what}"
        page.wait_for_timeout(50)


def samples(file: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a sound file at 48 kHz, mono; nothing without any sound."""
    with av.open(BytesIO(file), "r") as container:
        resampler = av.AudioResampler("flt", "mono", 48000)
        frames = [new for old in container.decode(audio=0) for new in resampler.resample(old)]
    return np.concatenate([np.zeros(0, np.float32), *(frame.to_ndarray().reshape(-1) for frame in frames)])


def tone_level(file: bytes, hz: int) -> float:
    """Return the level of a tone in the last half second of a sound file, dB of full scale; −200 without any sound."""
    sound = samples(file)[-24000:]
    if not len(sound):
        return -200.0
    window = np.hanning(len(sound))
    spectrum = 2 * np.abs(np.fft.rfft(sound * window)) / window.sum()
    at = round(hz * len(sound) / 48000)
    return float(20 * np.log10(spectrum[at - 2 : at + 3].max() + 1e-10))


def colour_name(red: int, green: int, blue: int) -> str:
    """Return the name of a strong colour, or ''."""
    for name, value, others in (
        ("red", red, (green, blue)),
        ("green", green, (red, blue)),
        ("blue", blue, (red, green)),
    ):
        if value > 120 and all(value > 1.6 * other + 20 for other in others):
            return name
    return ""
