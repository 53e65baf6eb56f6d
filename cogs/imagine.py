"""`/imagine`: its options, checked by Discord as far as Discord can, and a handler that answers first and hands over.
Never here: prompts' rules (domain), policy and rows (services), cards (ui)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.inputs import InputRole
from bot.domain.intake.prompts import ASPECTS, PROMPT_LIMIT, VERSIONS, PromptOptions
from bot.domain.people import NAME_LIMIT, NOBODYS, version_named
from bot.ui.imagine.attachments import assigned, attached_to
from bot.ui.imagine.batches import show_offer
from bot.ui.imagine.drafts import check_early, offered_back
from bot.ui.imagine.improve import show_improved
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.deadline import within_deadline
from bot.ui.kit.escape import plain
from bot.ui.pools.options import CHOICES, read_pool, suggest

if TYPE_CHECKING:
    from bot.client import Easel

QUALITIES = [app_commands.Choice(name=quality, value=quality) for quality in ("0.25", "0.5", "1", "2", "4")]
ROLES = [
    app_commands.Choice(name=localized(f"choice.role.{name}"), value=role.value)
    for name, role in (
        ("prompt", InputRole.IMAGE),
        ("style", InputRole.STYLE),
        ("character", InputRole.CHARACTER),
        ("omni", InputRole.OMNI),
    )
]
SUGGESTIONS = 25
SUGGESTION_LIMIT = 100
"""Discord's limits of suggestions and of one of them (peers F31)."""
SEED = re.compile("[0-9]{1,10}")
LARGEST_SEED = 4_294_967_295


