"""What a server of the `/mj` family tells of its side: its queue, a seed, the speed it ran at; and its own cancel.
Never here: chains and windows (test_proxy), and how answers are read (tests/midjourney/mjproxy)."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.servers.guilds import Actor
from bot.sandbox.mjproxy.flavours import Flavour
from bot.sandbox.stage import GUILD_ID
from tests.e2e.test_proxy import proxied

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.jobs import Job
    from bot.domain.servers.guild_ports import ModEvent
    from bot.midjourney.mjproxy.client import MjProxyApi
    from bot.texts import Text
    from tests.e2e.harness import Harness


INFO, CANCEL = "\u2139\ufe0f Info", "\u2716\ufe0f Cancel"


async def jobs_of(world: Harness) -> list[Job]:
    found = await world.app.storage.archive.page(world.place.member.id, GUILD_ID, skip=0, limit=20)
    return list(found.jobs)


async def test_turbo_is_chosen_typed_and_kept_by_the_chain(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.ONE_HUB) as (world, proxy):
        await cast("MjProxyApi", world.app.accounts.own).check()
        grid = await world.grid("a paper fox --turbo --v 7")
        await world.child(grid, "V2")

        jobs = await jobs_of(world)
        assert [job.pool for job in jobs] == [Pool.TURBO, Pool.TURBO]
        assert {record.ran for record in proxy.state.records} == {"TURBO"}
        assert "🚀 TURBO" in grid.words


async def test_turbo_is_kept_to_the_fourth_level(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.ONE_HUB) as (world, proxy):
        await cast("MjProxyApi", world.app.accounts.own).check()
        card = await world.grid("a paper fox --turbo --v 7")
        for face in ("V2", "U1", "\U0001f50d Zoom Out 2x", "U3"):
            card = await world.child(card, face)
            assert "🚀 TURBO" in card.words

        jobs = await jobs_of(world)
        assert [(job.pool, job.state) for job in jobs] == [(Pool.TURBO, JobState.SUCCEEDED)] * 5
        assert len({job.root for job in jobs}) == 1
        assert [record.ran for record in proxy.state.records] == ["TURBO"] * 5
        assert (proxy.paid, proxy.broken_rules) == (5, [])
        told = await world.place.member.slash(world.place.channel, "quota")
        assert "🚀 TURBO" in world.whisper(told)


async def test_a_chain_that_leaves_its_pool_is_told_once_to_owner_and_log_channel(tmp_path: Path) -> None:
    # This program forgets the parent's speed: what is made of a relax picture runs fast.
    async with proxied(tmp_path, Flavour.TRUEAI) as (world, proxy):
        mailed: list[str] = []
        heard: list[str] = []
        listen(world, mailed, heard)
        await world.app.services.guilds.set_log_channel(GUILD_ID, Actor(7, "robin"), world.place.channel.id)
        grid = await world.grid("a paper fox --v 7")
        first = await world.child(grid, "V1")
        await world.child(first, "V2")
        await world.child(grid, "U1")
        await told_all(world)

        jobs = {job.key: job for job in await jobs_of(world)}
        assert sorted(str(job.server.ran_at) for job in jobs.values()) == ["FAST", "FAST", "FAST", "RELAX"]
        assert {job.pool for job in jobs.values()} == {Pool.NORMAL}
        assert mailed == ["log.owner_left_pool"]
        assert [said for said in heard if said != "log.settings"] == ["log.left_pool"]
        told = world.whisper(await world.press(first, INFO))
        assert "ran in ⚡ FAST" in told
        assert proxy.broken_rules == []


async def told_all(world: Harness) -> None:
    """Let the log channel be told what waits to be told."""
    telling = asyncio.create_task(world.app.services.dispatcher.run())
    await world.app.services.dispatcher.drain()
    telling.cancel()


def listen(world: Harness, mailed: list[str], heard: list[str]) -> None:
    """Have the owner's mail and the log channel of the place write down what they are told."""
    services = world.app.services

    async def mail(words: Text, *, once: str) -> bool:
        assert once
        mailed.append(words.id)
        return True

    async def post(_guild: int, _channel: int, event: ModEvent, *, locale: str | None) -> bool:
        del locale
        heard.append(event.said.id)
        return True

    services.worker.delivery.strayed.__self__.mail = SimpleNamespace(notify=mail)  # type: ignore[attr-defined]  # its bound service
    services.dispatcher.modlog = cast("Any", SimpleNamespace(post=post))


async def test_a_chain_that_keeps_its_pool_is_nobodys_news(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.ONE_HUB) as (world, _):
        mailed: list[str] = []
        listen(world, mailed, [])
        await world.child(await world.grid("a paper fox --v 7"), "V1")

        assert mailed == []
        assert {str(job.server.ran_at) for job in await jobs_of(world)} == {"RELAX"}


async def test_the_seed_is_asked_once_and_shown_from_then_on(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.PLUS) as (world, proxy):
        grid = await world.grid("a paper fox --v 7")

        told = world.whisper(await world.press(grid, INFO))
        again = world.whisper(await world.press(grid, INFO))

        (job,) = await jobs_of(world)
        assert job.server.seed is not None
        assert job.server.seed.isdigit()
        for words in (told, again):
            assert f"`{job.server.seed}`" in words
        assert proxy.counts["image-seed"] == 1
        assert proxy.paid == 1


async def test_where_no_seed_is_told_info_is_silent_about_it(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.NOVI) as (world, proxy):
        done = await world.imagine("a paper fox --v 7")
        await world.until(lambda: bool(world.shown(done).pictures), "a picture")

        assert "Seed" not in world.whisper(await world.press(world.shown(done), INFO))
        assert "image-seed" not in proxy.counts


async def test_the_servers_queue_is_on_the_card_and_a_cancel_takes_the_job_out_of_it(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.PLUS, slots=1) as (world, proxy):
        first, second, third = [await world.imagine(f"a paper fox, number {n}") for n in range(3)]
        waiting = await world.says(third, "In the image server's queue, 1 ahead")

        told = world.whisper(await world.press(waiting, CANCEL))
        await world.says(third, "Cancelled")

        assert "taken out of it" in told
        assert proxy.counts["cancel"] == 1
        for done in (first, second):
            await world.finished(done)
        states = sorted(job.state for job in await jobs_of(world))
        assert states == [JobState.CANCELLED, JobState.SUCCEEDED, JobState.SUCCEEDED]
        standing = await world.app.services.allowances.quota_of(await world_asker(world))
        assert (standing[0].of or 0) - (standing[0].left or 0) == 2


async def world_asker(world: Harness) -> Any:
    """Ada, as services see her."""
    job = (await jobs_of(world))[0]
    return SimpleNamespace(server=job.home, user_id=job.user_id, role_ids=frozenset(), reply=job.reply)


async def test_a_running_job_is_not_taken_from_the_server_and_the_words_say_so(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.PLUS) as (world, proxy):
        asked = await world.imagine("a paper fox")
        running = await world.says(asked, "%")

        told = world.whisper(await world.press(running, CANCEL))

        assert "cannot be stopped" in told
        assert "cancel" not in proxy.counts
