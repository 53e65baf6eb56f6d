"""What moderators decided about prompts and pictures put in, as lists with pages and as sentences.
Never here: changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.intake.batches import DEFAULT_JOBS
from bot.domain.servers.prompt_rules import name_of, words_added
from bot.texts import Localize, Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.custom_ids import NUMBER
from bot.ui.kit.escape import plain
from bot.ui.kit.gone import channel_named
from bot.ui.kit.moderators import mod_button
from bot.ui.moderation.pages import few, lines_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.servers.image_rules import ImagePolicy
    from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
    from bot.ui.kit.context import Context


PAGE: Final = 15
SHOWN: Final = 150
"""Characters of what is added."""
LISTED: Final = 40
"""Channels or hosts of each list that are shown,"""
ROOM: Final = 1_000
"""and their characters: three lists together stay within a message's 4,000."""


def place_name(target_id: int, guild_id: int) -> Text:
    """A place as Discord shows it, or everywhere."""
    if target_id == guild_id:
        return text("place.everywhere")
    return channel_named(target_id)


async def show_prompt_rules(context: Context, page: int) -> None:
    """Put a page of all that is said of prompts into the answer."""
    settings = await context.services.guilds.settings(context.guild_id)
    localize = context.localize
    lines = [localize(line) for line in (*prompt_rules(settings), *_batch(settings))]
    title = localize(text("mod.prompts", n=len(lines)) if lines else text("mod.prompts_none"))
    view = lines_view(title, lines, page, word="prompts", size=PAGE, localize=localize)
    await context.show(view)


@mod_button("prompts", NUMBER)
async def show_prompt_rules_page(context: Context, page: int) -> None:
    """Turn the page."""
    await context.defer_update()
    await show_prompt_rules(context, page)


def prompt_rules(settings: GuildSettings) -> Iterable[Text]:
    """Everything in lines: additions, limits, kinds of job."""
    here = settings.guild_id
    for addition in settings.additions:
        yield from addition_words(addition, here)
    for limit in settings.limits:
        yield limit_words(limit, here)
    for kind in settings.kinds:
        yield kind_words(kind, here)


def _batch(settings: GuildSettings) -> Iterable[Text]:
    """How many pictures a prompt may ask for, where that was decided; on the panel it has its own line."""
    if settings.batch != DEFAULT_JOBS:
        yield text("mod.prompt_batch", n=settings.batch)


def addition_words(addition: PromptAddition, guild_id: int) -> Iterable[Text]:
    """What is added in a place, in one sentence for each sort."""
    place = place_name(addition.target_id, guild_id)
    if addition.defaults:
        yield text("mod.prompt_defaults", place=place, added=_code(addition.defaults))
    if words := words_added(addition.suffix):
        yield text("mod.prompt_suffix", place=place, added=_code(words))


def _code(words: str) -> str:
    """As it is added, to the letter."""
    return f"`{plain(words, SHOWN).replace('`', 'ˋ')}`"  # noqa: RUF001 - the letter that looks like what would end it


def limit_words(limit: ParameterLimit, guild_id: int) -> Text:
    """What is allowed of a parameter."""
    place, name = place_name(limit.target_id, guild_id), name_of(limit.key)
    if not limit.allowed:
        return text("mod.prompt_denied", place=place, name=name)
    if limit.most is None:
        return text("mod.prompt_excepted", place=place, name=name)
    return text("mod.prompt_most", place=place, name=name, most=f"{limit.most:g}")


def kind_words(rule: KindRule, guild_id: int) -> Text:
    """Whether a kind of job may be begun."""
    said = "mod.kind_on" if rule.allowed else "mod.kind_off"
    kind = text(f"pool.charge.{rule.charge.value}")
    return text(said, place=place_name(rule.target_id, guild_id), kind=kind)


def images_view(policy: ImagePolicy, localize: Localize) -> discord.ui.LayoutView:
    """Draw what may be put in."""
    box: discord.ui.Container[Any] = discord.ui.Container()
    box.add_item(discord.ui.TextDisplay("\n".join(image_lines(policy, localize))))
    return StatelessView(box)


def image_lines(policy: ImagePolicy, localize: Localize, *, room: int = ROOM) -> Iterable[str]:
    """What may be put in, under its headline; each list within so many characters."""
    yield localize(text("mod.images"))
    if not policy.on:
        yield localize(text("mod.images_off"))
        return
    kinds = ", ".join(kind.name for kind in policy.kinds) or text("mod.images_any_kind")
    size = text("mod.images_any_size") if policy.most_mb is None else text("mod.images_mb", n=policy.most_mb)
    yield localize(text("mod.images_taken", kinds=kinds, size=size))
    if policy.age_restricted:
        yield localize(text("mod.images_age_restricted"))
    if policy.channels:
        places = few(
            [localize(channel_named(channel)) for channel in policy.channels], LISTED, localize, room=room
        )
        yield localize(text("mod.images_channels", channels=" ".join(places)))
    if not policy.links:
        yield localize(text("mod.links_off"))
        return
    for name, hosts in (("allowed", policy.hosts_allowed), ("denied", policy.hosts_denied)):
        if hosts:
            listed = few([f"`{host}`" for host in hosts], LISTED, localize, room=room)
            yield localize(text(f"mod.hosts_{name}", hosts=" ".join(listed)))
    if not policy.hosts_allowed and not policy.hosts_denied:
        yield localize(text("mod.hosts_any"))
