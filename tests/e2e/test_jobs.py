"""Members look after their jobs, in the whole bot between both stand-ins.
Never here: single rules of it (tests/cogs/test_jobs.py, tests/services/history/test_jobs.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.harness import Harness

OWN = ["🔁 Edit prompt", "🖼️ Start from this picture", "ℹ️ Info", "✉️ Send me", "⭐ Favourite", "🗑️ Delete"]  # noqa: RUF001 - an emoji of that name


async def test_a_picture_cancelled_while_it_is_made_is_not_posted_and_comes_when_it_is_asked_for(
    world: Harness,
) -> None:
    asked = await world.imagine("a paper fox")
    running = await world.says(asked, "%")

    said = world.whisper(await world.press(running, "✖️ Cancel"))
    card = world.shown(asked)

    assert "cannot be stopped" in said
    assert "Cancelled." in card.words
    assert card.own == []
    key = card.words.rsplit("`", 2)[1]
    await world.pass_time(120)
    assert world.shown(asked).pictures == ()
    shown = world.shown(
        await world.place.member.slash(world.place.channel, "jobs show", job=key, public=True)
    )
    assert len(shown.pictures) == 1
    assert shown.own == OWN
    below = await world.child(shown, "U2")
    assert len(below.pictures) == 1


async def test_a_queued_picture_is_cancelled_at_once_and_never_sent(world: Harness) -> None:
    slow = [await world.imagine(f"fox {n}") for n in range(4)]

    said = world.whisper(await world.press(world.shown(slow[3]), "✖️ Cancel"))
    await world.until(
        lambda: any("Cancelled** before" in card.words for card in world.channel()), "it says so"
    )
    await world.pass_time(120)

    assert "nothing is charged" in said
    assert len(world.accepted) == 3


async def test_a_remix_is_a_new_picture_in_the_same_pool(world: Harness) -> None:
    grid = await world.grid("a paper fox", pool="FAST")
    window = await world.press(grid, "🔁 Edit prompt")

    sent = await world.place.member.submit_modal(window, {"prompt": "a paper owl --ar 3:2"})
    card = await world.finished(sent)

    assert "From the prompt of [this picture]" in card.words
    assert str(grid.message.id) in card.words
    assert [(task.pool, task.prompt) for task in world.accepted][-1] == ("FAST", "a paper owl --ar 3:2")


async def test_a_deleted_card_is_gone_for_everybody_and_its_job_is_not(world: Harness) -> None:
    grid = await world.grid()

    asked = await world.press(grid, "🗑️ Delete")
    await world.press(world.shown(asked), "Delete it")

    assert grid.message.id not in [card.message.id for card in world.channel()]
    listed = await world.place.member.slash(world.place.channel, "jobs list")
    assert "a paper fox" in world.shown(listed).words
