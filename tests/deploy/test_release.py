"""A release tells what the changelog says, and only of the version that it is; the gate's workflow knows every Python.
Never here: GitHub itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.architecture.ground import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHANGES = """# Changelog

## 1.2.0 \N{EN DASH} {date}

### Members
* A thing.

## 1.1.0 \N{EN DASH} 2026-01-01

* Older.
"""


def notes(
    folder: Path, tag: str, *, version: str = "1.2.0", date: str = "2026-02-03"
) -> subprocess.CompletedProcess[str]:
    """Run the script in a repository of two files."""
    (folder / "deploy").mkdir()
    shutil.copy(ROOT / "deploy" / "release-notes", folder / "deploy")
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', encoding="utf-8")
    (folder / "CHANGELOG.md").write_text(CHANGES.format(date=date), encoding="utf-8")
    return subprocess.run(  # noqa: S603  # our own script
        [str(folder / "deploy" / "release-notes"), tag],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_notes_are_the_versions_section(tmp_path: Path) -> None:
    done = notes(tmp_path, "v1.2.0")

    assert (done.returncode, done.stdout.strip()) == (0, "### Members\n* A thing.")


@pytest.mark.parametrize(
    ("tag", "version", "date", "word"),
    [
        ("v1.3.0", "1.2.0", "2026-02-03", "pyproject.toml says 1.2.0"),
        ("v1.3.0", "1.3.0", "2026-02-03", "no section for 1.3.0"),
        ("v1.2.0", "1.2.0", "unreleased", "date the section first"),
    ],
)
def test_a_release_that_does_not_fit_is_refused(
    tmp_path: Path, tag: str, version: str, date: str, word: str
) -> None:
    done = notes(tmp_path, tag, version=version, date=date)

    assert done.returncode == 1
    assert word in done.stderr
    assert done.stdout == ""


def test_the_gate_runs_on_every_python_that_is_promised() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/gate.yml").read_text(encoding="utf-8"))
    promised = [
        match[1]
        for line in PROJECT["project"]["classifiers"]
        if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))
    ]

    assert workflow["jobs"]["gate"]["strategy"]["matrix"]["python"] == promised
    low, high = PROJECT["project"]["requires-python"].split(",")
    assert low == f">={promised[0]}"
    assert high == f"<3.{int(promised[-1].split('.')[1]) + 1}"


def test_workflows_may_do_no_more_than_they_must() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name
        assert all("timeout-minutes" in job for job in workflow["jobs"].values())
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                assert "${{ github." not in step.get("run", ""), (
                    "an expression in a script may carry a command"
                )


def test_actions_of_others_are_named_by_commit() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        uses = re.findall(r"uses: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert uses, path.name
        assert [u for u in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", u)] == []


def test_files_name_the_version_that_the_project_has() -> None:
    version = PROJECT["project"]["version"]
    for name in ("compose.yaml", "compose.scale.yaml", "kubernetes/easel.yaml"):
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        assert set(re.findall(r"\beasel:(\d+\.\d+\.\d+)", text)) == {version}, name
    manifests = (ROOT / "deploy/kubernetes/easel.yaml").read_text(encoding="utf-8")
    assert f"easel-migrate-{version.replace('.', '-')}" in manifests
