"""The windows behind the panel's lists: channels, how pictures are shown, words, and what prompts may have.
Never here: settings that have one value (setting_modal), and what a change means (services)."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import discord
from typing_extensions import override

from bot.domain.access import Treatment
from bot.domain.moderation import PATTERN_LIMIT, Match, WordAction, WordRule
from bot.domain.prices import Charge
from bot.domain.prompt_rules import (
    SUFFIX_LIMIT,
    PromptAddition,
    checked_most,
    is_allowed,
    key_of,
    name_of,
    read_defaults,
    read_suffix,
)
from bot.errors import UserError
from bot.texts import text
from bot.ui.kit.escape import plain, quoted
from bot.ui.kit.moderators import actor_of, guild_of
from bot.ui.kit.replies import client_of
from bot.ui.moderation.setting_modal import Window, channel_picker, picker

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.guilds import Changed, GuildSettings
    from bot.domain.prompt_rules import ParameterLimit
    from bot.services.servers.prompt_settings import PromptSettings
    from bot.services.servers.settings import Guilds
    from bot.texts import Text
    from bot.ui.kit.replies import AnyInteraction
    from bot.ui.moderation.setting_modal import Show

    Say = Callable[[Text], str]

PICKED: Final = 25
"""Channels that a picker of Discord's can hold."""
PARAMETERS_LIMIT: Final = 300
LIMITS_LIMIT: Final = 2_000
LABEL_LIMIT: Final = 100


def _guilds(interaction: AnyInteraction) -> Guilds:
    return client_of(interaction).services.guilds


def _prompts(interaction: AnyInteraction) -> PromptSettings:
    return client_of(interaction).services.prompt_settings


def _said(*changed: Changed) -> Text:
    return text("panel.changed" if any(one.entry is not None for one in changed) else "mod.unchanged")


class ChannelsModal(Window):
    """Where pictures may be made: both lists at once."""

    def __init__(self, say: Say, settings: GuildSettings, show: Show) -> None:
        super().__init__(say, text("section.channels"), show)
        policy = settings.channels
        if max(len(policy.allowed), len(policy.denied)) > PICKED:
            raise UserError(text("panel.too_many_channels", limit=PICKED))
        self.allowed = channel_picker("allowed", policy.allowed, most=PICKED)
        self.denied = channel_picker("denied", policy.denied, most=PICKED)
        self.ask(text("panel.allowed"), self.allowed, hint=text("panel.allowed_hint"))
        self.ask(text("panel.denied"), self.denied)

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        allowed, denied = ([channel.id for channel in field.values] for field in (self.allowed, self.denied))
        guilds = _guilds(interaction)
        return _said(
            await guilds.set_channels(
                guild_of(interaction), actor_of(interaction), allowed=allowed, denied=denied
            )
        )


class MediaModal(Window):
    """How pictures of a channel, or of a role's members, are shown."""

    def __init__(self, say: Say, _settings: GuildSettings, show: Show) -> None:
        super().__init__(say, text("section.media"), show)
        kinds = [(t.value, say(text(f"choice.media.{t.value}")), n == 0) for n, t in enumerate(Treatment)]
        self.treatment = picker("treatment", kinds)
        words = ((True, "setting.yes"), (False, "setting.no"))
        self.on = picker("on", [(str(v), say(text(w)), v) for v, w in words])
        self.channel = channel_picker("channel", (), most=1)
        self.role: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
            custom_id="role", min_values=0, required=False
        )
        self.ask(text("panel.treatment"), self.treatment)
        self.ask(text("panel.on"), self.on)
        self.ask(text("panel.channel"), self.channel)
        self.ask(text("panel.role"), self.role, hint=text("panel.everyone_hint"))

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        channels, roles = self.channel.values, self.role.values
        if channels and roles:
            raise UserError(text("mod.media_one"))
        guild_id = guild_of(interaction)
        target = channels[0].id if channels else roles[0].id if roles else guild_id
        treatment, on = Treatment(self.treatment.values[0]), self.on.values[0] == str(True)
        return _said(
            await _guilds(interaction).set_media(guild_id, actor_of(interaction), target, treatment, on=on)
        )


class WordModal(Window):
    """A new rule about words, and those that go."""

    def __init__(self, say: Say, settings: GuildSettings, show: Show) -> None:
        super().__init__(say, text("section.words"), show)
        self.pattern = _line("pattern", "", PATTERN_LIMIT)
        self.match = picker(
            "match", [(m.value, say(text(f"choice.kind.{m.value}")), m is Match.WORD) for m in Match]
        )
        actions = [
            (a.value, say(text(f"choice.action.{a.value}")), a is WordAction.BLOCK) for a in WordAction
        ]
        self.action = picker("action", actions)
        self.ask(text("panel.pattern"), self.pattern)
        self.ask(text("panel.match"), self.match)
        self.ask(text("panel.action"), self.action)
        known = settings.words[-PICKED:]
        self.gone: discord.ui.Select[Any] | None = None
        if known:
            self.gone = discord.ui.Select(
                custom_id="gone",
                min_values=0,
                max_values=len(known),
                required=False,
                options=[
                    discord.SelectOption(label=plain(rule.pattern, LABEL_LIMIT), value=_handle(rule))
                    for rule in known
                ],
            )
            self.ask(text("panel.gone"), self.gone)

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        guilds, guild_id, actor = _guilds(interaction), guild_of(interaction), actor_of(interaction)
        gone = set() if self.gone is None else {*self.gone.values}
        done = [
            await guilds.remove_word(guild_id, actor, rule)
            for rule in (await guilds.settings(guild_id)).words
            if _handle(rule) in gone
        ]
        pattern = self.pattern.value.strip()
        if pattern:
            rule = WordRule(Match(self.match.values[0]), pattern, WordAction(self.action.values[0]))
            done.append(await guilds.add_word(guild_id, actor, rule))
        return _said(*done)


