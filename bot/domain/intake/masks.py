"""The lattice over a picture from which a region is chosen, what a mask must be, and the port that draws and reads it.
Never here: pixels, and the buttons that stand for cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE: Final = 4
"""Cells in a row, and rows: as many as there are buttons beside those that submit and clear (contract §6.4)."""
COUNT: Final = SIDE * SIDE
EVERY: Final = (1 << COUNT) - 1
COLUMNS: Final = "ABCD"
MOST_MASK_BYTES: Final = 10 * 1024 * 1024
"""Of an uploaded mask: Discord's least limit for a file (facts §3.5), and far more than two colours need."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom; the last two are outside."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Chosen cells, a bit each: cell 0 is the top left one, and they are counted along the rows."""

    bits: int = 0

    PATTERN = r"[0-9a-f]{4}"
    """How they are spelled in a custom_id."""

    def __post_init__(self) -> None:
        if not 0 <= self.bits <= EVERY:
            raise ValueError(f"{self.bits} is no set of {COUNT} cells")

    def __contains__(self, cell: int) -> bool:
        return bool(self.bits >> cell & 1)

    def __iter__(self) -> Iterator[int]:
        return (cell for cell in range(COUNT) if cell in self)

    def __len__(self) -> int:
        return self.bits.bit_count()

    @property
    def is_region(self) -> bool:
        """Whether there is something to repaint, and something to keep."""
        return 0 < self.bits < EVERY

    def toggled(self, cell: int) -> Self:
        """The same with one cell chosen, or no longer."""
        return type(self)(self.bits ^ (1 << cell))

    def encode(self) -> str:
        """Four hexadecimal digits."""
        return f"{self.bits:04x}"

    @classmethod
    def read(cls, spelled: str) -> Self:
        """Read what `encode` gave; raises ValueError for anything else."""
        if not re.fullmatch(cls.PATTERN, spelled):
            raise ValueError(f"{spelled!r} spells no cells")
        return cls(int(spelled, 16))


def name_of(cell: int) -> str:
    """What people call a cell: a letter for its column, a number for its row."""
    return f"{COLUMNS[cell % SIDE]}{cell // SIDE + 1}"


def rectangles(width: int, height: int) -> tuple[Box, ...]:
    """Every cell's part of a picture; together they cover it exactly once.

    Cells differ by a pixel where four does not divide a side. Raises ValueError if some cell would have no pixel.
    """
    if min(width, height) < SIDE:
        raise ValueError(f"a picture of {width} x {height} has no {COUNT} parts")
    across = [step * width // SIDE for step in range(SIDE + 1)]
    down = [step * height // SIDE for step in range(SIDE + 1)]
    return tuple(
        (across[column], down[row], across[column + 1], down[row + 1])
        for row in range(SIDE)
        for column in range(SIDE)
    )


@dataclass(frozen=True, slots=True)
class CheckedMask:
    """A mask as upstream takes it (contract §8 row 15)."""

    png: bytes = field(repr=False)
    """RGB of the picture's exact size: black, and pure white where it is to be repainted."""
    resized: bool
    """Whether it came in another size than the picture's: what is repainted may lie a little off."""
    share: float
    """How much of the picture is white; more than 0, less than 1."""


class Masks(Protocol):
    """Draws and reads masks. Nothing here is quick, and nothing blocks the event loop."""

    async def from_cells(self, width: int, height: int, cells: Cells) -> bytes:
        """Draw the mask of a picture of that size; raises ValueError if the cells are no region."""

    async def checked(self, data: bytes, width: int, height: int) -> CheckedMask:
        """Make a mask out of a file that somebody drew.

        What is at least half as bright as white is chosen; what is transparent is not. Raises `UserError` with what
        is wrong with it.
        """

    async def shrunk(self, picture: bytes) -> bytes:
        """Make a small copy of a picture to draw lattices on; raises `UserError` if it is no still picture."""

    async def preview(self, picture: bytes, cells: Cells) -> bytes:
        """Draw the lattice with its names, and the chosen cells, over a small copy: a JPEG."""
