"""Death on the way from a window to its picture: a window is filled once at most, and nothing is paid twice.
Never here: how a death is made and judged (deaths), and the server that is played (windows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.deaths import OF_WINDOWS, die_everywhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.deaths import Path_


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("path", OF_WINDOWS, ids=lambda p: p.__name__)
async def test_death_at_any_effect_of_a_window_loses_nothing_and_doubles_nothing(
    path: Path_, tmp_path: Path
) -> None:
    await die_everywhere(path, tmp_path)
