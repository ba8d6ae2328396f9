"""Seeds pass the first checks of their parsers, since fuzzing of refused inputs alone finds nothing."""

import json
import time
from types import ModuleType
from zlib import crc32

import pytest

from mediaserver.audio.input import AudioInput
from mediaserver.bfcp import message as bfcp
from mediaserver.fecc import h224, h281
from mediaserver.rpc import protocol, reply_check
from mediaserver.rtp import packet, rtcp
from mediaserver.rtp.red import RedReceiver
from mediaserver.sdp import sdes, webrtc
from mediaserver.video.codecs import VideoDecoder
from scheduler.files import file_type
from scheduler.files import spreadsheet as tables
from scheduler.units.units_file import parse as parse_units
from signaling.app import admin_cli
from signaling.app.setup import answers
from signaling.app.setup.environment_file import EnvironmentFile
from signaling.booking import session_costs
from signaling.cascade.client import read_reply, refusal_reason
from signaling.cascade.wire import Exchanged, Outcome, Told
from signaling.http import clamd
from signaling.mail import imap
from signaling.messages import server
from signaling.sip.agent.request_checks import check_invite
from signaling.sip.protocol.framing import Stream
from signaling.sip.protocol.message import Request
from signaling.sip.protocol.message import parse as parse_sip
from signaling.sip.protocol.roster import read as read_roster
from tests.fuzz import files, media, targets
from tests.fuzz.__main__ import not_instrumented
from tests.fuzz.target import ONE_IN, Target, TooSlow, _longer
from tests.fuzz.targets import BODY_MODELS, PROFILES, TARGETS, WALL_S
from tests.mediaserver.rtp import test_outbound_stream as wire
from tests.signaling.request_bodies import GOOD


def test_every_seed_of_a_protocol_is_valid_input() -> None:
    setup, environment = TARGETS["answers"].seeds
    assert answers.read(setup).answers.capacity == answers.Capacity(sessions=2, points=9)
    assert EnvironmentFile.read(environment).values == {"DIEMCAU_PORT": "8443", "A": "b c", "B": "d"}
    for seed in TARGETS["message"].seeds:
        server.parse(seed.decode())
    for seed in TARGETS["call"].seeds:
        message = protocol.decode(seed)
        protocol.unpack(message["call"], message["arguments"])
    for seed in TARGETS["reply"].seeds:
        message = protocol.decode(seed)
        assert reply_check.event(message) if "event" in message else reply_check.result(message["call"], message)
    outcome, meeting, refusal = TARGETS["neighbour reply"].seeds
    assert read_reply(Outcome, outcome).code == "1234567890"
    assert read_reply(Exchanged, meeting).meeting is not None
    assert refusal_reason(refusal) == "Giới hạn · points: cần 2, được dùng 0"
    for seed in TARGETS["neighbour told"].seeds:
        assert Told.model_validate_json(seed).messages
    for seed in TARGETS["rtp"].seeds:
        packet.parse(seed, len(seed))
    for seed in TARGETS["rtcp"].seeds:
        assert rtcp.parse(seed, WALL_S)
    for seed in TARGETS["offer"].seeds:
        assert webrtc.parse_offer(seed.decode()).media
    for seed in TARGETS["crypto"].seeds:
        assert sdes.parse(seed.decode())
    for seed in TARGETS["sip"].seeds[:4]:
        parsed = parse_sip(seed)
        assert not isinstance(parsed, Request) or parsed.method != "INVITE" or check_invite(parsed) is None
    for seed in TARGETS["roster"].seeds:
        assert [read_roster(each.decode()).version for each in seed.split(b"\0")] == [1, 2, 3]
    for seed in TARGETS["bfcp"].seeds:
        for _, datagram in media.chunks(seed, 0):
            fragment = bfcp.read_fragment(datagram)
            assert bfcp.read_attributes(fragment.head, fragment.payload).head.confid == 7
    for seed in TARGETS["camera control"].seeds:
        frame = h224.read_frame(seed[1:])
        assert (h281.read if frame.client == h224.H281 else h224.read_management)(frame.data)
    for seed in TARGETS["stream"].seeds:
        assert len(Stream().feed(seed[1:])) == 2
    for seed in TARGETS["units"].seeds:
        assert parse_units(seed.decode(), PROFILES)
    for seed in TARGETS["report"].seeds:
        admin_cli.proposed(seed.decode())
        assert session_costs.read(seed.decode())


