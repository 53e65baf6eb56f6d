"""What is kept apart as unsteady is there, has its reason, and is recognised with whatever parameters.
Never here: those tests."""

from __future__ import annotations

import ast
import tomllib

import pytest

from tests.architecture.ground import ROOT
from tests.conftest import UNSTEADY, is_unsteady


def test_each_test_that_is_kept_apart_is_there_and_has_its_reason() -> None:
    for name, reason in tomllib.loads(UNSTEADY.read_text(encoding="utf-8")).items():
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}

        assert function in there, f"{name} is not there any more: take it off {UNSTEADY.name}"
        assert len(reason.split()) >= 5, f"say why {name} is unsteady, and what would mend it"


@pytest.mark.parametrize(
    ("nodeid", "kept_apart"),
    [
        ("tests/e2e/test_chain.py::test_a", True),
        ("tests/e2e/test_chain.py::test_a[fox-1]", True),
        ("tests/e2e/test_chain.py::test_ab", False),
        ("tests/e2e/test_jobs.py::test_a", False),
    ],
)
def test_a_listed_test_is_kept_apart_with_all_its_parameters_and_no_other_is(
    nodeid: str,
    kept_apart: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    assert is_unsteady(nodeid, {"tests/e2e/test_chain.py::test_a": "a reason"}) is kept_apart
