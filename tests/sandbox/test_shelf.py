"""What a sandbox keeps, where it cannot be kept: one sentence that names the way out, and no traceback.
Never here: what is kept (tests/sandbox/test_verb.py and tests/e2e).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.errors import StartupError
from bot.sandbox.shelf import open_shelf
from bot.sandbox.upstream import SimulatedUpstream

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("where", ["/proc", "/proc/easel", "/dev/null/easel"])
def test_a_directory_in_which_nothing_can_be_written_is_refused_before_anybody_plays(where: str) -> None:
    with pytest.raises(StartupError, match=r"cannot be used .*--data"), open_shelf(Path(where)):
        pass


def test_a_directory_that_can_be_written_is_left_as_empty_as_it_was(tmp_path: Path) -> None:
    with open_shelf(tmp_path / "deep" / "shelf") as shelf:
        assert list(shelf.directory.iterdir()) == []
        assert shelf.master_key == shelf.master_key


@pytest.mark.parametrize(
    "spoil", [Path.mkdir, lambda path: path.write_bytes(b"\xff")], ids=["folder", "noise"]
)
def test_a_master_key_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(tmp_path / "master.key")

    with (
        open_shelf(tmp_path) as shelf,
        pytest.raises(StartupError, match=r"master\.key cannot be used .*--data"),
    ):
        _ = shelf.master_key


def test_tasks_that_can_no_longer_be_written_are_one_sentence(tmp_path: Path) -> None:
    with open_shelf(tmp_path) as shelf:
        (tmp_path / "upstream.new").mkdir()

        with pytest.raises(StartupError, match=r"upstream\.json cannot be written .*--data"):
            shelf.keep(SimulatedUpstream(), whatever=True)
