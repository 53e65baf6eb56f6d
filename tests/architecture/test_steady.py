"""What makes tests unsteady on a full machine is nowhere in them: speeds of properties, ports that were let go again.
Never here: tests that are kept apart (test_unsteady.py)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from tests.architecture.ground import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted((ROOT / "tests").rglob("*.py")):
        yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))


def test_no_property_is_judged_by_its_speed() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_who_suppresses_other_checks_of_hypothesis_keeps_that_of_speed_suppressed() -> None:
    lists = [
        (file, keyword)
        for file, tree in sources()
        for keyword in ast.walk(tree)
        if isinstance(keyword, ast.keyword) and keyword.arg == "suppress_health_check"
    ]

    assert lists
    assert [
        f"{file}:{found.value.lineno}" for file, found in lists if "too_slow" not in ast.dump(found.value)
    ] == []


def test_no_test_takes_a_port_that_somebody_else_may_have_by_then() -> None:
    """tests/fixtures/ports.py holds the ones it gives."""
    askers = [
        str(file)
        for file, tree in sources()
        for found in ast.walk(tree)
        if isinstance(found, ast.arg) and found.arg.startswith("unused_")
    ]
    givers = [
        file.as_posix()
        for file, tree in sources()
        for found in ast.walk(tree)
        if isinstance(found, ast.FunctionDef) and found.name.endswith("free_port")
    ]

    assert askers == []
    assert givers == ["tests/fixtures/ports.py"]
