"""A folder for a verb to run in.
Never here: what runs there."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty, and no setting comes from outside."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("EASEL_") and name != "EASEL_ORACLES"]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def shut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in it that this user may not enter, whoever that is: root may enter all."""
    closed = folder / "shut"
    closed.mkdir()
    looking = os.stat

    def look(path: int | str | os.PathLike[str], *arguments: object, **named: object) -> os.stat_result:
        inside = not isinstance(path, int) and os.path.abspath(path).startswith(f"{closed}{os.sep}")  # noqa: PTH100 - pathlib would look
        if inside:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return looking(path, *arguments, **named)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr("os.stat", look)
    return closed
