"""All fuzz targets: each parses bytes as the server does, and suppresses only the errors that the parser declares.

Any other exception is a crash. Where the server processes a parser's result at once or writes it back, the target does
that too.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import get_args
from zoneinfo import ZoneInfo

import aioice.stun
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from loadtest.endpoint.rtcp import parse_requests
from loadtest.endpoint.sdp_answer import BadAnswer, parse_answer
from mediaserver.api import CameraMovement, Encryption
from mediaserver.bfcp import message as bfcp
from mediaserver.bfcp.floor_server import FloorServer
from mediaserver.errors import BadOffer, NotEncrypted, UnknownCall
from mediaserver.fecc import h224, h281
from mediaserver.fecc.camera_controller import CameraController
from mediaserver.pipe import remote_seat
from mediaserver.pipe.records import MAX_BYTES, Records
from mediaserver.rpc import protocol, reply_check
from mediaserver.rtp import h264_sps, packet, payload, rtcp, rtx
from mediaserver.rtp.telephone_event import DIGITS, DigitReceiver
from mediaserver.sdp import bfcp as sdp_bfcp
from mediaserver.sdp import sdes, sip_parse, sip_write, webrtc
from mediaserver.transport import framing as stream_framing
from mediaserver.transport import ice, stun
from scheduler.core.errors import BadUnits, PolicyError
from scheduler.inbound_mail import attached_form, autoreply_policy, form_template, sender_authentication
from scheduler.inbound_mail.extraction import extractor
from scheduler.inbound_mail.extraction.unit_names import UnitNames
from scheduler.inbound_mail.message import MAX_ATTACHMENT
from scheduler.inbound_mail.message import read as read_mail
from scheduler.policy.profile_files import SHIPPED
from scheduler.policy.profile_files import load as load_profiles
from scheduler.policy.profile_files import parse as parse_policy
from scheduler.units.seed import khanh_hoa_2023
from scheduler.units.units_file import parse as parse_units
from signaling.accounts import security_keys
from signaling.accounts.security_keys import SecurityKey
from signaling.accounts.sso import id_token, ldap_message
from signaling.accounts.sso import settings as sso_settings
from signaling.accounts.sso.handshake import Handshake
from signaling.accounts.sso.ldap_message import OCTETS, SEQUENCE, SET, integer, tlv
from signaling.app import admin_cli, known_vulnerabilities, secrets_file
from signaling.app.api_table import ROUTES
from signaling.app.setup import answers
from signaling.app.setup.environment_file import EnvironmentFile
from signaling.booking import session_costs
from signaling.cameras import rtsp_message
from signaling.cascade import client as cascade_client
from signaling.cascade.store import MAX_DETAIL
from signaling.cascade.wire import MAX_REASON, Exchanged, Outcome, Told
from signaling.core.errors import BadInput, MessageError, SettingsError
from signaling.h323.agent import description
from signaling.h323.gatekeeper.registration import Registration
from signaling.h323.protocol import asn1, fast_connect, h225, q931, ras, refusal, tpkt
from signaling.h323.protocol.errors import BadPdu
from signaling.http import proxy_protocol
from signaling.http.openapi import public_path
from signaling.messages import server
from signaling.messages.seats import MAX_TOPIC
from signaling.sip.agent import dtmf_info, registration, request_checks, session_timer, subscription_rules
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol import digest, framing, roster, trace
from signaling.sip.protocol import message as sip_message
from signaling.sip.protocol.errors import BadMessage, BadRequest
from tests.fuzz import sip
from tests.fuzz.files import FILES
from tests.fuzz.media import MEDIA, chunks
from tests.fuzz.target import SANDBOXED_SECONDS, Target
from tests.mediaserver.offers import CHROMIUM, FIREFOX
from tests.mediaserver.room_offers import BARESIP, CISCO, ENCRYPTED, POLYCOM, SLIDES
from tests.signaling.h323 import agents as h323_agents
from tests.signaling.h323 import pdus as h323
from tests.signaling.meeting.state.meeting_fixture import HOST, NOW, NT, MeetingFixture
from tests.signaling.request_bodies import GOOD
from tests.signaling.sip import rosters, torture
from tests.signaling.sip.agents import OFFER
from tests.signaling.software_authenticator import SoftwareKey

SPS = bytes.fromhex("6742c01fda014016ec0440000003004000000c83c60ca8")
WALL_S = 1_700_000_000.0
MAX_SHOWN = 80 * 1024
"""Most letters of what pages are told of a neighbour's meeting."""
PROFILES = load_profiles()
BODY_MODELS: Mapping[str, type[BaseModel]] = {public_path(route.path): route.body for route in ROUTES if route.body}
_MODELS = tuple(BODY_MODELS.values())
DIRECTORY = parse_units(khanh_hoa_2023(), PROFILES)
PLACES = UnitNames([each.unit for each in DIRECTORY], [each.point for each in DIRECTORY])
FRAGMENT = "remote"
LOCAL = webrtc.Local("frag0123", "p" * 24, "sha-256 AA:BB", (("192.0.2.1", 40000),), {"0": 11, "1": 12, "2": 13})

