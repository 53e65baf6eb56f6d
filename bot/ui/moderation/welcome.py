"""The card that greets a new server, and its modal: channels, log, pools and a first rule, chosen with pickers.
Never here: when a server is greeted (cogs), and everything else that can be set (panel)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.domain.pools import UNLIMITED, USUAL_POOLS, AllowanceChange, Pool
from bot.domain.servers.access import PressPermission
from bot.services.servers.edits import all_of, allowance, channels_placed, pool_switched, values
from bot.texts import Localize, text
from bot.ui.kit.choices import known
from bot.ui.kit.controls import StatelessView, form, modal
from bot.ui.kit.custom_ids import SNOWFLAKE, Field
from bot.ui.kit.deadline import read_first
from bot.ui.kit.moderators import draw_mod_button, mod_button
from bot.ui.kit.rejected_modals import entered, given_back
from bot.ui.moderation.localizers import own_localizer
from bot.ui.moderation.panel import show_panel
from bot.ui.moderation.setting_changes import CALM, check_writable
from bot.ui.moderation.setting_modal import LINE_LIMIT, channel_picker, picker
from bot.ui.moderation.stale_modals import reply_stale
from bot.ui.pools.wording import pool_name, read_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from bot.domain.pools import Allowance
    from bot.domain.servers.guilds import GuildSettings
    from bot.services.servers.edits import Edit
    from bot.texts import Text
    from bot.ui.kit.context import Context


PICKED: Final = 25
SECTIONS: Final = ("channels", "log_channel", "pools", "press")
"""What the window shows as it is."""
POOLS: Final[Field[tuple[Pool, ...]]] = Field(
    r"(?:[A-Z]{1,12}(?:\.[A-Z]{1,12}){0,5})?",
    lambda spelled: tuple(Pool(name) for name in spelled.split(".") if name),
    ".".join,
)
"""The pools that the window shows: what an account serves may become known while it is open."""


def greeting(*, admitted: bool, own_keys: bool) -> Text:
    """What a new server should know first."""
    if admitted:
        return text("server.hello")
    return text("server.hello_outside_key" if own_keys else "server.hello_outside")


def welcome_view(greeted: Text, localize: Localize) -> discord.ui.LayoutView:
    """Draw the card. Everybody may read it; its buttons ask who presses."""
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=CALM)
    box.add_item(discord.ui.TextDisplay(localize(greeted)))
    box.add_item(discord.ui.TextDisplay(localize(text("welcome.steps"))))
    box.add_item(
        discord.ui.ActionRow(
            draw_mod_button("setup", label=localize(text("button.setup")), style=discord.ButtonStyle.primary),
            draw_mod_button("panel_new", label=localize(text("button.all_settings"))),
        )
    )
    return StatelessView(box)


async def show_welcome(context: Context) -> None:
    """Put the card into a private answer, as the server stands today."""
    services = context.services
    admitted = await services.owner_policy.admits(context.guild_id)
    words = greeting(admitted=admitted, own_keys=services.own_keys.offered)
    await context.show(welcome_view(words, own_localizer(context).localize))


@mod_button("welcome")
async def welcome_again(context: Context) -> None:
    """Show the card in the place of the panel."""
    await context.defer_update()
    await show_welcome(context)


@mod_button("panel_new")
async def open_panel(context: Context) -> None:
    """Show the panel beside the card, which may be everybody's."""
    await context.defer_ephemeral()
    await show_panel(context)


@mod_button("setup")
async def open_setup(context: Context) -> None:
    """Open the modal with what is set now."""
    settings, offered = await read_first(context, _what_is_set(context), text("panel.slow"))
    await context.open(setup_modal(context.localize, settings, offered))


async def _what_is_set(context: Context) -> tuple[GuildSettings, Collection[Pool]]:
    services, guild_id = context.services, context.guild_id
    return await services.guilds.settings(guild_id), await services.policy.offered(guild_id)