def test_every_request_body_has_a_valid_seed() -> None:
    seeds = TARGETS["body"].seeds
    assert set(GOOD) == set(BODY_MODELS)
    assert [seed[0] for seed in seeds] == list(range(len(BODY_MODELS)))
    for model, seed in zip(BODY_MODELS.values(), seeds, strict=True):
        model.model_validate(json.loads(seed[1:]))


def test_every_module_that_parses_is_instrumented() -> None:
    named = {**vars(targets), **vars(files), **vars(media)}
    modules = {value.__name__ for value in named.values() if isinstance(value, ModuleType)}
    readers = {value.__module__ for name, value in vars(targets).items() if name.startswith("parse_")}
    assert {"mediaserver.transport.stun", "scheduler.units.units_file"} <= modules | readers
    assert not (modules | readers) & set(not_instrumented())
    assert {"signaling.app.build", "mediaserver.room.room", "scheduler.booking.registration.service"} <= set(
        not_instrumented()
    )


def test_files_have_valid_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(tables.read(seed, files.COLUMNS) for seed in TARGETS["archive"].seeds)
    assert {file_type.kind(seed) for seed in TARGETS["kind"].seeds} == {"pdf", "xlsx", "docx"}
    assert [clamd.found(seed) for seed in TARGETS["scan reply"].seeds] == [None, "Eicar-Test-Signature"]
    seen: list[int] = []
    monkeypatch.setattr(imap, "mark_seen", lambda _, uid: seen.append(uid))
    for seed in TARGETS["mailbox"].seeds:
        TARGETS["mailbox"].read(seed)
    assert seen == [5, 6]


def test_sound_and_pictures_have_valid_seeds() -> None:
    for seed in TARGETS["red"].seeds:
        receiver, highest = RedReceiver(media.OPUS, media.RED), -1
        for sound_packet, _ in media._packets(seed):
            sound_packet.payload_type = media.RED
            receiver.unwrap(sound_packet, highest)
            highest = sound_packet.sequence
        assert receiver.repaired == 3
    for seed in TARGETS["voice"].seeds:
        voice = AudioInput()
        for sound_packet, now in media._packets(seed[1:]):
            voice.add(sound_packet, now, media.CODECS[seed[0]])
        assert voice.jitter.waiting
    for seed in TARGETS["picture"].seeds:
        VideoDecoder(media.VIDEO[seed[0]]).decode(seed[1:])
    for seed in TARGETS["datagrams"].seeds:
        client = wire.new_client()
        sent = [("keys", wire.encrypted(body, client)) for _, body in media.chunks(seed, 2)]
        items, _, _ = wire.Reader(plain=False).read(sent)
        assert sum(len(packets) for _, packets, _, _ in items) == 3


def test_an_input_that_is_slow_only_when_long_is_a_crash_too() -> None:
    def slow(data: bytes) -> None:
        until = time.process_time() + len(data) / 1000
        while time.process_time() < until:
            pass

    with pytest.raises(TooSlow):
        Target(slow, (), 0, 0.01).check(bytes(100))
    long = Target(slow, (), 100, 0.01)
    much = next(bytes([at]) for at in range(256) if crc32(bytes([at])) % ONE_IN == 0)
    with pytest.raises(TooSlow):
        long.check(much)
    assert len(_longer(b"abc", 1000)) > 990
