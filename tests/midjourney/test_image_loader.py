"""Files that people give are judged by their bytes: each that cannot be taken gets one sentence, and nothing unfolds.
Never here: fetching them."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from bot.domain.inputs import LONGEST_SIDE, MOST_SENT_BYTES
from bot.errors import UserError
from bot.midjourney.decoding import DECODING_BYTES, LEAST, DecodingBudget, unfolds_into
from bot.midjourney.image_loader import PillowReader, check
from bot.midjourney.resize import MOST_WEBP_PIXELS
from tests.midjourney.drawing import animation, bomb, noise, still
from tests.midjourney.memory import only_linux, taken_by_two

pillow_heif.register_heif_opener()  # to draw a phone's files before the program has read one


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
        (still("AVIF"), "image/webp"),
        (still("HEIF"), "image/webp"),
        (still("BMP"), "image/webp"),
        (still("TIFF"), "image/webp"),
    ],
)
async def test_a_small_still_picture_keeps_its_size_and_is_written_anew(data: bytes, media_type: str) -> None:
    checked = await PillowReader().check(data, name="anything.bin")

    assert (checked.media_type, checked.reduced) == (media_type, False)
    with Image.open(io.BytesIO(checked.data)) as image:
        assert image.size == (48, 32)
        assert Image.MIME[image.format or ""] == media_type
    assert "PNG" not in repr(checked)


def dispatcher(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 13.0)
    return exif


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF"])
@pytest.mark.parametrize("size", [(60, 40), (2048, 1024), (4200, 2100)])
def test_nothing_but_pixels_leaves_at_any_size_and_they_stand_upright(
    kind: str, size: tuple[int, int]
) -> None:
    wide = Image.new("RGB", size, "teal")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    more: dict[str, Any] = {"icc_profile": profile} if kind != "HEIF" else {}
    if kind == "PNG":
        notes = PngInfo()
        notes.add_text("Comment", "Secret words")
        more["pnginfo"] = notes
    if kind in {"WEBP", "AVIF"}:
        more["xmp"] = b"<x:xmpmeta>Secret words</x:xmpmeta>"
    if kind == "JPEG":
        more["comment"] = b"Secret words"
    data = written(wide, kind, exif=dispatcher(6).tobytes(), **more)

    checked = check(data, name="fox.png")

    assert b"Secret" in data
    with Image.open(io.BytesIO(checked.data)) as image:
        assert image.width < image.height, "it lies on its side"
        assert dict(image.getexif()) == {}
        assert not {"exif", "icc_profile", "xmp", "XML:com.adobe.xmp", "comment", "Comment"} & set(image.info)
        red, green, blue = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # three numbers
        assert abs(red) < 12 and abs(green - 128) < 12 and abs(blue - 128) < 12  # noqa: PT018 - one colour
    assert b"Secret" not in checked.data


@pytest.mark.parametrize(
    ("size", "why"),
    [
        ((1, 1), "picture.too_small"),
        ((15, 400), "picture.too_small"),
        ((16, 161), "picture.too_narrow"),
        ((3000, 20), "picture.too_narrow"),
    ],
)
def test_forms_of_which_upstream_makes_nothing_are_refused_before_they_are_paid(
    size: tuple[int, int], why: str
) -> None:
    assert refused(still("PNG", size)) == why
    check(still("PNG", (16, 160)), name="fox.png")


@pytest.mark.parametrize(
    ("data", "kind"), [(b"8BPS\0\x01" + bytes(40), "PSD"), (b"\xff\x0a" + bytes(40), "JPEG XL")]
)
def test_a_picture_that_no_library_of_ours_reads_is_refused_by_its_true_name(data: bytes, kind: str) -> None:
    with pytest.raises(UserError) as caught:
        check(data, name="fox.png")
    assert (caught.value.text.id, caught.value.text.args["kind"]) == ("picture.no_reader", kind)


async def test_all_that_decode_share_one_budget_and_a_large_one_waits_for_room() -> None:
    budget, order = DecodingBudget(10_000_000), []

    async def decode(name: str, size: int) -> None:
        async with budget.hold(size):
            assert budget.used <= 10_000_000
            order.append(name)
            await asyncio.sleep(0)

    gone = asyncio.create_task(decode("gone", 9_000_000))
    async with budget.hold(8_000_000):
        tasks = [asyncio.create_task(decode(n, s)) for n, s in (("huge", 90_000_000), ("small", 1_500_000))]
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*tasks)

    assert (order, budget.used) == (["huge", "small"], 0)
    assert unfolds_into(still("PNG", (300, 200), "P")) == 300 * 200
    assert unfolds_into(still("JPEG", (300, 200))) == 300 * 200 * 4
    assert unfolds_into(still("WEBP", (300, 200))) == 4 * 300 * 200 * 4  # its decoder keeps four copies
    assert unfolds_into(b"nothing") == LEAST


@only_linux
def test_two_photos_at_once_take_no_more_memory_than_the_whole_process_gives_pictures() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo, small = (
        written(Image.new("RGB", size, "teal"), "JPEG", exif=turned, icc_profile=profile)
        for size in ((4080, 4000), (40, 30))
    )
    work = """