RTSP = (
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 1;timeout=30\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n"
    b'WWW-Authenticate: Digest realm="r", nonce="n"\r\nContent-Length: 9\r\n\r\nv=0\r\nc=IN IP4 0.0.0.0\r\n'
    b"a=control:*\r\nm=video 0 RTP/AVP 96\r\n"
    b"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\nm=audio 0 RTP/AVP 8\r\na=control:rtsp://192.0.2.1/2\r\n"
)
H323_OFFER = description.read(OFFER + h323_agents.SLIDES)
H323_TERMINAL, _ = h323.presenting()
ROOM_LOCAL = sip_write.Local(
    *("192.0.2.1", 40100, 40102, 7),
    slides_port=40104,
    floor_port=40106,
    floor=sdp_bfcp.offered(reliable=False),
    control_port=40108,
)


def read_rtp(data: bytes) -> None:
    """Parse an RTP packet with header extensions of both kinds and padding."""
    try:
        found, extensions = packet.parse(memoryview(data), len(data))
    except ValueError:
        return
    assert len(found.payload) <= len(data)
    assert all(0 < number < 256 for number in extensions)
    rtx.unwrap(found, 1, 96)


def read_pipe(data: bytes) -> None:
    """Take a message of another media worker, with its records."""
    ours = Records()
    with suppress(ValueError):
        for key in ours.take(data):
            for read in (remote_seat.read_offer, remote_seat.read_want):
                with suppress(ValueError):
                    read(ours.theirs[key])
    assert all(len(message) <= MAX_BYTES for message in ours.messages(0.0))


def read_rtcp(data: bytes) -> None:
    """Parse compound RTCP with NACK, PLI, FIR, REMB and reports."""
    try:
        found = rtcp.parse(data, WALL_S)
    except ValueError:
        return
    for feedback in found:
        if isinstance(feedback, rtcp.Nack):
            assert all(0 <= number <= 0xFFFF for number in feedback.sequences)


def read_digits(data: bytes) -> None:
    """Take telephone events of eight bytes each, timestamp and payload; then read the whole as the body of an INFO."""
    receiver = DigitReceiver()
    pieces = [data[at : at + 8] for at in range(0, len(data), 8)]
    for number, piece in enumerate(pieces):
        digit = receiver.receive(1, int.from_bytes(piece[:4], "big"), piece[4:], number / 50)
        assert digit is None or digit in DIGITS
    for kind in (dtmf_info.RELAY, dtmf_info.PLAIN):
        found = dtmf_info.read(kind, data.decode("utf-8", "replace"))
        assert found is None or found in dtmf_info.DIGITS


def read_requests(data: bytes) -> None:
    """Parse RTCP as simulated endpoints do."""
    for request in parse_requests(data):
        assert request.ssrc >= 0


def read_vp8(data: bytes) -> None:
    """Parse a VP8 payload descriptor and frame header."""
    payload.is_keyframe("VP8", data)
    payload.vp8_frame_size(data)
    try:
        payload.depayload("VP8", data)
    except ValueError:
        return


def read_h264(data: bytes) -> None:
    """Parse H.264 single units, aggregations and fragments."""
    payload.is_keyframe("H264", data)
    with suppress(ValueError):
        payload.depayload("H264", data)
    with suppress(ValueError):
        if (parameters := h264_sps.parameter_set(data)) is not None:
            h264_sps.is_baseline(parameters)
            width, height = h264_sps.picture_size(parameters)
            assert 0 < width <= h264_sps.MAX_SIDE >= height > 0


def read_stun(data: bytes) -> None:
    """Parse a STUN message, and pass it to an ICE-lite agent as request and as response."""
    try:
        message = stun.parse(data)
    except ValueError:
        return
    ice.local_fragment(message)
    agent = ice.IceLite(FRAGMENT, "")
    agent.round_trip_request(0.0)
    assert agent.round_trip(message, 1.0) is None
    assert agent.request(message, ("192.0.2.1", 4242)) is None


def read_frames(data: bytes) -> None:
    """Find the packets on a connection, which are the same in pieces of any size."""
    size, rest = (data[0] + 1 if data else 1), data[1:]
    whole, piecewise = _packets([rest]), _packets([rest[at : at + size] for at in range(0, len(rest), size)])
    assert whole is None or whole == piecewise
    assert all(0 < len(each) <= stream_framing.MAX_FRAME for each in piecewise or ())


def _packets(pieces: list[bytes]) -> list[bytes] | None:
    """Return the packets in the pieces of a connection; None where one is too long."""
    reader = stream_framing.FrameReader()
    try:
        return [each for piece in pieces for each in reader.feed(piece)]
    except ValueError:
        return None


def read_offer(data: bytes) -> None:
    """Parse the SDP offer of a browser, and write our answer to it."""
    try:
        offer = webrtc.parse_offer(data.decode("utf-8", "replace"))
    except BadOffer:
        return
    webrtc.write_answer(offer, LOCAL, ("VP8", "H264"))


def read_room_offer(data: bytes) -> None:
    """Parse the SDP offer of a room system, as one that begins a call and as one within it, and write our answer."""
    text = data.decode("utf-8", "replace")
    sip_parse.is_plain(text)
    try:
        sip_parse.codec_names(text)
        session = sip_parse.read(text)
        assert session.held or session == sip_parse.parse(text)
        for encryption in get_args(Encryption):
            with suppress(NotEncrypted):
                sip_parse.permitted(session, encryption)
    except BadOffer:
        return
    answer = sip_write.answer(session, ROOM_LOCAL, shows=True)
    assert answer.count("\r\nm=") == len(session.media)


