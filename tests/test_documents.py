"""Documents: links lead somewhere, commands and figures are the code's, decisions are found by their number."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from mediaserver.recording.disk_space import BYTES_PER_HOUR, SOUND_BITS, TRACKS_BYTES_PER_HOUR, VOICE_BYTES_PER_HOUR
from mediaserver.video.quality import CAMERA_BPS, COMPOSED_BPS, TILES_BPS, USUAL

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
STATUS = re.compile(r"accepted|superseded by \d{4}")


def test_links_between_documents_lead_to_files_and_headings() -> None:
    dead = {str(each.relative_to(ROOT)): links for each in DOCUMENTS if (links := _dead_links(each, _prose(each)))}
    assert dead == {}


def test_dead_links_are_found_however_they_are_written() -> None:
    text = """[to a file](docs/status.md "title") [gone](docs/gone.md), `[code](gone.md)`
    ![picture](docs/gone.png) [a section](docs/operations.md#set-up) [none](docs/operations.md#no-such-heading)
    [a comment in a block](docs/operations.md#on-one-of-them) [of a picture](docs/room.png#x) [elsewhere](https://a/b)
    <img src="docs/gone.svg"> <a href='#no-such-heading'> [by reference][gone]

[gone]: docs/gone-too.md#x
"""
    assert _dead_links(ROOT / "README.md", text) == [
        "docs/gone.md", "docs/gone.png", "docs/operations.md#no-such-heading", "docs/operations.md#on-one-of-them",
        "docs/room.png#x", "docs/gone.svg", "#no-such-heading", "docs/gone-too.md#x",
    ]  # fmt: skip


_LINK = re.compile(
    r"""\]\(<?([^)\s>]+)[^)]*\)|(?:href|src)=["']([^"']+)["']|^\[[^\]]+\]:\s+<?([^\s>]+)""", re.MULTILINE
)


def _dead_links(document: Path, text: str) -> list[str]:
    """The links of a text, as it stands in a document, that lead to no file, or to no heading of a document."""
    links = ["".join(each) for each in _LINK.findall(re.sub(r"`[^`\n]*`", "", text))]
    return [link for link in links if not re.match(r"https?:|mailto:", link) and not _leads(document, link)]


def _leads(document: Path, link: str) -> bool:
    path, _, section = link.partition("#")
    file = document.parent / path if path else document
    return file.exists() and (not section or (file.suffix == ".md" and section in _sections(file)))


@cache
def _sections(document: Path) -> set[str]:
    """The anchors of a document's headings, as the sites of the repository and of the documentation make them."""
    headings = re.findall(r"^#+ (.*)$", _prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@cache
def _prose(document: Path) -> str:
    """A document without its blocks of code."""
    return re.sub(r"^[ ]*```.*?^[ ]*```", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_commands_of_the_operations_document_exist() -> None:
    named = re.findall(r"diemcau admin ([a-z][a-z-]+)", (ROOT / "docs/operations.md").read_text("utf-8"))
    shown = subprocess.run(
        [sys.executable, "-m", "signaling", "admin", "--help"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert len(named) >= 30
    assert set(named) <= set(re.findall(r"^    ([a-z][a-z-]+)", shown.stdout, re.MULTILINE))


def test_sizes_are_those_of_the_limits_in_code() -> None:
    text = " ".join((ROOT / "docs/operations.md").read_text("utf-8").split())
    hour, tracks, voice = BYTES_PER_HOUR / 1e9, TRACKS_BYTES_PER_HOUR / 1e9, VOICE_BYTES_PER_HOUR / 1e9
    assert f"takes {hour:.2f} GB at the most" in text
    assert f"{tracks:.1f} GB more until that is done, and each point's isolated track {voice:.2f} GB" in text
    composed, large = COMPOSED_BPS[USUAL] / 1e6, TILES_BPS[-1] / 1e6
    camera = (sum(CAMERA_BPS[:3]) + SOUND_BITS) / 1e6
    assert f"{camera:.1f} | {composed:.1f} composed, {TILES_BPS[-2] / 1e6:.1f} as tiles, {large:.1f} on a" in text


def test_each_decision_has_number_date_and_status() -> None:
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    for file in DECISIONS:
        title, _, date, status, *_ = file.read_text("utf-8").splitlines()
        assert title.startswith(f"# {int(file.name[:4])}. "), file
        assert re.fullmatch(r"- Date: 20\d\d-\d\d-\d\d", date), file
        assert STATUS.fullmatch(status.removeprefix("- Status: ")), file
        assert f"]({file.name})" in index


def test_decisions_that_are_cited_exist() -> None:
    texts = [*DOCUMENTS, *(file for folder in ("mediaserver", "scheduler", "signaling", "loadtest", "tests", "web")
                           for file in (ROOT / folder).rglob("*.py"))]  # fmt: skip
    cited = {int(n) for file in texts for n in re.findall(r"\b[Dd]ecision (\d+)", file.read_text("utf-8"))}
    assert cited <= set(range(1, len(DECISIONS) + 1))


def test_readme_is_read_at_one_sitting() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 150
    assert [line for line in lines if len(line) > 120] == []


def test_prose_wraps_at_120_characters() -> None:
    """Prose alone: code, tables, links that are one word and paths are as long as they are."""
    assert [(str(path.relative_to(ROOT)), n) for path in DOCUMENTS for n, _ in _long_lines(path)] == []


def _long_lines(document: Path) -> list[tuple[int, str]]:
    found = []
    fenced = False
    for n, line in enumerate(document.read_text("utf-8").splitlines(), 1):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and len(line) > 120 and not line.startswith(("|", "#")) and len(line.split()) > 2:
            found.append((n, line))
    return found


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f" {page.name}\n" not in navigation] == []


def test_files_that_are_named_exist() -> None:
    """But in the changelog and in decisions, which tell of their day."""
    pattern = re.compile(r"`((?:mediaserver|scheduler|signaling|web|tests|loadtest|docs|deploy)/[\w./-]+)`")
    named = {
        (document.name, path)
        for document in DOCUMENTS
        if document.name != "CHANGELOG.md" and "decisions" not in document.parts
        for path in pattern.findall(document.read_text("utf-8"))
    }
    assert {(name, path) for name, path in named if not (ROOT / path).exists()} == set()
