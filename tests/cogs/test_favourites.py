"""⭐ under a card, favourites in `/jobs list`, thumbnails beside entries, *Picture info* on a message, and Custom Zoom.
Never here: rows (tests/storage), and what may be a favourite (tests/services)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.jobs import JobState, Route
from bot.domain.ports import Showing
from bot.domain.tasks import RemoteAction
from tests.cogs.test_jobs import card_of, flat, labels, on_the_line, opened, seen
from tests.ui.builders import UUID, a_picture, walk

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

    from bot.domain.jobs import Job
    from tests.cogs.jobs_harness import JobsHarness
    from tests.ui.client_harness import ClientHarness

GONE = "https://cdn.example/gone.png"


async def pictured(house: ClientHarness, shop: JobsHarness, **changes: object) -> Job:
    """A job whose card stands in the channel with its picture."""
    job = await shop.job(**changes)  # type: ignore[arg-type]  # by name
    place = await house.publisher.show(Showing(job, job.created_at), Route.POST, picture=a_picture())
    await shop.storage.jobs.move_card(
        job.key, replace(job.reply, message_id=place.message_id, message_at=place.at)
    )
    return await shop.row(job.key)


def thumbnails(result: InteractionResult) -> list[str]:
    return [c["media"]["url"] for c in flat(result) if c["type"] == 11]


async def test_a_star_adds_a_picture_of_anybody_and_takes_it_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await pictured(house, shop)

        added = await house.bob.click(card_of(house, job), label="Favourite")
        listed = await house.bob.slash(house.channel, "jobs list", what="favourites")
        removed = await house.bob.click(card_of(house, job), label="Favourite")
        empty = await house.bob.slash(house.channel, "jobs list", what="favourites")

        assert "Added" in seen(added)
        assert "Your favourite here" in seen(listed)
        assert job.key in seen(listed)
        assert labels(listed) == ["Send me"]
        assert "Removed" in seen(removed)
        assert "no favourites here" in seen(empty)


async def test_pages_of_favourites_are_turned_like_any_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        for _ in range(6):
            job = await shop.job()
            await shop.storage.personal_items.toggle_favourite(
                house.ada.id, job.key, house.guild.id, job.created_at
            )
        listed = await house.ada.slash(house.channel, "jobs list", what="favourites")
        assert listed.response is not None

        await house.ada.click(listed.response, label="▶")

        assert "Page 2 of 2" in seen(listed)
        assert "Your 6 favourites" in seen(listed)
        assert sorted(labels(listed)) == ["Show", "▶", "◀"]


async def test_a_list_shows_what_the_cards_show(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await pictured(house, shop)
        await shop.job(JobState.FAILED)
        (gallery,) = [
            c
            for c in walk(
                house.env.backend.get_message(house.channel.id, job.reply.message_id or 0).components
            )
            if c["type"] == 12
        ]

        listed = await house.ada.slash(house.channel, "jobs list")

        assert thumbnails(listed) == [gallery["items"][0]["media"]["url"]]
        assert labels(listed) == ["Show"]


async def test_a_deleted_card_and_a_forgotten_prompt_leave_an_entry_that_still_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await pictured(house, shop, prompt="")
        house.env.backend.delete_message(house.channel.id, job.reply.message_id or 0)

        listed = await house.ada.slash(house.channel, "jobs list")

        assert thumbnails(listed) == []
        assert "prompt erased" in seen(listed)
        assert labels(listed) == ["Show"]


async def test_thumbnails_pass_discords_own_rules(tmp_path: Path) -> None:
    async with on_the_line(tmp_path) as (here, shop):
        job = await shop.job()
        place = await here.publisher.show(Showing(job, job.created_at), Route.POST, picture=a_picture())
        await shop.storage.jobs.move_card(job.key, replace(job.reply, message_id=place.message_id))

        listed = await (await here.discord.slash("jobs list")).answered()

        parts = [
            *walk(listed.components),
            *(c["accessory"] for c in walk(listed.components) if "accessory" in c),
        ]
        assert [part["type"] for part in parts].count(11) == 1


# -- the menu of a message --------------------------------------------------------------------------------------


async def test_job_info_is_found_on_any_card(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)

        told = await house.bob.context_menu(house.channel, "Picture info", card_of(house, job))

        assert "About this picture" in seen(told)
        assert f"`{job.key}`" in seen(told)


async def test_a_message_that_is_no_card_is_one_sentence(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        theirs = await house.bob.send(house.channel, f"look at `{job.key}`")
        ours = await house.bot.get_partial_messageable(house.channel.id).send("Hello")

        for message in (theirs, ours):
            told = await house.ada.context_menu(house.channel, "Picture info", message)
            assert "no picture of mine" in seen(told)


async def test_a_card_of_another_server_says_nothing_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(shown=True)
        abroad = replace(job.reply, guild_id=5)
        await shop.storage.jobs.move_card(job.key, abroad)
        stray = await shop.job(reply=abroad, home=5, shown=False)
        place = await house.publisher.show(Showing(stray, stray.created_at), Route.POST, picture=None)
        (card,) = [m for m in house.channel.history(viewer=house.ada) if m.id == place.message_id]

        told = await house.ada.context_menu(house.channel, "Picture info", card)

        assert f"I know no picture `{stray.key}` here" in seen(told)


# -- Custom Zoom ------------------------------------------------------------------------------------------------


async def test_custom_zoom_names_what_to_press_instead_and_starts_nothing(tmp_path: Path) -> None:
    zooms = (
        RemoteAction(f"MJ::Outpaint::50::1::{UUID}::SOLO", "Zoom Out 2x", "🔍"),
        RemoteAction(f"MJ::CustomZoom::{UUID}", "Custom Zoom", "🔍"),
        RemoteAction(f"MJ::Outpaint::100::1::{UUID}::SOLO", "Make Square", "↔️"),
    )
    async with opened(tmp_path) as (house, shop):
        job = await shop.job(actions=zooms, shown=True)
        bare = await shop.job()

        told = await house.bob.click(card_of(house, job), label="Custom Zoom")
        await house.bot.get_partial_messageable(house.channel.id).send("x")

        assert "You can use **Zoom Out 2x** and **Make Square**" in seen(told)
        assert house.services.presses.pressed == []
        assert bare.actions is not None
