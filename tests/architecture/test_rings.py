"""The rings hold: imports point inwards (design §2; the contracts stand in pyproject.toml).
Never here: the contracts themselves."""

from __future__ import annotations

from importlinter.cli import lint_imports

from tests.architecture.ground import ROOT


def test_imports_point_inwards() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
