"""The audit fails for a known hole, is content only if every package was looked at, and never calls silence content.
Never here: a real database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.architecture.audit_gate import REQUIRED, judge

if TYPE_CHECKING:
    from collections.abc import Mapping


def report(*packages: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


FINE = {"name": "yarl", "version": "1", "vulns": []}
UNKNOWN = {"name": "typer", "skip_reason": "Dependency not found on PyPI"}
HOLED = {
    "name": "aiohttp", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"], "aliases": []}]
}  # fmt: skip


def test_a_known_hole_fails_and_says_which_version_mends_it() -> None:
    assert judge({"pypi": report(FINE, UNKNOWN, HOLED)}) == (1, ["aiohttp 3.0: PYSEC-1, mended in 3.1"])


def test_a_clean_list_says_who_was_asked() -> None:
    assert judge({"pypi": "", "osv": report(FINE)}) == (
        0,
        ["1 pinned packages, no known vulnerability (osv)"],
    )


@pytest.mark.parametrize("answer", ["", "Traceback", "{}", "[]", report(), report(FINE, UNKNOWN)])
@pytest.mark.parametrize(("required", "status"), [("", 0), ("required", 1)])
def test_an_audit_that_could_not_be_made_is_never_called_clean(
    answer: str, required: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REQUIRED, required)

    got, lines = judge({"pypi": answer})

    assert got == status
    assert lines[0].startswith("NOT AUDITED: pypi ")
