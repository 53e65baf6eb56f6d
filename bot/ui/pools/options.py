"""The option `pool` of commands: what is offered for it, and what was typed there, read for the server it was typed in.
Never here: what a pool means for a job, and commands themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from discord import app_commands

from bot.domain.pools import MIDJOURNEY_POOLS, USUAL_POOLS, Pool
from bot.domain.prices import Charge
from bot.errors import UserError
from bot.texts import listed, text
from bot.ui.kit.command_texts import localized
from bot.ui.kit.context import AnyInteraction, Context
from bot.ui.kit.deadline import within_deadline
from bot.ui.kit.escape import quoted
from bot.ui.pools.wording import pool_name

if TYPE_CHECKING:
    from collections.abc import Iterable


AUTOMATIC: Final = "automatic"
TYPED_SHOWN: Final = 40
LABELS: Final = {pool: localized(f"command.imagine.pool.{pool.value}") for pool in MIDJOURNEY_POOLS}
CHOICES: Final = [app_commands.Choice(name=LABELS[pool], value=pool.value) for pool in USUAL_POOLS]
"""For members: with what a pool is good for. No account of the program has more: the picker itself lists them."""
NAMES: Final = [app_commands.Choice(name=pool.value, value=pool.value) for pool in USUAL_POOLS]
"""For moderators."""
NAMES_OR_AUTOMATIC: Final = [
    *NAMES,
    app_commands.Choice(name=localized("setting.automatic"), value=AUTOMATIC),
]


HELPS: Final = frozenset({"improve", "translate", Charge.HELP.value})
"""Options, commands and choices that are told to Discord only where a chat model helps with prompts."""


def settled(option: dict[str, Any], *, pools_differ: bool, helps: bool = True) -> dict[str, Any]:
    """An option as Discord is told it: a fixed list, or suggestions, where servers' accounts have different pools.

    Discord takes one of the two. Options below it are settled as well.
    """
    drop = "choices" if pools_differ else "autocomplete"
    both = "choices" in option and "autocomplete" in option
    kept = {name: value for name, value in option.items() if not (both and name == drop)}
    if not helps and "choices" in kept:
        kept["choices"] = [one for one in kept["choices"] if one["value"] not in HELPS]
    if "options" in kept:
        kept["options"] = [
            settled(one, pools_differ=pools_differ, helps=helps)
            for one in kept["options"]
            if helps or one["name"] not in HELPS
        ]
    return kept


async def suggest(interaction: AnyInteraction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer members the pools that the server sees."""
    context = Context(interaction)
    return [
        app_commands.Choice(
            name=context.localize(text(f"command.imagine.pool.{pool.value}")), value=pool.value
        )
        for pool in _matching(await _midjourneys(context), typed)
    ]


async def suggest_name(interaction: AnyInteraction, typed: str) -> list[app_commands.Choice[str]]:
    """Offer moderators their names."""
    shown = await _shown(Context(interaction))
    return [app_commands.Choice(name=pool.value, value=pool.value) for pool in _matching(shown, typed)]


async def suggest_name_or_automatic(
    interaction: AnyInteraction, typed: str
) -> list[app_commands.Choice[str]]:
    """The same, with the choice that leaves it to the bot."""
    automatic = app_commands.Choice(
        name=Context(interaction).localize(text("setting.automatic")), value=AUTOMATIC
    )
    names = await suggest_name(interaction, typed)
    return [*(name for name in names if name.value in MIDJOURNEY_POOLS), automatic]


async def read_pool(context: Context, typed: str) -> Pool:
    """What was chosen or typed; raises `UserError` for what is no pool of Midjourney's. Rules say whether it is open."""
    spelled = typed.strip().upper()
    if spelled in MIDJOURNEY_POOLS:
        return Pool(spelled)
    raise _unknown(typed, await _midjourneys(context))


async def read_any_pool(context: Context, typed: str) -> Pool:
    """The same for those who rule over the second engine's too."""
    try:
        return Pool(typed.strip().upper())
    except ValueError:
        raise _unknown(typed, await _shown(context)) from None


def _unknown(typed: str, pools: Iterable[Pool]) -> UserError:
    named = listed([pool_name(pool) for pool in pools])
    return UserError(text("pool.unknown", typed=quoted(typed, TYPED_SHOWN), pools=named))


async def _midjourneys(context: Context) -> tuple[Pool, ...]:
    return tuple(pool for pool in await _shown(context) if pool in MIDJOURNEY_POOLS)


async def _shown(context: Context) -> tuple[Pool, ...]:
    return await within_deadline(context.services.policy.shown(context.interaction.guild_id), USUAL_POOLS)


def _matching(shown: Iterable[Pool], typed: str) -> Iterable[Pool]:
    begun = typed.strip().casefold()
    return [pool for pool in shown if begun in pool.value.casefold()] or list(shown)
