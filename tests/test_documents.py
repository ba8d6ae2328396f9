"""Documents: links lead somewhere, decisions are dated files that are found by their number."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
STATUS = re.compile(r"accepted|superseded by \d{4}")


def test_links_between_documents_lead_to_files() -> None:
    broken = [
        (str(document.relative_to(ROOT)), link)
        for document in DOCUMENTS
        for link in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", document.read_text("utf-8"))
        if not link.startswith(("http://", "https://", "mailto:")) and not (document.parent / link).exists()
    ]
    assert broken == []


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