def _handle(rule: WordRule) -> str:
    """A rule's name in a picker: a pattern may be longer than a picker's value."""
    return hashlib.sha256(f"{rule.match.value} {rule.pattern}".encode()).hexdigest()[:32]


class PromptsModal(Window):
    """What the whole server adds to prompts and does not take in them, and the kinds of job it has switched off."""

    def __init__(self, say: Say, settings: GuildSettings, show: Show) -> None:
        super().__init__(say, text("panel.prompts"), show)
        here = settings.guild_id
        mine = next((a for a in settings.additions if a.target_id == here), PromptAddition(here))
        self.defaults = _line("defaults", mine.defaults, PARAMETERS_LIMIT)
        self.suffix = _line("suffix", mine.suffix, SUFFIX_LIMIT)
        self.limits = _line("limits", _spelled(settings), LIMITS_LIMIT, style=discord.TextStyle.paragraph)
        charges = [
            (c.value, say(text(f"pool.charge.{c.value}")), is_allowed(settings.kinds, c, (here,)))
            for c in Charge
        ]
        self.kinds = picker("kinds", charges, most=len(charges))
        self.ask(text("section.additions"), self.defaults, hint=text("panel.defaults_hint"))
        self.ask(text("panel.suffix"), self.suffix)
        self.ask(text("section.limits"), self.limits, hint=text("panel.limits_hint"))
        self.ask(text("panel.kinds"), self.kinds)

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        """Read everything first, so that a slip leaves nothing half done."""
        here, actor, prompts = guild_of(interaction), actor_of(interaction), _prompts(interaction)
        read_defaults(self.defaults.value)
        read_suffix(self.suffix.value)
        wanted = read_limits(self.limits.value)
        done = [
            await prompts.set_defaults(here, actor, here, self.defaults.value),
            await prompts.set_suffix(here, actor, here, self.suffix.value),
        ]
        settings = await _guilds(interaction).settings(here)
        gone = [known.key for known in _limits(settings) if known.key not in wanted]
        done += [await prompts.free_parameter(here, actor, here, name_of(key)) for key in gone]
        for key, most in wanted.items():
            allowed, name = most is not None, name_of(key)
            done.append(await prompts.limit_parameter(here, actor, here, name, allowed=allowed, most=most))
        chosen = {Charge(value) for value in self.kinds.values}
        turned = [c for c in Charge if is_allowed(settings.kinds, c, (here,)) is not (c in chosen)]
        done += [await prompts.set_kind(here, actor, here, c, allowed=c in chosen) for c in turned]
        return _said(*done)


def _limits(settings: GuildSettings) -> list[ParameterLimit]:
    """What holds on the whole server; an exception there says nothing."""
    here = settings.guild_id
    return [r for r in settings.limits if r.target_id == here and (not r.allowed or r.most is not None)]


def _spelled(settings: GuildSettings) -> str:
    """As `read_limits` reads it."""
    return "\n".join(
        name_of(r.key) if not r.allowed else f"{name_of(r.key)} {r.most:g}" for r in _limits(settings)
    )


def read_limits(typed: str) -> dict[str, float | None]:
    """The largest value of each parameter named, or None for one that is not allowed; raises `UserError`."""
    wanted: dict[str, float | None] = {}
    for line in filter(None, (one.strip() for one in typed.splitlines())):
        name, _, number = line.partition(" ")
        key = key_of(name)
        if not number.strip():
            wanted[key] = None
            continue
        try:
            most = float(unicodedata.normalize("NFKC", number).strip().replace(",", "."))
        except ValueError:
            raise UserError(text("pool.no_number", typed=quoted(number, LABEL_LIMIT))) from None
        wanted[key] = checked_most(key, most)
    return wanted


def _line(
    name: str, value: str, limit: int, *, style: discord.TextStyle = discord.TextStyle.short
) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=name, default=value[:limit], required=False, max_length=limit, style=style
    )


MODALS: Final[dict[str, type[ChannelsModal | MediaModal | WordModal | PromptsModal]]] = {
    "channels": ChannelsModal,
    "media": MediaModal,
    "words": WordModal,
    "prompts": PromptsModal,
}
"""What the panel's lists are changed with."""
