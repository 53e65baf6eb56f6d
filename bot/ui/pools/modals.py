"""The windows behind the panel's buttons: what a moderator writes there is read, checked and changed.
Never here: the panel itself; it is handed in, to be drawn anew with what is now true."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import discord
from typing_extensions import override

from bot.domain.pools import UNSAID, AllowanceChange, Pool, Said, Unsaid
from bot.domain.prices import Charge
from bot.errors import UserError
from bot.services.servers.quota import REASON_LIMIT
from bot.services.servers.settings import PAUSE_LIMIT
from bot.texts import Text, text
from bot.ui.kit.moderators import check_moderator
from bot.ui.kit.replies import answer_errors
from bot.ui.pools import changes as pool_changes
from bot.ui.pools.wording import charge_name, pool_name, read_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ui.kit.replies import AnyInteraction

    Say = Callable[[Text], str]

OPEN_S: Final = 600
"""A window that is dismissed tells nobody: without an end it would be kept for ever (facts §3.4)."""
NUMBER_LENGTH: Final = 12
TITLE_LIMIT: Final = 45
PASTED_LIMIT: Final = 300
"""A key with what people paste around it."""
KEY_LOOKS: Final = "sk-…"


class Show(Protocol):
    """Draws the panel anew."""

    async def __call__(self, interaction: AnyInteraction, *, notice: Text) -> None:
        """With what has just changed."""


class PoolModal(discord.ui.Modal):
    """A window that may change something; the right to do so is checked when it is sent, too."""

    def __init__(self, say: Say, title: Text, show: Show) -> None:
        super().__init__(title=say(title)[:TITLE_LIMIT], timeout=OPEN_S)
        self._say = say
        self._show = show

    def ask(self, label: str, item: discord.ui.Item[Any], *, hint: str | None = None) -> None:
        """Add a field with its words."""
        description = None if hint is None else self._say(text(hint))
        labelled: discord.ui.Label[Any] = discord.ui.Label(
            text=self._say(text(label)), component=item, description=description
        )
        self.add_item(labelled)

    @override
    async def on_submit(self, interaction: AnyInteraction, /) -> None:
        """Read, answer, change, show."""
        await answer_errors(interaction, partial(self._change, interaction), reference=str(interaction.id))

    async def _change(self, interaction: AnyInteraction) -> None:
        check_moderator(interaction)
        await interaction.response.defer()
        await self._show(interaction, notice=await self.change(interaction))

    def said(self, field: discord.ui.TextInput[Any]) -> Said:
        """A number, or this language's word for “unlimited”, as its hint names it."""
        if not field.value.strip():
            return UNSAID
        return read_number(field.value, unlimited=self._say(text("pool.unlimited")))

    def count(self, field: discord.ui.TextInput[Any]) -> int | None:
        """A number, or nothing; “unlimited” makes no sense here."""
        said = self.said(field)
        if said is None:
            raise UserError(text("pool.must_be_number"))
        return None if isinstance(said, Unsaid) else said

    async def change(self, interaction: AnyInteraction) -> Text:
        """Make the change, and say what is now true."""
        raise AssertionError(f"{type(self).__name__} changes nothing in {interaction.guild_id}")


def _line(name: str, *, required: bool = False, limit: int = NUMBER_LENGTH) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(custom_id=name, required=required, max_length=limit)


def _roles() -> discord.ui.RoleSelect[Any]:
    return discord.ui.RoleSelect(custom_id="role", min_values=0, required=False)


def _role(field: discord.ui.RoleSelect[Any], interaction: AnyInteraction) -> int:
    """The chosen role; nobody chosen is everyone."""
    return field.values[0].id if field.values else int(interaction.guild_id or 0)


class RuleModal(PoolModal):
    """A role's allowance in one pool."""

    def __init__(self, say: Say, pool: Pool, show: Show) -> None:
        super().__init__(say, text("pool.window.rule", pool=pool_name(pool)), show)
        self.pool = pool
        self.role = _roles()
        self.per_day, self.running, self.waiting = _line("per_day"), _line("running"), _line("waiting")
        self.per_month = _line("per_month")
        self.ask("pool.window.role", self.role, hint="pool.window.role_hint")
        self.ask("pool.window.per_day", self.per_day, hint="pool.window.number_hint")
        self.ask("pool.window.running", self.running, hint="pool.window.number_hint")
        self.ask("pool.window.waiting", self.waiting, hint="pool.window.number_hint")
        self.ask("pool.window.per_month", self.per_month, hint="pool.window.number_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        numbers = AllowanceChange(
            self.said(self.per_day),
            self.said(self.running),
            self.said(self.waiting),
            self.said(self.per_month),
        )
        return await pool_changes.set_rule(interaction, self.pool, _role(self.role, interaction), numbers)


