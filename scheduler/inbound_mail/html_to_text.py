"""Converts HTML to plain text, for letters without a text part: a block is a line, a tab separates cells. Pure."""

import re
from html.parser import HTMLParser

_BLANKS = re.compile(r" *\t *")
_LINES = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "blockquote"}
_CELLS = {"td", "th"}
_SILENT = {"script", "style", "head", "title"}


class _Text(HTMLParser):
    """Collects the visible text of a page in `pieces`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._in_cell = False

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _CELLS:
            self._in_cell = True
        elif tag in _LINES and not (self._in_cell and tag != "tr"):
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag in _CELLS:
            self._in_cell = False
            self.pieces.append("\t")
        elif tag in _LINES:
            self.pieces.append(" " if self._in_cell else "\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(f"|{data}|".split()).removeprefix("|").removesuffix("|"))


def plain(text: str) -> str:
    """Return the visible text of an HTML page."""
    reader = _Text()
    reader.feed(text)
    reader.close()
    text_lines = [_BLANKS.sub("\t", text_line).strip() for text_line in "".join(reader.pieces).splitlines()]
    return "\n".join(filter(None, text_lines))
