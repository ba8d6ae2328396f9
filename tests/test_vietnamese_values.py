"""Romanised Vietnamese values are data: Python code compares them by their English names (docs/glossary.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from scheduler.core import model
from scheduler.policy import policy

ROOT = Path(__file__).parents[1]
PROFILES = sorted((ROOT / "scheduler/data").glob("*KH-*.yaml"))
CHECKLISTS = yaml.safe_load((ROOT / "scheduler/data/controls.yaml").read_text("utf-8"))
MODULES = [
    str(file.relative_to(ROOT))
    for package in ("mediaserver", "scheduler", "signaling", "loadtest")
    for file in sorted((ROOT / package).rglob("*.py"))
]
ALLOWED = {
    "scheduler/core/model.py": "gives the values their names",
    "scheduler/policy/policy.py": "gives a value of the profile its name",
    "scheduler/directory/controls/checklists.py": "gives a checklist its name",
    "scheduler/notifications/wording.py": "has the placeholders of groups' templates, one of which is `so`",
    "scheduler/inbound_mail/extraction/unit_names.py": "has words of letters, some of which look like levels",
}
"""Modules that may write such values, and why; migrations write the past and may, too."""


def _profile_values(profile: dict[str, Any]) -> Iterator[str]:
    """Yield the ids that a profile gives to levels, classes, purposes and the like; it may leave tables out."""
    registration, directory, preparation = (
        profile.get(name, {}) for name in ("registration", "directory", "preparation")
    )
    classes, closing = profile.get("classes", {}), profile.get("conduct", {}).get("closing", {})
    for rows in (profile.get("levels", []), closing.get("centre", []), closing.get("point", [])):
        yield from (row["id"] for row in rows)
    yield from classes
    tables = [each.get("grounds") for each in classes.values()]
    tables += [registration.get(name) for name in ("purposes", "kinds", "forms", "support")]
    tables += [directory.get("assessment", {}).get("items"), preparation.get("steps")]
    tables += [preparation.get("self_test", {}).get("ticks")]
    for table in tables:
        yield from table or ()


def _values() -> set[str]:
    """Return all romanised values: of the code's own types, of the shipped profiles and of the checklists."""
    values = {*get_args(model.SlotKind), *get_args(model.ClassId), policy.EMERGENCIES_ONLY}
    for file in PROFILES:
        values |= set(_profile_values(yaml.safe_load(file.read_text("utf-8"))))
    for checklist in CHECKLISTS:
        values |= {checklist["id"], *(item["id"] for item in checklist["items"])}
    return values


VALUES = _values()


def _parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def _docstrings(module: ast.Module) -> set[ast.expr]:
    """Return the nodes of strings that stand alone as statements."""
    return {node.value for node in ast.walk(module) if isinstance(node, ast.Expr)}


def _literals(module: ast.Module) -> list[tuple[int, str]]:
    """Return line and text of each string constant that is a romanised value."""
    prose = _docstrings(module)
    return [
        (node.lineno, node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and node not in prose and node.value in VALUES
    ]


def test_values_of_types_profiles_and_checklists_are_known() -> None:
    of_types, of_registrations = {"thuong", "khan_cap", "tong_duyet", "ubt"}, {"noi_bo_don_vi", "giao_ban", "thien_tai"}
    of_meetings = {"truc_tuyen", "phien_dich", "tat_thiet_bi", "pccc", "bat_nguon", "am_thanh", "may_tinh"}
    assert of_types | of_registrations | of_meetings <= VALUES
    assert not {"rule", "text", "name"} & VALUES


@pytest.mark.parametrize("path", [path for path in MODULES if "/migrations/" not in path and path not in ALLOWED])
def test_values_are_compared_by_their_english_names(path: str) -> None:
    assert _literals(_parsed(path)) == []


@pytest.mark.parametrize("path", ALLOWED)
def test_allowed_modules_still_write_values(path: str) -> None:
    assert _literals(_parsed(path)) != []


def test_pages_compare_values_by_their_english_names() -> None:
    scripts = {file.relative_to(ROOT / "web").as_posix(): file for file in (ROOT / "web").glob("*/**/*.js")}
    own = [name for name in scripts if not name.startswith(("node_modules/", "tests/", "vendor/"))]
    literals = {name: set(re.findall(r"""['"](\w+)['"]""", scripts[name].read_text("utf-8"))) & VALUES for name in own}
    assert {name: values for name, values in literals.items() if values} == {
        "core/values.js": {"thuong", "dot_xuat", "khan_cap", "tong_duyet", "khac"}
    }


def test_the_glossary_lists_the_values_that_have_names() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text("utf-8")
    section = glossary.split("### Values that stay Vietnamese\n", 1)[1].split("\n## ", 1)[0]
    for path in ("scheduler/core/model.py", "scheduler/policy/policy.py", "scheduler/directory/controls/checklists.py"):
        for node in _parsed(path).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant) and node.value.value in VALUES:
                assert isinstance(node.target, ast.Name)
                assert f"`{node.target.id}`" in section and f"`{node.value.value}`" in section, node.target.id
