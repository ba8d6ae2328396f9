"""Seeds reach what is behind the first check: fuzzing that only ever hears 'no' finds nothing."""

import json
from types import ModuleType

from mediaserver import channel, replies
from mediaserver.rtp import packet, rtcp, sdp
from scheduler.registry import parse as parse_units
from signaling import admin, messages
from signaling.sip.framing import Stream
from signaling.sip.message import Request
from signaling.sip.message import parse as parse_sip
from signaling.sip.screening import of_invite
from tests.fuzz import targets
from tests.fuzz.__main__ import unwatched
from tests.fuzz.targets import BODIES, PROFILES, TARGETS, WALL
from tests.signaling.bodies import GOOD


def test_every_seed_of_these_is_good_input() -> None:
    for seed in TARGETS["message"].seeds:
        messages.parse(seed.decode())
    for seed in TARGETS["call"].seeds:
        message = channel.decode(seed)
        channel.unpack(message["call"], message["arguments"])
    for seed in TARGETS["reply"].seeds:
        message = channel.decode(seed)
        assert replies.event(message) if "event" in message else replies.result(message["call"], message)
    for seed in TARGETS["rtp"].seeds:
        packet.parse(seed, len(seed))
    for seed in TARGETS["rtcp"].seeds:
        assert rtcp.parse(seed, WALL)
    for seed in TARGETS["offer"].seeds:
        assert sdp.parse_offer(seed.decode()).media
    for seed in TARGETS["sip"].seeds:
        said = parse_sip(seed)
        assert not isinstance(said, Request) or said.method != "INVITE" or of_invite(said) is None
    for seed in TARGETS["stream"].seeds:
        assert len(Stream().feed(seed[1:])) == 2
    for seed in TARGETS["units"].seeds:
        assert parse_units(seed.decode(), PROFILES)
    for seed in TARGETS["report"].seeds:
        admin.proposed(seed.decode())


def test_every_body_has_a_good_seed() -> None:
    seeds = TARGETS["body"].seeds
    assert set(GOOD) == set(BODIES)
    assert [seed[0] for seed in seeds] == list(range(len(BODIES)))
    for model, seed in zip(BODIES.values(), seeds, strict=True):
        model.model_validate(json.loads(seed[1:]))


def test_branches_are_watched_in_every_module_that_reads() -> None:
    modules = {value.__name__ for value in vars(targets).values() if isinstance(value, ModuleType)}
    readers = {value.__module__ for name, value in vars(targets).items() if name.startswith("parse_")}
    assert {"mediaserver.transport.stun", "scheduler.registry"} <= modules | readers
    assert not (modules | readers) & set(unwatched())
    assert {"signaling.app", "mediaserver.room", "scheduler.service"} <= set(unwatched())
