"""Reads facts about the server for the administrator's list: mail, certificate, last backup."""

from signaling.app import tls
from signaling.app.backup import last_backup
from signaling.app.settings import Settings
from signaling.today.setup_steps import ServerFacts


def read(settings: Settings) -> ServerFacts:
    """Return what settings and files say now."""
    own, ends = tls.described(settings.data / "tls")
    return ServerFacts(
        mail=settings.mail is not None,
        own_certificate=own,
        certificate_ends=ends,
        backups_known=settings.backup is not None or settings.database_url.startswith("sqlite"),
        backed_up=last_backup(settings),
    )