def read_proxy_header(data: bytes) -> None:
    """Parse what a proxy says before the bytes of a connection, and write it again."""
    fixed, rest = data[: proxy_protocol.FIXED_BYTES], data[proxy_protocol.FIXED_BYTES :]
    if len(fixed) < proxy_protocol.FIXED_BYTES:
        return
    try:
        assert proxy_protocol.rest_length(fixed) <= proxy_protocol.MAX_BYTES
        came_from = proxy_protocol.source(fixed, rest)
    except ValueError:
        return
    if came_from is not None:
        written = proxy_protocol.write(came_from, came_from)
        assert proxy_protocol.source(written[:16], written[16:]) == came_from


def read_neighbour_reply(data: bytes) -> None:
    """Read what a system below replies: what became of a session, its running meeting, or why it refuses.

    The meeting is shown in one above, where it may raise a hand or give the floor back.
    """
    with suppress(cascade_client.Unanswered):
        reason = cascade_client.read_reply(Outcome, data).reason
        assert len(reason) <= MAX_REASON
    with suppress(cascade_client.Unanswered):
        if (meeting := cascade_client.read_reply(Exchanged, data).meeting) is not None:
            above = MeetingFixture()
            above.join("n", NT)
            for now in (NOW, NOW + timedelta(seconds=2)):
                above.state.below(NT.id, meeting, now)
            _check_shown(above)
    said = cascade_client.refusal_reason(data)
    assert len(said) <= MAX_DETAIL
    assert _is_one_line(said)


def read_neighbour_told(data: bytes) -> None:
    """Read what a system above tells of its meeting, twice, and show it in the one below."""
    try:
        told = Told.model_validate_json(data)
    except ValidationError:
        return
    below = MeetingFixture()
    below.join("h", HOST)
    first = below.state.hear_chair(HOST.id, told.began, told.messages, NOW)
    assert len(first) <= 2 * len(told.messages)
    assert below.state.hear_chair(HOST.id, told.began, told.messages, NOW) == []
    below.state.neighbour(HOST.id, told.meeting, told.warnings)
    assert below.state.neighbour(HOST.id, told.meeting, told.warnings) == []
    assert len(below.state.warnings(NOW, timedelta(0))) <= len(told.warnings)
    assert all(_is_one_line(each.text) for each in below.state.chat.of_chair(NT.id))
    _check_shown(below)


def _is_one_line(text: str) -> bool:
    """Return whether a text is printable, or empty, but for joiners within emoji."""
    return text.replace("\u200d", "").isprintable()


def _check_shown(meeting: MeetingFixture) -> None:
    """Check that what pages are told of neighbours and their hands is bounded, and names are lines of text."""
    shown = meeting.state.neighbours.state
    names = [seat.name for each in shown.meetings.values() for seat in each.seats]
    names += [each.name for each in shown.warnings] + [row.topic for row in meeting.state.roster.wire()]
    assert all(map(_is_one_line, names))
    assert max(map(len, names), default=0) <= MAX_TOPIC
    assert len(shown.model_dump_json()) <= MAX_SHOWN


def read_security_key(data: bytes) -> None:
    """Read what a security key answered: the length of the client data in two bytes, these, and the binary rest."""
    end = 2 + int.from_bytes(data[:2])
    client_data, rest = data[2:end], data[end:]
    with suppress(security_keys.BadAnswer):
        security_keys.registered(_SITE, _CHALLENGE, client_data, rest)
    signature = bytes.fromhex("3006020101020101")
    with suppress(security_keys.BadAnswer):
        answer = security_keys.KeyAnswer(_SOFTWARE_KEY.credential, client_data, rest, signature)
        security_keys.asserted(_SITE, _CHALLENGE, [_KEY], answer)


def read_ldap(data: bytes) -> None:
    """Read a response of a directory, then the groups and the id of an entry."""
    with suppress(ldap_message.BadLdap):
        sizes = ldap_message.header(data)
        if sizes is not None:
            _, _, found = ldap_message.response(data[sizes[0] : sum(sizes)])
            if isinstance(found, ldap_message.Entry):
                found.texts("memberOf")
                found.identity("objectGUID")


def read_id_token(data: bytes) -> None:
    """Verify an ID token; then its second part, unsigned, as the claims of somebody."""
    with suppress(id_token.BadIdToken):
        id_token.claims_of(data.decode("latin-1"), _JWKS, _OIDC, Handshake("s"), datetime(2026, 4, 6, tzinfo=UTC))
    with suppress(id_token.BadIdToken, ValueError, RecursionError):
        claims = from_json(data.partition(b".")[2])
        if isinstance(claims, dict):
            id_token.by_second_factor(claims, _OIDC)
            id_token.person_of(claims, _OIDC)


def read_sso(data: bytes) -> None:
    """Parse a file of single sign-on."""
    with suppress(ValueError):
        sso_settings.parse(data)


def read_secrets(data: bytes) -> None:
    """Parse a file of a system's secrets."""
    with suppress(SettingsError):
        assert secrets_file.read(data).keys() >= secrets_file.REQUIRED


