"""Refused prompts as they are given back, seeds as they are known, and the defaults where no server decided anything.
Never here: windows, and servers' rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.costs import Cost
from bot.domain.intake.prompts import PROMPT_LIMIT, PromptOptions
from bot.domain.pools import UNLIMITED, USUAL_POOLS, Pool
from bot.domain.prices import Charge
from bot.services.admission.terms import DeploymentPolicy, Request
from bot.services.admission.viewer import Viewer
from bot.services.history.upstream_requests import known_seed
from bot.services.intake.drafts import as_typed, keeps_draft, with_its_pool
from bot.texts import text
from tests.services.harness import GUILD
from tests.services.server_harness import refusal
from tests.storage import making

if TYPE_CHECKING:
    from tests.services.harness import Harness


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        (PromptOptions(prompt=" a fox "), "a fox"),
        (
            PromptOptions(prompt="a fox", aspect="3:2", version="niji 6", stylize=200, raw=True),
            "a fox --ar 3:2 --niji 6 --stylize 200 --raw",
        ),
        (
            PromptOptions(prompt="a fox --chaso 3", version="7", no="dogs", seed=7, tile=True),
            "a fox --chaso 3 --v 7 --seed 7 --no dogs --tile",
        ),
        (PromptOptions(prompt="a fox --tile", raw=False, tile=False), "a fox --tile --no-raw --no-tile"),
        (PromptOptions(prompt='"a fox"'), '"a fox"'),
        (
            PromptOptions(prompt="a fox", aspect="--aspect wide", version="niji v6"),
            "a fox --ar wide --niji v6",
        ),
        (PromptOptions(prompt='"a fox"', version="v7", no="--no dogs"), "a fox --v7 --no dogs"),
    ],
)
def test_a_prompt_is_given_back_as_one_would_type_it_mistakes_and_all(
    options: PromptOptions, typed: str
) -> None:
    assert as_typed(options) == typed


def test_a_pool_is_written_behind_words_that_were_copied_and_not_behind_their_quotes() -> None:
    assert with_its_pool(text("refused.per_day"), PromptOptions(prompt='"a fox"'), Pool.FAST) == (
        PromptOptions(prompt="a fox --fast"),
        None,
    )


@pytest.mark.parametrize(
    ("why", "pool", "kept"),
    [
        ("refused.per_day", Pool.FAST, ("a fox --fast", None)),
        ("refused.pool_off", Pool.NORMAL, ("a fox --relax", None)),
        ("refused.words", Pool.FAST, ("a fox", Pool.FAST)),
        ("refused.per_day", None, ("a fox", None)),
        ("refused.per_day", Pool.DRAW, ("a fox", Pool.DRAW)),
    ],
)
def test_a_pool_that_another_may_mend_is_written_where_it_can_be_edited(
    why: str, pool: Pool | None, kept: tuple[str, Pool | None]
) -> None:
    options, left = with_its_pool(text(why), PromptOptions(prompt="a fox"), pool)

    assert (options.prompt, left) == kept


@pytest.mark.parametrize(
    ("options", "pool", "end"),
    [
        (PromptOptions(prompt="x" * PROMPT_LIMIT), Pool.FAST, "x --fast"),
        (PromptOptions(prompt="x" * 3_976, stylize=300, chaos=50), None, "x --stylize 300 --chaos 50"),
        (PromptOptions(prompt="x" * 3_985 + " --ar 16:9", chaos=50), None, "x --ar 16:9 --chaos 50"),
        (PromptOptions(prompt="--no " + "x" * 3_995, chaos=50), None, "x --chaos 50"),
    ],
)
async def test_words_that_fill_a_window_are_cut_before_what_was_chosen(
    world: Harness, options: PromptOptions, pool: Pool | None, end: str
) -> None:
    written, left = with_its_pool(text("refused.per_day"), options, pool)
    drafts = world.services.drafts
    key = await drafts.keep(written, user_id=1, guild_id=GUILD, pool=left, option_set=None)

    kept = (await drafts.open(Viewer(user_id=1, guild_id=GUILD, manages=False), key)).prompt

    assert (len(kept), kept.endswith(end)) == (PROMPT_LIMIT, True)


@pytest.mark.parametrize(
    ("why", "back"),
    [
        ("refused.words", True),
        ("refused.per_day", True),
        ("refused.blocked", False),
        ("draft.expired", False),
    ],
)
def test_words_are_given_back_to_whoever_can_still_do_something_with_them(why: str, *, back: bool) -> None:
    assert keeps_draft(text(why)) is back


async def test_the_age_of_suggestions_is_told_by_the_services_clock(world: Harness) -> None:
    assert world.services.jobs.now() == world.clock.now()


async def test_what_a_job_costs_is_nothing_known_where_nobody_states_prices(world: Harness) -> None:
    job = await world.imagine()

    assert await world.services.costs.of_job(job.key) == Cost(0, 0, 1)


def test_a_seed_is_the_one_that_was_told_or_asked_for_and_a_presss_is_only_told() -> None:
    root = making.job(prompt="a fox --seed 7")
    told = replace(root, server=replace(root.server, seed="9"))

    assert (known_seed(root), known_seed(told)) == ("7", "9")
    assert known_seed(making.job()) is None
    assert known_seed(making.child(root, prompt="a fox --seed 7")) is None


async def test_where_no_server_decided_anything_pools_alone_are_asked_for(world: Harness) -> None:
    policy = DeploymentPolicy({Pool.FAST: UNLIMITED}, Pool.NORMAL)
    request = Request(pool=Pool.FAST, charge=Charge.IMAGINE, prompt="anything")

    await policy.check_words(world.asker(), request)

    assert await policy.shown(None) == USUAL_POOLS
    assert await policy.default_pool(world.asker()) is Pool.FAST
    closed = policy.check_words(world.asker(), replace(request, pool=Pool.NORMAL))
    assert (await refusal(closed)).id == "refused.pool_off"
