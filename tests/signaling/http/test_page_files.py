"""The version of the pages is of their contents, and follows what is edited."""

import os
from pathlib import Path

import pytest

from signaling.http.page_files import PageFiles, with_versions

PAGE = (
    '<link rel="manifest" href="manifest.webmanifest"><link rel="stylesheet" href="app.css"><img src="icon.svg" alt="">'
    '<script type="module" src="meeting/room/room.js"></script><a href="help.html#a">a.js</a>'
    '<a href="https://quochoi.vn/x.js">b</a>'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a page and a script."""
    (tmp_path / "core").mkdir()
    (tmp_path / "index.html").write_text("<main>")
    (tmp_path / "core/api.js").write_text("export const a = 1;")
    return tmp_path


def test_scripts_styles_and_pictures_are_named_under_the_version_and_nothing_else() -> None:
    assert with_versions(PAGE, "12ab") == (
        '<link rel="manifest" href="manifest.webmanifest"><link rel="stylesheet" href="v/12ab/app.css">'
        '<img src="v/12ab/icon.svg" alt=""><script type="module" src="v/12ab/meeting/room/room.js"></script>'
        '<a href="help.html#a">a.js</a><a href="https://quochoi.vn/x.js">b</a>'
    )


def test_the_version_is_of_contents(folder: Path) -> None:
    pages = PageFiles(folder)
    first = pages.last.version
    script = folder / "core/api.js"
    os.utime(script, ns=(1, 1))  # as another machine has it
    assert (pages.look().version, PageFiles(folder).last.version) == (first, first)
    script.write_text("export const a = 2;")
    os.utime(script, ns=(2, 2))
    changed = pages.look().version
    assert changed not in (first, "")
    script.write_text("export const a = 1;")
    os.utime(script, ns=(3, 3))
    assert pages.look().version == first
    script.rename(folder / "core/api2.js")
    assert pages.look().version not in (first, changed)


def test_what_is_not_served_has_no_part_in_the_version(folder: Path) -> None:
    pages = PageFiles(folder)
    first = pages.last
    (folder / "tests").mkdir()
    (folder / "tests/api.test.js").write_text("test();")
    (folder / "package.json").write_text("{}")
    (folder / "gone.js").symlink_to(folder / "nowhere.js")
    (folder / "folder.js").mkdir()
    (folder / "round").symlink_to(folder)
    assert pages.look() == first == PageFiles(folder).last
    assert sorted(first.digests) == ["core/api.js", "index.html"]
