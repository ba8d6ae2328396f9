"""Decides whether an automatic reply may be sent to a letter (RFC 3834): never to machines or mailing lists. Pure."""

from scheduler.inbound_mail.message import OfficialLetter

_MACHINES = ("mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "owner-", "bounce")
_LISTS = ("list-id", "list-unsubscribe", "list-post", "list-help")
_BULK = {"bulk", "junk", "list", "auto_reply"}
_SUPPRESSED = {"all", "autoreply", "oof", "dr", "ndr", "rn", "nrn"}
_REPORTS = ("multipart/report", "message/delivery-status", "message/disposition-notification", "text/calendar")


def automatic(letter: OfficialLetter) -> bool:
    """Return whether a machine wrote a letter: an out-of-office reply, a bounce, a receipt, a calendar reply."""
    submitted = [value.partition(";")[0].strip().lower() for value in letter.all("auto-submitted")]
    kind = next(iter(letter.all("content-type")), "").lower()
    return (
        any(value != "no" for value in submitted)
        or letter.return_path == ""
        or kind.startswith(_REPORTS)
        or bool(letter.all("x-autoreply") or letter.all("x-autorespond"))
        or letter.sender.startswith(_MACHINES)
    )


def listed(letter: OfficialLetter) -> bool:
    """Return whether a letter went to many recipients: by a mailing list, or in bulk."""
    precedence = {value.strip().lower() for value in letter.all("precedence")}
    return any(map(letter.all, _LISTS)) or bool(precedence & _BULK)


def answerable(letter: OfficialLetter, own: str) -> bool:
    """Return whether an automatic reply may be sent to a letter that came to the address `own`.

    Replies go to the return path (RFC 3834 §4). A sender that differs from it may be forged and gets none.
    """
    suppressions = {
        word.strip().lower() for value in letter.all("x-auto-response-suppress") for word in value.split(",")
    }
    return (
        bool(letter.sender)
        and letter.sender != own
        and letter.return_path in (None, letter.sender)
        and not automatic(letter)
        and not listed(letter)
        and not suppressions & _SUPPRESSED
    )
