"""What moderators see, and a member who is refused, as a browser paints it, kept as pictures for people to judge.
Never here: what it says (tests/cogs/test_moderation*.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")


from bot.domain.jobs import JobState
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.servers.access import HOUR_MS
from bot.domain.servers.guilds import Actor
from bot.domain.servers.moderation import Match, WordAction, WordRule
from tests.cogs.modlog_harness import BOSS, room
from tests.services.server_harness import set_rule

if TYPE_CHECKING:
    from pathlib import Path

    from simcord.results import InteractionResult

    from tests.browser.camera import Camera
    from tests.cogs.modlog_harness import Room

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(240),
]
PROMPTS = ("a heron in the reeds --ar 3:2", "an ugly *fox* [here](http://x.y) --chaos 20", "a paper boat")
WORDS = (
    WordRule(Match.WORD, "gore*", WordAction.STRIKE),
    WordRule(Match.PHRASE, "red paint", WordAction.WARN),
    WordRule(Match.REGEX, "bl[o0]+d", WordAction.BLOCK),
    WordRule(Match.PHRASE, "blood orange", WordAction.ALLOW),
)


async def a_busy_server(here: Room) -> None:
    """Rules, blocks, jobs and a history."""
    guilds, prompt_settings, server = here.services.guilds, here.services.prompt_settings, here.guild_id
    for rule in WORDS:
        await guilds.add_word(server, BOSS, rule)
    await set_rule(
        guilds,
        server,
        BOSS,
        Pool.NORMAL,
        server,
        per_day=20,
        running=2,
        waiting=5,
        per_month=100,
        cooldown=15,
    )
    await guilds.pause(server, BOSS, Pool.FAST, "a new key comes at noon")
    await prompt_settings.set_defaults(server, BOSS, here.house.channel.id, "--ar 3:2 --stylize 200")
    await prompt_settings.set_suffix(server, BOSS, server, "in watercolor")
    await prompt_settings.limit_parameter(server, BOSS, server, "chaos", most=50)
    await prompt_settings.limit_parameter(server, BOSS, server, "tile", allowed=False)
    await prompt_settings.set_kind(server, BOSS, server, Charge.VIDEO, allowed=False)
    await guilds.set_values(server, BOSS, "gate", {"server_hours": 48, "account_hours": 168})
    await guilds.set_log_channel(server, BOSS, here.log.id)
    await prompt_settings.guilds.set_values(server, BOSS, "images", {"most_mb": 5})
    await prompt_settings.set_image_channel(server, BOSS, here.house.channel.id, on=True)
    await prompt_settings.set_host(server, BOSS, "cdn.discordapp.com", allowed=True)
    until = here.house.clock.now() + 5 * HOUR_MS
    for n in range(9):
        boss = Actor(here.mo.id, "mo")
        reason = "posted gore again, after two warnings" if n % 2 else ""
        await here.services.moderation.block(
            server, boss, here.house.bob.id + n, until=until if n else None, reason=reason
        )
    for units, pool in ((25, Pool.NORMAL), (40, Pool.FAST)):
        await here.services.allowances.grant(
            server, BOSS, here.house.ada.id, pool, units=units, reason="", expires_at=None
        )
    for prompt in PROMPTS:
        await here.job(JobState.SUCCEEDED, prompt=prompt)
    await here.job(JobState.RUNNING, prompt="a lighthouse at night", progress=40)
    for n in range(3):
        await here.job(prompt=f"fox number {n}")


async def test_what_moderators_see_is_painted(camera: Camera, tmp_path: Path) -> None:
    async with room(tmp_path) as here:
        await a_busy_server(here)
        mo, ada, channel = here.mo, here.house.ada, here.house.channel
        finished = (await here.storage.archive.finished(ada.id, here.guild_id, limit=1))[0].key
        refused = await ada.slash(channel, "imagine", prompt="a fox --chaos 80")
        shown: dict[str, InteractionResult] = {
            name: await mo.slash(channel, f"mod {command}", **options)
            for name, command, options in (
                ("words", "words list", {}),
                ("dry-run", "words test", {"prompt": "red-paint, bl00d and a blood orange"}),
                ("blocks", "blocks", {}),
                ("member", "member", {"member": ada}),
                ("jobs", "jobs", {}),
                ("job", "job", {"job": finished}),
                ("prompts", "prompts list", {}),
                ("images", "images show", {}),
                ("audit", "audit", {}),
                ("panel", "panel", {}),
                ("welcome", "setup", {}),
                ("gate", "gate", {}),
            )
        }
        asked = await mo.slash(channel, "mod job", job=finished)
        assert asked.response is not None
        await mo.click(asked.response, label="Remove result…")
        shown["remove-sure"] = asked
        taking = await mo.slash(channel, "mod member", member=ada)
        assert taking.response is not None
        await mo.click(taking.response, label="Take back extra units in ⚡ FAST: 40")
        shown["take-back-sure"] = taking
        undo = await mo.slash(channel, "mod audit")
        assert undo.response is not None
        await mo.click(undo.response, label="Undo last change…")
        shown["undo-sure"] = undo
        answers = {f"mod-{name}": one.response or one.followups[0] for name, one in shown.items()}
        pictures = {name: answer.id for name, answer in answers.items()}
        await camera.take(here.house.env, channel, mo, pictures)
        told = refused.response or refused.followups[0]
        await camera.take(here.house.env, channel, ada, {"mod-refusal": told.id})
