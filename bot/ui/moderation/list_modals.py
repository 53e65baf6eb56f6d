"""The modals behind the panel's lists: channels, how pictures are shown, words, and what prompts may have.
Never here: settings that have one value (setting_modal), and what a change means (services)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.prices import PICTURES, Charge
from bot.domain.servers.access import ChannelPolicy, Treatment
from bot.domain.servers.moderation import PATTERN_LIMIT, Match, WordAction, WordRule
from bot.domain.servers.prompt_rules import (
    SUFFIX_LIMIT,
    PromptAddition,
    is_allowed,
    key_of,
    name_of,
    read_most,
)
from bot.errors import UserError
from bot.services.servers.edits import all_of, channels_placed, word_added, words_dropped
from bot.services.servers.prompt_settings import (
    defaults_edit,
    kind_allowed,
    parameter_freed,
    parameter_limited,
    suffix_edit,
)
from bot.texts import Localize, Text, listed, text
from bot.ui.kit.choices import known
from bot.ui.kit.context import Context
from bot.ui.kit.controls import form, modal
from bot.ui.kit.custom_ids import SNOWFLAKE, maybe
from bot.ui.kit.escape import plain
from bot.ui.kit.moderators import draw_mod_button
from bot.ui.kit.rejected_modals import (
    LINE_ROOM,
    NOTHING,
    as_typed,
    entered,
    given_back,
    reply_rejected,
)
from bot.ui.moderation.panel import show_panel
from bot.ui.moderation.setting_changes import ModalOrigin
from bot.ui.moderation.setting_modal import channel_picker, picker
from bot.ui.moderation.stale_modals import reply_stale
from bot.ui.moderation.word_lists import with_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.domain.servers.guilds import Changed, GuildSettings
    from bot.domain.servers.prompt_rules import ParameterLimit
    from bot.services.servers.edits import Edit
    from bot.texts import Localize
    from bot.ui.kit.context import Context

PICKED: Final = 25
"""Channels that a picker of Discord's can hold."""
PARAMETERS_LIMIT: Final = 300
LIMITS_LIMIT: Final = 2_000
LABEL_LIMIT: Final = 100


def _summary(changed: Changed) -> Text:
    return text("mod.unchanged" if changed.entry is None else "panel.changed")


Labelled = tuple[Text, discord.ui.Item[Any], Text | None]


# -- channels ------------------------------------------------------------------------------------------------


def channels_modal(localize: Localize, settings: GuildSettings) -> discord.ui.Modal:
    """Ask where pictures may be made: both lists at once. Raises `UserError` if they are too long for that."""
    policy = settings.channels
    if max(len(policy.allowed), len(policy.denied)) > PICKED:
        raise UserError(text("panel.too_many_channels", limit=PICKED))
    allowed = channel_picker("allowed", policy.allowed, most=PICKED)
    denied = channel_picker("denied", policy.denied, most=PICKED)
    return form(
        localize,
        set_channels.id(settings.revision),
        text("section.channels"),
        (text("panel.allowed"), allowed, text("panel.allowed_hint")),
        (text("panel.denied"), denied, None),
    )


@modal("mod-channels", maybe(SNOWFLAKE), moderators=True)
async def set_channels(context: Context, revision: int | None) -> None:
    """Put both lists in the place of what they were."""
    await context.defer_update()
    guilds, sections = context.services.guilds, ("channels",)
    shown = await guilds.shown(context.guild_id, revision, sections)
    allowed, denied = (_ids(context, name) for name in ("allowed", "denied"))
    before = shown.settings.channels
    window = channels_modal(context.localize, replace(shown.settings, channels=ChannelPolicy()))
    if not shown.known and ({*allowed}, {*denied}) != ({*before.allowed}, {*before.denied}):
        await reply_stale(context, sections, entered(context, window), _again(context, "channels"))
        return
    edit = channels_placed(allowed=allowed, denied=denied, shown=before)
    async with given_back(context, window, _again(context, "channels")):
        changed = await guilds.change(context.guild_id, context.actor, edit)
        await show_panel(context, notice=_summary(changed))


def _again(context: Context, name: str) -> discord.ui.Button[Any]:
    return draw_mod_button("set", name, ModalOrigin.PANEL, label=context.localize(text("button.change")))


