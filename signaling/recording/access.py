"""Decides who may list and download recordings. Pure."""

from signaling.core.account import Account
from signaling.recording.model import Recording


def may_download(account: Account, recording: Recording) -> bool:
    """Return True for the host unit, which owns the recording, and for central technicians, who keep it.

    Administrators as such keep accounts, not sound.
    """
    return "technician" in account.roles or (account.unit is not None and account.unit == recording.host_unit)


def may_list_recording(account: Account, recording: Recording) -> bool:
    """Return True for an account that may download the recording, and for administrators."""
    return may_download(account, recording) or account.central
