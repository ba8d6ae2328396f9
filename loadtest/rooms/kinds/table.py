"""The kinds of calls by name, in the order in which they are placed."""

from dataclasses import replace

from loadtest.rooms import scripts
from loadtest.rooms.descriptions import cisco, polycom, with_slides
from loadtest.rooms.kinds import (
    cameras,
    encryption,
    feedback,
    forged,
    front_door,
    keys,
    marks,
    one_address,
    other_mcu,
    refusal,
    renewal,
    slides,
)
from loadtest.rooms.kinds.kind import CallKind, called, dialling, nothing
from loadtest.rooms.kinds.setups import FULL_HD, PLAIN, baresip, h323, h323_separate, linphone, pjsua, sipp
from loadtest.rooms.lane import RoomSetup
from loadtest.rooms.sipp_scenarios import TOO_BRIEF

KINDS: dict[str, CallKind] = {
    "udp": CallKind(PLAIN, dialling("udp"), nothing),
    "tcp": CallKind(PLAIN, dialling("tcp"), nothing),
    "tls": CallKind(PLAIN, dialling("tls"), nothing),
    "sdes": CallKind(encryption.ENCRYPTED, dialling("tls"), encryption.encrypted),
    "sdes-wished": CallKind(
        RoomSetup(baresip(";mediaenc=srtp-mand"), encryption="wished"),
        dialling("tls"),
        encryption.protected("encrypted", "RTP/SAVP"),
    ),
    "crypto-wished": CallKind(
        RoomSetup(baresip(";mediaenc=srtp"), encryption="wished"),
        dialling("tls"),
        encryption.protected("encrypted", "RTP/AVP"),
    ),
    "sdes-wished-called": CallKind(
        RoomSetup(baresip(";mediaenc=srtp", by_tls=True), called=True, transport="TLS", encryption="wished"),
        called,
        encryption.protected("encrypted", "RTP/AVP"),
    ),
    "plain-wished": CallKind(
        RoomSetup(baresip(), encryption="wished"), dialling("tls"), encryption.protected("clear", "RTP/AVP")
    ),
    "plain-wished-called": CallKind(
        RoomSetup(baresip(by_tls=True), called=True, transport="TLS", encryption="wished"),
        called,
        encryption.protected("clear", "RTP/AVP"),
    ),
    "plain-refused": CallKind(
        RoomSetup(baresip(), encryption="demanded"),
        dialling("tls"),
        encryption.plain_is_refused,
        connects=False,
        end=encryption.pause,
    ),
    "plain-refused-called": CallKind(
        RoomSetup(baresip(by_tls=True), called=True, refuses=True, transport="TLS", encryption="demanded"),
        called,
        encryption.we_are_refused,
        connects=False,
        end=nothing,
    ),
    "tls-mutual": CallKind(PLAIN, dialling("tls"), nothing, second=True),
    "tls-mutual-called": CallKind(
        RoomSetup(baresip(by_tls=True), called=True, transport="TLS"), called, nothing, second=True
    ),
    "tls-no-certificate": encryption.uncertified("none"),
    "tls-other-authority": encryption.uncertified("of another authority"),
    "tls-other-address": encryption.uncertified("of another address"),
    "dscp": CallKind(replace(slides.by(2, with_slides), watched=True), dialling("udp"), marks.slides_marked),
    "dscp-tcp": CallKind(replace(PLAIN, watched=True), dialling("tcp"), marks.marked("tcp")),
    "dscp-tls": CallKind(replace(PLAIN, watched=True), dialling("tls"), marks.marked("tls")),
    "dscp-set": CallKind(replace(PLAIN, watched=True), dialling("tls"), marks.marked("tls"), second=True),
    "dtls-srtp": CallKind(encryption.BY_DTLS, dialling("tls"), encryption.encrypted_by_dtls),
    "called": CallKind(RoomSetup(baresip(), called=True), called, nothing),
    "door": CallKind(PLAIN, front_door.through_door, nothing),
    "door-info": CallKind(RoomSetup(sipp(scripts.entering)), front_door.through_door_by_info, nothing),
    "hold": CallKind(PLAIN, dialling("udp"), renewal.hold),
    "keys": CallKind(PLAIN, dialling("udp"), keys.all_keys),
    "h323": CallKind(RoomSetup(h323, protocol="H323"), dialling("h323"), nothing),
    "h323-called": CallKind(RoomSetup(h323, protocol="H323", called=True), called, nothing),
    "h323-separate": CallKind(RoomSetup(h323_separate, protocol="H323"), dialling("h323"), nothing),
    "h323-separate-called": CallKind(RoomSetup(h323_separate, protocol="H323", called=True), called, nothing),
    "h323-slides": CallKind(RoomSetup(h323, protocol="H323"), dialling("h323"), slides.both),
    "linphone": CallKind(RoomSetup(linphone()), dialling("udp"), nothing),
    "linphone-sdes": CallKind(
        RoomSetup(linphone(encrypted=True), encryption="demanded"), dialling("tls"), encryption.encrypted
    ),
    "linphone-called": CallKind(RoomSetup(linphone(), called=True), called, nothing),
    "pjsua": CallKind(RoomSetup(pjsua), dialling("udp"), nothing, pictures=False),
    "pjsua-called": CallKind(RoomSetup(pjsua, called=True), called, nothing, pictures=False),
    "late-offer": CallKind(RoomSetup(sipp(scripts.late_offer)), dialling("udp"), nothing),
    "100rel": CallKind(RoomSetup(sipp(scripts.reliable)), dialling("udp"), nothing),
    "late-renewal": CallKind(RoomSetup(sipp(scripts.renewing_late)), dialling("udp"), renewal.renew),
    "flooded": CallKind(
        RoomSetup(one_address.crowded(), sip_user=scripts.ALIAS), dialling("udp"), one_address.renew_in_flood
    ),
    "restless": CallKind(
        RoomSetup(one_address.crowded(restless=True), sip_user=scripts.ALIAS),
        dialling("udp"),
        one_address.renew_in_flood,
    ),
    "forged": CallKind(RoomSetup(forged.forged, sip_user=scripts.ALIAS), dialling("udp"), forged.came_again),
    "lossy": CallKind(RoomSetup(sipp(scripts.giving_feedback)), dialling("udp"), feedback.lossy),
    "rtx": CallKind(RoomSetup(sipp(scripts.retransmitting)), dialling("udp"), feedback.repaired),
    "high": CallKind(RoomSetup(feedback.in_high), dialling("udp"), feedback.high),
    "added-picture": CallKind(RoomSetup(sipp(scripts.adding_picture)), dialling("udp"), renewal.renew, pictures=False),
    "sipp-hold": CallKind(RoomSetup(sipp(scripts.holding("sendonly"))), dialling("udp"), renewal.renew_hold),
    "sipp-hold-inactive": CallKind(RoomSetup(sipp(scripts.holding("inactive"))), dialling("udp"), renewal.renew_hold),
    "sipp-hold-port-0": CallKind(RoomSetup(sipp(scripts.holding("port 0"))), dialling("udp"), renewal.renew_hold),
    "sipp-hold-long": CallKind(RoomSetup(sipp(scripts.holding("inactive"))), dialling("udp"), renewal.long_hold),
    "sipp-keys": CallKind(RoomSetup(sipp(scripts.plain)), dialling("udp"), keys.all_keys),
    "sipp-keys-clock": CallKind(RoomSetup(sipp(scripts.with_two_clocks)), dialling("udp"), keys.keys_of_clock),
    "sipp-info": CallKind(RoomSetup(sipp(scripts.informing)), dialling("udp"), keys.all_keys),
    "moved-port": CallKind(RoomSetup(sipp(scripts.moving)), dialling("udp"), renewal.move),
    "moved-address": CallKind(RoomSetup(renewal.moved_address), dialling("udp"), renewal.move_to_address),
    "latched": CallKind(
        RoomSetup(renewal.latched, further_address=True), dialling("udp"), renewal.taken_from_elsewhere
    ),
    "redirect": CallKind(
        RoomSetup(sipp(scripts.redirecting), called=True, transport="UDP"),
        called,
        refusal.after("302 Moved Temporarily"),
    ),
    "simple": refusal.refusing("488 Not Acceptable Here"),
    "simple-415": refusal.refusing("415 Unsupported Media Type"),
    "simple-606": refusal.refusing("606 Not Acceptable"),
    "session": CallKind(
        RoomSetup(sipp(scripts.timing), called=True, transport="UDP"), called, refusal.after(TOO_BRIEF)
    ),
    "challenged": refusal.challenging("407 Proxy Authentication Required", "MD5"),
    "challenged-401": refusal.challenging("401 Unauthorized", "MD5"),
    "challenged-sha256": refusal.challenging("401 Unauthorized", "SHA-256"),
    "mcu": CallKind(other_mcu.BY_SIP, called, other_mcu.seen),
    "mcu-h323": CallKind(other_mcu.BY_H323, called, other_mcu.seen),
    "mcu-h323-pin": CallKind(replace(other_mcu.BY_H323, pin=other_mcu.PIN), called, other_mcu.pin_is_keyed),
    "mcu-info": CallKind(other_mcu.BY_INFO, called, other_mcu.pin_is_keyed),
    "mcu-roster": CallKind(other_mcu.WITH_ROSTER, called, other_mcu.roster_is_told, end=other_mcu.roster_ends),
    "whip": CallKind(
        RoomSetup(cameras.whip, kind="CAMERA", protocol="WHIP", account=True),
        cameras.publishing,
        nothing,
        receives=False,
    ),
    "rtsp": CallKind(cameras.UNREGISTERED, cameras.fetched, nothing, receives=False, end=cameras.not_fetched_again),
    "bfcp": CallKind(slides.by(2, with_slides), dialling("udp"), slides.shown),
    "bfcp-tcp": CallKind(RoomSetup(slides.by_tcp), dialling("udp"), slides.shown),
    "polycom": CallKind(slides.by(1, polycom), dialling("udp"), slides.camera_refused),
    "polycom-camera": CallKind(slides.by(1, polycom, camera_control=True), dialling("udp"), slides.camera_moved),
    "cisco": CallKind(slides.by(2, cisco), dialling("udp"), slides.camera_refused),
    "cisco-camera": CallKind(slides.by(2, cisco, camera_control=True), dialling("udp"), slides.camera_moved),
    "1080p30": CallKind(FULL_HD, dialling("udp"), nothing, full_hd=True, lone=True),
    "slides-1080p30": CallKind(slides.by(2, with_slides, moving=True), dialling("udp"), slides.moving, lone=True),
}