from bot.midjourney.image_loader import PillowReader
async def work(data):
    await PillowReader().check(data, name="fox.jpg")
"""

    assert taken_by_two(work, photo, small) <= DECODING_BYTES


async def test_who_gives_up_just_as_room_is_found_leaves_it_to_the_next() -> None:
    budget = DecodingBudget(10_000_000)

    async def decode() -> None:
        async with budget.hold(9_000_000):
            pass

    async with budget.hold(9_000_000):
        gone, alone, left = (asyncio.create_task(decode()) for _ in range(3))
        await asyncio.sleep(0)
        alone.cancel()
    gone.cancel()
    await asyncio.wait([gone, left])

    assert gone.cancelled()
    assert not left.cancelled()
    assert budget.used == 0


def test_a_webp_unfolds_into_four_pictures_so_it_may_have_fewer_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 4 * 4 * MOST_WEBP_PIXELS <= DECODING_BYTES
    monkeypatch.setattr("bot.midjourney.resize.MOST_WEBP_PIXELS", 1_000_000)

    with pytest.raises(UserError) as caught:
        check(still("WEBP", (1001, 1000)), name="fox.png")

    assert (caught.value.text.id, caught.value.text.args["limit"]) == ("picture.too_many_pixels", 1)
    check(still("WEBP", (1000, 1000)), name="fox.png")
    check(still("PNG", (1001, 1000)), name="fox.png")


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    grey = Image.new("I;16", (64, 64), 0x8000)

    checked = check(written(grey, "PNG"), name="fox.png")

    with Image.open(io.BytesIO(checked.data)) as image:
        assert image.convert("RGB").getpixel((5, 5)) == (128, 128, 128)


def test_a_profile_leaves_clear_places_clear_and_one_that_is_broken_is_left_out() -> None:
    half = Image.new("RGBA", (64, 64), (0, 128, 128, 40))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for icc in (profile, b"no profile"):
        checked = check(written(half, "PNG", icc_profile=icc), name="fox.png")
        with Image.open(io.BytesIO(checked.data)) as image:
            assert image.mode == "RGBA"
            red, green, _, alpha = image.getpixel((5, 5))  # type: ignore[misc]  # four numbers
            assert (red < 12, abs(green - 128) < 12, alpha) == (True, True, 40)


def test_what_grows_when_it_is_written_anew_is_made_smaller_until_it_can_be_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Image.open(io.BytesIO(noise("PNG", (200, 200)))) as image:
        few = written(image.quantize(256), "PNG")
    monkeypatch.setattr("bot.midjourney.image_loader.MOST_SENT_BYTES", len(few))
    light = check(few, name="fox.png")
    monkeypatch.setattr("bot.midjourney.image_loader.MOST_SENT_BYTES", 2_000)
    small = check(few, name="fox.png")

    assert (light.media_type, small.media_type) == ("image/webp", "image/webp")
    assert len(light.data) <= len(few)
    assert len(small.data) <= 2_000
    with Image.open(io.BytesIO(small.data)) as image:
        assert image.width < 200


def test_where_no_library_reads_avif_it_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda _name: False)

    assert refused(still("AVIF")) == "picture.no_reader"


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
    clear = check(written(Image.new("RGBA", (3000, 400), (0, 0, 0, 0)), "PNG"), name="fox.png")
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
        (b"\x00\x00\x00\x20ftypavif" + b"\x00" * 40, "picture.broken"),
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


def test_the_first_file_of_a_process_is_read_though_it_comes_from_a_phone() -> None:
    code = (
        "import sys; from bot.midjourney.decoding import LEAST, unfolds_into; "
        "from bot.midjourney.image_loader import check; data = sys.stdin.buffer.read(); "
        "print(unfolds_into(data) > LEAST, check(data, name='fox.heic').media_type)"
    )

    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], input=still("HEIF", size=(1024, 1024)), capture_output=True, check=True
    )

    assert done.stdout.split() == [b"True", b"image/webp"]
