"""The program as it was before its newest migration, taken from the repository's own history.
Never here: what it is used for."""

from __future__ import annotations

import io
import subprocess
import tarfile
from typing import TYPE_CHECKING, Final

import pytest

from tests.wire.program import ROOT

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS: Final = "bot/storage/migrations/versions"
PARTS: Final = ("bot", "cogs")


def older_program(folder: Path) -> tuple[Path, str]:
    """Unpack it; the folder to run it from, and its schema's version. Skips the test where history is not at hand."""
    newest = max(path.name for path in (ROOT / VERSIONS).glob("v*.py"))
    if _git("rev-parse", "--is-shallow-repository").strip() != b"false":
        pytest.skip("the older program comes from git's history, and here is none: clone without --depth")
    added = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", f"{VERSIONS}/{newest}").decode().strip()
    if not added:
        pytest.skip(f"{newest} is not committed yet: there is no program before it")
    archive = _git("archive", f"{added}^", *PARTS)
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(folder, filter="data")
    version = max(path.name[1:5] for path in (folder / VERSIONS).glob("v*.py"))
    assert version < newest[1:5]
    return folder, version


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)  # noqa: S603, S607 - our own repository
    return done.stdout if done.returncode == 0 else b""
