"""Masks are exactly as upstream takes them, whatever they were drawn with; what is none is refused with its reason.
Never here: who chooses what."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from bot.domain.intake.masks import EVERY, MOST_MASK_BYTES, Cells, rectangles
from bot.errors import UserError
from bot.midjourney.decoding import DECODING_BYTES
from bot.midjourney.masks import SHOWN_SIDE, PillowMasks
from tests.midjourney.drawing import bomb, still, video
from tests.midjourney.memory import only_linux, taken_by_two

MASKS = PillowMasks()
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def written(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def half(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Black with a white right half."""
    image = Image.new("RGB", size)
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, size[0], size[1]), fill="white")
    return image.convert(mode)


async def refusal(data: bytes, size: tuple[int, int] = (40, 30)) -> str:
    with pytest.raises(UserError) as refused:
        await MASKS.checked(data, *size)
    return refused.value.text.id


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 97), st.integers(4, 97), st.integers(1, EVERY - 1).map(Cells))
async def test_a_mask_of_cells_has_the_exact_size_and_is_white_there_and_nowhere_else(
    width: int, height: int, cells: Cells
) -> None:
    png = await MASKS.from_cells(width, height, cells)

    mask = opened(png)
    assert (mask.format, mask.mode, mask.size) == ("PNG", "RGB", (width, height))
    for cell, box in enumerate(rectangles(width, height)):
        assert set(mask.crop(box).get_flattened_data()) == {WHITE if cell in cells else BLACK}
    checked = await MASKS.checked(png, width, height)
    assert (opened(checked.png).tobytes(), checked.resized) == (mask.tobytes(), False)


@pytest.mark.parametrize("cells", [Cells(), Cells(EVERY)])
async def test_nothing_and_everything_are_no_regions(cells: Cells) -> None:
    with pytest.raises(ValueError, match="no region"):
        await MASKS.from_cells(40, 30, cells)


@pytest.mark.parametrize(
    "data",
    [
        written(half()),
        written(half("1")),
        written(half("P")),
        written(half("L")),
        written(half("RGBA")),
        written(half("L").convert("I").point(lambda level: level * 257).convert("I;16")),
        written(half(), "JPEG", quality=40),
        written(half("CMYK"), "JPEG"),
        written(half(), "WEBP"),
        written(half(), "GIF"),
        written(half(), "GIF", save_all=True, append_images=[Image.new("RGB", (40, 30), "white")]),
    ],
    ids=["rgb", "1 bit", "palette", "grey", "rgba", "16 bits", "jpeg", "cmyk", "webp", "gif", "animation"],
)
async def test_any_format_becomes_pure_black_and_white(data: bytes) -> None:
    checked = await MASKS.checked(data, 40, 30)

    mask = opened(checked.png)
    assert (mask.format, mask.mode, mask.size, checked.resized) == ("PNG", "RGB", (40, 30), False)
    assert {colour for _, colour in mask.getcolors() or ()} == {BLACK, WHITE}
    assert checked.share == pytest.approx(0.5, abs=0.03)
    assert (mask.getpixel((5, 15)), mask.getpixel((35, 15))) == (BLACK, WHITE)


async def test_what_is_transparent_is_not_chosen() -> None:
    image = Image.new("RGBA", (40, 30), (255, 255, 255, 0))
    image.paste((250, 250, 250, 255), (0, 0, 10, 30))

    checked = await MASKS.checked(written(image), 40, 30)

    assert checked.share == 0.25
    assert opened(checked.png).getpixel((5, 5)) == WHITE


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
async def test_what_is_half_transparent_falls_to_the_nearer_side_in_any_format(mode: str) -> None:
    image = Image.new("RGBA", (80, 60), (255, 255, 255, 0))
    image.paste((255, 255, 255, 127), (0, 0, 40, 60))
    image.paste((255, 255, 255, 128), (0, 0, 20, 60))

    checked = await MASKS.checked(written(image.quantize() if mode == "P" else image.convert(mode)), 40, 30)

    assert (checked.resized, checked.share) == (True, 0.25)


async def test_soft_edges_fall_to_the_nearer_side() -> None:
    image = Image.new("L", (40, 30))
    image.paste(127, (0, 0, 20, 30))
    image.paste(128, (20, 0, 40, 30))

    checked = await MASKS.checked(written(image), 40, 30)

    assert checked.share == 0.5


async def test_a_mask_of_another_size_is_stretched_without_any_grey_and_says_so() -> None:
    checked = await MASKS.checked(written(half(size=(400, 120))), 41, 31)

    mask = opened(checked.png)
    assert (mask.size, checked.resized) == ((41, 31), True)
    assert {colour for _, colour in mask.getcolors() or ()} == {BLACK, WHITE}
    assert checked.share == pytest.approx(0.5, abs=0.03)


