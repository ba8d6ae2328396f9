"""What a file really is, by its content: only a few kinds that cannot run anything are taken. Pure."""

from scheduler.files import safe_zip

KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
"""Ending and media type."""

_HEADS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
_OFFICE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def kind(content: bytes) -> str | None:
    """Return the kind of a file by its content; None for what is not taken, as office files with macros."""
    for name, head in _HEADS.items():
        if content.startswith(head):
            return name
    return _office(content) if content.startswith(b"PK\x03\x04") else None


def _office(content: bytes) -> str | None:
    """Return which office format a ZIP archive is; nothing in it is unpacked."""
    try:
        with safe_zip.opened(content) as archive:
            names = set(archive.namelist())
    except safe_zip.BadZip:
        return None
    macros = any(name.lower().endswith(("vbaproject.bin", ".exe", ".js")) for name in names)
    if macros or "[Content_Types].xml" not in names:
        return None
    return next((name for name, part in _OFFICE.items() if part in names), None)
