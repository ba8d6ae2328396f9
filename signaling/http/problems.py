"""Maps errors to HTTP responses (RFC 9457 problems) in one table; no traceback is ever sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import MediaError
from mediaserver.recording.encrypted_file import Damaged
from scheduler.core import errors as scheduler_errors
from scheduler.core.model import EMERGENCY, ORDINARY, SUDDEN
from scheduler.directory import errors as directory_errors
from scheduler.directory.import_export.column_names import title
from scheduler.files import errors as files_errors
from scheduler.operations.closing import errors as closing_errors
from signaling.core import errors as core_errors
from signaling.core.texts import Language, article_text, field_text, move_text, problem_title
from signaling.core.timestamps import instant

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 2
MAX_FAULTS = 200
"""Largest number of faulty cells of a spreadsheet in one problem."""


@dataclass(frozen=True, slots=True)
class ProblemType:
    """Status and stable word of a problem, and its further members."""

    status: int
    word: str
    members: Callable[[Any, Language], dict[str, object]] = lambda _error, _language: {}


def _stamp(value: Any) -> str:
    return instant(value).isoformat().replace("+00:00", "Z")


def _interval(value: Any) -> dict[str, str]:
    return {"start": _stamp(value.start), "end": _stamp(value.end)}


def _capacity(error: scheduler_errors.CapacityExceeded, language: Language) -> dict[str, object]:
    limit = {"sessions": ("số phiên họp cùng lúc", "sessions at the same time"),
             "points": ("số điểm cầu cùng lúc", "points at the same time")}[error.limit]  # fmt: skip
    detail = (
        f"Giới hạn {limit[0]}: cần {error.needed}, được dùng {error.usable}",
        f"Limit on {limit[1]}: {error.needed} needed, {error.usable} usable",
    )
    return {
        "detail": detail[language == "en"],
        "limit": error.limit,
        "usable": error.usable,
        "needed": error.needed,
        **_interval(error.interval),
        "suggestions": [
            _interval(suggestion.official)
            | {"rehearsal": None if suggestion.rehearsal is None else _interval(suggestion.rehearsal)}
            for suggestion in error.suggestions
        ],
    }


CLASSES = {
    ORDINARY: ("thường", "ordinary"),
    SUDDEN: ("đột xuất", "sudden"),
    EMERGENCY: ("khẩn cấp", "emergency"),
}
LOCAL = "%H:%M %d/%m/%Y"


def _late(error: scheduler_errors.TooLate, language: Language) -> dict[str, object]:
    """Return the deadline that was missed and the classes that remain, in the province's time zone."""
    english = language == "en"
    left = [
        CLASSES[klass][english] + (f" ({('đến', 'until')[english]} {latest:{LOCAL}})" if latest else "")
        for klass, latest in error.remaining
    ]
    article, classes = article_text(error.article, language), ", ".join(left)
    detail = (
        f"Tiếp nhận lúc {error.effective:{LOCAL}}, hạn cuối {error.latest:{LOCAL}} ({article})."
        f" Còn có thể đăng ký: {classes}",
        f"Received {error.effective:{LOCAL}}, latest {error.latest:{LOCAL}} ({article}). Still possible: {classes}",
    )
    return {
        "detail": detail[english],
        "article": error.article,
        "effective": _stamp(error.effective),
        "latest": _stamp(error.latest),
        "remaining": [
            {"class": klass, "latest": None if latest is None else _stamp(latest)} for klass, latest in error.remaining
        ],
    }


def _elsewhere(error: core_errors.WrongRegistrant, language: Language) -> dict[str, object]:
    article = article_text(error.article, language)
    detail = (f"{error.registrant} đăng ký theo {article}", f"{error.registrant} registers it under {article}")
    members = {"registrant": error.registrant, "article": error.article, "may_pass_on": error.may_pass_on}
    return {"detail": detail[language == "en"], **members}


def _fields(faults: list[tuple[str, str]]) -> dict[str, object]:
    listed = [{"field": field, "detail": detail} for field, detail in faults]
    return {"detail": "; ".join(f"{field}: {detail}" for field, detail in faults)[:500], "errors": listed}


def _requested(error: scheduler_errors.InvalidRequest, language: Language) -> dict[str, object]:
    return _fields([(fault.field, field_text(fault.word, language, fault.value)) for fault in error.errors])


def _invalid(error: core_errors.BadInput, language: Language) -> dict[str, object]:
    return _fields([(fault.field, field_text(fault.detail, language, fault.value)) for fault in error.faults])


def _validated(error: ValidationError, language: Language) -> dict[str, object]:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    places = [".".join(str(part) for part in fault["loc"])[:80] or "body" for fault in errors]
    return _fields([(place, field_text(fault["type"], language)) for place, fault in zip(places, errors, strict=True)])


