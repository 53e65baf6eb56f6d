"""Every module says what lives in it, is small enough to be read, and hides nothing from the tools.
Never here: which module may import which (test_rings.py)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.architecture.ground import ROOT, kept_files, modules, named, tree

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_MODULE = 400
NO_ROOMS = re.compile(r"(?:^|_)(?:utils?|helpers?|misc|common|managers?)(?:$|_)")

# Built from parts, so that this file is no finding of its own.
STRANGERS = (
    "/" + "work/",
    "/root" + "/",
    "bash" + "_jobs",
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "registry.npm" + "js",
    "deb." + "debian.org",
    "/simple" + "/",
)


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_module_says_what_lives_in_it_and_what_never_does(path: Path) -> None:
    lines = (ast.get_docstring(tree(path)) or "").splitlines()

    assert lines
    if len(tree(path).body) == 1:
        return  # a package's own file, with nothing in it but its docstring
    assert len(lines) >= 2, "the module's docstring needs two lines"
    assert lines[0].endswith("."), "the first line says what lives here"
    assert "Never here" in " ".join(lines), "the second says what never does"


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_module_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_no_room_is_a_lumber_room() -> None:
    assert not [
        named(p) for p in modules() if any(NO_ROOMS.search(part) for part in p.with_suffix("").parts[-3:])
    ]


def test_every_exception_to_a_rule_has_a_code_and_a_reason() -> None:
    reason = r"\s+(?:#|-)\s*\S"
    bare = re.compile(
        rf"#\s*(?:noqa(?!: [A-Z]+\d+(?:, ?[A-Z]+\d+)*{reason})|type: ignore(?!\[[\w, -]+\]{reason}))"
    )
    found = [
        f"{named(path)}:{number}"
        for path in kept_files()
        if path.suffix == ".py" and path.parent != ROOT / "tests" / "architecture"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not found


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + "Error")
    found = [
        f"{named(path)}:{number}"
        for path in kept_files()
        if path.suffix in {".py", ".toml", ".md", ".yaml", ".sh", ""} and path.name != "LICENSE"
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if later.search(line)
    ]
    assert not found


def test_no_kept_file_names_this_machine_or_a_registry() -> None:
    found = [
        f"{named(path)}: {stranger}"
        for path in kept_files()
        for stranger in STRANGERS
        if stranger in path.read_text(encoding="utf-8", errors="replace")
    ]
    assert not found
    assert "uv.lock" not in {named(path) for path in kept_files()}, "it holds download addresses"


def test_the_quick_loop_runs_rooms_that_are_there() -> None:
    unit = next(
        node.value
        for node in tree(ROOT / "noxfile.py").body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "UNIT"
    )
    assert unit is not None
    rooms = ast.literal_eval(unit)

    assert rooms
    assert [room for room in rooms if not any((ROOT / "tests" / room).glob("**/test_*.py"))] == []


def test_the_map_names_every_package_and_every_module_at_the_top() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    there = {
        named(path) for path in (ROOT / "bot").iterdir() if path.suffix == ".py" and path.stem != "__init__"
    }
    there |= {named(path.parent) for path in (ROOT / "bot").glob("*/__init__.py")}

    assert [name for name in sorted(there) if f"`{name}`" not in page] == []
