"""The rings hold: imports point inwards (design §2; the contracts stand in pyproject.toml).
Never here: the contracts themselves."""

from __future__ import annotations

import importlinter.api  # noqa: F401 - makes the linter ready for use
from importlinter.application.use_cases import lint_imports

from tests.architecture.ground import ROOT


def test_imports_point_inwards() -> None:
    # Not the command's own function: that one silences every logger of this process.
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