def _move(error: scheduler_errors.IllegalMove, language: Language) -> dict[str, object]:
    return {"detail": move_text(error.move, error.state, language), "state": error.state, "move": error.move}


def _devices(_: scheduler_errors.BadDevices, language: Language) -> dict[str, object]:
    return _fields([("devices", "1–99")])


def cell(fault: files_errors.RowError, language: Language) -> str:
    """Return the place of a fault of a table: its line and its column."""
    where = ("dòng", "line")[language == "en"]
    return f"{where} {fault.row_number} {fault.column if language == 'en' else title(fault.column)}".strip()


def _sheet(error: files_errors.BadSheet, language: Language) -> dict[str, object]:
    return _fields([(cell(f, language), field_text(f.word, language, f.value)) for f in error.faults[:MAX_FAULTS]])


def _quota(error: directory_errors.QuotaExceeded, language: Language) -> dict[str, object]:
    detail = (
        f"Vượt số lượng điểm cầu ({error.quota:02}) theo {error.article}",
        f"More points than {error.quota:02} ({error.article})",
    )
    return {"detail": detail[language == "en"], "quota": error.quota, "wanted": error.wanted}


def _lacking(error: directory_errors.NotReady, language: Language) -> dict[str, object]:
    return _fields([(lack.field, field_text(lack.word, language, lack.value)) for lack in error.lacks])


def _moved(error: directory_errors.IllegalMove, language: Language) -> dict[str, object]:
    state, move = (field_text(word, language) for word in (f"state-{error.state}", f"move-{error.move}"))
    detail = (f"Không thể “{move}” khi đang “{state}”", f"No “{move}” while “{state}”")
    return {"detail": detail[language == "en"], "state": error.state, "move": error.move}


def _units(error: scheduler_errors.BadUnits, language: Language) -> dict[str, object]:
    return _fields([(str(fault.entry or fault.line), f"{fault.word} {fault.value}") for fault in error.problems])


def _second_factor(error: core_errors.SecondFactorNeeded, _: Language) -> dict[str, object]:
    return {"methods": list(error.methods), "key": error.key_options}


def _clocks(_: core_errors.BadSecondFactor, language: Language) -> dict[str, object]:
    """Name the cause that nobody sees: a clock that is off (RFC 6238 §6)."""
    detail = (
        "Mã không đúng hoặc đã dùng. Mã của ứng dụng cũng không đúng khi giờ của điện thoại hoặc của máy chủ bị lệch",
        "The code is wrong, or was used. That of an app is wrong, too, if the clock of the phone or the server is off",
    )
    return {"detail": detail[language == "en"]}


