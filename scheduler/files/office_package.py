"""Writes Office Open XML packages (ECMA-376 part 2): a ZIP of parts, with their types and relationships. Pure."""

import io
import re
import zipfile
from collections.abc import Mapping

CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

_FIXED = (1980, 1, 1, 0, 0, 0)  # the same file every time
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 does not allow."""


def xml_text(text: str) -> str:
    """Return a text without the characters that XML does not allow."""
    return _NO_XML.sub("", text)


def package(main: str, parts: Mapping[str, str], types: Mapping[str, str]) -> bytes:
    """Return a package that opens with the part `main`; `parts` are XML, `types` their media types, both by name."""
    defaults = {"xml": "application/xml", "rels": "application/vnd.openxmlformats-package.relationships+xml"}
    of_ending = "".join(f'<Default Extension="{end}" ContentType="{kind}"/>' for end, kind in defaults.items())
    of_part = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    whole = {
        "[Content_Types].xml": f'<Types xmlns="{CONTENT_TYPES}">{of_ending}{of_part}</Types>',
        "_rels/.rels": relations({"r1": ("officeDocument", main)}),
        **parts,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in whole.items():
            archive.writestr(zipfile.ZipInfo(name, _FIXED), _HEAD + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    """Return the XML of relationships: the type's last word and the target, by id."""
    rows = "".join(
        f'<Relationship Id="{id_}" Type="{OFFICE}/{kind}" Target="{part}"/>' for id_, (kind, part) in targets.items()
    )
    return f'<Relationships xmlns="{RELATIONS}">{rows}</Relationships>'
