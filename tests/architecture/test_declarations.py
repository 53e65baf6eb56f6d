"""Services say what they need as dataclass fields, and none of them shows what it holds.
Never here: which module may import which (test_rings.py)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.architecture.ground import ROOT, named, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES = sorted((ROOT / "bot" / "services").rglob("*.py"))


def classes(path: Path) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))


def options(cls: ast.ClassDef) -> dict[str, str] | None:
    for decorator in cls.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "dataclass":
            return {str(one.arg): ast.unparse(one.value) for one in decorator.keywords}
    return None


@pytest.mark.parametrize("path", SERVICES, ids=named)
def test_no_service_copies_its_arguments_by_hand(path: Path) -> None:
    by_hand = [
        cls.name
        for cls in classes(path)
        if any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in cls.body)
        and not any("super().__init__" in ast.unparse(part) for part in cls.body)
    ]

    assert by_hand == []


@pytest.mark.parametrize("path", SERVICES, ids=named)
def test_what_is_not_a_value_is_itself_alone_and_is_never_printed(path: Path) -> None:
    # A crash report prints the variables of every frame: a printed service would tell prompts and keys, and two
    # services are never the same because they hold the same.
    telling = [
        cls.name
        for cls in classes(path)
        if (chosen := options(cls)) is not None
        and "frozen" not in chosen
        and any(isinstance(part, ast.AsyncFunctionDef) for part in cls.body)
        and (chosen.get("eq"), chosen.get("repr")) != ("False", "False")
    ]

    assert telling == []
