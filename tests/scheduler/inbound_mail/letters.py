"""Letters for tests, as a mail program would write them."""

from email.message import EmailMessage
from email.policy import SMTP

OFFICE = "hoptructuyen@khanhhoa.gov.vn"
VAN_NINH = "ubnd.vanninh@khanhhoa.gov.vn"


def letter(
    sender: str = VAN_NINH,
    body: str = "Kính gửi đơn vị vận hành.",
    subject: str = "Đăng ký họp trực tuyến",
    message_id: str | None = "<1@vanninh>",
    attachments: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """Return a letter; header names have ``_`` for ``-``."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, OFFICE, subject
    if message_id is not None:
        message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    for name, data in attachments:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