class UnruleModal(PoolModal):
    """Whose rule goes."""

    def __init__(self, say: Say, pool: Pool, show: Show) -> None:
        super().__init__(say, text("pool.window.unrule", pool=pool_name(pool)), show)
        self.pool = pool
        self.role = _roles()
        self.ask("pool.window.role", self.role, hint="pool.window.role_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        return await pool_changes.remove_rule(interaction, self.pool, _role(self.role, interaction))


class CooldownModal(PoolModal):
    """How long a role's members rest between two jobs."""

    def __init__(self, say: Say, pool: Pool, show: Show) -> None:
        super().__init__(say, text("pool.window.cooldown", pool=pool_name(pool)), show)
        self.pool = pool
        self.role = _roles()
        self.seconds = _line("seconds", required=True)
        self.ask("pool.window.role", self.role, hint="pool.window.role_hint")
        self.ask("pool.window.seconds", self.seconds, hint="pool.window.seconds_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        numbers = AllowanceChange(cooldown=self.count(self.seconds) or 0)
        return await pool_changes.set_rule(interaction, self.pool, _role(self.role, interaction), numbers)


class PauseModal(PoolModal):
    """Stop a pool, or both, with a word to members."""

    def __init__(self, say: Say, pool: Pool | None, show: Show) -> None:
        both = text("pool.window.pause_all")
        super().__init__(say, both if pool is None else text("pool.window.pause", pool=pool_name(pool)), show)
        self.pool = pool
        self.words = _line("words", limit=PAUSE_LIMIT)
        self.ask("pool.window.words", self.words, hint="pool.window.words_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        return await pool_changes.pause(interaction, self.pool, self.words.value)


class TotalModal(PoolModal):
    """The whole server's units a day."""

    def __init__(self, say: Say, pool: Pool, show: Show) -> None:
        super().__init__(say, text("pool.window.total", pool=pool_name(pool)), show)
        self.pool = pool
        self.units = _line("units")
        self.ask("pool.window.total_units", self.units, hint="pool.window.total_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        said = self.said(self.units)
        return await pool_changes.set_total(
            interaction, self.pool, None if isinstance(said, Unsaid) else said
        )


class PriceModal(PoolModal):
    """What a kind of job costs in a pool."""

    def __init__(self, say: Say, pool: Pool, show: Show) -> None:
        super().__init__(say, text("pool.window.price", pool=pool_name(pool)), show)
        self.pool = pool
        self.kind: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="kind",
            options=[
                discord.SelectOption(label=say(charge_name(charge)), value=charge.value) for charge in Charge
            ],
            required=True,
        )
        self.units = _line("units")
        self.ask("pool.window.kind", self.kind)
        self.ask("pool.window.units", self.units, hint="pool.window.price_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        return await pool_changes.set_price(
            interaction, self.pool, Charge(self.kind.values[0]), self.count(self.units)
        )


class GrantModal(PoolModal):
    """Extra units for a member."""

    def __init__(self, say: Say, show: Show) -> None:
        super().__init__(say, text("pool.window.grant"), show)
        self.member: discord.ui.UserSelect[Any] = discord.ui.UserSelect(custom_id="member", required=True)
        self.pool: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="pool",
            options=[discord.SelectOption(label=say(pool_name(pool)), value=pool.value) for pool in Pool],
            required=True,
        )
        self.units, self.hours = _line("units", required=True), _line("hours")
        self.reason = _line("reason", limit=REASON_LIMIT)
        self.ask("pool.window.member", self.member)
        self.ask("pool.window.pool", self.pool)
        self.ask("pool.window.units", self.units)
        self.ask("pool.window.hours", self.hours, hint="pool.window.hours_hint")
        self.ask("pool.window.reason", self.reason)

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        units = self.count(self.units)
        if units is None:
            raise UserError(text("pool.grant_needs_units"))
        return await pool_changes.grant(
            interaction,
            self.member.values[0].id,
            Pool(self.pool.values[0]),
            units=units,
            reason=self.reason.value,
            hours=self.count(self.hours),
        )


class ZoneModal(PoolModal):
    """Where the day begins at midnight."""

    def __init__(self, say: Say, show: Show) -> None:
        super().__init__(say, text("pool.window.zone"), show)
        self.zone = _line("zone", required=True, limit=60)
        self.ask("pool.window.zone_name", self.zone, hint="pool.window.zone_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        return await pool_changes.set_zone(interaction, self.zone.value)


class KeyModal(PoolModal):
    """A key of the server's own; the key alone, for where it is sent to is the owner's business."""

    def __init__(self, say: Say, show: Show) -> None:
        super().__init__(say, text("own_key.window"), show)
        self.key = _line("key", required=True, limit=PASTED_LIMIT)
        self.key.placeholder = KEY_LOOKS
        self.ask("own_key.window_key", self.key, hint="own_key.window_hint")

    @override
    async def change(self, interaction: AnyInteraction) -> Text:
        return await pool_changes.bring_key(interaction, self.key.value)