def read_vulnerabilities(data: bytes) -> None:
    """Parse a list of contents, and a list of known vulnerabilities."""
    text = data.decode("utf-8", "replace")
    packages = [known_vulnerabilities.Package("aiohttp", "3.9.3")]
    with suppress(known_vulnerabilities.BadList):
        packages = known_vulnerabilities.read_components(text)
    with suppress(known_vulnerabilities.BadList):
        list(known_vulnerabilities.lines(known_vulnerabilities.compare(packages, [("list", text)]), 1))


def read_answers(data: bytes) -> None:
    """Parse answers of `diemcau setup`, of a file and of its page; then the whole as a server's environment."""
    with suppress(BadInput):
        answers.read(data)
    with suppress(BadInput):
        answers.read_json(data)
    with suppress(SettingsError):
        file = EnvironmentFile.read(data)
        assert EnvironmentFile.read(file.changed({"A": "b c"}).text().encode()).values == file.values | {"A": "b c"}


def read_bfcp(data: bytes) -> None:
    """Serve the datagrams of a room system that asks for the floor; each has one byte with its length before it."""
    sent: list[bytes] = []
    floor_server = FloorServer(
        7, 2, reliable=False, send=sent.append, asked=lambda on: floor_server.show("client", 0.0)
    )
    for count, (_, datagram) in enumerate(chunks(data, 0), 1):
        floor_server.receive(datagram)
        floor_server.tick(count / 2)
    for each in sent:
        assert bfcp.read_fragment(each).length == len(each) - bfcp.HEADER.size


def read_camera_control(data: bytes) -> None:
    """Take frames of a room system whose camera is controlled; each has one byte with its length before it."""
    sent: list[bytes] = []
    controller = CameraController(sent.append, lambda: None)
    controller.begin(0.0)
    for count, (_, frame) in enumerate(chunks(data, 0), 1):
        controller.receive(frame, count / 2)
        controller.move(CameraMovement(pan=1), count / 2)
        controller.activate_preset(0)
        for source in controller.control.sources if controller.control is not None else ():
            controller.select_source(source.number, count / 2)
        controller.tick(count / 2)
    control = controller.control
    assert control is not None and control.presets <= h281.MAX_PRESET
    numbers = [each.number for each in control.sources]
    assert len(numbers) == len(set(numbers)) != 1 and (control.source in numbers if numbers else control.source == 0)
    for each in sent:
        frame_read = h224.read_frame(each)
        assert (h281.read if frame_read.client == h224.H281 else h224.read_management)(frame_read.data)


def read_crypto(data: bytes) -> None:
    """Parse a key in the SDP of a room system, and write it again."""
    if (crypto := sdes.parse(data.decode("utf-8", "replace"))) is not None:
        assert sdes.parse(str(crypto)) == crypto


def read_answer(data: bytes) -> None:
    """Parse an SDP answer of the server, as simulated endpoints do."""
    try:
        parse_answer(data.decode("utf-8", "replace"))
    except BadAnswer:
        return


def read_message(data: bytes) -> None:
    """Parse a WebSocket message of a browser."""
    try:
        message = server.parse(data.decode("utf-8", "surrogateescape"))
    except MessageError:
        return
    message.model_dump_json()


def read_call(data: bytes) -> None:
    """Parse a message between server and media worker, and the arguments of its call."""
    try:
        message = protocol.decode(data)
        protocol.unpack(message["call"], message["arguments"])
    except (ValueError, KeyError, UnknownCall):
        return


def read_reply(data: bytes) -> None:
    """Parse a message of a media worker: an event, or the reply to the call named in it."""
    try:
        message = protocol.decode(data)
        value = reply_check.event(message) if "event" in message else reply_check.result(message["call"], message)
    except (ValueError, KeyError, TypeError):
        return
    to_json(value, fallback=str)


def read_body(data: bytes) -> None:
    """Validate a REST request body; the first byte selects its model."""
    model = _MODELS[(data[0] if data else 0) % len(_MODELS)]
    try:
        value = from_json(data[1:], allow_inf_nan=False)
        model.model_validate(value).model_dump_json()
    except (ValueError, ValidationError):
        return


def read_units(data: bytes) -> None:
    """Parse a units file."""
    try:
        parse_units(data.decode("utf-8", "replace"), PROFILES)
    except BadUnits as error:
        str(error)


def read_policy(data: bytes) -> None:
    """Parse a policy profile."""
    try:
        parse_policy(data.decode("utf-8", "replace"))
    except PolicyError:
        return


LOAD_TEST = {
    "proposal": {"sessions": 7, "points": 238},
    "costs": {"points": 12, "forwarded_pct": 2.5, "composed_pct": 21, "recorded_pct": 3.1},
    "conditions": {"date": "2026-11-28T22:14:00Z", "machine": "Linux", "cores": 2},
}


def read_report(data: bytes) -> None:
    """Parse a load test's report, from which `diemcau admin capacity` takes the proposal and the costs."""
    for read in (admin_cli.proposed, session_costs.read):
        with suppress(BadInput):
            read(data.decode("utf-8", "replace"))


