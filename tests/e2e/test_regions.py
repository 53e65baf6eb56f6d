"""Vary (Region) through the whole bot: squares or a file become a mask upstream, and only what is white is repainted.
Never here: every kind of file (tests/midjourney/test_masks.py) and every rule (tests/services/intake/test_regions.py)."""

from __future__ import annotations

import io
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from bot.domain.intake.masks import MOST_MASK_BYTES, rectangles
from bot.domain.prices import Charge
from bot.domain.servers.guilds import Actor
from bot.sandbox.stage import GUILD_ID
from tests.e2e.harness import lose_edits
from tests.e2e.seen import Card, card_of
from tests.midjourney.drawing import bomb, still

if TYPE_CHECKING:
    from simcord.results import InteractionResult

    from tests.e2e.harness import Harness

REGION = "🖌️ Vary (Region)"
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
SQUARES = [f"{column}{row}" for row in range(1, 5) for column in "ABCD"]


@pytest.fixture(autouse=True)
def whole_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulated API's log keeps masks as they came."""
    monkeypatch.setattr("bot.sandbox.upstream.calls.BASE64_SHOWN", 1_000_000)


async def single(world: Harness) -> Card:
    """A picture in the FAST pool."""
    return await world.child(await world.grid("a paper fox --ar 3:2 --v 7", pool="FAST"), "U1")


def picker(result: InteractionResult) -> Card:
    """What only the person sees, as it stands now."""
    assert result.response is not None
    assert result.response.ephemeral
    return card_of(result.response)


def card(result: InteractionResult) -> Card:
    """The public card that came of a press."""
    assert [answer.ephemeral for answer in result.followups] == [False]
    return card_of(result.followups[0])


async def painted(world: Harness, result: InteractionResult) -> Card:
    """The card when it has its buttons."""
    await world.until(lambda: bool(card(result).buttons), "a finished card")
    return card(result)


def whisper(result: InteractionResult) -> str:
    """What was said besides, to the person alone."""
    (answer,) = result.followups or [picker(result).message]
    assert answer.ephemeral
    return answer.content


async def choose(world: Harness, opened: InteractionResult, *squares: str) -> None:
    """Press squares, one after the other."""
    for square in squares:
        await world.press(picker(opened), square)


def switched_off(card: Card) -> list[str]:
    """The faces of the buttons that cannot be pressed."""
    rows = (part for box in card.message.components for part in box["components"] if part["type"] == 1)
    return [button["label"] for row in rows for button in row["components"] if button.get("disabled")]


def sent_mask(world: Harness) -> Image.Image:
    """What the last press took along, exactly as it was sent."""
    head, _, coded = world.submissions[-1].body["base64Mask"].partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(b64decode(coded)))


async def drawn(world: Harness, task_id: int) -> Image.Image:
    """A task's picture."""
    return Image.open(io.BytesIO(await world.upstream.picture(task_id))).convert("RGB")


def a_file(kind: str = "PNG", size: tuple[int, int] = (64, 64), colour: str = "black") -> bytes:
    """A mask, white from the left to a quarter of the width if it is black elsewhere."""
    image = Image.new("RGB", size, colour)
    image.paste("white", (0, 0, size[0] // 4, size[1]))
    written = io.BytesIO()
    image.save(written, kind)
    return written.getvalue()


async def upload(
    world: Harness, opened: InteractionResult, data: bytes, name: str = "mask.png"
) -> InteractionResult:
    """Press “Upload a mask…”, and send the window with a file."""
    window = await world.press(picker(opened), "Upload a mask…")
    assert window.modal is not None
    return await world.place.member.submit_modal(window, {"file": (name, data)})


async def test_chosen_squares_are_repainted_and_nothing_else(world: Harness) -> None:
    parent = await single(world)
    before = world.accepted[-1]

    opened = await world.press(parent, REGION)
    assert picker(opened).buttons == [*SQUARES, "Repaint", "Clear", "Upload a mask…"]
    assert switched_off(picker(opened)) == ["Repaint", "Clear"]
    await choose(world, opened, "A1", "B1", "C2", "B1", "D4")
    assert "A1, C2, D4" in picker(opened).words
    assert len(picker(opened).pictures) == 1
    begun = await world.press(picker(opened), "Repaint")
    grid = await painted(world, begun)

    body = dict(world.submissions[-1].body)
    mask = sent_mask(world)
    width, height = (await drawn(world, before.id)).size
    assert body.pop("base64Mask")
    assert body == {
        "model": "midjourney",
        "type": "FAST",
        "taskId": str(before.id),
        "customId": body["customId"],
    }
    assert body["customId"].startswith("MJ::Inpaint::1::")
    assert (mask.format, mask.mode, mask.size) == ("PNG", "RGB", (width, height))
    for cell, box in enumerate(rectangles(width, height)):
        assert mask.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), _ink(cell))]
    assert f"/{parent.message.id}" in grid.words
    assert not grid.message.ephemeral
    assert f"/{grid.message.id}" in picker(opened).words
    assert picker(opened).buttons == []

    await world.child(grid, "U1")
    changed = ImageChops.difference(await drawn(world, before.id), await drawn(world, world.accepted[-1].id))
    outside = Image.composite(Image.new("RGB", changed.size), changed, mask.convert("L"))
    assert outside.getbbox() is None
    assert changed.getbbox() is not None


