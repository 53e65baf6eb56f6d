"""`/mod words` and `/mod channels`: lists that moderators keep, add to, try out and take from.
Never here: how rules are matched (domain), and how lists look (ui)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot.domain.intake.prompts import PROMPT_LIMIT
from bot.domain.servers.moderation import PATTERN_LIMIT, Match, WordAction, WordRule
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import Context
from bot.ui.kit.controls import words_view
from bot.ui.kit.deadline import within_deadline
from bot.ui.kit.escape import plain, quoted
from bot.ui.kit.moderators import ModeratorsOnly, Place
from bot.ui.moderation.word_lists import channels_view, show_words, verdict_view, with_reading
from cogs.jobs import SUGGESTION_LIMIT, SUGGESTIONS

if TYPE_CHECKING:
    from bot.client import Easel

KINDS = [app_commands.Choice(name=localized(f"choice.kind.{kind.value}"), value=kind.value) for kind in Match]
ACTIONS = [
    app_commands.Choice(name=localized(f"choice.action.{action.value}"), value=action.value)
    for action in (WordAction.BLOCK, WordAction.WARN, WordAction.STRIKE, WordAction.ALLOW)
]
SHOWN_PATTERN = 100


def handle_of(rule: WordRule) -> str:
    """A short name for a rule: patterns may be longer than a suggestion's value."""
    return f"{rule.match.value}:{hashlib.sha256(rule.pattern.encode()).hexdigest()[:16]}"


class Words(ModeratorsOnly, name="words", description=localized("command.mod.words")):
    """Rules about words."""

    @app_commands.command(name="add", description=localized("command.mod.words.add"))
    @app_commands.describe(
        pattern=localized("command.mod.words.pattern"),
        kind=localized("command.mod.words.kind"),
        action=localized("command.mod.words.action"),
    )
    @app_commands.choices(kind=KINDS, action=ACTIONS)
    async def add(
        self,
        interaction: discord.Interaction[Easel],
        pattern: app_commands.Range[str, 1, PATTERN_LIMIT],
        kind: str = Match.WORD.value,
        action: str = WordAction.BLOCK.value,
    ) -> None:
        """Add a rule, or give an old one another action."""
        context = Context(interaction)
        await context.defer_ephemeral()
        rule = WordRule(Match(kind), pattern.strip(), WordAction(action))
        changed = await context.services.guilds.add_word(context.guild_id, context.actor, rule)
        done = text(
            "mod.word_added",
            pattern=quoted(rule.pattern, SHOWN_PATTERN),
            kind=text(f"kind.{kind}"),
            action=text(f"action.{action}"),
        )
        await context.reply(with_reading(done, rule) if changed.entry is not None else text("mod.unchanged"))

    @app_commands.command(name="remove", description=localized("command.mod.words.remove"))
    @app_commands.describe(rule=localized("command.mod.words.rule"))
    async def remove(
        self, interaction: discord.Interaction[Easel], rule: app_commands.Range[str, 1, PATTERN_LIMIT]
    ) -> None:
        """Remove a rule that was chosen, or whose pattern was typed."""
        context = Context(interaction)
        await context.defer_ephemeral()
        guilds, guild_id = context.services.guilds, context.guild_id
        rules = (await guilds.settings(guild_id)).words
        found = next((w for w in rules if rule in {handle_of(w), w.pattern}), None)
        if found is None:
            raise UserError(text("settings.no_such_word"))
        await guilds.remove_word(guild_id, context.actor, found)
        await context.reply(text("mod.word_removed", pattern=quoted(found.pattern, SHOWN_PATTERN)))

    @remove.autocomplete("rule")
    async def suggest_rule(
        self, interaction: discord.Interaction[Easel], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Rules whose pattern has what was typed; in trouble none, a pattern can be typed."""
        context = Context(interaction)
        if not context.is_moderator:
            return []
        settings = await within_deadline(context.services.guilds.settings(context.guild_id), None)
        wanted = typed.casefold().strip()
        rules = () if settings is None else settings.words
        found = [rule for rule in rules if wanted in rule.pattern.casefold()]
        return [
            app_commands.Choice(
                name=plain(
                    f"{context.localize(text(f'kind.{rule.match.value}'))} → "
                    f"{context.localize(text(f'action.{rule.action.value}'))}: {rule.pattern}",
                    SUGGESTION_LIMIT,
                ),
                value=handle_of(rule),
            )
            for rule in found[:SUGGESTIONS]
        ]

    @app_commands.command(name="list", description=localized("command.mod.words.list"))
    async def all(self, interaction: discord.Interaction[Easel]) -> None:
        """Show the first page of rules."""
        context = Context(interaction)
        await context.defer_ephemeral()
        await show_words(context, 0)

    @app_commands.command(name="test", description=localized("command.mod.words.test"))
    @app_commands.describe(prompt=localized("command.mod.words.prompt"))
    async def test(
        self, interaction: discord.Interaction[Easel], prompt: app_commands.Range[str, 1, PROMPT_LIMIT]
    ) -> None:
        """Say which rules match and what would happen; count nothing, tell nobody."""
        context = Context(interaction)
        await context.defer_ephemeral()
        verdict = await context.services.moderation.examine(context.guild_id, prompt)
        await context.show(verdict_view(context, verdict))


class Channels(ModeratorsOnly, name="channels", description=localized("command.mod.channels")):
    """Where pictures may be made."""

    @app_commands.command(name="allow", description=localized("command.mod.channels.allow"))
    @app_commands.describe(channel=localized("command.mod.channels.channel"))
    async def allow(
        self,
        interaction: discord.Interaction[Easel],
        channel: Place,
    ) -> None:
        """Open a channel."""
        await _set(Context(interaction), channel.id, allowed=True)

    @app_commands.command(name="deny", description=localized("command.mod.channels.deny"))
    @app_commands.describe(channel=localized("command.mod.channels.channel"))
    async def deny(
        self,
        interaction: discord.Interaction[Easel],
        channel: Place,
    ) -> None:
        """Close a channel."""
        await _set(Context(interaction), channel.id, allowed=False)

    @app_commands.command(name="clear", description=localized("command.mod.channels.clear"))
    @app_commands.describe(channel=localized("command.mod.channels.channel"))
    async def clear(
        self,
        interaction: discord.Interaction[Easel],
        channel: Place,
    ) -> None:
        """Take its rule away."""
        await _set(Context(interaction), channel.id, allowed=None)

    @app_commands.command(name="list", description=localized("command.mod.channels.list"))
    async def all(self, interaction: discord.Interaction[Easel]) -> None:
        """Show both lists."""
        context = Context(interaction)
        await context.defer_ephemeral()
        settings = await context.services.guilds.settings(context.guild_id)
        if settings.channels.allowed or settings.channels.denied:
            await context.show(channels_view(context, settings.channels))
        else:
            await context.show(words_view(context.localize(text("mod.channels_none"))))


CHANNEL_SAID = {True: "mod.channel_allowed", False: "mod.channel_denied", None: "mod.channel_cleared"}


async def _set(context: Context, channel_id: int, *, allowed: bool | None) -> None:
    await context.defer_ephemeral()
    changed = await context.services.guilds.set_channel(
        context.guild_id, context.actor, channel_id, allowed=allowed
    )
    done = text(CHANNEL_SAID[allowed], channel=str(channel_id))
    await context.reply(done if changed.entry is not None else text("mod.unchanged"))
