"""Pauses, additions, limits, kinds, images, addresses and paces, as members meet them.
Never here: how they are changed (test_prompt_settings), and each rule by itself (tests/domain)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.days import month_of
from bot.domain.inputs import Input, InputRole
from bot.domain.keys import JobKey
from bot.domain.pools import Allowance, Pool
from bot.domain.prices import Charge
from bot.domain.servers.image_rules import ImageFacts, ImageKind
from bot.domain.servers.moderation import Match, WordRule
from bot.services.admission.terms import Request
from bot.texts import text
from tests.services.harness import CHANNEL, GUILD
from tests.services.server_harness import ADA, SENTENCES, refusal, set_rule

if TYPE_CHECKING:
    from bot.services.servers.prompt_settings import PromptSettings
    from tests.services.harness import Harness
    from tests.services.server_harness import Server

DAY = 86_400_000


@pytest.fixture
def prompt_settings(server: Server) -> PromptSettings:
    return server.world.services.prompt_settings


# -- pauses ----------------------------------------------------------------------------------------------


async def test_a_pause_refuses_with_the_moderators_words(server: Server) -> None:
    await server.guilds.pause(GUILD, ADA, Pool.FAST, "a new key comes at noon")

    why = await refusal(server.imagine(pool=Pool.FAST))
    assert why == text("refused.paused_pool", pool="FAST", words="a new key comes at noon")
    await server.imagine(pool=Pool.NORMAL)
    await server.guilds.pause(GUILD, ADA, None, "")
    assert await refusal(server.imagine()) == text("refused.paused", words=text("pause.no_words"))
    (normal, _fast) = await server.allowances.quota_of(server.asker())
    assert normal.why == text("refused.paused", words=text("pause.no_words"))
    await server.guilds.resume(GUILD, ADA, None)
    await server.imagine(pool=Pool.FAST)


# -- prompts ---------------------------------------------------------------------------------------------


async def test_what_the_server_adds_is_sent_checked_and_noted(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.set_defaults(GUILD, ADA, GUILD, "--ar 3:2")
    await prompt_settings.set_suffix(GUILD, ADA, CHANNEL, "in ink")

    job = await server.imagine("a fox --tile")

    assert (job.prompt, job.notes) == ("a fox, in ink --tile --ar 3:2", ("note.server_added",))
    elsewhere = server.elsewhere(server.asker(), channel_id=4)
    assert (await server.imagine(asker=elsewhere)).prompt == "a paper fox --ar 3:2"
    await server.guilds.add_word(GUILD, ADA, WordRule(Match.WORD, "ink"))
    assert (await refusal(server.imagine())).id == "refused.words"


async def test_a_remix_of_what_was_added_adds_nothing_again(world: Harness) -> None:
    await world.services.prompt_settings.set_suffix(GUILD, ADA, GUILD, "in ink")
    grid = await world.finished_grid()

    begun = await world.services.imagine.remix(world.asker(), grid, grid.prompt)

    assert grid.prompt.count("in ink") == 1
    assert begun.job.prompt == grid.prompt


async def test_parameters_are_refused_with_what_would_be_accepted(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.limit_parameter(GUILD, ADA, GUILD, "chaos", most=50)
    await prompt_settings.limit_parameter(GUILD, ADA, GUILD, "tile", allowed=False)
    await prompt_settings.limit_parameter(GUILD, ADA, CHANNEL, "weird", allowed=False)

    said = await refusal(server.imagine("a fox --c 80"))
    assert said == text("refused.parameter_most", name="c", most="50", value="80")
    assert await refusal(server.imagine("a fox --tile")) == text("refused.parameter", name="tile")
    assert await refusal(server.imagine("a fox --weird 5")) == text("refused.parameter", name="weird")
    assert await server.world.all_jobs() == []
    elsewhere = server.elsewhere(server.asker(), channel_id=4)
    await server.imagine("a fox --weird 5 --c 50", asker=elsewhere)


async def test_a_kind_that_is_off_is_refused_under_a_picture_too(world: Harness) -> None:
    prompt_settings = world.services.prompt_settings
    grid = await world.finished_grid()
    await prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.REROLL, allowed=False)

    why = await refusal(world.press(grid, 4))
    assert (why.id, why.args["kind"]) == ("refused.kind_other", text("pool.charge.reroll"))
    offered = SENTENCES.render(why, "en")
    assert "Describe" in offered
    assert not any(
        SENTENCES.render(text(f"pool.charge.{c}"), "en") in offered for c in ("video", "draw", "shorten")
    )
    await world.press(grid, 0)
    for charge in Charge:
        await prompt_settings.set_kind(GUILD, ADA, GUILD, charge, allowed=False)
    assert await refusal(world.imagine()) == text("refused.kind", kind=text("pool.charge.imagine"))


# -- pictures and addresses ------------------------------------------------------------------------------


async def test_addresses_in_prompts_and_pictures_put_in_are_judged(
    server: Server, prompt_settings: PromptSettings
) -> None:
    linked = "https://evil.org/a.png a fox"
    await server.imagine(linked)
    await prompt_settings.set_host(GUILD, ADA, "evil.org", allowed=False)
    assert await refusal(server.imagine(linked)) == text("refused.link_host", host="evil.org")

    await prompt_settings.guilds.set_values(GUILD, ADA, "images", {"most_mb": 1})
    picture = ImageFacts("cat.png", "image/png", 5 * 1024 * 1024)
    request = Request(pool=Pool.NORMAL, charge=Charge.BLEND, images=[picture])
    policy = server.world.services.policy
    why = await refusal(policy.admit(server.asker(), request))
    assert why == text("refused.image_size", name="cat.png", has=5.0, limit=1)
    assert {"refused.link_host", "refused.image_size"} <= set(await server.listen())


@pytest.mark.parametrize("values", [{"links": False}, {"on": False}])
async def test_a_picture_that_the_server_adds_to_prompts_is_none_that_a_member_puts_in(
    server: Server, prompt_settings: PromptSettings, values: dict[str, bool]
) -> None:
    added = "--sref https://example.com/style.png"
    await prompt_settings.set_defaults(GUILD, ADA, GUILD, added)
    await prompt_settings.guilds.set_values(GUILD, ADA, "images", values)
    job = await server.imagine("a fox --ar 3:2")

    again = await server.world.services.imagine.remix(server.asker(), job, job.prompt)

    assert again.job.prompt == job.prompt == f"a fox --ar 3:2 {added}"
    for other in (f"{added} https://evil.org/b.png", f"--oref {added[7:]}", f"{added[7:]} {added}"):
        assert (await refusal(server.imagine(f"a fox {other}"))).id in {
            "refused.links_off",
            "refused.images_off",
        }


async def test_pictures_that_go_along_with_a_job_are_judged_on_the_way_in_and_masks_are_not(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.guilds.set_values(GUILD, ADA, "images", {"kinds": (ImageKind.PNG,)})
    made = await server.imagine()
    job = replace(made, key=JobKey("0" * 12), interaction_id=1, webhook_token="other")
    services = server.world.services
    request = Request(pool=Pool.NORMAL, charge=Charge.IMAGINE)
    gif = Input(b"gif", "image/gif", "cat.gif")

    attempt = services.intake.enqueue(server.asker(), job, request, [gif])
    assert await refusal(attempt) == text("refused.image_kind", name="cat.gif", kinds="PNG")
    mask = replace(gif, role=InputRole.MASK)
    taken = await services.intake.enqueue(server.asker(), job, request, [mask])
    assert taken.job.key == job.key


# -- paces -----------------------------------------------------------------------------------------------


async def test_a_rule_may_ask_for_rest_between_two_jobs_and_limit_the_month(server: Server) -> None:
    await set_rule(
        server.guilds,
        GUILD,
        ADA,
        Pool.NORMAL,
        GUILD,
        per_day=None,
        running=None,
        waiting=None,
        per_month=2,
        cooldown=60,
    )
    first = await server.imagine()

    why = await refusal(server.imagine())
    assert (why.id, why.args["next"]) == ("refused.cooldown", first.created_at // 1_000 + 60)
    server.world.clock.move_to(first.created_at + 60_000)
    await server.imagine()
    await server.imagine(asker=server.asker(2))
    server.world.clock.move_to(server.world.clock.now() + 60_000)
    assert (await refusal(server.imagine())).id == "refused.per_month"
    (normal, _fast) = await server.allowances.quota_of(server.asker())
    assert (normal.left, normal.left_this_month) == (None, 0)
    assert normal.month_renews_at == month_of(server.world.clock.now()).end
    server.world.clock.move_to(normal.month_renews_at)
    await server.imagine()


async def test_a_member_hears_once_a_day_that_little_is_left(server: Server) -> None:
    server.world.rules[Pool.NORMAL] = Allowance(12, None, None)
    notes = [(await server.imagine()).notes for _ in range(11)]

    assert notes == [(), *[()] * 9, ("note.nearly_used_NORMAL",)]
    assert (await server.imagine()).notes == ()
    server.world.clock.move_to(server.world.clock.now() + DAY)
    assert [(await server.imagine()).notes for _ in range(11)][-1] == ("note.nearly_used_NORMAL",)


async def test_whoever_has_units_granted_or_no_limit_hears_nothing(server: Server) -> None:
    server.world.rules[Pool.NORMAL] = Allowance(1, None, None)
    await server.allowances.grant(GUILD, ADA, 1, Pool.NORMAL, units=5, reason="", expires_at=None)

    assert (await server.imagine()).notes == ()
    assert (await server.imagine(pool=Pool.FAST)).notes == ()
    assert (await server.imagine(asker=server.asker(2))).notes == ("note.nearly_used_NORMAL",)
    assert (await refusal(server.imagine(asker=server.asker(2)))).id == "refused.per_day"
