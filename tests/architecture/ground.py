"""Where the repository is, which files belong to it, and which modules the house has.
Never here: what is demanded of them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


@cache
def modules() -> tuple[Path, ...]:
    """Every module of the program; migrations are history and keep their own form."""
    found = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")])
    return tuple(path for path in found if "versions" not in path.parts)


@cache
def kept_files() -> tuple[Path, ...]:
    """Every file that git keeps."""
    listed = subprocess.run(  # noqa: S603  # fixed words
        ["git", "-C", str(ROOT), "ls-files", "-z"],  # noqa: S607  # wherever git stands
        check=True,
        capture_output=True,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return tuple(path for path in paths if path.is_file())


def named(path: Path) -> str:
    """A file as people call it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text(encoding="utf-8"), named(path))


def between(text: str, marker: str) -> str:
    """What stands between `<!-- marker:begin -->` and `<!-- marker:end -->`, without blank lines around it."""
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    assert begin in text, f"the mark {begin} is missing"
    assert end in text, f"the mark {end} is missing"
    return text.split(begin, 1)[1].split(end, 1)[0].strip()


def metrics_calls() -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """Every use of the `Metrics` port in the program: where, how, which meter, with which labels."""
    for path in modules():
        parsed = tree(path)
        words = {
            target.id: node.value.value
            for node in ast.walk(parsed)
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and isinstance(node.value.value, str)
        }
        for node in ast.walk(parsed):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            how, owner, first = node.func.attr, ast.unparse(node.func.value), node.args[0]
            if how not in {"count", "observe", "level"} or not owner.endswith(("metrics", "meters")):
                continue
            name = words.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
            labels = frozenset(keyword.arg or "**" for keyword in node.keywords)
            yield f"{named(path)}:{node.lineno}", how, str(name), labels
