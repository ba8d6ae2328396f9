"""Decides who may list and download recordings. Pure."""

from signaling.core.account import Account
from signaling.recording.model import Recording


def may_download(account: Account, recording: Recording) -> bool:
    """Return whether the account belongs to the host unit, which owns the recording, or to a central technician.

    Administrators manage accounts; that gives no access to recordings.
    """
    return "technician" in account.roles or (account.unit is not None and account.unit == recording.host_unit)


def may_compose_anew(account: Account, recording: Recording) -> bool:
    """Return whether the account may have it composed again: the host unit's, or a central technician's."""
    return may_download(account, recording)


def may_list_recording(account: Account, recording: Recording) -> bool:
    """Return whether an account may download the recording, or is an administrator."""
    return may_download(account, recording) or account.central
