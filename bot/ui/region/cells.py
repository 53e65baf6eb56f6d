"""Chosen squares as a part of a custom_id.
Never here: what they are squares of."""

from __future__ import annotations

from typing import Final

from bot.domain.intake.masks import Cells
from bot.ui.kit.custom_ids import Field

CELLS: Final = Field(Cells.PATTERN, Cells.read, Cells.encode)
