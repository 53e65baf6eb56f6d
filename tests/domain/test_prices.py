"""Every kind of job has a price of its own, one unit unless the server says otherwise.
Never here: booking."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.jobs import JobKind, Press
from bot.domain.keys import JobKey
from bot.domain.pools import Pool
from bot.domain.prices import Charge, Price, charge_of, price_of
from bot.domain.tasks import RemoteAction, RemoteTaskId
from tests.domain.builders import a_job

UUID = "11111111-2222-4333-8444-555555555555"


def pressed(custom_id: str) -> Press:
    return Press(JobKey("0" * 12), 0, custom_id, "?", RemoteTaskId("1"), 1, 2)


@pytest.mark.parametrize(
    ("kind", "charge"),
    [
        (JobKind.IMAGINE, Charge.IMAGINE),
        (JobKind.BLEND, Charge.BLEND),
        (JobKind.DESCRIBE, Charge.DESCRIBE),
    ],
)
def test_a_command_is_charged_by_its_kind(kind: JobKind, charge: Charge) -> None:
    assert charge_of(a_job(kind=kind)) is charge


@pytest.mark.parametrize(
    ("custom_id", "charge"),
    [
        (f"MJ::JOB::upsample::1::{UUID}", Charge.UPSCALE),
        (f"MJ::JOB::upsample_v7_2x_subtle::1::{UUID}::SOLO", Charge.UPSCALE_HD),
        (f"MJ::JOB::variation::2::{UUID}", Charge.VARIATION),
        (f"MJ::JOB::high_variation::1::{UUID}::SOLO", Charge.VARIATION),
        (f"MJ::JOB::low_variation::1::{UUID}::SOLO", Charge.VARIATION),
        (f"MJ::JOB::reroll::0::{UUID}::SOLO", Charge.REROLL),
        (f"MJ::Outpaint::50::1::{UUID}::SOLO", Charge.ZOOM),
        (f"MJ::Outpaint::100::1::{UUID}::SOLO", Charge.ZOOM),
        (f"MJ::JOB::pan_left::1::{UUID}::SOLO", Charge.PAN),
        (f"MJ::Inpaint::1::{UUID}::SOLO", Charge.VARY_REGION),
        ("MJ::Picread::Retry", Charge.DESCRIBE),
        (f"MJ::JOB::animate_high::1::{UUID}::SOLO", Charge.VIDEO),
        (f"MJ::JOB::video_virtual_upscale::1::{UUID}", Charge.VIDEO),
        ("MJ::NEW::thing", Charge.IMAGINE),
    ],
)
def test_a_press_is_charged_by_its_family(custom_id: str, charge: Charge) -> None:
    assert (
        charge_of(replace(a_job(), kind=JobKind.ACTION, press=pressed(custom_id)), parent=a_job()) is charge
    )


def test_rerolling_a_grid_of_clips_is_charged_as_clips() -> None:
    clips = a_job(actions=(RemoteAction(f"MJ::JOB::video_virtual_upscale::1::{UUID}", "U1", ""),))
    reroll = a_job(kind=JobKind.ACTION, press=pressed(f"MJ::JOB::reroll::0::{UUID}::SOLO"))
    zoom = a_job(kind=JobKind.ACTION, press=pressed(f"MJ::Outpaint::50::1::{UUID}::SOLO"))

    assert charge_of(reroll, parent=clips) is Charge.VIDEO
    assert charge_of(zoom, parent=clips) is Charge.ZOOM


def test_the_price_is_the_servers_for_that_pool_or_one() -> None:
    prices = [Price(Pool.FAST, Charge.UPSCALE, 0), Price(Pool.FAST, Charge.IMAGINE, 4)]

    assert price_of(prices, Pool.FAST, Charge.IMAGINE) == 4
    assert price_of(prices, Pool.FAST, Charge.UPSCALE) == 0
    assert price_of(prices, Pool.NORMAL, Charge.IMAGINE) == 1
