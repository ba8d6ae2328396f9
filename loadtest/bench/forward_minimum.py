"""Measures the least CPU of forwarding and of mixing: encrypt and send, or decode, add and encode, nothing else.

`python -m loadtest.bench.forward_minimum RECEIVERS VOICES` prints both as JSON, without pauses and at the rate of
pictures and sound. `… RECEIVERS` prints what forwarding costs to receivers that take segmented messages whole, as
:class:`loadtest.endpoint.counting_socket.CountingSocket` does. It is run as a process of its own, as the media worker
is.
"""

import json
import os
import socket
import sys
import time
from itertools import cycle

import numpy as np
from pylibsrtp import Policy, Session

from loadtest.bench.pacing import paced
from loadtest.endpoint.counting_socket import UDP_GRO
from loadtest.media.clip import FPS
from loadtest.media.tone import encode_tone, tone_hz
from mediaserver.api import RoomOptions
from mediaserver.audio.mix_minus import FRAME_SAMPLES, PTIME_MS
from mediaserver.audio.opus import OpusDecoder, OpusEncoder
from mediaserver.transport.peer_path import Counters
from mediaserver.transport.srtp import Outgoing, Srtp
from mediaserver.transport.udp_mux import Port

PICTURE_PACKETS, PACKET_BYTES = 6, 1100
SOUND_PACKETS, SOUND_BYTES = 2, 80
"""Packets of 20 ms each, in the time of one picture; they are sent one by one."""
PICTURES, MIXED_S = 200, 5
MIXED = RoomOptions().mixed


class LoopbackReceiver:
    """A socket on loopback whose packets are read and dropped, and the keys for it; `whole`: whose messages are."""

    def __init__(self, *, whole: bool) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_UDP, UDP_GRO, whole)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self.srtp = Srtp(_session(Policy.SSRC_ANY_OUTBOUND), _session(Policy.SSRC_ANY_INBOUND))

    def empty(self) -> None:
        """Read and drop the received packets."""
        while True:
            try:
                self.socket.recv(2048)
            except BlockingIOError:
                return


def _session(direction: int) -> Session:
    profile = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    return Session(Policy(key=bytes(44), ssrc_type=direction, srtp_profile=profile))


def forward_us(receivers: int, every_s: float = 0.0, *, whole: bool = False) -> float:
    """Return CPU microseconds per packet, encrypted and sent with one segmented system call for each picture and
    receiver.

    A picture is sent `every_s` seconds, or without pauses for 0. The kernel need not split messages that are taken
    `whole`.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port, seated = Port(sock, Counters()), [LoopbackReceiver(whole=whole) for _ in range(receivers)]
        spent = sum(_picture(port, seated, number) for number in paced(PICTURES, every_s))
        for each in seated:
            each.socket.close()
    return 1e6 * spent / (PICTURES * receivers * (PICTURE_PACKETS + SOUND_PACKETS))


def _picture(port: Port, seated: list[LoopbackReceiver], number: int) -> float:
    """Send one picture and its sound to every receiver; return the CPU seconds."""
    payload, sound = os.urandom(PACKET_BYTES - 12), os.urandom(SOUND_BYTES)
    picture: list[Outgoing] = [
        (96, PICTURE_PACKETS * number + i, 3600 * number, 1, payload) for i in range(PICTURE_PACKETS)
    ]
    sounds: list[Outgoing] = [(111, SOUND_PACKETS * number + i, 960 * i, 2, sound) for i in range(SOUND_PACKETS)]
    began = time.process_time()
    for each in seated:
        for packets in (picture, *([one] for one in sounds)):
            for data, segment, count in each.srtp.protect_runs(packets):
                port.send_run(data, segment, count, each.address)
    spent = time.process_time() - began
    for each in seated:
        each.empty()
    return spent


def mix_pct(voices: int, seconds: int, every_s: float = 0.0) -> float:
    """Return percent of a core: decode all voices, sum the loudest, encode one mix for each of them and one for the
    others.

    Sound of 20 ms is mixed `every_s` seconds, or without pauses for 0.
    """
    talkers = [(OpusDecoder(), cycle(encode_tone(tone_hz(at)))) for at in range(voices)]
    encoders = [OpusEncoder() for _ in range(MIXED + 1)]
    began = time.process_time()
    for _ in paced(seconds * 1000 // PTIME_MS, every_s):
        sounds = [decoder.decode(next(packets)) for decoder, packets in talkers][:MIXED]
        total = sum(sounds, np.zeros(FRAME_SAMPLES, np.int32))
        for encoder, left_out in zip(encoders, [*sounds, np.zeros(FRAME_SAMPLES, np.int16)], strict=True):
            encoder.encode((total - left_out).clip(-32768, 32767).astype(np.int16))
    return 100 * (time.process_time() - began) / seconds


if __name__ == "__main__":
    receivers, *voices = map(int, sys.argv[1:])
    if voices:
        limits = {
            "forward_us": forward_us(receivers),
            "forward_paced_us": forward_us(receivers, 1 / FPS),
            "mix_pct": mix_pct(voices[0], MIXED_S),
            "mix_paced_pct": mix_pct(voices[0], MIXED_S, PTIME_MS / 1000),
        }
    else:
        limits = {"forward_whole_paced_us": forward_us(receivers, 1 / FPS, whole=True)}
    print(json.dumps(limits))