class ImagineCog(commands.Cog):
    """Begins pictures."""

    @app_commands.command(name="imagine", description=localized("command.imagine"))
    @app_commands.guild_only()
    @app_commands.describe(
        prompt=localized("command.imagine.prompt"),
        pool=localized("command.imagine.pool"),
        aspect=localized("command.imagine.aspect"),
        version=localized("command.imagine.version"),
        stylize=localized("command.imagine.stylize"),
        chaos=localized("command.imagine.chaos"),
        weird=localized("command.imagine.weird"),
        quality=localized("command.imagine.quality"),
        seed=localized("command.imagine.seed"),
        no=localized("command.imagine.no"),
        raw=localized("command.imagine.raw"),
        tile=localized("command.imagine.tile"),
        option_set=localized("command.imagine.set"),
        image1=localized("command.imagine.image"),
        image2=localized("command.imagine.image"),
        image3=localized("command.imagine.image"),
        role1=localized("command.imagine.role"),
        role2=localized("command.imagine.role"),
        role3=localized("command.imagine.role"),
        weight=localized("command.imagine.weight"),
        improve=localized("command.imagine.improve"),
    )
    @app_commands.rename(option_set="set")
    @app_commands.choices(pool=CHOICES, quality=QUALITIES, role1=ROLES, role2=ROLES, role3=ROLES)
    @app_commands.autocomplete(pool=suggest)
    async def imagine(
        self,
        interaction: discord.Interaction[Easel],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        pool: str | None = None,
        aspect: app_commands.Range[str, 1, 20] | None = None,
        version: app_commands.Range[str, 1, 12] | None = None,
        stylize: app_commands.Range[int, 0, 1000] | None = None,
        chaos: app_commands.Range[int, 0, 100] | None = None,
        weird: app_commands.Range[int, 0, 3000] | None = None,
        quality: str | None = None,
        seed: app_commands.Range[int, 0, LARGEST_SEED] | None = None,
        no: app_commands.Range[str, 1, 500] | None = None,
        raw: bool | None = None,  # noqa: FBT001 - Discord passes options by name
        tile: bool | None = None,  # noqa: FBT001 - as above
        option_set: app_commands.Range[str, 1, NAME_LIMIT] | None = None,
        image1: discord.Attachment | None = None,
        image2: discord.Attachment | None = None,
        image3: discord.Attachment | None = None,
        role1: str | None = None,
        role2: str | None = None,
        role3: str | None = None,
        weight: app_commands.Range[float, 0, 3] | None = None,
        improve: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> None:
        """Give a bad prompt back at once; else answer “thinking…” and let the services begin.

        A worker then puts the card in its place. What is raised here, the tree turns into an answer.
        """
        context = Context(interaction)
        pictures = assigned(((image1, role1), (image2, role2), (image3, role3)))
        options = PromptOptions(
            prompt=prompt,
            aspect=aspect,
            version=version,
            stylize=stylize,
            chaos=chaos,
            weird=weird,
            quality=quality,
            seed=seed,
            no=no,
            raw=raw,
            tile=tile,
            weight=weight,
            pictures=len(pictures),
        )
        chosen = await read_pool(context, pool) if pool is not None else None
        async with offered_back(context, options, chosen, option_set):
            given = attached_to(pictures)
            several = await check_early(context, options)
            asked = several or improve
            asker = await (context.defer_ephemeral if asked else context.defer_public)()
            services = context.services
            if improve:
                better = await services.improving.typed(asker, options, chosen, option_set)
                await show_improved(context, better, pictures=len(pictures))
                return
            if several:
                await show_offer(context, await services.batches.offer(asker, options, chosen, option_set))
                return
            liked = await services.people.preferences(asker.user_id)
            options = replace(options, under=liked.under(option_set), sets=liked.named())
            await services.imagine.begin(asker, options, chosen, preferred=liked.pool, given=given)

    @imagine.autocomplete("aspect")
    async def suggest_aspect(
        self, _interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The usual ratios that begin like what was typed, and what was typed itself."""
        return [app_commands.Choice(name=ratio, value=ratio) for ratio in ratios_like(typed)]

    @imagine.autocomplete("version")
    async def suggest_version(
        self, _interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The known models, and what was typed itself as far as it is one: a newer one may be."""
        begun = " ".join(typed.lower().split())[:12]
        named = version_named(begun)
        known = [version for version in VERSIONS if begun in version and version != named]
        own = [] if named is None else [named]
        return [app_commands.Choice(name=version, value=version) for version in own + known]

    @imagine.autocomplete("seed")
    async def suggest_seed(
        self, interaction: discord.Interaction[Easel], typed: int | str
    ) -> list[app_commands.Choice[int]]:
        """The seeds of the member's latest pictures, and what was typed itself."""
        context = Context(interaction)
        jobs = context.services.jobs
        begun = str(typed)
        found = await within_deadline(jobs.seeds(context.viewer), ())
        own = int(begun) if SEED.fullmatch(begun) and int(begun) <= LARGEST_SEED else None
        suggested = [] if own is None else [app_commands.Choice(name=begun, value=own)]
        suggested += [
            app_commands.Choice(name=plain(f"{seed} · {prompt}", SUGGESTION_LIMIT), value=seed)
            for seed, prompt in found
            if seed != own and str(seed).startswith(begun)
        ]
        return suggested[:SUGGESTIONS]

    @imagine.autocomplete("option_set")
    async def suggest_set(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """The member's own option sets."""
        return await own_sets(Context(interaction), typed)


async def own_sets(context: Context, typed: str) -> list[app_commands.Choice[str]]:
    """The names of a member's option sets that contain what was typed, with their options."""
    people = context.services.people
    liked = await within_deadline(people.preferences(context.user_id), NOBODYS)
    begun = typed.strip().casefold()
    return [
        app_commands.Choice(name=plain(f"{one.name} · {one.options}", SUGGESTION_LIMIT), value=one.name)
        for one in liked.sets
        if begun in one.name.casefold()
    ]


def ratios_like(typed: str) -> list[str]:
    """What to suggest for a beginning; nothing that was typed is kept back, Discord only suggests."""
    begun = "".join(typed.split())[:20]
    known = [ratio for ratio in ASPECTS if ratio.startswith(begun)]
    own = [begun] if begun and begun not in known else []
    return (own + known)[:SUGGESTIONS]


async def setup(bot: commands.Bot) -> None:
    """Discord.py's entry into an extension."""
    await bot.add_cog(ImagineCog())