async def test_a_photograph_of_a_mask_is_turned_upright_first() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    tall = half(size=(30, 40))

    checked = await MASKS.checked(written(tall, "JPEG", quality=95, exif=exif), 40, 30)

    small = await MASKS.checked(written(tall, "JPEG", quality=95, exif=exif), 20, 15)

    mask = opened(checked.png)
    assert (checked.resized, small.resized) == (False, True)
    assert (mask.getpixel((20, 3)), mask.getpixel((20, 27))) == (BLACK, WHITE)
    mask = opened(small.png)
    assert (mask.size, mask.getpixel((10, 2)), mask.getpixel((10, 13))) == ((20, 15), BLACK, WHITE)


@only_linux
def test_two_large_masks_at_once_take_no_more_memory_than_the_whole_process_gives_pictures() -> None:
    large = Image.new("RGBA", (4000, 4000))
    large.paste("white", (100, 100, 900, 900))
    work = """
from bot.midjourney.masks import PillowMasks
masks = PillowMasks()
async def work(data):
    await masks.checked(data, 1024, 1024)
"""

    assert taken_by_two(work, written(large, compress_level=1), written(half("RGBA"))) <= DECODING_BYTES


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "mask.empty"),
        (b"\0" * (MOST_MASK_BYTES + 1), "mask.too_large"),
        (b"dear bot, the left half please", "mask.not_a_picture"),
        (b"<html>", "mask.not_a_picture"),
        (still("BMP"), "mask.wrong_format"),
        (still("TIFF"), "mask.wrong_format"),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", "mask.wrong_format"),
        (b"\0\0\0\x20ftypavif", "mask.wrong_format"),
        (video(), "mask.wrong_format"),
        (written(half())[:60], "mask.broken"),
        (b"\x89PNG\r\n\x1a\n", "mask.broken"),
        (bomb(), "mask.too_many_pixels"),
        (still(size=(40, 30)), "mask.no_white"),
        (written(Image.new("RGB", (40, 30), "white")), "mask.all_white"),
    ],
    ids=lambda one: one if isinstance(one, str) else str(len(one)),
)
async def test_what_is_no_mask_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    assert await refusal(data) == reason


async def test_white_that_is_lost_when_it_is_made_smaller_is_no_white() -> None:
    image = Image.new("L", (400, 300))
    image.putpixel((1, 1), 255)

    assert await refusal(written(image)) == "mask.no_white"


async def test_a_picture_that_breaks_while_it_is_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_image: Image.Image, **_how: bool) -> None:
        raise OSError("a plugin's surprise")

    monkeypatch.setattr("bot.midjourney.masks.ImageOps.exif_transpose", breaks)

    assert await refusal(written(half())) == "mask.broken"


@pytest.mark.parametrize("size", [(2048, 1024), (37, 101)])
async def test_a_small_copy_keeps_the_shape_and_is_never_larger(size: tuple[int, int]) -> None:
    small = opened(await MASKS.shrunk(still(size=size)))

    assert small.format == "JPEG"
    assert max(small.size) == min(max(size), SHOWN_SIDE)
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize(
    "data",
    [video(), b"no picture", still()[:50], bomb(), still(size=(3, 900))],
    ids=["video", "text", "cut off", "bomb", "thread"],
)
async def test_a_lattice_is_drawn_on_still_pictures_only(data: bytes) -> None:
    with pytest.raises(UserError) as refused:
        await MASKS.shrunk(data)

    assert refused.value.text.id == "region.no_still"


async def test_chosen_cells_are_tinted_and_the_others_are_as_they_were() -> None:
    small = await MASKS.shrunk(written(Image.new("RGB", (400, 300), (90, 90, 90))))

    plain = opened(await MASKS.preview(small, Cells()))
    chosen = opened(await MASKS.preview(small, Cells(0b10)))

    assert plain.size == chosen.size == (400, 300)
    middle_of_b1, middle_of_c1 = (150, 40), (250, 40)
    red, green, _ = chosen.getpixel(middle_of_b1)  # type: ignore[misc]  # an RGB picture has three bands
    assert red > green + 60
    assert chosen.getpixel(middle_of_c1) == pytest.approx(plain.getpixel(middle_of_c1), abs=6)
    assert plain.getpixel(middle_of_b1) == pytest.approx((90, 90, 90), abs=6)
    assert len(await MASKS.preview(small, Cells(EVERY))) < 500_000
