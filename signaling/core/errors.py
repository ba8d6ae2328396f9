"""All errors that the server raises on purpose; `signaling.http.problems` maps classes to HTTP status and words.

ServerError
├── SettingsError        our operator's fault: a DIEMCAU_* variable cannot be used
├── BadRecording         a file is not what was recorded
├── BadBackup            a backup cannot be made, or is none
├── NewerDatabase        the tables are of a newer release
├── OlderDatabase        the tables are of an older release, and the command does not migrate them
├── DatabaseInUse        another server works on the database
├── LeaseLost            another server has taken the database over
├── BadLog               an entry of the audit log is not what was written
├── Refusal              the client's fault over REST
│   ├── SignedOut        no valid session cookie
│   ├── BadLogin         unknown account or wrong password (the response does not say which)
│   ├── SecondFactorNeeded  the password was right, and the second factor must follow
│   ├── BadSecondFactor  a code or an answer of a security key that is wrong, or was used
│   ├── ChallengeOver    the time between password and second factor is over
│   ├── SsoFailed        the answer of the identity provider is not to be believed
│   ├── NoRole           somebody whom they know is in no group that has a role here
│   ├── SsoUnavailable   the identity provider, or the LDAP directory, does not answer
│   ├── SignInAgain      a sign-in by it is too old for a change that elsewhere takes the password
│   ├── BadKey           no media worker, or neighbouring system, has this key
│   ├── BadToken         no device that publishes or watches over HTTP has this token
│   ├── InvalidToken     no API token, or one that is expired, revoked or used from elsewhere
│   ├── BadSdp           an SDP offer over HTTP that cannot be answered
│   ├── NoOpenSession    the point of a device has no session it may enter now
│   ├── Locked           too many failures; `seconds` until the next try
│   ├── Forbidden        signed in, but not allowed to do this
│   │   └── InsufficientScope  the API token lacks the scope
│   ├── WrongLine        signed in from outside the networks of the point's lines, where the profile blocks that
│   ├── WrongRegistrant  another body registers such sessions (Điều 12)
│   ├── KeyReused        an Idempotency-Key came with another request before
│   ├── InProgress       the request under this Idempotency-Key is being carried out
│   ├── AnswerLost       the request under this Idempotency-Key was carried out, its response is lost
│   ├── NotFound         no such thing
│   │   └── Hidden       one that the account may not see
│   ├── BadInput         a field is faulty
│   ├── TooLarge         a file of more than `most` bytes
│   ├── MalwareFound     a file in which clamd finds malware; `name` is that of the malware
│   ├── ScanUnavailable  a file that clamd could not scan: it is away, too slow, or has an error of its own
│   ├── SignatureUnavailable  a file that cannot be signed by the site's certificate
│   ├── ApprovalNeeded   a second person must approve it
│   ├── ApprovalOver     a request for a second person was decided, has expired, or would do something else by now
│   ├── NotReady         the recording is still running, or being remuxed
│   ├── NotRecomposable  the recording is none that could not be composed
│   ├── TranscriptNotFailed  no transcript of the recording failed, so that none is made anew
│   ├── UtteranceChanged  somebody corrected the utterance meanwhile
│   ├── NoGateway        a device cannot be called
│   ├── DeviceInCall     a device cannot be tried by a call: it is in one
│   ├── SessionDue       nor where a session of its point goes on or begins soon
│   ├── TooManyTests     nor while others are tried
│   ├── NoPlaceElsewhere  a media worker cannot be drained: nothing else does what it does
│   ├── LinkDead         a one-time link was used, or its time is over
│   ├── TicketExpired    the download link is older than its 15 minutes
│   └── …                of the HTTP layer: BadOrigin, BadJson, BadType, BadEncoding, TooSlow, ShuttingDown,
│                        MustChangePassword, MustEnrol
└── MessageError         a WebSocket message that cannot be obeyed, answered with its word
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


class ServerError(Exception):
    """Base of all errors of the server."""


class SettingsError(ServerError):
    """A variable of the environment cannot be used; the text names it."""


class BadRecording(ServerError):
    """A file is not what was recorded."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(f"{path} {fault}")
        self.path = path
        self.fault = fault


