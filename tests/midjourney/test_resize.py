"""What bytes truly are, and how they are made to fit.
Never here: HTTP."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.midjourney.resize import (
    WEBP_LONGEST_SIDE,
    DoesNotFit,
    NotAPicture,
    ResizedPicture,
    TooManyPixels,
    fit,
    recognise,
)
from tests.midjourney.drawing import animation, bomb, box, noise, still, video

PLENTY = 10_000_000
PIXELS = 1_000_000


def opened(fitted: ResizedPicture) -> Image.Image:
    image = Image.open(io.BytesIO(fitted.data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("data", "media_type", "size"),
    [
        (still("PNG"), "image/png", (48, 32)),
        (still("JPEG"), "image/jpeg", (48, 32)),
        (still("GIF"), "image/gif", (48, 32)),
        (still("WEBP"), "image/webp", (48, 32)),
        (animation("GIF"), "image/gif", (40, 30)),
        (animation("WEBP"), "image/webp", (40, 30)),
        (animation("PNG"), "image/png", (40, 30)),
        (video(640, 360), "video/mp4", (640, 360)),
        (video(640, 360, version=1), "video/mp4", (640, 360)),
    ],
)
def test_what_fits_is_passed_on_untouched(data: bytes, media_type: str, size: tuple[int, int]) -> None:
    fitted = fit(data, len(data), most_pixels=PIXELS)

    assert (fitted.data, fitted.format.media_type, (fitted.width, fitted.height)) == (data, media_type, size)
    assert not fitted.reduced


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("limit", [60_000, 20_000, 4_000, 800])
def test_what_is_too_large_becomes_webp_and_then_smaller(kind: str, limit: int) -> None:
    data = noise(kind, mode="L" if kind == "GIF" else "RGB")

    fitted = fit(data, min(limit, len(data) - 1), most_pixels=PIXELS)

    assert len(fitted.data) <= limit
    assert fitted.reduced
    assert fitted.format.media_type == "image/webp"
    assert opened(fitted).size == (fitted.width, fitted.height)


def test_a_little_too_large_keeps_its_size() -> None:
    data = noise("PNG")

    fitted = fit(data, len(data) // 2, most_pixels=PIXELS)

    assert (fitted.width, fitted.height) == (256, 192)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "L"])
def test_transparency_survives_and_grey_does_not_hinder(mode: str) -> None:
    data = noise("PNG", mode=mode)

    fitted = fit(data, 12_000, most_pixels=PIXELS)

    assert opened(fitted).has_transparency_data == (mode in {"RGBA", "LA"})


def test_a_picture_that_lies_on_its_side_is_set_upright_when_it_is_written_anew() -> None:
    lying, written = Image.open(io.BytesIO(noise("JPEG"))), io.BytesIO()
    exif = lying.getexif()
    exif[0x0112] = 6  # orientation: turn a quarter to the right
    lying.save(written, "JPEG", exif=exif)

    fitted = fit(written.getvalue(), len(written.getvalue()) - 1, most_pixels=PIXELS)

    assert fitted.height > fitted.width


@pytest.mark.parametrize("data", [animation("GIF"), animation("WEBP"), animation("PNG"), video()])
def test_an_animation_is_never_made_a_still(data: bytes) -> None:
    with pytest.raises(DoesNotFit) as caught:
        fit(data, len(data) - 1, most_pixels=PIXELS)

    assert caught.value.code == "animation_too_large"


def test_a_limit_that_nothing_meets_is_told_so() -> None:
    with pytest.raises(DoesNotFit) as caught:
        fit(noise(), 20, most_pixels=PIXELS)

    assert caught.value.code == "picture_too_large"


def test_a_strip_that_webp_cannot_hold_is_scaled_until_it_can() -> None:
    strip = noise("PNG", (17_000, 16))

    fitted = fit(strip, len(strip) // 2, most_pixels=PIXELS)

    assert max(fitted.width, fitted.height) <= WEBP_LONGEST_SIDE
    assert fitted.reduced
    with pytest.raises(DoesNotFit):
        fit(strip, 20, most_pixels=PIXELS)


def test_the_last_box_of_a_video_may_go_on_to_its_end() -> None:
    whole = video(640, 360)
    at = whole.index(b"moov") - 4
    length = int.from_bytes(whole[at : at + 4], "big")
    open_ended = whole[:at] + bytes(4) + whole[at + 4 : at + length]

    fitted = fit(open_ended, PLENTY, most_pixels=PIXELS)

    assert (fitted.width, fitted.height) == (640, 360)


@pytest.mark.parametrize("side", [1001, 12_000, 40_000])
def test_a_bomb_is_not_unfolded(side: int) -> None:
    with pytest.raises(TooManyPixels):
        fit(bomb(side), PLENTY, most_pixels=PIXELS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_off_picture_is_found_out(kind: str, share: float) -> None:
    data = noise(kind, mode="L" if kind == "GIF" else "RGB")

    with pytest.raises(NotAPicture):
        fit(data[: int(len(data) * share)], PLENTY, most_pixels=PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><html>",
        b'{"error":"no"}',
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0WEBP",
        b"GIF89a",
        b"\xff\xd8\xff",
        still("BMP"),
        still("TIFF"),
        video()[:40],
        box(b"ftyp", b"isom") + box(b"moov", b""),
        box(b"ftyp", b"avif") + bytes(100),
        b"\0\0\0\1ftypisom" + b"\xff" * 100,
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        fit(data, PLENTY, most_pixels=PIXELS)


def test_a_name_or_a_header_decides_nothing() -> None:
    assert recognise(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    assert recognise(b"%PDF-1.7") is None


heads = st.sampled_from([still("PNG"), still("JPEG"), animation("WEBP"), animation("GIF"), video(), bomb()])


@given(heads, st.integers(0, 400), st.binary(max_size=40), st.integers(1, 2000))
@settings(deadline=None)
def test_no_damage_makes_it_raise_anything_else(data: bytes, at: int, damage: bytes, limit: int) -> None:
    damaged = data[:at] + damage + data[at + len(damage) :]

    try:
        fitted = fit(damaged, limit, most_pixels=PIXELS)
    except (NotAPicture, TooManyPixels, DoesNotFit):
        return

    assert len(fitted.data) <= limit