def _ids(context: Context, name: str) -> list[int]:
    return [known(int, id_) for id_ in context.choices.get(name, ())]


# -- how pictures are shown ----------------------------------------------------------------------------------


def media_modal(localize: Localize) -> discord.ui.Modal:
    """Ask how pictures of a channel, or of a role's members, are shown."""
    kinds = [(t.value, localize(text(f"choice.media.{t.value}")), n == 0) for n, t in enumerate(Treatment)]
    words = ((True, "setting.yes"), (False, "setting.no"))
    role: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(custom_id="role", min_values=0, required=False)
    return form(
        localize,
        set_media.id(),
        text("section.media"),
        (text("panel.treatment"), picker("treatment", kinds), None),
        (text("panel.on"), picker("on", [(str(v), localize(text(w)), v) for v, w in words]), None),
        (text("panel.channel"), channel_picker("channel", (), most=1), None),
        (text("panel.role"), role, text("panel.everyone_hint")),
    )


@modal("mod-media", moderators=True)
async def set_media(context: Context) -> None:
    """Show them so, or no longer."""
    await context.defer_update()
    guilds, guild_id = context.services.guilds, context.guild_id
    window = media_modal(context.localize)
    async with given_back(context, window, _again(context, "media")):
        channels, roles = _ids(context, "channel"), _ids(context, "role")
        if channels and roles:
            raise UserError(text("mod.media_one"))
        target = next(iter([*channels, *roles]), guild_id)
        treatment, on = (
            known(Treatment, context.fields.get("treatment")),
            context.fields.get("on") == str(True),
        )
        changed = await guilds.set_media(guild_id, context.actor, target, treatment, on=on)
        await show_panel(context, notice=_summary(changed))


# -- words ---------------------------------------------------------------------------------------------------


def words_modal(localize: Localize, settings: GuildSettings) -> discord.ui.Modal:
    """Ask for a new rule about words, and for those that go."""
    matches = [(m.value, localize(text(f"choice.kind.{m.value}")), m is Match.WORD) for m in Match]
    actions = [
        (a.value, localize(text(f"choice.action.{a.value}")), a is WordAction.BLOCK) for a in WordAction
    ]
    fields: list[Labelled] = [
        (text("panel.pattern"), _line("pattern", "", PATTERN_LIMIT), None),
        (text("panel.match"), picker("match", matches), None),
        (text("panel.action"), picker("action", actions), None),
    ]
    known = settings.words[-PICKED:]
    if known:
        gone: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="gone",
            min_values=0,
            max_values=len(known),
            required=False,
            options=[
                discord.SelectOption(label=plain(rule.pattern, LABEL_LIMIT) or NOTHING, value=_handle(rule))
                for rule in known
            ],
        )
        fields.append((text("panel.gone"), gone, None))
    return form(localize, set_words.id(), text("section.words"), *fields)


@modal("mod-words", moderators=True)
async def set_words(context: Context) -> None:
    """Add the new one, and remove those."""
    await context.defer_update()
    gone, written = {*context.choices.get("gone", ())}, context.fields
    edits = [words_dropped(lambda rule: _handle(rule) in gone)]
    pattern = written.get("pattern", "").strip()
    rule = None
    window = words_modal(context.localize, await context.services.guilds.settings(context.guild_id))
    async with given_back(context, window, _again(context, "words")):
        if pattern:
            match, action = known(Match, written.get("match")), known(WordAction, written.get("action"))
            rule = WordRule(match, pattern, action)
            edits.append(word_added(rule))
        changed = await context.services.guilds.change(context.guild_id, context.actor, all_of(edits))
        done = _summary(changed)
        await show_panel(context, notice=done if rule is None else with_reading(done, rule))


def _handle(rule: WordRule) -> str:
    """A rule's name in a picker: a pattern may be longer than a picker's value."""
    return hashlib.sha256(f"{rule.match.value} {rule.pattern}".encode()).hexdigest()[:32]


# -- prompts -------------------------------------------------------------------------------------------------