class BadBackup(ServerError):
    """A backup cannot be made or restored; the text says why."""


class NewerDatabase(ServerError):
    """The tables of the database are of a newer release than this one, which would not understand them."""

    def __init__(self, versions: str, release: str) -> None:
        super().__init__(
            f"the database is of a newer release ({versions}) than this one ({release}): "
            "install that release again, or put back the copy that was made before its migration (see README)"
        )


class NewerMeetings(ServerError):
    """A stored meeting is of a later version than this release knows."""

    def __init__(self, version: int, ours: int) -> None:
        super().__init__(
            f"a running meeting was stored by a newer release (version {version}, and this one reads {ours} at most): "
            "a server of that release must lead it on; diemcau admin forget-meetings has it begin anew instead"
        )


class OlderDatabase(ServerError):
    """The tables of the database are of an older release."""

    def __init__(self, versions: str, release: str) -> None:
        super().__init__(
            f"the database is of an older release ({versions}) than this one ({release}): run diemcau migrate"
        )


class DatabaseInUse(ServerError):
    """Another server works on the database."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"another server works on this database ({holder}); stop it, or set DIEMCAU_DATABASE_URL")


class LeaseLost(ServerError):
    """Another server has taken the database over, since this one did not renew its lease in time."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"another server has taken the database over ({holder}), so this one has ended")


class BadLog(ServerError):
    """An entry of the audit log is not what was written, or is gone."""

    def __init__(self, number: int) -> None:
        super().__init__(f"entry {number} of the audit log is not what was written")
        self.number = number


class Refusal(ServerError):
    """Base of all refusals over REST."""


class SignedOut(Refusal):
    """No valid session cookie came with the request."""


class BadLogin(Refusal):
    """Unknown account or wrong password."""


class SecondFactorNeeded(Refusal):
    """The password was right; `challenge` is the token of the second step, which one of `methods` passes."""

    def __init__(
        self, challenge: str, methods: tuple[str, ...] = (), key_options: dict[str, object] | None = None
    ) -> None:
        super().__init__()
        self.challenge = challenge
        self.methods = methods
        self.key_options = key_options
        """What the browser asks a security key for (WebAuthn), if the account has one that works here."""


class BadSecondFactor(Refusal):
    """A wrong code of an authenticator, one that was used, or a wrong answer of a security key."""


class ChallengeOver(Refusal):
    """The second step came too late after the password, or came twice."""


class SsoFailed(Refusal):
    """A sign-in by the identity provider that does not belong to this browser, or whose token is not to be believed."""


class NoRole(Refusal):
    """Somebody whom the identity provider or the LDAP directory knows, and who is in no group that has a role here."""


class SsoUnavailable(Refusal):
    """The identity provider, or no server of the LDAP directory, gives an answer that can be used."""


class SignInAgain(Refusal):
    """A sign-in by the identity provider is too old for a change that takes the password of other accounts."""


class BadKey(Refusal):
    """No media worker of another machine, or no neighbouring system, has this key."""


class BadToken(Refusal):
    """No device that publishes or watches over HTTP has this token."""


class InvalidToken(Refusal):
    """No API token, or one that is expired, revoked, or may not be used from this address (RFC 6750)."""


class BadSdp(Refusal):
    """An SDP offer over HTTP that cannot be answered; the text says why."""


class NoOpenSession(Refusal):
    """The point of a device has no session that it may enter now, or no leg is left there; it is to try again."""


