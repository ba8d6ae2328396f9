"""Measures what a viewer behind a bad network gets: quality, loss, sound, freezes, recovery. Not a test.

tests/e2e/netns.sh .venv/bin/python -m tests.e2e.network_report [--firefox] [--camera | --tiles] [PART]…
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from math import inf
from pathlib import Path
from statistics import median
from time import monotonic

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from loadtest.endpoint.network_emulator import DELAY_S, NetworkEmulator
from tests.e2e import browsers
from tests.e2e.emulated_network import redirect_media
from tests.e2e.people import HOST, People, unmute
from tests.e2e.server import LAN, MEDIA_PORT, running

FULL_BPS = 4e6
RATES = {4e6: 720, 1.5e6: 720, 0.6e6: 360, 0.2e6: 180}
"""Bit/s, and the height of the composed picture that fits best."""
CAMERA_RATES = {**RATES, 1.5e6: 360}
"""The upper layer of a camera takes 1.7 Mbit/s."""
TILE_RATES = {4e6: 360, 1.5e6: 360, 0.6e6: 360, 0.2e6: 180}
"""The layer that fills half of a page takes 0.5 Mbit/s; at the lowest rate it comes with half of its pictures."""
SETTLE_S, WATCH_S, RETURN_S = 10.0, 20.0, 15.0
UP_RATES = (0.5e6, 0.3e6)
"""Two layers are looked at, which take 0.63 Mbit/s."""
UP_SETTLE_S, UP_WATCH_S = 20.0, 60.0
LOSS, LOSS_S = 0.05, 30.0
SOUND_LOSS = 0.3
SATELLITE_DELAY_S, SATELLITE_LOSS = 0.3, 0.1
SATELLITE_TURNS, SATELLITE_SETTLE_S = 3, 15.0
SLOT_MS = 20
BLACKOUT_S = 2.0
BLACKOUTS = 5
FREEZE_MS = 190.0
"""Between two pictures: one period of 40 ms and 150 ms more (the definition of webrtc-stats' freezeCount)."""
PERIOD_MS = 40.0
BUSY = "testsrc2=size=1280x720:rate=30"
"""A picture that takes all the bits it may."""

_STATS = """async () => {
  const found = {};
  const report = await document.querySelector('room-page, host-page').meeting.connection.pc?.getStats();
  const inbound = [...report?.values() ?? []].filter(({type}) => type === 'inbound-rtp');
  for (const entry of inbound) if (!found[entry.kind] || entry.framesPerSecond) found[entry.kind] = {
    received: entry.packetsReceived, lost: entry.packetsLost, height: entry.frameHeight ?? 0,
    pictures: entry.framesDecoded ?? 0,
    repaired: entry.retransmittedPacketsReceived ?? 0, keys: entry.keyFramesDecoded ?? 0, plis: entry.pliCount ?? 0,
    samples: entry.totalSamplesReceived ?? 0, concealed: entry.concealedSamples ?? 0,
    silent: entry.silentConcealedSamples ?? 0,
  };
  return found;
}"""

_SENT = """async () => {
  const found = {packets: 0, lost: 0, bytes: 0, rtt: 0, height: 0};
  const report = await document.querySelector('room-page, host-page').meeting.connection.pc?.getStats();
  for (const entry of report?.values() ?? []) {
    if (entry.type === 'outbound-rtp' && entry.kind === 'video') {
      found.packets += entry.packetsSent ?? 0;
      found.bytes += entry.bytesSent ?? 0;
    }
    if (entry.type === 'remote-inbound-rtp' && entry.kind === 'video') found.lost += entry.packetsLost ?? 0;
    if (entry.type === 'candidate-pair' && entry.nominated) found.rtt = entry.currentRoundTripTime ?? 0;
  }
  return found;
}"""

_WITHOUT_RED = r"""
const {get} = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'localDescription');
Object.defineProperty(RTCPeerConnection.prototype, 'localDescription', {get() {
  const description = get.call(this);
  if (!description || !sessionStorage.withoutRed) return description;
  return {type: description.type, sdp: description.sdp.replace(/^a=rtpmap:\d+ red\/48000\/2\r\n/gm, '')};
}});
"""
"""Has a page offer no redundant sound while `sessionStorage.withoutRed` is set."""

WATCH = """() => {
  const video = document.querySelector('[data-testid=picture]');
  window.seen = [];
  const next = () => video.requestVideoFrameCallback(() => { window.seen.push(Date.now()); next(); });
  next();
}"""
"""Notes from now on when each picture is presented, in milliseconds since 1970."""


_LEVEL_METER = """
registerProcessor('level-meter', class extends AudioWorkletProcessor {
  count = 0; power = 0;
  process([[samples]]) {
    for (let at = 0; at < 128; at++) {
      this.power += (samples?.[at] ?? 0) ** 2;
      if (++this.count === sampleRate / 50) {
        this.port.postMessage(Math.sqrt(this.power / this.count));
        this.count = this.power = 0;
      }
    }
    return true;
  }
});
"""
LISTEN = (
    f"const LEVEL_METER = {json.dumps(_LEVEL_METER)};"
    + """
async () => {
  window.slots = [];
  const context = new AudioContext({sampleRate: 48000});
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([LEVEL_METER], {type: 'text/javascript'})));
  const {srcObject} = document.querySelector('[data-testid=audio]');
  const meter = new AudioWorkletNode(context, 'level-meter');
  meter.port.onmessage = ({data}) => window.slots.push(data);
  new MediaStreamAudioSourceNode(context, {mediaStream: srcObject}).connect(meter);
}"""
)
"""Notes from now on how loud each 20 ms of sound are."""


@dataclass(frozen=True)
class Counters:
    """A viewer's WebRTC counters at one moment (`at` in seconds)."""

    at: float
    audio: dict[str, float]
    video: dict[str, float]


def counters(page: Page) -> Counters:
    """Return the counters of the browser."""
    found = page.evaluate(_STATS)
    return Counters(monotonic(), found.get("audio", {}), found.get("video", {}))


def loss(before: Counters, after: Counters, kinds: tuple[str, ...] = ("audio", "video")) -> float:
    """Return the share of packets that got lost in between, of the given kinds together."""
    lost = sum(getattr(after, kind)["lost"] - getattr(before, kind)["lost"] for kind in kinds)
    got = sum(getattr(after, kind)["received"] - getattr(before, kind)["received"] for kind in kinds)
    return float(max(0.0, lost) / max(1.0, lost + got))


def concealed(before: Counters, after: Counters) -> float:
    """Return the share of sound that was concealed in between, without silence."""
    made = [s.audio["concealed"] - s.audio["silent"] for s in (before, after)]
    return (made[1] - made[0]) / max(1.0, after.audio["samples"] - before.audio["samples"])


def frozen(presented: list[float], since: float, until: float) -> tuple[float, float]:
    """Return the share of the time without a new picture, and the longest such time in seconds; arguments in ms."""
    moments = [since, *(at for at in presented if since < at < until), until]
    gaps = [b - a - PERIOD_MS for a, b in pairwise(moments) if b - a > FREEZE_MS]
    return sum(gaps) / (until - since), max(gaps, default=0.0) / 1000


def watch(page: Page, seconds: float) -> list[Counters]:
    """Return the counters of four times a second."""
    end, seen = monotonic() + seconds, [counters(page)]
    while monotonic() < end:
        page.wait_for_timeout(250)
        seen.append(counters(page))
    return seen


def until_height(page: Page, height: int, patience: float) -> float:
    """Wait until the picture has this height or `patience` is over; return how long that took, in seconds."""
    start = monotonic()
    while counters(page).video.get("height") != height and monotonic() - start < patience:
        page.wait_for_timeout(100)
    return monotonic() - start


def narrow(page: Page, network: NetworkEmulator, rate: float, best: int, top: int) -> dict[str, object]:
    """Narrow the network, let the viewer settle, watch, widen it again until the picture is `top` pixels high."""
    until_height(page, top, 60)
    page.wait_for_timeout(3000)
    network.rate = rate
    settling = watch(page, SETTLE_S)
    others = [seen.at for seen in settling if seen.video["height"] != best]
    seen = watch(page, WATCH_S)
    heights = [int(s.video["height"]) for s in seen]
    network.rate = FULL_BPS
    return {
        "settled_s": round(max(others, default=settling[0].at) - settling[0].at, 1),
        "pictures_a_second": round((seen[-1].video["pictures"] - seen[0].video["pictures"]) / WATCH_S, 1),
        "heights": {h: round(heights.count(h) / len(heights), 2) for h in sorted(set(heights))},
        "loss_settling": round(loss(settling[0], settling[-1]), 4),
        "loss": round(loss(seen[0], seen[-1]), 4),
        "sound_lost_settling": round(loss(settling[0], settling[-1], ("audio",)), 4),
        "sound_lost": round(loss(seen[0], seen[-1], ("audio",)), 4),
        "sound_concealed": round(concealed(seen[0], seen[-1]), 4),
        "returned_s": round(until_height(page, top, 2 * RETURN_S), 1),
    }


def join(page: Page, network: NetworkEmulator, rate: float, best: int) -> dict[str, object]:
    """Let the viewer come back by a network of that rate, and watch its first seconds."""
    network.rate = rate
    enter_again(page)
    seen = watch(page, SETTLE_S)
    heights = [(s.at, s.video.get("height", 0)) for s in seen]
    network.rate = FULL_BPS
    return {
        "first_picture_s": round(next((at for at, height in heights if height), inf) - seen[0].at, 1),
        "settled_s": round(max((at for at, height in heights if height != best), default=seen[0].at) - seen[0].at, 1),
        "sound_lost": round(loss(seen[0], seen[-1], ("audio",)), 4),
        "sound_concealed": round(concealed(seen[0], seen[-1]), 4),
    }


def enter_again(page: Page) -> float:
    """Reload a page that is in a meeting; return the seconds from when it can enter to its first sound."""
    page.reload()
    accept = page.get_by_test_id("accept")
    expect(page.locator('[data-testid="accept"], [data-testid="camera"]:enabled').first).to_be_visible(timeout=60_000)
    since = monotonic()
    if accept.is_visible():
        accept.click()
    while not counters(page).audio.get("received"):
        page.wait_for_timeout(50)
    return monotonic() - since


def satellite(page: Page, network: NetworkEmulator) -> dict[str, object]:
    """Enter by a satellite that loses a tenth of the packets both ways, with redundant sound and without by turns."""
    page.add_init_script(_WITHOUT_RED)
    found: dict[str, list[dict[str, object]]] = {"with": [], "without": []}
    for _ in range(SATELLITE_TURNS):
        for kind, turns in found.items():
            page.evaluate("value => sessionStorage.withoutRed = value", "yes" if kind == "without" else "")
            network.delay_s, network.loss = SATELLITE_DELAY_S, SATELLITE_LOSS
            entered_s = enter_again(page)
            turns.append({"entered_s": round(entered_s, 1), **by_satellite(page)})
    network.delay_s, network.loss = DELAY_S, 0.0
    return {"delay_s": SATELLITE_DELAY_S, "loss": SATELLITE_LOSS, **found}


def by_satellite(page: Page) -> dict[str, object]:
    """Let a page settle, then watch it for half a minute."""
    page.wait_for_timeout(SATELLITE_SETTLE_S * 1000)
    page.evaluate(WATCH)
    before, since = counters(page), page.evaluate("Date.now()")
    page.wait_for_timeout(LOSS_S * 1000)
    after, until = counters(page), page.evaluate("Date.now()")
    share, longest = frozen(page.evaluate("window.seen"), since, until)
    return {
        "sound_lost": round(loss(before, after, ("audio",)), 4),
        "sound_concealed": round(concealed(before, after), 4),
        "height": after.video.get("height", 0),
        "frozen": round(share, 4),
        "longest_s": round(longest, 2),
    }


def narrow_upload(page: Page, network: NetworkEmulator, rate: float) -> dict[str, object]:
    """Narrow the network towards the server alone, while the viewer sends a camera in three layers."""
    network.up = rate
    page.wait_for_timeout(UP_SETTLE_S * 1000)
    before, since = page.evaluate(_SENT), monotonic()
    round_trips = []
    while monotonic() - since < UP_WATCH_S:
        page.wait_for_timeout(1000)
        round_trips.append(page.evaluate(_SENT)["rtt"])
    after, elapsed_s = page.evaluate(_SENT), monotonic() - since
    network.up = inf
    page.wait_for_timeout(UP_SETTLE_S * 1000)
    lost, sent = after["lost"] - before["lost"], after["packets"] - before["packets"]
    return {
        "lost": round(lost / max(1, sent), 4),
        "round_trip_ms": [round(1000 * each) for each in (median(round_trips), max(round_trips))],
        "sent_kbps": round((after["bytes"] - before["bytes"]) * 8 / elapsed_s / 1000),
    }


def lossy(page: Page, network: NetworkEmulator) -> dict[str, object]:
    """Lose packets at random, both ways."""
    until_height(page, 720, 60)
    page.evaluate(WATCH)
    page.wait_for_timeout(2000)
    network.loss = LOSS
    before, since = counters(page), page.evaluate("Date.now()")
    page.wait_for_timeout(LOSS_S * 1000)
    after, until = counters(page), page.evaluate("Date.now()")
    network.loss = 0.0
    share, longest = frozen(page.evaluate("window.seen"), since, until)
    return {
        "loss": LOSS,
        "frozen": round(share, 4),
        "longest_s": round(longest, 2),
        "height": after.video["height"],
        "repaired": after.video["repaired"] - before.video["repaired"],
        "key_frames": after.video["keys"] - before.video["keys"],
        "lost": round(loss(before, after, ("video",)), 4),
        "sound_concealed": round(concealed(before, after), 4),
    }


def lost_sound(page: Page, network: NetworkEmulator) -> dict[str, object]:
    """Lose much more, and measure a tone: the share of 20 ms slots with sound (-20 dB), and the longest silence."""
    until_height(page, 720, 60)
    page.evaluate(LISTEN)
    page.wait_for_timeout(5000)
    network.loss = SOUND_LOSS
    page.wait_for_timeout(1000)
    before = counters(page)
    page.evaluate("window.slots.length = 0")
    page.wait_for_timeout(LOSS_S * 1000)
    heard: list[float] = page.evaluate("window.slots")
    after = counters(page)
    network.loss = 0.0
    empty = [level < median(heard) / 10 for level in heard]
    silences = [len(list(slots)) * SLOT_MS for silent, slots in groupby(empty) if silent]
    return {
        "loss": round(loss(before, after, ("audio",)), 4),
        "filled": round(1 - sum(empty) / len(empty), 4),
        "longest_silence_ms": max(silences, default=0),
        "sound_concealed": round(concealed(before, after), 4),
    }


def blackouts(page: Page, network: NetworkEmulator) -> dict[str, object]:
    """Let nothing pass for a while, and measure how long the next picture takes."""
    recovered_s = []
    for _ in range(BLACKOUTS):
        page.wait_for_timeout(6000)
        page.evaluate(WATCH)
        network.loss = 1.0
        page.wait_for_timeout(BLACKOUT_S * 1000)
        network.loss = 0.0
        back = page.evaluate("Date.now()")
        page.wait_for_timeout(4000)
        seen: list[float] = page.evaluate("window.seen")
        recovered_s.append(round(min((at for at in seen if at > back), default=back + 4000) - back) / 1000)
    return {"blackout_s": BLACKOUT_S, "recovered_s": sorted(recovered_s)}


Part = Callable[[Page, NetworkEmulator], dict[str, object]]


def upload_parts() -> dict[str, Part]:
    """Return the measurements of the way to the server, by name."""
    return {f"up-{rate / 1e6:g}": partial(narrow_upload, rate=rate) for rate in UP_RATES}


def parts(rates: Mapping[float, int]) -> dict[str, Part]:
    """Return all measurements, by name."""
    top = rates[FULL_BPS]
    narrowed = {f"{rate / 1e6:g}": partial(narrow, rate=rate, best=best, top=top) for rate, best in rates.items()}
    joins = {f"join-{rate / 1e6:g}": partial(join, rate=rate, best=best) for rate, best in rates.items()}
    losses: dict[str, Part] = {"loss": lossy, "blackout": blackouts, "sound": lost_sound, "satellite": satellite}
    return {**narrowed, **joins, **upload_parts(), **losses}


@contextmanager
def viewer(playwright: Playwright, firefox: bool, data: Path, film: str) -> Iterator[Browser]:
    """Run the browser that is measured."""
    with (
        browsers.firefox(playwright)
        if firefox
        else browsers.chromium(playwright, browsers.fake_devices(data, "viewer", film, 880))
    ) as browser:
        yield browser


def main() -> None:
    """Measure the chosen parts and print one JSON object for each."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--firefox", action="store_true", help="measure Firefox instead of Chromium")
    alone = arguments.add_mutually_exclusive_group()
    alone.add_argument("--camera", action="store_true", help="look at a camera alone")
    alone.add_argument("--tiles", action="store_true", help="draw the layout out of forwarded cameras")
    names = list(parts(RATES))
    arguments.add_argument("parts", nargs="*", default=names, help=", ".join(names))
    options = arguments.parse_args()
    measured = parts(CAMERA_RATES if options.camera else TILE_RATES if options.tiles else RATES)
    data = Path(tempfile.mkdtemp())
    network = NetworkEmulator((LAN, MEDIA_PORT), FULL_BPS)
    with running(data / "data") as server, sync_playwright() as playwright, network:
        server.create(HOST, "--role", "registrant", "--role", "site", "--point", HOST)
        server.create("nt.xuonghuan", "--role", "site", "--point", "nt.xuonghuan")
        busy = browsers.fake_devices(data, "busy", BUSY, 440)
        film = BUSY if any(part in upload_parts() for part in options.parts) else browsers.plain_picture("blue", 30)
        with browsers.chromium(playwright, busy) as first, viewer(playwright, options.firefox, data, film) as second:
            people = People(server)
            page = people.sign_in(first, HOST)
            code = people.register(page, ["nt.xuonghuan"], "Đo đường truyền kém")
            unmute(people.enter(page, code, "host"))
            point = people.sign_in(second, "nt.xuonghuan", composed=not options.tiles)
            point.add_init_script(redirect_media(network.port))
            if not options.firefox:
                browsers.allow_worklets(point)
            people.enter(point, code)
            if options.camera:
                source = point.get_by_test_id("source")
                source.select_option(label=source.locator("option[value^='camera:']").first.inner_text())
            for part in options.parts:
                print(json.dumps({"part": part, **measured[part](point, network)}), flush=True)


if __name__ == "__main__":
    main()
