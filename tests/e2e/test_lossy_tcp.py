"""Sound is heard by TCP on a line that loses packets: a drill, since it takes a minute."""

import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Playwright

from tests.e2e import browsers
from tests.e2e.emulated_network import block_udp
from tests.e2e.lossy_line import lossy_line
from tests.e2e.people import HOST, People, unmute
from tests.e2e.server import Server

pytestmark = [pytest.mark.drill, pytest.mark.alone]

DELAY_S = 0.02
LOSS = 0.05
JOINED_S = 2.0
MEASURED_MS = 30_000
_SOUND = """async () => {
  const report = await document.querySelector('room-page').meeting.connection.pc.getStats();
  const sound = [...report.values()].find(({type, kind}) => type === 'inbound-rtp' && kind === 'audio');
  const concealed = sound.concealedSamples - sound.silentConcealedSamples;
  return [sound.totalSamplesReceived, concealed, sound.jitterBufferDelay, sound.jitterBufferEmittedCount];
}"""


def test_sound_by_tcp_on_a_line_that_loses_one_packet_of_twenty(
    server: Server, people: People, blue: Browser, playwright: Playwright, media: Path, tmp_path: Path
) -> None:
    host = people.signed_in(blue, HOST)
    code = people.register(host, ["nt.xuonghuan"], "Chặn UDP, mất gói")
    unmute(people.enter(host, code, "host"))
    at = urlsplit(server.http)
    with lossy_line(DELAY_S, (at.hostname or "", at.port or 0)) as (line, within):
        program = tmp_path / "chromium"
        program.write_text(f'#!/bin/sh\nexec {" ".join(within)} {browsers.CHROMIUM} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        arguments = browsers.fake_devices(media, "lossy", browsers.plain_picture("green"), 440)
        with browsers.chromium(playwright, arguments, str(program)) as behind:
            page = people.signed_in(behind, "nt.xuonghuan")
            page.add_init_script(block_udp())
            page.add_init_script(browsers.NOTE_FIRST_SOUND)
            people.enter(page, code)
            took_s = browsers.joined_s(page)
            line.loss = LOSS
            page.wait_for_timeout(5_000)
            before = page.evaluate(_SOUND)
            page.wait_for_timeout(MEASURED_MS)
            after = page.evaluate(_SOUND)
            people.leave()
    samples, concealed, held, played = (late - early for early, late in zip(before, after, strict=True))
    print(f"heard {took_s:.1f} s after accepting; {line.lost} of {line.passed} packets lost")
    print(f"{concealed / samples:.2%} of sound missing, {held / played:.3f} s held")
    assert took_s <= JOINED_S
    assert concealed <= 0.02 * samples
    assert held <= 0.4 * played
