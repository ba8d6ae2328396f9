"""A telephone without a screen, run as a program: pjsua2 (PJSIP's library), with a tone and a recording of its sound.

`python -m loadtest.rooms.pjsua_phone HOST PORT USER PASSWORD TONE_HZ` reads lines on standard input: `record PATH`,
`dial URI`, `hang-up`. It answers calls by itself, and prints `ready`, `established` and `ended STATUS REASON`.
"""

import sys
from collections.abc import Sequence

import pjsua2 as pj

from loadtest.rooms.baresip import PORTS

RATE_HZ = 16_000
LOUDNESS = 8_000
LEVEL = 4
"""Level of its log at which it has every SIP message."""
FIRST_RTP_PORT = 4_000
RTP_PORTS = 4
"""Ports for each telephone: those of two calls."""


class Phone(pj.Account):  # type: ignore[misc]
    """An account with one call at a time."""

    def __init__(self, endpoint: pj.Endpoint, tone_hz: int) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._tone = pj.ToneGenerator()
        self._tone.createToneGenerator(RATE_HZ, 1)
        tone = pj.ToneDesc()
        tone.freq1, tone.on_msec = tone_hz, 1000
        tones = pj.ToneDescVector()
        tones.append(tone)
        self._tone.play(tones, True)
        self._recorder: pj.AudioMediaRecorder | None = None
        self._call: Conversation | None = None

    def obey(self, line: str) -> None:
        """Carry out one line of standard input."""
        word, _, rest = line.strip().partition(" ")
        if word == "record":
            self._recorder = pj.AudioMediaRecorder()
            self._recorder.createRecorder(rest)
        elif word == "dial":
            self._call = Conversation(self, pj.PJSUA_INVALID_ID)
            self._call.makeCall(rest, pj.CallOpParam(True))
        elif word == "hang-up" and self._call is not None:
            self._call.hangup(pj.CallOpParam())

    def onIncomingCall(self, incoming: pj.OnIncomingCallParam) -> None:  # noqa: N802 (the library's name)
        """Answer a call."""
        self._call = Conversation(self, incoming.callId)
        answer = pj.CallOpParam()
        answer.statusCode = pj.PJSIP_SC_OK
        self._call.answer(answer)

    def connect(self, sound: pj.AudioMedia) -> None:
        """Send the tone into a call, and record its sound."""
        self._tone.startTransmit(sound)
        if self._recorder is not None:
            sound.startTransmit(self._recorder)


class Conversation(pj.Call):  # type: ignore[misc]
    """One call."""

    def __init__(self, phone: Phone, number: int) -> None:
        super().__init__(phone, number)
        self._phone = phone

    def onCallState(self, _state: pj.OnCallStateParam) -> None:  # noqa: N802 (the library's name)
        """Print that the call is established, or has ended."""
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            _say("established")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            _say(f"ended {info.lastStatusCode} {info.lastReason}")

    def onCallMediaState(self, _state: pj.OnCallMediaStateParam) -> None:  # noqa: N802 (the library's name)
        """Connect tone and recording, at first and after each renewal."""
        info = self.getInfo()  # its list of media is gone with it
        for at, media in enumerate(info.media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._phone.connect(self.getAudioMedia(at))


def main(words: Sequence[str]) -> int:
    """Run until standard input ends."""
    host, port, user, password, tone_hz = words
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    endpoint.libInit(_settings())
    endpoint.audDevManager().setNullDev()
    _listen(endpoint, host, int(port))
    endpoint.libStart()
    phone = Phone(endpoint, int(tone_hz))
    phone.create(_account(host, int(port), user, password))
    _say("ready")
    for line in sys.stdin:
        phone.obey(line)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _settings() -> pj.EpConfig:
    settings = pj.EpConfig()
    settings.logConfig.level = settings.logConfig.consoleLevel = LEVEL
    settings.medConfig.clockRate = settings.medConfig.sndClockRate = RATE_HZ
    settings.medConfig.noVad = True
    return settings


def _listen(endpoint: pj.Endpoint, host: str, port: int) -> None:
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = port, host
    for kind in (pj.PJSIP_TRANSPORT_UDP, pj.PJSIP_TRANSPORT_TCP):
        endpoint.transportCreate(kind, transport)


def _account(host: str, port: int, user: str, password: str) -> pj.AccountConfig:
    account = pj.AccountConfig()
    account.idUri = f'"Phong hop" <sip:{user}@{host}:{port}>'
    account.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
    account.mediaConfig.transportConfig.boundAddress = host
    account.mediaConfig.transportConfig.port = FIRST_RTP_PORT + RTP_PORTS * PORTS.index(port)
    account.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
    account.callConfig.prackUse = pj.PJSUA_100REL_OPTIONAL
    return account


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
