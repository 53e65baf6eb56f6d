"""Cells cover a picture exactly and read back from a custom_id as they were written.
Never here: pixels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intake.masks import COUNT, EVERY, SIDE, Cells, CheckedMask, name_of, rectangles

SETS = st.integers(0, EVERY).map(Cells)
SIDES = st.integers(SIDE, 5000)


@given(SIDES, SIDES)
def test_cells_cover_a_picture_of_any_size_without_gaps_or_overlaps(width: int, height: int) -> None:
    boxes = rectangles(width, height)

    assert sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) == width * height
    for cell, (left, top, right, bottom) in enumerate(boxes):
        assert left < right
        assert top < bottom
        assert (left == 0) == (cell % SIDE == 0)
        assert (right == width) == (cell % SIDE == SIDE - 1)
        assert (top == 0) == (cell < SIDE)
        assert (bottom == height) == (cell >= COUNT - SIDE)
        if right < width:
            assert boxes[cell + 1][0] == right
        if bottom < height:
            assert boxes[cell + SIDE][1] == bottom


@given(SIDES, SIDES)
def test_cells_of_one_picture_are_alike_to_a_pixel(width: int, height: int) -> None:
    boxes = rectangles(width, height)

    assert {right - left for left, _, right, _ in boxes} <= {width // SIDE, -(-width // SIDE)}
    assert {bottom - top for _, top, _, bottom in boxes} <= {height // SIDE, -(-height // SIDE)}


@pytest.mark.parametrize("size", [(3, 100), (100, 3), (0, 0)])
def test_a_picture_too_small_for_the_lattice_has_no_cells(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="parts"):
        rectangles(*size)


@given(SETS)
def test_cells_read_back_as_they_were_spelled(cells: Cells) -> None:
    assert len(cells.encode()) == 4
    assert Cells.read(cells.encode()) == cells
    assert Cells(sum(1 << cell for cell in cells)) == cells


@pytest.mark.parametrize("spelled", ["", "12", "00FF", "fffff", "00f\n", "0x1f", "\u0660" * 4])
def test_what_spells_no_cells_is_refused(spelled: str) -> None:
    with pytest.raises(ValueError, match="spells no cells"):
        Cells.read(spelled)


@pytest.mark.parametrize("bits", [-1, EVERY + 1])
def test_more_cells_than_there_are_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="no set of 16 cells"):
        Cells(bits)


@given(SETS, st.integers(0, COUNT - 1))
def test_a_press_chooses_a_cell_and_the_next_one_gives_it_back(cells: Cells, cell: int) -> None:
    once = cells.toggled(cell)

    assert (cell in once) != (cell in cells)
    assert set(once) ^ set(cells) == {cell}
    assert once.toggled(cell) == cells


@given(SETS)
def test_a_region_leaves_something_to_repaint_and_something_to_keep(cells: Cells) -> None:
    assert cells.is_region == (0 < len(cells) < COUNT)
    assert bool(cells) == (len(cells) > 0)


def test_cells_are_named_like_the_squares_of_a_board() -> None:
    assert [name_of(cell) for cell in (0, 3, 4, 15)] == ["A1", "D1", "A2", "D4"]
    assert len({name_of(cell) for cell in range(COUNT)}) == COUNT


def test_a_mask_keeps_its_bytes_out_of_logs() -> None:
    assert "PNG" not in repr(CheckedMask(b"\x89PNG", resized=False, share=0.5))