def read_letter(data: bytes) -> None:
    """Parse a letter of the official mailbox, judge its sender and whether it may get an automatic reply."""
    letter = read_mail(data)
    autoreply_policy.answerable(letter, "hoptructuyen@khanhhoa.gov.vn")
    found = sender_authentication.results(letter.all("authentication-results"), "mx.vn")
    assert sender_authentication.verdict(found, letter.sender) in {"pass", "fail", "none"}
    extractor.asks(letter)
    extractor.read(letter, PLACES, "571", datetime.fromtimestamp(WALL_S, UTC), ZoneInfo("Asia/Ho_Chi_Minh")).content()


def read_form(data: bytes) -> None:
    """Parse a form attached to a letter; the first byte selects its kind."""
    try:
        attached_form.read(f"a.{form_template.KINDS[data[0] % 3] if data else 'csv'}", data[1:])
    except attached_form.UnreadableForm:
        return


def read_h323(data: bytes) -> None:
    """Split a stream into packets, and read their Q.931, H.225.0 and the channels of fast connect.

    What is answered to a packet that cannot be taken can be read.
    """
    try:
        for payload in tpkt.Splitter().feed(data):
            for answer in (refusal.no_call(payload), refusal.congested(payload), refusal.misread(payload)):
                assert answer is None or q931.parse(answer).cause
            message = q931.parse(payload)
            assert (message.called, message.display, message.cause) is not None
            body = h225.parse(message.body)
            assert (body.h245_address, body.identity, body.dialled, body.names, body.product) is not None
            fast_connect.choose(body.fast_start, h323.ROOM, h323.ports(h323.OURS, 40000), body.reads)
            fast_connect.accepted(body.fast_start, body.reads)
            for each in body.control:
                read_h245(each)
    except BadPdu:
        return


def read_h245(data: bytes) -> None:
    """Read a message of H.245, and give it to a terminal with open channels; whatever it answers can be encoded."""
    control = deepcopy(H323_TERMINAL)
    try:
        control.receive(asn1.decode("control", data))
    except BadPdu:
        control.misread(data)
    control.show_slides("other")
    for answer in control.outbox:
        asn1.encode("control", answer)
    control.own, control.ports = H323_OFFER.own, H323_OFFER.ports
    sip_parse.read(description.answer(H323_OFFER, control, h323.THEIRS, 1, 1))


def read_ras(data: bytes) -> None:
    """Give a message of a gatekeeper to a registration that waits for answers, and has a call; time passes."""
    registration = Registration(h323.ENDPOINT, (h323.THEIRS, 1719), 1)
    registration.begin(0.0)
    if not data or data[0] % 2:  # else it is not registered yet
        registration.endpoint, registration.registered = h323.ENDPOINT, True
        registration.admit(h323.CALL, h323.PARTIES, 0.0)
    registration.calls[h323.IDENTITY.call] = h323.CALL
    try:
        registration.receive(data[1:], 1.0)
    except BadPdu:
        return
    for now in (2.0, 40.0, 80.0):
        registration.tick(now)
    assert registration.next_due is None or registration.next_due > 0
    for message in registration.outbox:
        ras.parse(message)


def read_sip(data: bytes) -> None:
    """Parse a SIP message in a datagram; check, answer and write it back as the agent does."""
    try:
        message = sip_message.parse(data)
    except BadRequest as fault:
        sip_message.refuse(fault, "tag").write()
        return
    except BadMessage:
        return
    again = message.write()
    if max(map(len, again.split(b"\r\n"))) < sip_message.LONGEST_HEADER and len(again) < sip_message.MOST_BYTES:
        assert sip_message.parse(again) == message
    trace.blotted(message, trace.dialled(message))
    if isinstance(message, sip_message.Response):
        session_timer.of_response(message, 1800)
        session_timer.shortest(message)
        subscription_rules.granted_s(message)
        subscription_rules.demanded_s(message)
        if (asked := digest.challenge(message)) is not None:
            digest.authorization(asked, sip.ACCOUNT, "INVITE", "sip:192.0.2.1", "cnonce")
        return
    with suppress(BadMessage):
        registration.asked(message)
    if (given := digest.proof(message)) is not None:
        assert not digest.proves(given, sip.ACCOUNT, message)
        assert not sip.NONCES.fresh(given.nonce, "192.0.2.1", 0.0)
    Dialog("c", "<sip:us@192.0.2.2>;tag=t", "<sip:mcu@h>", "", "sip:mcu@h").confirm(message)
    message.came_from("192.0.2.1", 40000)
    sip_message.parse(sip_message.respond(message, 486, "tag").write())
    if subscription_rules.check_notify(message) is None:
        subscription_rules.state_of(message)
    if request_checks.check_invite(message) is None:
        dialog = Dialog.as_callee(message, "tag", "<sip:us@192.0.2.2>")
        assert dialog.next_hop.host
        sip_message.parse(b"Via: SIP/2.0/UDP h".join(dialog.request("BYE").write().split(b"Max-Forwards: 70", 1)))


def read_roster(data: bytes) -> None:
    """Take the rosters of an MCU one after the other, between zero bytes; what is told of them can be shown."""
    known = roster.Roster(("diemcau", "192.0.2.2"))
    for document in data.split(b"\0"):
        with suppress(BadMessage):
            known.take(roster.read(document.decode("utf-8", "replace")))
        inside = known.inside()
        assert len(inside.names) <= roster.MAX_NAMES and inside.more <= roster.MAX_USERS
        assert all(name.isprintable() and 0 < len(name) <= roster.MAX_NAME for name in inside.names)


