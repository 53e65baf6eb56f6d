"""The pictures: where they lie, how they follow from one another, and that they stay small.
Never here: whether they are beautiful; people look at that."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from bot.sandbox.upstream import SimulatedUpstream
from tests.sandbox.upstream.client import Client, FakeClock, data_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

MEGABYTE = 1_000_000


def difference(first: Image.Image, second: Image.Image) -> float:
    """Mean difference per channel, 0 to 255."""
    second = second.convert("RGB").resize(first.size, Image.Resampling.LANCZOS)
    return float(sum(ImageStat.Stat(ImageChops.difference(first.convert("RGB"), second)).mean) / 3)


def quadrant(grid: Image.Image, number: int) -> Image.Image:
    """One of the four, without the gutter."""
    width, height = (grid.width - 2) // 2, (grid.height - 2) // 2
    left = 0 if number % 2 else grid.width - width
    top = 0 if number < 3 else grid.height - height
    return grid.crop((left, top, left + width, top + height))


def quadrants(grid: Image.Image) -> list[Image.Image]:
    return [quadrant(grid, number) for number in range(1, 5)]


def ratio(picture: Image.Image) -> float:
    return picture.width / picture.height


async def test_the_same_prompt_and_seed_give_the_same_picture_and_others_do_not(client: Client) -> None:
    prompts = ("a fox --seed 7", "a fox --seed 7", "a fox --seed 8", "a ship --seed 7")

    first, same, other_seed, other_words = [
        await client.picture(await client.grid(prompt)) for prompt in prompts
    ]

    assert first.tobytes() == same.tobytes()
    assert difference(first, other_seed) > 8
    assert difference(first, other_words) > 8


async def test_the_four_of_a_grid_differ(client: Client) -> None:
    parts = quadrants(await client.picture(await client.grid("a paper fox")))

    assert all(difference(parts[a], parts[b]) > 5 for a in range(4) for b in range(a))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("prompt", ["a paper fox", "nothing known"])
async def test_an_upscale_is_its_quadrant_at_full_size(client: Client, number: int, prompt: str) -> None:
    grid = await client.grid(prompt)
    parts = quadrants(await client.picture(grid))

    single = await client.picture(await client.press(grid, f"U{number}"))

    assert single.size == (160, 160)
    distances = [difference(part, single) for part in parts]
    assert distances.index(min(distances)) == number - 1
    assert min(distances) < 6


async def test_an_hd_upscale_doubles_the_size_and_shows_the_same(client: Client) -> None:
    single = await client.press(await client.grid(), "U1")

    fine = await client.picture(await client.press(single, "Upscale (Subtle)"))

    assert fine.size == (320, 320)
    assert difference(await client.picture(single), fine) < 6


async def test_a_variation_resembles_its_parent_and_strong_more_than_subtle(client: Client) -> None:
    single = await client.press(await client.grid("a paper fox"), "U1")
    parent = await client.picture(single)

    subtle = quadrants(await client.picture(await client.press(single, "Vary (Subtle)")))
    strong = quadrants(await client.picture(await client.press(single, "Vary (Strong)")))
    stranger = quadrants(await client.picture(await client.grid("a neon city --seed 3")))

    near, far, foreign = (
        [difference(each, parent) for each in group] for group in (subtle, strong, stranger)
    )
    assert 0 < sum(near) < sum(far) < sum(foreign)


@pytest.mark.parametrize(("press", "share"), [("Zoom Out 2x", 0.5), ("Zoom Out 1.5x", 0.75)])
@pytest.mark.parametrize("prompt", ["a paper fox", "nothing known", "a ship"])
async def test_a_zoom_shows_the_parent_smaller_in_the_middle(
    client: Client, press: str, share: float, prompt: str
) -> None:
    single = await client.press(await client.grid(prompt), "U1")
    parent = await client.picture(single)

    wider = await client.press(await client.press(single, press), "U1")
    picture = await client.picture(wider)

    margin = (1 - share) / 2 * picture.width
    middle = picture.crop(
        (round(margin), round(margin), round(picture.width - margin), round(picture.height - margin))
    )
    assert difference(middle, parent) < 14
    assert difference(picture, parent) > difference(middle, parent)


@pytest.mark.parametrize(
    ("arrow", "expected", "side"),
    [("⬅️", 1.5, "right"), ("➡️", 1.5, "left"), ("⬆️", 1 / 1.5, "bottom"), ("⬇️", 1 / 1.5, "top")],
)
async def test_a_pan_extends_to_one_side_and_changes_the_aspect(
    client: Client, arrow: str, expected: float, side: str
) -> None:
    single = await client.press(await client.grid("a paper fox"), "U1")
    parent = await client.picture(single)

    panned = await client.picture(await client.press(await client.press(single, arrow), "U1"))

    width, height = panned.size
    kept = {
        "right": (width - height, 0, width, height),
        "left": (0, 0, height, height),
        "bottom": (0, height - width, width, height),
        "top": (0, 0, width, width),
    }[side]
    assert ratio(panned) == pytest.approx(expected, rel=0.03)
    assert difference(panned.crop(kept), parent) < 14


@pytest.mark.parametrize(
    ("aspect", "expected"), [("1:1", 1.0), ("16:9", 16 / 9), ("2:3", 2 / 3), ("1:4", 0.25)]
)
async def test_the_aspect_of_the_prompt_is_the_aspect_of_the_picture(
    client: Client, aspect: str, expected: float
) -> None:
    grid = await client.grid(f"a mountain --ar {aspect}")
    single = await client.press(grid, "U2")

    assert ratio(await client.picture(grid)) == pytest.approx(expected, rel=0.03)
    assert ratio(await client.picture(single)) == pytest.approx(expected, rel=0.03)


async def test_make_square_makes_it_square(client: Client) -> None:
    single = await client.press(await client.grid("a fox --ar 3:2"), "U1")

    assert ratio(await client.picture(await client.press(single, "Make Square"))) == 1


# -- repainting --------------------------------------------------------------------------------------------------


def mask_for(size: tuple[int, int], box: Sequence[int]) -> Image.Image:
    mask = Image.new("RGB", size, "black")
    ImageDraw.Draw(mask).rectangle(tuple(box), fill="white")
    return mask


@pytest.mark.parametrize("spelling", ["data URL", "bare base64"])
async def test_a_repaint_changes_the_chosen_region_and_not_one_pixel_outside(
    client: Client, spelling: str
) -> None:
    single = await client.press(await client.grid("a paper fox"), "U1")
    before = await client.picture(single)
    mask = mask_for(before.size, (20, 30, 90, 110))
    written = data_url(mask)

    repainted = await client.press(
        single,
        "Vary (Region)",
        base64Mask=written.partition(",")[2] if spelling == "bare base64" else written,
    )
    after = await client.picture(await client.press(repainted, "U3"))

    changed = ImageChops.difference(before.convert("RGB"), after.convert("RGB"))
    outside = Image.composite(Image.new("RGB", before.size), changed, mask.convert("L"))
    assert repainted["action"] == "VARIATION"
    assert outside.getbbox() is None
    assert sum(ImageStat.Stat(changed.crop((20, 30, 91, 111))).mean) > 10


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (None, "required"),
        ("not base64!", "base64"),
        (data_url(mask_for((50, 50), (1, 1, 9, 9))), "same size"),
        (data_url(Image.new("RGB", (160, 160), "black")), "selects nothing"),
        (data_url(Image.new("RGB", (160, 160), (254, 254, 254))), "pure white"),
        (data_url(Image.new("RGB", (160, 160), "white"), "WEBP"), "PNG"),
        ("data:image/png;base64,AAAA", "no picture"),
    ],
)
async def test_a_repaint_with_a_bad_mask_fails_with_a_reason(
    client: Client, mask: str | None, reason: str
) -> None:
    single = await client.press(await client.grid(), "U1")

    failed = await client.press(single, "Vary (Region)", **({"base64Mask": mask} if mask else {}))

    assert failed["status"] == "FAILURE"
    assert reason in failed["failReason"]


async def test_a_repaint_can_be_zoomed_out_and_rerolled(client: Client) -> None:
    single = await client.press(await client.grid("a ship"), "U1")
    mask = data_url(mask_for((160, 160), (0, 0, 80, 80)))
    repainted = await client.press(single, "Vary (Region)", base64Mask=mask)

    again = await client.press(repainted, "🔄")
    chosen = await client.press(repainted, "U1")
    zoomed = await client.press(await client.press(chosen, "Zoom Out 2x"), "U1")

    middle = (await client.picture(zoomed)).crop((40, 40, 120, 120))
    assert difference(middle, await client.picture(chosen)) < 12
    assert difference(await client.picture(again), await client.picture(repainted)) > 0.2


# -- given pictures ----------------------------------------------------------------------------------------------

RED, BLUE = Image.new("RGB", (120, 80), (220, 30, 30)), Image.new("RGB", (80, 120), (20, 40, 220))


@pytest.mark.parametrize(("dimensions", "expected"), [("PORTRAIT", 2 / 3), ("SQUARE", 1), ("LANDSCAPE", 1.5)])
async def test_a_blend_mixes_the_given_pictures(client: Client, dimensions: str, expected: float) -> None:
    answer = await client.post(
        "blend", base64Array=[data_url(RED), data_url(BLUE, "WEBP")], dimensions=dimensions
    )
    task = await client.finished(answer["data"])

    single = await client.picture(await client.press(task, "U1"))

    red, green, blue = ImageStat.Stat(single.convert("RGB")).mean
    assert (task["action"], task["prompt"]) == ("BLEND", None)
    assert ratio(single) == pytest.approx(expected, rel=0.03)
    assert red > 40
    assert blue > 40
    assert green < 70


async def test_blended_pictures_can_be_varied_zoomed_and_rerolled(client: Client) -> None:
    answer = await client.post("blend", base64Array=[data_url(RED), data_url(BLUE)], dimensions="SQUARE")
    grid = await client.finished(answer["data"])
    single = await client.press(grid, "U1")

    results = [await client.press(grid, label) for label in ("V1", "🔄")]
    results += [await client.press(single, label) for label in ("Zoom Out 2x", "⬅️", "Vary (Strong)")]

    pictures = [await client.picture(result) for result in results]
    assert [result["status"] for result in results] == ["SUCCESS"] * 5
    assert all(sum(ImageStat.Stat(picture.convert("RGB")).mean) > 60 for picture in pictures)


@pytest.mark.parametrize(
    "body",
    [
        {"base64Array": [data_url(RED)], "dimensions": "SQUARE"},
        {"base64Array": [data_url(RED)] * 6, "dimensions": "SQUARE"},
        {"base64Array": [data_url(RED)] * 2, "dimensions": "ROUND"},
        {"base64Array": ["AAAA", data_url(RED)], "dimensions": "SQUARE"},
        {"base64Array": ["data:image/png;base64,AAAA", data_url(RED)], "dimensions": "SQUARE"},
    ],
)
async def test_a_blend_that_cannot_be_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert (await client.post("blend", **body))["statusCode"] == 400


@pytest.mark.parametrize("form", ["repeated", "array-as-text"])
async def test_arrays_in_forms_may_be_repeated_fields_or_text(client: Client, form: str) -> None:
    both = [data_url(RED), data_url(BLUE)]
    written: Any = both if form == "repeated" else f'["{both[0]}","{both[1]}"]'

    answer = await client.http.post(
        "/api/v1/ai/draw/mj/blend",
        data={"model": "midjourney", "dimensions": "SQUARE", "base64Array": written},
    )

    assert answer.json()["statusCode"] == 200


async def test_describe_tells_colours_shape_and_mood_in_four_keycap_lines(client: Client) -> None:
    answer = await client.post(
        "describe", base64=data_url(Image.new("RGB", (300, 200), (22, 34, 82))), type="NORMAL"
    )
    started = await client.query(answer["data"])
    task = await client.finished(answer["data"])

    lines = task["prompt"].split("\n\n")
    assert (started["prompt"], task["action"], task["imageDcUrl"]) == (None, "DESCRIBE", None)
    assert [line[0] for line in lines] == ["1", "2", "3", "4"]
    assert all(line[1:4] == "\ufe0f\u20e3 " and line.endswith("--ar 3:2") for line in lines)
    assert "navy" in lines[0]
    assert [entry["emoji"] for entry in task["actions"]] == [
        *(f"{n}\ufe0f\u20e3" for n in range(1, 5)),
        "🔄",
        "🎉",
    ]


async def test_describing_a_picture_of_ours_names_its_subject(client: Client) -> None:
    grid = await client.grid("a paper fox in the snow --ar 3:2")
    answer = await client.post("describe", base64=data_url_of(await client.upstream.picture(grid["taskId"])))

    task = await client.finished(answer["data"])
    again = await client.press(task, "🔄")

    assert "a paper fox in the snow" in task["prompt"]
    assert again["action"] == "DESCRIBE"
    assert again["prompt"] != task["prompt"]


def data_url_of(content: bytes) -> str:
    return f"data:image/png;base64,{b64encode(content).decode()}"


# -- addresses ---------------------------------------------------------------------------------------------------


async def test_every_address_of_a_picture_serves_the_same_bytes(client: Client) -> None:
    grid = await client.grid()

    discord = await client.http.get(grid["imageDcUrl"])
    store = await client.http.get(f"/api/v1/content/mj-generated/{grid['imageS3Url']}")

    assert discord.content == store.content
    assert discord.headers["content-type"] == store.headers["content-type"] == "image/png"


async def test_discords_links_expire_and_cannot_be_made_up(client: Client, clock: FakeClock) -> None:
    grid = await client.grid()
    forged = grid["imageDcUrl"].replace("hm=", "hm=0")

    fresh, made_up = await client.http.get(grid["imageDcUrl"]), await client.http.get(forged)
    clock.pass_by(25 * 3600)
    late = await client.http.get(grid["imageDcUrl"])

    assert (fresh.status_code, made_up.status_code, late.status_code) == (200, 404, 404)


async def test_wsrv_makes_its_own_pictures_smaller_and_fetches_nothing_else(client: Client) -> None:
    grid = await client.grid()
    params = {"url": grid["imageDcUrl"], "w": "64", "output": "webp", "q": "70"}

    small = await client.http.get(client.upstream.wsrv, params=params)
    foreign = await client.http.get(client.upstream.wsrv, params={"url": "http://203.0.113.9/x.png"})
    nothing = await client.http.get(client.upstream.wsrv)

    with Image.open(io.BytesIO(small.content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (64, 64))
    assert (small.headers["content-type"], foreign.status_code, nothing.status_code) == (
        "image/webp",
        404,
        400,
    )


async def test_a_picture_of_a_running_task_is_not_there_unless_previews_are_on(clock: FakeClock) -> None:
    async with (
        SimulatedUpstream(clock=clock, canvas=160, previews=True) as upstream,
        Client(upstream, clock) as client,
    ):
        task_id = await client.imagine()
        clock.pass_by(14)
        running = await client.query(task_id)
        early = await client.http.get(f"/api/v1/content/mj-generated/mj/{upstream.tasks[0].job}.png")
        preview = await client.picture(running)
        done = await client.picture(await client.finished(task_id))

    assert (running["status"], running["imageS3Url"], early.status_code) == ("IN_PROGRESS", None, 404)
    assert preview.format == "WEBP"
    assert difference(done, preview) < 40


async def test_videos_are_animated_webp(client: Client) -> None:
    single = await client.press(await client.grid(), "U1")
    reel = await client.press(single, "Animate (Low motion)")
    clip = await client.press(reel, "U4")

    pictures = [await client.picture(task) for task in (reel, clip)]

    assert all(picture.format == "WEBP" and getattr(picture, "n_frames", 1) > 5 for picture in pictures)


async def test_full_size_pictures_stay_below_a_megabyte(clock: FakeClock) -> None:
    async with SimulatedUpstream(clock=clock) as upstream, Client(upstream, clock) as client:
        grid = await client.grid("a fox in a snowy forest at night under the stars")
        single = await client.press(grid, "U1")
        fine = await client.press(single, "Upscale (Creative)")
        sizes = [len((await client.http.get(task["imageDcUrl"])).content) for task in (grid, single, fine)]
        shapes = [(await client.picture(task)).size for task in (grid, single, fine)]

    assert all(0 < size < MEGABYTE for size in sizes)
    assert shapes == [(1024, 1024), (1024, 1024), (2048, 2048)]


# -- uploads -----------------------------------------------------------------------------------------------------


def png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


async def upload(client: Client, content: bytes, **fields: str) -> httpx.Response:
    data = {"filename": "picture.png", "purpose": "3", **fields}
    return await client.http.post(
        "/api/v1/user/files/upload", data=data, files={"file": ("picture.png", content)}
    )


async def test_a_public_upload_can_be_fetched_until_it_expires(client: Client, clock: FakeClock) -> None:
    answer = (await upload(client, png(RED), is_public="true", expires_at="2030-03-17T18:46:40Z")).json()
    address = f"/api/v1/f/pub/{answer['data']['fileUniqueID']}"

    fresh = await client.http.get(address)
    clock.pass_by(3600)
    late = await client.http.get(address)

    assert answer["message"] == "File Upload Success"
    assert (fresh.content, fresh.headers["content-type"], late.status_code) == (png(RED), "image/png", 404)


async def test_an_upload_is_private_unless_made_public(client: Client) -> None:
    answer = (await upload(client, png(RED))).json()

    fetched = await client.http.get(f"/api/v1/f/pub/{answer['data']['fileUniqueID']}")

    assert (answer["statusCode"], fetched.status_code) == (200, 404)


@pytest.mark.parametrize("fields", [{"purpose": "9"}, {"filename": ""}, {"expires_at": "tomorrow"}])
async def test_an_upload_with_wrong_fields_is_refused(client: Client, fields: dict[str, str]) -> None:
    assert (await upload(client, png(RED), **fields)).json()["statusCode"] == 400


async def test_a_reference_at_the_head_of_the_prompt_tints_the_result(client: Client) -> None:
    answer = (await upload(client, png(BLUE), is_public="true")).json()
    link = client.upstream.service.public_file(answer["data"]["fileUniqueID"])

    plain = await client.grid("autumn hills --seed 5")
    tinted = await client.grid(f"{link} autumn hills --seed 5")

    means = [ImageStat.Stat((await client.picture(task)).convert("RGB")).mean for task in (plain, tinted)]
    assert means[1][2] - means[1][0] > means[0][2] - means[0][0] + 20


async def test_a_foreign_reference_is_never_fetched_and_a_dead_one_of_ours_fails(client: Client) -> None:
    foreign = await client.grid("http://203.0.113.9/fox.png a paper fox")
    dead = await client.grid(f"{client.upstream.origin}/api/v1/f/pub/gone a paper fox")

    assert foreign["status"] == "SUCCESS"
    assert (dead["status"], dead["failReason"][:14]) == ("FAILURE", "[Invalid link]")