class Locked(Refusal):
    """Too many failures."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"locked for {seconds} s")
        self.seconds = seconds


class Forbidden(Refusal):
    """Signed in, but not allowed."""


class InsufficientScope(Forbidden):
    """The API token lacks the scope of the endpoint; no scope opens it if that is None (RFC 6750)."""

    def __init__(self, scope: str | None) -> None:
        super().__init__(f"scope {scope}")
        self.scope = scope


class WrongLine(Refusal):
    """The account of a point came from outside the networks of its lines, where the profile blocks that (R-004)."""


class WrongRegistrant(Refusal):
    """Another body registers such sessions, by an article of Điều 12; some may pass it on to that as a draft."""

    def __init__(self, registrant: str, article: str, may_pass_on: bool) -> None:
        super().__init__(f"{registrant}, {article}")
        self.registrant = registrant
        self.article = article
        self.may_pass_on = may_pass_on


class MustChangePassword(Refusal):
    """The one-time password must be changed before anything else."""


class MustEnrol(Refusal):
    """The policy demands a second factor, which must be added before anything else."""


class NotFound(Refusal):
    """The thing does not exist."""


class KeyReused(Refusal):
    """The Idempotency-Key stands for another request."""


class InProgress(Refusal):
    """The request under this Idempotency-Key is being carried out."""


class ResponseLost(Refusal):
    """The request under this Idempotency-Key was carried out; the server ended before its response was stored."""


class Hidden(NotFound):
    """The account may not see the thing: the response is that of NotFound; it is written to the audit log."""


class BadOrigin(Refusal):
    """The request was sent by a page of another origin."""


class BadJson(Refusal):
    """The body is not a JSON object in UTF-8."""


class BadType(Refusal):
    """A body that is not application/json."""


class TooSlow(Refusal):
    """The body does not arrive, or too slowly."""


class ShuttingDown(Refusal):
    """The server ends; the client is to try again."""


class BadEncoding(Refusal):
    """A body with a content coding (RFC 9110, 8.4); nothing is unpacked here."""


class TooLarge(Refusal):
    """A file of more than `most` bytes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} bytes")
        self.most = most


class MalwareFound(Refusal):
    """A file in which clamd finds malware of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ScanUnavailable(Refusal):
    """A file that clamd could not scan, where files are to be scanned."""


class SignatureUnavailable(Refusal):
    """A file that cannot be signed: the site's certificate or key cannot be read, or is not valid now."""


class ApprovalNeeded(Refusal):
    """A second person must approve it; the request for that is stored under an id."""

    def __init__(self, approval: str) -> None:
        super().__init__(approval)
        self.approval = approval


class ApprovalOver(Refusal):
    """A request for a second person was decided, has expired, or would do something else by now."""


class NotReady(Refusal):
    """The recording is still running, or being remuxed."""


class NotRecomposable(Refusal):
    """The recording is none whose tracks are kept since they could not be composed."""


class TranscriptNotFailed(Refusal):
    """No part of the recording has a transcript that failed."""


class UtteranceChanged(Refusal):
    """The utterance does not read any more what whoever corrects it saw."""


class DeviceInCall(Refusal):
    """A device cannot be tried by a call: it is in one."""


class SessionDue(Refusal):
    """A device cannot be tried by a call: a session of its point goes on, or begins soon."""


class TooManyTests(Refusal):
    """A device cannot be tried by a call while so many others are."""


class NoPlaceElsewhere(Refusal):
    """A media worker cannot be drained: no other one takes rooms, or none that sees the folder of recordings."""

    def __init__(self, lacking: Literal["worker", "recorder"]) -> None:
        super().__init__(lacking)
        self.lacking = lacking


class NoGateway(Refusal):
    """A device cannot be called: it has no SIP address, or SIP is not configured."""


class LinkDead(Refusal):
    """A one-time link that does not work: unknown, used, or its time is over."""


class TicketExpired(Refusal):
    """The download ticket is too old."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A faulty field and what is wrong with it, in words for people; `value` stands in the text of some words."""

    field: str
    detail: str
    value: str = ""


class BadInput(Refusal):
    """Faulty fields of a body or a query."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.detail}" for fault in faults))
        self.faults = faults


class MessageError(ServerError):
    """A message that cannot be obeyed; the connection goes on."""

    def __init__(self, word: str, text: str = "", ref: str | None = None, opens: datetime | None = None) -> None:
        super().__init__(text or word)
        self.word = word
        self.text = text
        self.ref = ref
        self.opens = opens