def prompts_modal(localize: Localize, settings: GuildSettings) -> discord.ui.Modal:
    """Ask what the whole server adds to prompts and does not take in them, and which kinds of job it allows."""
    here = settings.guild_id
    mine = next((a for a in settings.additions if a.target_id == here), PromptAddition(here))
    limits = _line("limits", _spelled(settings), LIMITS_LIMIT, style=discord.TextStyle.paragraph)
    charges = [
        (c.value, localize(text(f"pool.charge.{c.value}")), is_allowed(settings.kinds, c, (here,)))
        for c in PICTURES
    ]
    defaults = _line("defaults", mine.defaults, PARAMETERS_LIMIT)
    return form(
        localize,
        set_prompts.id(settings.revision),
        text("panel.prompts"),
        (text("section.additions"), defaults, text("panel.defaults_hint")),
        (text("panel.suffix"), _line("suffix", mine.suffix, SUFFIX_LIMIT), None),
        (text("section.limits"), limits, text("panel.limits_hint")),
        (text("panel.kinds"), picker("kinds", charges, most=len(charges)), None),
    )


@modal("mod-prompts", maybe(SNOWFLAKE), moderators=True)
async def set_prompts(context: Context, revision: int | None) -> None:
    """Change what was written otherwise than the window showed it, all at once: a slip leaves nothing half done."""
    await context.defer_update()
    typed = {name: context.fields.get(name, "") for name in ("defaults", "suffix", "limits")}
    chosen = {known(Charge, value) for value in context.choices.get("kinds", ())}
    guilds, sections = context.services.guilds, ("additions", "limits", "kinds")
    shown = await guilds.shown(context.guild_id, revision, sections)
    kinds = listed([text(f"pool.charge.{c.value}") for c in PICTURES if c in chosen])
    said: list[tuple[Text, Text | str]] = [
        (text("section.additions"), as_typed(typed["defaults"], room=LINE_ROOM)),
        (text("panel.suffix"), as_typed(typed["suffix"], room=LINE_ROOM)),
        (text("section.limits"), as_typed(typed["limits"])),
        (text("panel.kinds"), kinds),
    ]
    again = _again(context, "prompts")
    try:
        edits = list(_prompt_edits(shown.settings, typed, chosen))
        if edits and not shown.known:
            await reply_stale(context, sections, said, again)
            return
        changed = await guilds.change(context.guild_id, context.actor, all_of(edits))
    except UserError as refusal:
        await reply_rejected(context, refusal.text, said, again)
        return
    await show_panel(context, notice=_summary(changed))


def _prompt_edits(shown: GuildSettings, typed: Mapping[str, str], chosen: set[Charge]) -> Iterable[Edit]:
    """What was written otherwise than it was shown; raises `UserError`."""
    here = shown.guild_id
    mine = next((a for a in shown.additions if a.target_id == here), PromptAddition(here))
    if typed["defaults"].strip() != mine.defaults[:PARAMETERS_LIMIT].strip():
        yield defaults_edit(here, typed["defaults"])
    if typed["suffix"].strip() != mine.suffix.strip():
        yield suffix_edit(here, typed["suffix"])
    before, wanted = read_limits(_spelled(shown)), read_limits(typed["limits"])
    for key in before:
        if key not in wanted:
            yield parameter_freed(here, name_of(key), missing_ok=True)
    for key, most in wanted.items():
        if key not in before or before[key] != most:
            yield parameter_limited(here, name_of(key), allowed=most is not None, most=most)
    for charge in PICTURES:
        allowed = charge in chosen
        if is_allowed(shown.kinds, charge, (here,)) is not allowed:
            yield kind_allowed(here, charge, allowed=allowed)


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
        name, *number = line.split(None, 1)
        key = key_of(name)
        wanted[key] = read_most(key, number[0]) if number else None
    return wanted


def _line(
    name: str, value: str, limit: int, *, style: discord.TextStyle = discord.TextStyle.short
) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        custom_id=name, default=value[:limit], required=False, max_length=limit, style=style
    )


LIST_MODALS: Final[Mapping[str, Callable[[Localize, GuildSettings], discord.ui.Modal]]] = {
    "channels": channels_modal,
    "media": lambda localize, _settings: media_modal(localize),
    "words": words_modal,
    "prompts": prompts_modal,
}
"""What the panel's lists are changed with."""
