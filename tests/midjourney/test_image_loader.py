"""Files that people give are judged by their bytes: each that cannot be taken gets one sentence, and nothing unfolds.
Never here: fetching them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bot.domain.inputs import LONGEST_SIDE, MOST_SENT_BYTES
from bot.errors import UserError
from bot.midjourney.image_loader import PillowReader, check
from tests.midjourney.drawing import animation, bomb, noise, still


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        check(data, name="fox.png")
    assert caught.value.text.args["name"] == "fox.png"
    return caught.value.text.id


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (still("PNG"), "image/png"),
        (still("JPEG"), "image/jpeg"),
        (still("WEBP"), "image/webp"),
        (still("PNG", mode="P"), "image/png"),
    ],
)
async def test_a_small_still_picture_goes_as_it_is_under_its_true_type(data: bytes, media_type: str) -> None:
    checked = await PillowReader().check(data, name="anything.bin")

    assert (checked.data, checked.media_type, checked.reduced) == (data, media_type, False)
    assert "PNG" not in repr(checked)


def test_a_still_gif_is_written_as_what_upstream_takes() -> None:
    checked = check(still("GIF", mode="P"), name="fox.gif")

    assert checked.media_type == "image/webp"
    assert not checked.reduced
    with Image.open(io.BytesIO(checked.data)) as image:
        assert (image.format, image.size) == ("WEBP", (48, 32))


def test_a_wide_picture_is_scaled_down_and_says_so() -> None:
    checked = check(still("PNG", (3 * LONGEST_SIDE, LONGEST_SIDE)), name="fox.png")

    with Image.open(io.BytesIO(checked.data)) as image:
        assert image.size == (LONGEST_SIDE, -(-LONGEST_SIDE // 3))
    assert checked.reduced


def test_a_heavy_picture_becomes_light_enough_to_be_sent() -> None:
    heavy = noise("PNG", (1400, 1400))
    assert len(heavy) > MOST_SENT_BYTES

    checked = check(heavy, name="fox.png")

    assert len(checked.data) <= MOST_SENT_BYTES
    assert checked.reduced


def test_transparency_survives_and_a_turned_photo_stands_upright() -> None:
    clear = check(written(Image.new("RGBA", (3000, 10), (0, 0, 0, 0)), "PNG"), name="fox.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    upright = check(written(Image.new("RGB", (3000, 1000)), "JPEG", exif=turned), name="fox.jpg")

    with Image.open(io.BytesIO(clear.data)) as image:
        assert image.mode == "RGBA"
    with Image.open(io.BytesIO(upright.data)) as image:
        assert image.width < image.height


def test_two_views_in_a_phone_s_jpeg_are_no_animation() -> None:
    frames = [Image.new("RGB", (64, 64), (n * 90, 0, 0)) for n in range(2)]

    checked = check(written(frames[0], "MPO", save_all=True, append_images=frames[1:]), name="fox.jpg")

    assert checked.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"%PDF-1.7\n1 0 obj", "picture.unknown_type"),
        (b"", "picture.unknown_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture.unknown_type"),
        (b"\x00\x00\x00\x20ftypisom" + b"\x00" * 40, "picture.unknown_type"),
        (b"\x00\x00\x00\x20ftypavif" + b"\x00" * 40, "picture.unknown_type"),
        (still("PNG")[:60], "picture.broken"),
        (b"\xff\xd8\xff" + b"\x00" * 60, "picture.broken"),
        (animation("GIF"), "picture.animated"),
        (animation("WEBP"), "picture.animated"),
        (animation("PNG"), "picture.animated"),
        (bomb(20_000), "picture.too_many_pixels"),
        (bomb(8_001), "picture.too_many_pixels"),
    ],
    ids=["pdf", "nothing", "svg", "mp4", "avif", "cut", "no-jpeg", "gif", "webp", "apng", "bomb", "large"],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(data: bytes, why: str) -> None:
    assert refused(data) == why