def setup_modal(localize: Localize, settings: GuildSettings, offered: Iterable[Pool]) -> discord.ui.Modal:
    """Ask for the first five decisions."""
    log = () if settings.log_channel is None else (settings.log_channel,)
    pools = [(pool.value, localize(pool_name(pool)), pool not in settings.pools.off) for pool in offered]
    known = [
        (who.value, localize(text(f"choice.press.{who.value}")), who is settings.press.who)
        for who in PressPermission
        if who is not PressPermission.ROLE or settings.press.who is PressPermission.ROLE
    ]
    per_day: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id="per_day", required=False, max_length=LINE_LIMIT
    )
    channels = channel_picker("channels", settings.channels.allowed[:PICKED], most=PICKED)
    log_channel = channel_picker("log", log, most=1, text_only=True)
    choice = [(text("welcome.pools"), picker("pools", pools, most=len(pools)), None)] if pools else []
    return form(
        localize,
        decide_shown.id(settings.revision, tuple(Pool(value) for value, _, _ in pools)),
        text("button.setup"),
        (text("welcome.channels"), channels, text("welcome.channels_hint")),
        (text("welcome.log"), log_channel, text("welcome.log_hint")),
        *choice,
        (text("welcome.per_day"), per_day, text("welcome.per_day_hint")),
        (text("welcome.press"), picker("press", known), text("setting.exempt")),
    )


@modal("mod-setup", moderators=True)
async def set_up(context: Context) -> None:
    """A window that does not know what it showed: an earlier version drew it."""
    await _decide(context, None, USUAL_POOLS)


@modal("mod-decide", SNOWFLAKE, moderators=True)
async def decide(context: Context, revision: int) -> None:
    """The same for one that does not know which pools it showed."""
    await _decide(context, revision, USUAL_POOLS)


@modal("mod-decide-shown", SNOWFLAKE, POOLS, moderators=True)
async def decide_shown(context: Context, revision: int, pools: tuple[Pool, ...]) -> None:
    """Make true what was written otherwise than the window showed it."""
    await _decide(context, revision, pools)


async def _decide(context: Context, revision: int | None, pools: Collection[Pool]) -> None:
    """Make the decisions true in one change, beside the card, which may be everybody's; a slip leaves nothing half done.

    What was not written otherwise than the window showed it stays as others have set it meanwhile.
    """
    await context.defer_ephemeral()
    services, guild_id = context.services, context.guild_id
    guilds = services.guilds
    shown = await guilds.shown(guild_id, revision, SECTIONS)
    offered = await services.policy.offered(guild_id)
    window = setup_modal(context.localize, shown.settings, offered)
    again = draw_mod_button("setup", label=context.localize(text("button.setup")))
    async with given_back(context, window, again):
        allowances = _allowances(context, offered)
        edits = _edits(context, shown.settings, offered, pools)
        if edits and not shown.known:
            await reply_stale(context, SECTIONS, entered(context, window), again)
            return
        await guilds.change(guild_id, context.actor, all_of([*edits, *allowances]))
        await show_panel(context, notice=text("welcome.done"))


def _allowances(context: Context, offered: Mapping[Pool, Allowance]) -> list[Edit]:
    """What everyone may have a day in the chosen pools, if anything was written; raises `UserError`."""
    typed = context.fields.get("per_day", "").strip()
    if not typed:
        return []
    per_day = read_number(typed, unlimited=context.localize(text("pool.unlimited")))
    change = AllowanceChange(per_day=per_day)
    return [
        allowance(pool, context.guild_id, change, otherwise=offered.get(pool, UNLIMITED))
        for pool in sorted(_wanted(context))
    ]


def _wanted(context: Context) -> set[Pool]:
    return {known(Pool, value) for value in context.choices.get("pools", ())}


def _edits(
    context: Context, was: GuildSettings, offered: Collection[Pool], pools: Collection[Pool]
) -> list[Edit]:
    """What was chosen otherwise than the window showed it; raises `UserError`."""
    log = next((known(int, id_) for id_ in context.choices.get("log", ())), None)
    if log is not None:
        check_writable(context, log)
    wanted = _wanted(context)
    allowed = [known(int, id_) for id_ in context.choices.get("channels", ())]
    press = known(PressPermission, context.fields.get("press"))
    kept = was.channels.allowed[PICKED:]
    edits: list[Edit] = []
    if {*allowed, *kept} != {*was.channels.allowed}:
        denied = was.channels.denied
        edits.append(channels_placed(allowed=[*allowed, *kept], denied=denied, shown=was.channels))
    seen = [pool for pool in offered if pool in pools or pool in wanted]
    turned = [pool for pool in seen if (pool in wanted) is (pool in was.pools.off)]
    edits += [pool_switched(pool, on=pool in wanted) for pool in turned]
    if press is not was.press.who:
        edits.append(values("press", {"who": press, "role": was.press.role_id}))
    if log != was.log_channel:
        edits.append(values("log", {"channel": log}))
    return edits