def read_rtsp(data: bytes) -> None:
    """Read what a camera sends, cut in two at the position of the first byte, and a description; what is offered of it
    can be answered."""
    stream, at = rtsp_message.Stream(), data[0] if data else 0
    with suppress(rtsp_message.BadRtsp):
        for each in (*stream.feed(data[1 : at + 1]), *stream.feed(data[at + 1 :])):
            if isinstance(each, rtsp_message.Packet):
                assert len(each.data) < len(data)
            else:
                assert len(each.body) == each.length <= rtsp_message.MAX_BODY
            if isinstance(each, rtsp_message.Request):
                assert rtsp_message.write_response(each).endswith(b"\r\n\r\n")
            elif isinstance(each, rtsp_message.Response):
                assert each.channels is None or max(each.channels) < 100
                digest.challenge(each)
    body = data.partition(b"\r\n\r\n")[2]
    with suppress(rtsp_message.BadRtsp):
        tracks = rtsp_message.read_tracks(body.decode("utf-8", "replace"), "rtsp://192.0.2.1/live")
        assert len(rtsp_message.ports(rtsp_message.offer(tracks, "192.0.2.1"))) == len(tracks)


def read_stream(data: bytes) -> None:
    """Parse SIP on a TCP connection, cut in two at the position of the first byte."""
    stream, at = framing.Stream(), data[0] if data else 0
    try:
        found = [*stream.feed(data[1 : at + 1]), *stream.feed(data[at + 1 :])]
    except BadMessage:
        return
    assert sum(map(len, found)) <= len(data)


def _check() -> bytes:
    message = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    message.attributes["USERNAME"] = f"local:{FRAGMENT}"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 2
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(b"password")
    message.add_fingerprint()
    return bytes(message)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _some_units() -> list[object]:
    """Return the province, two departments, a district and two of its communes."""
    units = json.loads(khanh_hoa_2023())["units"]
    (district, *_) = (unit for unit in units if unit["level"] == "huyen")
    return [*units[:3], district, *[unit for unit in units if unit.get("parent") == district["id"]][:2]]


