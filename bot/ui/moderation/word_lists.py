"""Moderators' lists as they are shown: rules about words with pages, a trial of a prompt, channels.
Never here: changing them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.servers.moderation import unreadable, without_signs
from bot.texts import Localize, Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.custom_ids import NUMBER
from bot.ui.kit.escape import quoted
from bot.ui.kit.gone import channel_named
from bot.ui.kit.moderators import mod_button
from bot.ui.moderation.pages import few, lines_view

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.domain.servers.access import ChannelPolicy
    from bot.domain.servers.moderation import Found, Verdict, WordRule
    from bot.ui.kit.context import Context


PAGE: Final = 20
PATTERN_LIMIT: Final = 100
FOUND: Final = 8
"""Matches that a trial shows: each is two hundred characters at most."""
CHANNELS: Final = 60
"""Channels of each list that are shown; a mention has some 23 characters."""


async def show_words(context: Context, page: int) -> None:
    """Put a page of rules into the answer."""
    settings = await context.services.guilds.settings(context.guild_id)
    unread = await asyncio.to_thread(unreadable, settings.words)
    await context.show(words_page(settings.words, page, context.localize, unread))


@mod_button("words", NUMBER)
async def show_words_page(context: Context, page: int) -> None:
    """Turn the page."""
    await context.defer_update()
    await show_words(context, page)


def words_page(
    rules: Sequence[WordRule], page: int, localize: Localize, unread: Collection[WordRule] = ()
) -> discord.ui.LayoutView:
    """Draw a page of rules; those that are not understood here are marked."""
    title = localize(text("mod.words", n=len(rules)) if rules else text("mod.words_none"))
    mark = localize(text("mod.word_unread"))
    lines = [_rule(rule, localize) + (f" · {mark}" if rule in unread else "") for rule in rules]
    return lines_view(title, lines, page, word="words", size=PAGE, localize=localize)


def with_reading(said: Text, rule: WordRule) -> Text:
    """What is said of a new rule, and how it is read, where that is not as it was typed."""
    read = without_signs(rule)
    return said if read is None else text("mod.word_read", said=said, read=quoted(read, PATTERN_LIMIT))


def _rule(rule: WordRule, localize: Localize) -> str:
    return localize(
        text(
            "mod.word",
            pattern=quoted(rule.pattern, PATTERN_LIMIT),
            kind=text(f"kind.{rule.match.value}"),
            action=text(f"action.{rule.action.value}"),
        )
    )


def verdict_view(context: Context, verdict: Verdict) -> discord.ui.LayoutView:
    """Draw what the rules say about a prompt, and what would happen."""
    localize = context.localize
    action = verdict.action
    headline = text("mod.test_passes") if action is None else text(f"mod.test_{action.value}")
    box: discord.ui.Container[Any] = discord.ui.Container()
    box.add_item(discord.ui.TextDisplay(f"**{localize(headline)}**"))
    lines = few(
        [*_matches(verdict.found, "found", localize), *_matches(verdict.allowed, "allowed", localize)],
        FOUND,
        localize,
    )
    if lines:
        box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    box.add_item(discord.ui.TextDisplay("-# " + localize(text("mod.test_dry"))))
    return StatelessView(box)


def _matches(found: Sequence[Found], how: str, localize: Localize) -> Iterable[str]:
    for match in found:
        yield localize(
            text(
                f"mod.test_{how}",
                pattern=quoted(match.rule.pattern, PATTERN_LIMIT),
                kind=text(f"kind.{match.rule.match.value}"),
                action=text(f"action.{match.rule.action.value}"),
                words=quoted(match.words, PATTERN_LIMIT),
            )
        )


def channels_view(context: Context, policy: ChannelPolicy) -> discord.ui.LayoutView:
    """Draw both lists of channels."""
    localize = context.localize
    box: discord.ui.Container[Any] = discord.ui.Container()
    for name, channels in (("allowed", policy.allowed), ("denied", policy.denied)):
        if channels:
            lines = few([localize(channel_named(channel)) for channel in channels], CHANNELS, localize)
            title = localize(text(f"mod.channels_{name}", n=len(channels)))
            box.add_item(discord.ui.TextDisplay(f"{title}\n{' '.join(lines)}"))
    return StatelessView(box)
