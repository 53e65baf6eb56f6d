"""Death where the card has to find another way, and where pictures go along.
Never here: how a death is made and judged (deaths)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.deaths import (
    blend,
    by_direct_message,
    die_everywhere,
    imagine_with_picture,
    imagine_with_picture_inside,
    previewed,
    reposted,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.deaths import Path_


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "path",
    [reposted, by_direct_message, blend, imagine_with_picture, imagine_with_picture_inside, previewed],
    ids=lambda p: p.__name__,
)
async def test_death_at_any_effect_loses_nothing_and_doubles_nothing(path: Path_, tmp_path: Path) -> None:
    await die_everywhere(path, tmp_path)
