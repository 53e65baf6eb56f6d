"""What servers of the `/mj` family do wrong, through the whole bot: one clear sentence each, nothing sent twice.
Never here: how an answer is read (tests/midjourney/mjproxy), and windows (test_windows)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.jobs import JobState
from bot.sandbox.mjproxy.faults import ProxyFault
from bot.sandbox.mjproxy.flavours import Flavour
from tests.e2e.test_proxy import proxied
from tests.e2e.test_server_side import jobs_of

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_relative_address_of_a_picture_is_looked_for_at_the_server_itself(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.NEW_API) as (world, proxy):
        proxy.fault(ProxyFault.RELATIVE_IMAGE, times=None)

        grid = await world.grid()

        assert len(grid.pictures) == 1


@pytest.mark.parametrize("fault", [ProxyFault.LOCAL_IMAGE, ProxyFault.FOREIGN_IMAGE])
async def test_a_picture_at_a_host_that_nobody_named_is_not_fetched_and_both_hear_it(
    fault: ProxyFault, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with proxied(tmp_path) as (world, proxy):
        proxy.fault(fault, times=None)
        grid = await world.grid()
        proxy.state.faults.lift()
        single = await world.child(grid, "U1")

        assert "does not allow" in grid.words
        assert not grid.pictures
        assert len(single.pictures) == 1
        told = [r for r in caplog.records if r.message == "picture_host_not_allowed"]
        assert len(told) == 1
        assert "EASEL_IMAGE_HOSTS" in told[0].__dict__["cure"]


@pytest.mark.parametrize("fault", [ProxyFault.TAKEN_400, ProxyFault.TAKEN_500, ProxyFault.NO_RESULT])
async def test_what_was_taken_in_spite_of_its_answer_is_found_by_its_tag_and_paid_once(
    fault: ProxyFault, tmp_path: Path
) -> None:
    async with proxied(tmp_path, Flavour.PLUS) as (world, proxy):
        proxy.fault(fault)

        grid = await world.grid()

        assert len(grid.pictures) == 1
        assert (proxy.counts["imagine"], proxy.paid) == (1, 1)


async def test_a_tag_that_comes_back_changed_finds_nothing_and_nothing_is_sent_again(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.PLUS) as (world, proxy):
        proxy.fault(ProxyFault.TAG_CHANGED, times=None)
        proxy.fault(ProxyFault.TAKEN_400)

        card = await world.says(await world.imagine("a paper fox"), "Nothing was taken", within=3600)

        assert not card.pictures
        assert (proxy.counts["imagine"], proxy.paid) == (1, 1)
        assert [job.state for job in await jobs_of(world)] == [JobState.FAILED]


async def test_an_id_that_another_job_has_already_shows_nobody_the_others_picture(tmp_path: Path) -> None:
    async with proxied(tmp_path, Flavour.PLUS) as (world, proxy):
        await world.grid("a paper fox")
        proxy.fault(ProxyFault.REUSED_ID)

        card = await world.says(await world.imagine("a clay cat"), "Nothing was taken", within=3600)

        assert not card.pictures
        assert (proxy.counts["imagine"], proxy.paid) == (2, 1)
        assert len({job.task_id for job in await jobs_of(world) if job.task_id}) == 1


async def test_a_task_that_shows_no_progress_is_waited_for_and_delivered(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (world, proxy):
        proxy.fault(ProxyFault.ZERO_PERCENT)

        grid = await world.grid()

        assert len(grid.pictures) == 1
