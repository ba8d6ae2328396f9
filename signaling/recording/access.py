"""Who may list and download recordings. Pure."""

from signaling.core.account import Account
from signaling.recording.model import Recording


def may_download(account: Account, recording: Recording) -> bool:
    """The host unit owns a recording; central technicians keep it. Administrators as such keep accounts, not sound."""
    return "technician" in account.roles or (account.unit is not None and account.unit == recording.host_unit)


def may_list_recording(account: Account, recording: Recording) -> bool:
    """Whoever may download one, and administrators."""
    return may_download(account, recording) or account.central
