"""Moderators change what is said of prompts and pictures put in: kept, audited, taken back, and refused where it cannot be.
Never here: what it means for a job (test_prompt_policy.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.guilds import Pause
from bot.domain.servers.image_rules import SIZE_LIMIT, ImageKind, ImagePolicy
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
from bot.services.servers.prompt_settings import HOSTS_LIMIT, PLACES_LIMIT
from tests.services.harness import CHANNEL, GUILD
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from bot.domain.servers.guilds import GuildSettings
    from bot.services.servers.prompt_settings import PromptSettings
    from tests.services.server_harness import Server


@pytest.fixture
def prompt_settings(server: Server) -> PromptSettings:
    return server.world.services.prompt_settings


async def now(server: Server) -> GuildSettings:
    return await server.guilds.settings(GUILD)


async def test_additions_of_a_place_are_set_one_by_one_and_gone_when_both_are(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.set_defaults(GUILD, ADA, CHANNEL, "--ar 3:2")
    await prompt_settings.set_suffix(GUILD, ADA, CHANNEL, "in ink")
    await prompt_settings.set_suffix(GUILD, ADA, GUILD, "in oil")
    assert (await now(server)).additions == (
        PromptAddition(GUILD, "", "in oil"),
        PromptAddition(CHANNEL, "--ar 3:2", "in ink"),
    )

    await prompt_settings.set_defaults(GUILD, ADA, CHANNEL, "")
    await prompt_settings.set_suffix(GUILD, ADA, CHANNEL, " ")

    assert (await now(server)).additions == (PromptAddition(GUILD, "", "in oil"),)


async def test_a_parameter_is_limited_denied_excepted_and_freed(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.limit_parameter(GUILD, ADA, GUILD, "--chaos", most=50)
    await prompt_settings.limit_parameter(GUILD, ADA, GUILD, "c", allowed=False)
    await prompt_settings.limit_parameter(GUILD, ADA, CHANNEL, "chaos")
    assert (await now(server)).limits == (
        ParameterLimit(GUILD, "chaos", allowed=False),
        ParameterLimit(CHANNEL, "chaos"),
    )

    await prompt_settings.free_parameter(GUILD, ADA, GUILD, "chaos")

    assert (await now(server)).limits == (ParameterLimit(CHANNEL, "chaos"),)
    assert (
        await refusal(prompt_settings.free_parameter(GUILD, ADA, GUILD, "chaos"))
    ).id == "settings.no_such_limit"
    wrong = prompt_settings.limit_parameter(GUILD, ADA, GUILD, "chaos", most=500)
    assert (await refusal(wrong)).id == "prompt.bad_value"


async def test_a_kind_is_denied_and_excepted_and_allowing_it_everywhere_leaves_no_rule(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.VIDEO, allowed=False)
    await prompt_settings.set_kind(GUILD, ADA, CHANNEL, Charge.VIDEO, allowed=True)
    assert (await now(server)).kinds == (
        KindRule(GUILD, Charge.VIDEO, allowed=False),
        KindRule(CHANNEL, Charge.VIDEO, allowed=True),
    )

    await prompt_settings.set_kind(GUILD, ADA, GUILD, Charge.VIDEO, allowed=True)

    assert (await now(server)).kinds == (KindRule(CHANNEL, Charge.VIDEO, allowed=True),)


async def test_what_may_be_put_in_is_changed_part_by_part(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.guilds.set_values(GUILD, ADA, "images", {"on": False, "most_mb": 5})
    await prompt_settings.guilds.set_values(
        GUILD,
        ADA,
        "images",
        {"kinds": (ImageKind.WEBP, ImageKind.PNG), "age_restricted": True, "links": False},
    )
    kinds = (ImageKind.PNG, ImageKind.WEBP)
    assert (await now(server)).images == ImagePolicy(False, 5, kinds, (), True, False)  # noqa: FBT003 - as they stand

    await prompt_settings.guilds.set_values(
        GUILD, ADA, "images", {"on": True, "most_mb": None, "kinds": tuple(ImageKind)}
    )

    assert (await now(server)).images == ImagePolicy(age_restricted=True, links=False)
    too_much = prompt_settings.guilds.set_values(GUILD, ADA, "images", {"most_mb": SIZE_LIMIT + 1})
    assert (await refusal(too_much)).id == "settings.number"


async def test_channels_and_hosts_are_named_and_taken_from_their_lists(
    server: Server, prompt_settings: PromptSettings
) -> None:
    await prompt_settings.set_image_channel(GUILD, ADA, CHANNEL, on=True)
    await prompt_settings.set_host(GUILD, ADA, "mj.run", allowed=True)
    await prompt_settings.set_host(GUILD, ADA, "https://evil.org/x", allowed=False)
    images = (await now(server)).images
    assert (images.channels, images.hosts_allowed, images.hosts_denied) == (
        (CHANNEL,),
        ("mj.run",),
        ("evil.org",),
    )

    await prompt_settings.set_image_channel(GUILD, ADA, CHANNEL, on=False)
    for host in ("mj.run", "evil.org"):
        await prompt_settings.set_host(GUILD, ADA, host, allowed=None)

    assert (await now(server)).images == ImagePolicy()
    await server.listen()
    assert server.heard.said == ["log.settings"] * 6


async def test_lists_have_an_end(prompt_settings: PromptSettings) -> None:
    for number in range(PLACES_LIMIT):
        await prompt_settings.set_kind(GUILD, ADA, number + 1, Charge.PAN, allowed=False)
    for number in range(HOSTS_LIMIT):
        await prompt_settings.set_host(GUILD, ADA, f"h{number}.org", allowed=False)

    one_more = prompt_settings.set_kind(GUILD, ADA, PLACES_LIMIT + 1, Charge.PAN, allowed=False)
    assert (await refusal(one_more)).id == "settings.too_many"
    assert (
        await refusal(prompt_settings.set_host(GUILD, ADA, "x.org", allowed=True))
    ).id == "settings.too_many"


async def test_a_pause_is_of_a_pool_or_of_everything_and_ends(server: Server) -> None:
    await server.guilds.pause(GUILD, ADA, Pool.FAST, "  new  key ")
    await server.guilds.pause(GUILD, ADA, None, "")
    assert (await now(server)).pauses == (Pause(None, ""), Pause(Pool.FAST, "new key"))
    assert (await now(server)).pause_of(Pool.NORMAL) == Pause(None, "")

    await server.guilds.pause(GUILD, ADA, Pool.FAST, "again")
    await server.guilds.pause(GUILD, ADA, Pool.NORMAL, "x")
    await server.guilds.resume(GUILD, ADA, Pool.NORMAL)
    assert (await now(server)).pauses == (Pause(None, ""), Pause(Pool.FAST, "again"))

    await server.guilds.resume(GUILD, ADA, None)
    assert (await now(server)).pauses == ()
    assert (await now(server)).pause_of(Pool.FAST) is None