def _ink(cell: int) -> tuple[int, int, int]:
    return WHITE if SQUARES[cell] in {"A1", "C2", "D4"} else BLACK


async def test_a_picker_is_cleared_and_lives_through_a_restart(world: Harness) -> None:
    parent = await single(world)
    opened = await world.press(parent, REGION)
    await choose(world, opened, *SQUARES)
    assert "Everything is chosen" in picker(opened).words
    assert switched_off(picker(opened)) == ["Repaint"]

    await world.press(picker(opened), "Clear")
    await world.restart(killed=True)
    await choose(world, opened, "B3")
    begun = await world.press(picker(opened), "Repaint")
    await painted(world, begun)

    assert "Nothing" not in picker(opened).words
    assert sent_mask(world).convert("1").getbbox() == rectangles(*sent_mask(world).size)[SQUARES.index("B3")]


async def test_a_mask_of_ones_own_is_fitted_and_the_card_says_so(world: Harness) -> None:
    parent = await single(world)
    opened = await world.press(parent, REGION)

    begun = await upload(world, opened, a_file("JPEG", (200, 200)), "mask.jpg")
    grid = await painted(world, begun)

    mask = sent_mask(world)
    assert mask.size == (await drawn(world, world.accepted[1].id)).size
    assert mask.convert("1").getbbox() == (0, 0, round(mask.width / 4), mask.height)
    assert "did not have the size" in grid.words
    assert picker(opened).buttons == []


async def test_what_is_no_mask_is_refused_in_private_and_the_picker_stays(world: Harness) -> None:
    parent = await single(world)
    opened = await world.press(parent, REGION)
    before = [card.message.id for card in world.channel() if not card.message.ephemeral]
    refused = {
        "is empty": b"",
        "larger than 10 MB": b"\0" * (MOST_MASK_BYTES + 1),
        "not a picture": b"the left half, please",
        "this kind of file": still("TIFF"),
        "broken or cut off": a_file()[:70],
        "far more pixels": bomb(),
        "has no white": still(),
        "Everything is chosen": a_file(colour="white"),
    }

    for words, data in refused.items():
        assert words in whisper(await upload(world, opened, data))

    assert [card.message.id for card in world.channel() if not card.message.ephemeral] == before
    assert len(world.submissions) == 2
    assert picker(opened).buttons[-1] == "Upload a mask…"


async def test_while_a_region_is_painted_the_button_and_an_open_picker_lead_to_it(world: Harness) -> None:
    parent = await single(world)
    first, second = await world.press(parent, REGION), await world.press(parent, REGION)
    await choose(world, first, "A1")
    await choose(world, second, "B2")
    begun = await world.press(picker(first), "Repaint")

    again = await world.press(picker(second), "Repaint")
    anew = await world.press(parent, REGION)

    assert f"/{card(begun).message.id}" in whisper(again)
    assert "already" in world.whisper(anew)
    await painted(world, begun)
    assert len(world.submissions) == 3


@pytest.mark.parametrize("lost", [1, 2])
async def test_whoever_began_a_region_is_never_told_that_nothing_was_charged(
    world: Harness, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    opened = await world.press(await single(world), REGION)
    await choose(world, opened, "A1", "B1")
    lose_edits(monkeypatch, lost)

    begun = await world.press(picker(opened), "Repaint")
    words = [answer.content for answer in begun.followups if answer.ephemeral]

    if lost == 1:  # the second try arrives
        assert words == []
        assert "is being repainted" in picker(opened).words
    else:
        assert len(words) == 1
        assert words[0].startswith("It has begun")


async def test_a_region_that_moderators_forbid_meanwhile_leaves_nothing_behind_in_the_channel(
    world: Harness,
) -> None:
    parent = await single(world)
    opened = await world.press(parent, REGION)
    await choose(world, opened, "A1")
    before = [card.message.id for card in world.channel() if not card.message.ephemeral]
    await world.app.services.prompt_settings.set_kind(
        GUILD_ID, Actor(9, "mo"), GUILD_ID, Charge.VARY_REGION, allowed=False
    )

    refused = await world.press(picker(opened), "Repaint")

    assert "switched this off here" in refused.followups[-1].content
    assert [card.message.id for card in world.channel() if not card.message.ephemeral] == before
    assert "Repaint" in picker(opened).buttons
    assert len(world.submissions) == 2


async def test_a_button_of_an_older_card_says_how_to_get_a_fresh_one(world: Harness) -> None:
    parent = await single(world)
    forged = parent.button(REGION).custom_id.replace("easel:2:region:", "easel:1:")

    assert "/jobs" in world.whisper(await world.press_forged(forged))
    assert len(world.submissions) == 2
