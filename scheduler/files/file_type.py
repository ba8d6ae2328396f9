"""Detects the type of a file by its content; only a few types without executable content are accepted. Pure."""

from scheduler.files import safe_zip

KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
"""The accepted file types: name's ending → media type."""

_HEADS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
_OFFICE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}


def kind(content: bytes) -> str | None:
    """Return the type of a file by its content; None if it is not accepted, as office files with macros."""
    for name, head in _HEADS.items():
        if content.startswith(head):
            return name
    return _office(content) if content.startswith(b"PK\x03\x04") else None


def _office(content: bytes) -> str | None:
    """Return the office format of a ZIP archive, without unpacking anything; None if it is none."""
    try:
        with safe_zip.open_archive(content) as archive:
            names = set(archive.namelist())
    except safe_zip.BadZip:
        return None
    macros = any(name.lower().endswith(("vbaproject.bin", ".exe", ".js")) for name in names)
    if macros or "[Content_Types].xml" not in names:
        return None
    return next((name for name, part in _OFFICE.items() if part in names), None)