def _locked(error: core_errors.Locked, language: Language) -> dict[str, object]:
    minutes = -(-error.seconds // 60)
    detail = (f"Hãy thử lại sau {minutes} phút", f"Try again in {minutes} minutes")
    return {"detail": detail[language == "en"], "retry_after": error.seconds}


def _turn(error: closing_errors.ClosingOrder, language: Language) -> dict[str, object]:
    order = ("Thứ tự bắt buộc (khoản 1 Điều 15), tiếp theo là: ", "The order is fixed (Article 15.1), next is: ")
    return {"detail": order[language == "en"] + error.turn}


def _lacking_place(error: core_errors.NoPlaceElsewhere, language: Language) -> dict[str, object]:
    worker = (
        "Không rút được: không còn tiến trình xử lý hình tiếng nào khác đang nhận phòng họp",
        "It cannot be drained: no other media worker takes rooms",
    )
    recorder = (
        "Không rút được: không còn tiến trình xử lý hình tiếng nào khác thấy thư mục bản ghi",
        "It cannot be drained: no other media worker sees the folder of recordings",
    )
    detail = {"worker": worker, "recorder": recorder}[error.lacking]
    return {"detail": detail[language == "en"], "lacking": error.lacking}


def _bytes(error: core_errors.TooLarge, language: Language) -> dict[str, object]:
    megabytes = error.most >> 20
    return {"detail": (f"Tệp lớn hơn {megabytes} MB", f"The file is larger than {megabytes} MB")[language == "en"]}


PROBLEM_TYPES: dict[type[Exception], ProblemType] = {
    core_errors.SignedOut: ProblemType(401, "signed-out"),
    core_errors.BadLogin: ProblemType(401, "bad-login"),
    core_errors.SecondFactorNeeded: ProblemType(401, "second-factor", _second_factor),
    core_errors.BadSecondFactor: ProblemType(401, "bad-second-factor", _clocks),
    core_errors.SsoFailed: ProblemType(401, "sso-failed"),
    core_errors.NoRole: ProblemType(403, "no-role"),
    core_errors.SsoUnavailable: ProblemType(503, "sso-unavailable"),
    core_errors.SignInAgain: ProblemType(403, "sign-in-again"),
    core_errors.ChallengeOver: ProblemType(401, "challenge-over"),
    core_errors.BadKey: ProblemType(401, "bad-key"),
    core_errors.BadToken: ProblemType(401, "bad-token"),
    core_errors.InvalidToken: ProblemType(401, "invalid-token"),
    core_errors.BadSdp: ProblemType(400, "bad-sdp", lambda error, _: {"detail": str(error)[:200]}),
    core_errors.NoOpenSession: ProblemType(503, "no-open-session"),
    core_errors.Locked: ProblemType(429, "locked", _locked),
    core_errors.MustChangePassword: ProblemType(403, "must-change-password"),
    core_errors.MustEnrol: ProblemType(403, "must-enrol"),
    core_errors.Forbidden: ProblemType(403, "forbidden"),
    core_errors.InsufficientScope: ProblemType(403, "insufficient-scope"),
    core_errors.WrongLine: ProblemType(403, "wrong-line"),
    core_errors.WrongRegistrant: ProblemType(403, "wrong-registrant", _elsewhere),
    core_errors.BadOrigin: ProblemType(403, "bad-origin"),
    core_errors.NotFound: ProblemType(404, "not-found"),
    core_errors.BadJson: ProblemType(400, "bad-json"),
    core_errors.BadType: ProblemType(415, "unsupported-type"),
    core_errors.BadEncoding: ProblemType(400, "bad-encoding"),
    core_errors.TooSlow: ProblemType(408, "too-slow"),
    core_errors.ShuttingDown: ProblemType(503, "shutting-down"),
    core_errors.BadInput: ProblemType(422, "invalid", _invalid),
    core_errors.KeyReused: ProblemType(422, "key-reused"),
    core_errors.InProgress: ProblemType(409, "in-progress"),
    core_errors.ResponseLost: ProblemType(409, "answer-lost"),
    core_errors.ApprovalNeeded: ProblemType(409, "approval-needed", lambda error, _: {"approval": error.approval}),
    core_errors.ApprovalOver: ProblemType(409, "approval-over"),
    core_errors.NotReady: ProblemType(409, "not-ready"),
    core_errors.NotRecomposable: ProblemType(409, "not-recomposable"),
    core_errors.TranscriptNotFailed: ProblemType(409, "transcript-not-failed"),
    core_errors.UtteranceChanged: ProblemType(409, "utterance-changed"),
    core_errors.NoGateway: ProblemType(409, "no-gateway"),
    core_errors.DeviceInCall: ProblemType(409, "device-in-call"),
    core_errors.SessionDue: ProblemType(409, "session-due"),
    core_errors.TooManyTests: ProblemType(409, "too-many-tests"),
    core_errors.NoPlaceElsewhere: ProblemType(409, "no-place-elsewhere", _lacking_place),
    core_errors.LinkDead: ProblemType(410, "link-dead"),
    core_errors.TicketExpired: ProblemType(410, "expired"),
    scheduler_errors.InvalidRequest: ProblemType(422, "invalid", _requested),
    scheduler_errors.StateSecret: ProblemType(409, "state-secret"),
    scheduler_errors.TooLate: ProblemType(409, "late", _late),
    scheduler_errors.CapacityExceeded: ProblemType(409, "capacity", _capacity),
    scheduler_errors.BadDevices: ProblemType(422, "invalid", _devices),
    scheduler_errors.BadUnits: ProblemType(422, "invalid", _units),
    directory_errors.IllegalMove: ProblemType(409, "illegal-move", _moved),
    scheduler_errors.UnknownUnit: ProblemType(404, "not-found"),
    scheduler_errors.UnknownProfile: ProblemType(404, "not-found"),
    scheduler_errors.ProfileStale: ProblemType(409, "preview-stale"),
    directory_errors.QuotaExceeded: ProblemType(409, "quota", _quota),
    directory_errors.NotReady: ProblemType(409, "point-not-ready", _lacking),
    scheduler_errors.DevicesDescribed: ProblemType(409, "devices-described"),
    files_errors.BadSheet: ProblemType(422, "bad-sheet", _sheet),
    directory_errors.PreviewStale: ProblemType(409, "preview-stale"),
    scheduler_errors.NotInvited: ProblemType(409, "not-invited"),
    directory_errors.LastDevice: ProblemType(409, "last-device"),
    directory_errors.DecidedAlready: ProblemType(409, "decided-already"),
    directory_errors.Unknown: ProblemType(404, "not-found"),
    scheduler_errors.NoWorkingDay: ProblemType(409, "no-working-day"),
    scheduler_errors.UnknownPoint: ProblemType(404, "not-found"),
    scheduler_errors.UnknownSession: ProblemType(404, "not-found"),
    scheduler_errors.UnknownDuty: ProblemType(404, "not-found"),
    scheduler_errors.NotAsked: ProblemType(409, "not-asked"),
    scheduler_errors.UnknownDraft: ProblemType(404, "not-found"),
    scheduler_errors.DraftSettled: ProblemType(409, "settled"),
    scheduler_errors.NotQuarantined: ProblemType(409, "not-quarantined"),
    scheduler_errors.Ended: ProblemType(409, "ended"),
    scheduler_errors.IllegalMove: ProblemType(409, "illegal-move", _move),
    scheduler_errors.OutOfOrder: ProblemType(409, "out-of-order", lambda error, _: {"ahead": list(error.ahead)}),
    scheduler_errors.NotMissed: ProblemType(409, "not-missed", lambda error, _: {"since": _stamp(error.since)}),
    scheduler_errors.NotLive: ProblemType(409, "not-live"),
    closing_errors.UnknownIncident: ProblemType(404, "not-found"),
    closing_errors.IllegalStep: ProblemType(409, "illegal-step"),
    closing_errors.ReportedJustNow: ProblemType(429, "reported-just-now"),
    closing_errors.NotOver: ProblemType(409, "not-over"),
    closing_errors.UnknownItem: ProblemType(404, "not-found"),
    closing_errors.ClosingOrder: ProblemType(409, "closing-order", _turn),
    closing_errors.NotHandedOver: ProblemType(409, "not-handed-over"),
    closing_errors.UnknownMaterial: ProblemType(404, "not-found"),
    closing_errors.UnknownFeedback: ProblemType(404, "not-found"),
    scheduler_errors.TooManyDocuments: ProblemType(409, "too-many-documents"),
    Damaged: ProblemType(409, "damaged"),
    core_errors.TooLarge: ProblemType(413, "file-too-large", _bytes),
    core_errors.MalwareFound: ProblemType(422, "malware", lambda error, _: {"malware": error.name}),
    core_errors.ScanUnavailable: ProblemType(503, "scan-unavailable"),
    core_errors.SignatureUnavailable: ProblemType(503, "signature-unavailable"),
    ValidationError: ProblemType(422, "invalid", _validated),
    SQLAlchemyError: ProblemType(503, "unavailable"),
    MediaError: ProblemType(503, "unavailable"),
    TimeoutError: ProblemType(503, "unavailable"),
    web.HTTPNotFound: ProblemType(404, "not-found"),
    web.HTTPMethodNotAllowed: ProblemType(405, "method-not-allowed"),
    web.HTTPRequestEntityTooLarge: ProblemType(413, "too-large"),
    web.HTTPClientError: ProblemType(400, "bad-request"),
    web.RequestPayloadError: ProblemType(400, "bad-request"),
}
INTERNAL = ProblemType(500, "internal")


def problem_type(error: Exception) -> ProblemType:
    """Return the table's entry for an error: that of its class or of its nearest base class."""
    return next((PROBLEM_TYPES[base] for base in type(error).__mro__ if base in PROBLEM_TYPES), INTERNAL)


def problem(error: Exception, language: Language, request: str) -> web.Response:
    """Return the problem document for an error; `request` is the id of the request."""
    kind = problem_type(error)
    title = problem_title(kind.word, language)
    body = {"type": f"urn:diemcau:{kind.word}", "title": title, "status": kind.status, "detail": title}
    response = web.json_response(
        {**body, **kind.members(error, language), "request": request}, status=kind.status, content_type=CONTENT_TYPE
    )
    if isinstance(error, core_errors.Locked):
        response.headers["Retry-After"] = str(error.seconds)
    if kind.status == 503 or isinstance(error, core_errors.InProgress):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    challenge = _challenge(error)
    if challenge is not None:
        response.headers["WWW-Authenticate"] = challenge
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
    return response


def _challenge(error: Exception) -> str | None:
    """Return the challenge of a refusal (RFC 6750 §3): without an error where no token came."""
    if isinstance(error, core_errors.SignedOut | core_errors.BadToken):
        return "Bearer"
    if isinstance(error, core_errors.InvalidToken):
        return 'Bearer error="invalid_token"'
    if isinstance(error, core_errors.InsufficientScope):
        scope = f', scope="{error.scope}"' if error.scope else ""
        return f'Bearer error="insufficient_scope"{scope}'
    return None