_SITE, _CHALLENGE = security_keys.Site("h", "https://h"), "A" * 43
_SOFTWARE_KEY = SoftwareKey("h", "https://h")
_MADE, _GIVEN = [
    [security_keys.decoded(part) for part in parts.values()]
    for parts in (_SOFTWARE_KEY.create(_CHALLENGE), _SOFTWARE_KEY.get(_CHALLENGE))
]
_KEY_ANSWERS = tuple(len(client).to_bytes(2) + client + rest for client, rest in (_MADE, _GIVEN[1:3]))
_KEY = SecurityKey(
    "k", "an", "Khóa", "h", security_keys.registered(_SITE, _CHALLENGE, *_MADE)[0], 0, datetime(2026, 4, 6, tzinfo=UTC)
)
_SSO = b"""[oidc]
label = "x"
issuer = "https://x/"
client_id = "x"
unit_claim = "u.v"
[[oidc.roles]]
group = "g"
roles = ["site"]
[ldap]
label = "x"
servers = ["ldaps://x:1"]
bind = "{account}@x"
base = "dc=x"
roles = [{group = "g", roles = ["site"]}]
"""
_MEMBER_OF = tlv(SEQUENCE, tlv(OCTETS, b"memberOf"), tlv(SET, tlv(OCTETS, b"cn=g"), tlv(OCTETS, b"\xff")))
_OIDC = sso_settings.OidcSettings.model_validate(
    {
        "label": "x",
        "issuer": "https://x/",
        "client_id": "x",
        "unit_claim": "u.v",
        "second_factor_amr": ["otp"],
        "roles": [{"group": "g", "roles": ["site"]}],
    }
)
_JWKS = [{"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43, "kid": "k"}]
_MESSAGES = (
    {"type": "join", "code": "1234 567 890", "ref": "1"},
    {"type": "offer", "sdp": "v=0"},
    {"type": "hand", "raised": True},
    {"type": "media", "mic": False, "camera": True},
    {"type": "view", "source": "camera:1"},
    {"type": "layout", "kind": "1+5", "focus": None, "seats": ["1", None], "page": 0, "rotate": 5, "empty": True},
    {"type": "record", "on": True, "pause": False},
)
_RTP = pack("!BBHII", 0x80, 96, 7, 3600, 1)
_CALLS = (
    {"id": 1, "call": "add_seat", "arguments": {"room": "r", "options": {"seat": "s", "label": "S"}}},
    {"id": 2, "call": "set_layout", "arguments": {"room": "r", "layout": {"kind": "grid", "seats": ["a", None]}}},
)
_REPLIES = (
    {"event": "Levels", "fields": {"room": "r", "levels": {"a": -30}}},
    {"event": "RecordingFailed", "fields": {"room": "r", "path": "/r.mp4", "error": "disk-slow"}},
    {"event": "RecordingEnded", "fields": {"room": "r", "path": "/r.mp4", "seconds": 2.5, "error": None}},
    {"call": "lines", "result": {"a": {"up": 0.0, "down": 0.1, "jitter": 0.01, "round_trip": 0.2}}},
    {"call": "connect", "error": "BadOffer", "text": "offer without m-lines"},
)

_LETTER = (
    b"From: UBND <ubnd@khanhhoa.gov.vn>\nSubject: =?utf-8?q?H=E1=BB=8Dp?=\nMessage-ID: <1@x>\nReturn-Path: <a@b.vn>\n"
    b"Authentication-Results: mx.vn; spf=pass (ok) smtp.mailfrom=a@khanhhoa.gov.vn\nMIME-Version: 1.0\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\n"
    b"Content-Transfer-Encoding: quoted-printable\n\n<p>H=E1=BB=8Dp<table><tr><td>l=C3=BAc</td></table>\n--b\n"
    b'Content-Disposition: attachment; filename="=?utf-8?b?UGhp4bq/dS5jc3Y=?="\nContent-Transfer-Encoding: base64\n\n'
    b"YSxi\n--b--\n"
)

TARGETS: dict[str, Target] = {
    "rtp": Target(
        read_rtp,
        (
            _RTP + b"payload",
            b"\xb0" + _RTP[1:] + b"\xbe\xde\x00\x02\x10\x8f\x40q\xa0f\x00\x00pay\x00\x02",
            b"\x91" + _RTP[1:] + bytes(4) + b"\x10\x00\x00\x01\x04\x01x\x00load",
        ),
    ),
    "rtcp": Target(
        read_rtcp,
        (
            rtcp.sender_report(1, WALL_S, 90000, 10, 1000) + rtcp.nack(1, 2, [7, 8, 30]),
            rtcp.picture_loss(1, 2) + rtcp.remb(1, 1_500_000, [2, 3]),
            rtcp.application(1, b'{"a":[],"r":[]}'),
            pack("!BBHIIII", 0x84, 206, 4, 1, 0, 2, 0x01000000),
        ),
    ),
    "proxy-header": Target(
        read_proxy_header,
        (
            proxy_protocol.write(("192.0.2.7", 50000), ("192.0.2.1", 443)),
            proxy_protocol.write(("2001:db8::7", 50000), ("192.0.2.1", 443)) + bytes(8),
        ),
    ),
    "neighbour reply": Target(
        read_neighbour_reply,
        (
            b'{"state": "accepted", "number": "KH-2026-0001", "code": "1234567890"}',
            to_json({"meeting": GOOD["/cascade/meetings"]["meeting"]}),
            to_json({"detail": "Giới hạn", "errors": [{"field": "points", "detail": "cần 2, được dùng 0"}]}),
        ),
        cascade_client.MAX_ANSWER,
    ),
    "neighbour told": Target(
        read_neighbour_told,
        (to_json(GOOD["/cascade/meetings"]), to_json(GOOD["/cascade/meetings"] | {"warnings": [], "began": None})),
        cascade_client.MAX_ANSWER,
    ),
    "security key": Target(read_security_key, _KEY_ANSWERS, 12_288),
    "secrets": Target(read_secrets, (b'{"ticket.key": "AA==", "server.id": "AA==", "tls/key.pem": "AA=="}',)),
    "vulnerabilities": Target(
        read_vulnerabilities,
        (
            b'{"id":"A","modified":"2026-02-04T03:31:54Z","aliases":["CVE-1"],"affected":[{"package":{"name":"aiohttp",'
            b'"ecosystem":"PyPI"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.9.4"}]}],'
            b'"versions":["3.9.2"]}]}',
            b'{"bomFormat":"CycloneDX","components":[{"purl":"pkg:pypi/aiohttp@3.9.3"}]}',
        ),
    ),
    "answers": Target(
        read_answers,
        (
            b"[address]\nhost = 'hop.example'\nport = 8443\n[certificate]\nsource = 'authority'\n[capacity]\n"
            b"sessions = 2\npoints = 9\n[mail]\nhost = '10.1.2.3'\nsender = 'a@b.example'\n[units]\ntable = 'a.csv'\n",
            b"# Ours\nDIEMCAU_PORT=8443\nA='b c'\nB=\"d\"\n\n",
        ),
        answers.MAX_BYTES,
    ),
    "digits": Target(
        read_digits,
        (
            b"".join(pack("!IBBH", 1000, 11, end, 160 * tick) for tick, end in enumerate((10, 10, 138, 138, 138), 1)),
            b"Signal=5\r\nDuration=160\r\n",
            b"#\r\n",
        ),
    ),
    "pipe": Target(
        read_pipe,
        (
            b'{"a":[1,2],"r":[[3,["offer","a","1"],[false,[["camera","q","VP8",180,130000,true]]]]]}',
            b'{"a":[],"r":[[4,["want","a","1"],[360,[["content",""]]]],[5,["stream",2],null]]}',
            b'{"a":[],"r":[[6,["want","a","composed:host"],[0,[["composed","H264/2",true]]]],[7,["composes","a"],true]]}',
        ),
    ),
    "requests": Target(read_requests, (rtcp.nack(1, 2, [7, 8, 30]), rtcp.picture_loss(1, 2))),
    "vp8": Target(read_vp8, (b"\x90\xf0\x81\x02\x03\x10\x10\x00\x00\x9d\x01\x2a\x80\x02\x68\x01", b"\x10frame")),
    "h264": Target(
        read_h264, (b"\x65slice", b"\x78\x00\x02\x67a\x00\x02\x68b", b"\x7c\x85first", b"\x7c\x45last", SPS)
    ),
    "stun": Target(read_stun, (_check(),)),
    "media frames": Target(read_frames, (b"\x03\x00\x01\x16\x00\x00\x00\x05\x00\x01ab", b"\x00\x08\x01")),
    "offer": Target(read_offer, (CHROMIUM.encode(), FIREFOX.encode())),
    "bfcp": Target(
        read_bfcp,
        (
            b"\x0c"
            + bytes.fromhex("400b0000000000070001 0012")
            + b"\x10"
            + bytes.fromhex("40070001000000070002001205040002")
            + b"\x10"
            + bytes.fromhex("20010001000000070003001205040002")
            + b"\x14"
            + bytes.fromhex("4802000100000007000400120000000107040001"),
        ),
    ),
    "camera control": Target(
        read_camera_control,
        tuple(
            bytes((len(frame),)) + frame
            for frame in map(
                bytes.fromhex,
                (
                    "0071030000000000c00200810314e06444484400e0",
                    "0061030000000000c00100047e0581ff010203040502",
                    "0071030000000000c001ff",
                    "0071030000000001c001c000",
                    "0071030000000001c00530",
                ),
            )
        ),
    ),
    "room offer": Target(
        read_room_offer, tuple(offer.encode() for offer in (BARESIP, POLYCOM + SLIDES, CISCO, ENCRYPTED))
    ),
    "crypto": Target(read_crypto, (f"1 AES_CM_128_HMAC_SHA1_80 inline:{'A' * 40}|2^31 WSH=64 -x".encode(),)),
    "answer": Target(
        read_answer, (webrtc.write_answer(webrtc.parse_offer(CHROMIUM), LOCAL, ("VP8", "H264")).encode(),)
    ),
    "message": Target(read_message, tuple(map(_json, _MESSAGES))),
    "call": Target(read_call, tuple(map(_json, _CALLS))),
    "reply": Target(read_reply, tuple(map(_json, _REPLIES))),
    "body": Target(
        read_body, tuple(bytes([at]) + _json(GOOD[path]) for at, path in enumerate(BODY_MODELS) if path in GOOD)
    ),
    "h323": Target(read_h323, h323.call_signalling(), tpkt.MAX_BYTES),
    "ras": Target(read_ras, tuple(b"\1" + each for each in h323.registration_messages()), asn1.MAX_BYTES),
    "h245": Target(read_h245, tuple(h323.control_messages()), asn1.MAX_BYTES),
    "sip": Target(
        read_sip,
        (
            *(sip.INVITE, sip.OPTIONS, sip.RINGING, sip.CHALLENGE, sip.PROOF, sip.NOTIFY),
            *(case.data for case in torture.CASES),
        ),
    ),
    # Elements of 64 KiB take a tenth of a second, and several times that where each branch is counted.
    "roster": Target(read_roster, ("\0".join(rosters.THREE).encode(),), roster.MAX_BYTES, 1.5),
    "rtsp": Target(
        read_rtsp,
        (
            b"\x40" + RTSP,
            b"\x03$\x00\x00\x02ab" + RTSP,
            b"\x10GET_PARAMETER * RTSP/1.0\r\nCSeq: 7\r\nContent-Length: 2\r\n\r\nab" + RTSP,
        ),
        40_000,
    ),
    "ldap": Target(
        read_ldap,
        (
            tlv(SEQUENCE, integer(1), tlv(ldap_message.BIND_DONE, integer(0, 10), tlv(OCTETS), tlv(OCTETS, b"x"))),
            tlv(SEQUENCE, integer(2), tlv(ldap_message.ENTRY, tlv(OCTETS, b"dc=x"), tlv(SEQUENCE, _MEMBER_OF))),
        ),
        ldap_message.MAX_MESSAGE,
    ),
    "id token": Target(
        read_id_token,
        (
            b"eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.e30." + b"A" * 86,
            b'x.{"sub":"s","groups":["g"],"u":{"v":"1"},"amr":["otp"],"acr":"1","name":"An"}',
        ),
        id_token.MAX_TOKEN,
    ),
    "sso": Target(read_sso, (_SSO,)),
    "stream": Target(read_stream, (b"\x40" + sip.INVITE + b"\r\n\r\n" + sip.RINGING,)),
    "letter": Target(
        read_letter,
        (_LETTER, _LETTER.replace(b"multipart/mixed; boundary=b", b"text/plain")),
        1 << 20,
        SANDBOXED_SECONDS,
    ),
    "form": Target(
        read_form,
        tuple(bytes([number]) + form_template.write(kind) for number, kind in enumerate(form_template.KINDS)),
        MAX_ATTACHMENT,
        SANDBOXED_SECONDS,
    ),
    "units": Target(read_units, (_json({"units": _some_units()}),)),
    "policy": Target(read_policy, tuple(path.read_bytes() for path in SHIPPED)),
    "report": Target(read_report, (_json(LOAD_TEST),)),
    **FILES,
    **MEDIA,
}
