"""Numbers that settings may have, and the order in which rules stand.
Never here: settings themselves, and what a rule means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.pools import PoolRule


def rule_order(rule: PoolRule) -> tuple[str, bool, int]:
    """Everyone's rule first, then roles by age."""
    return (rule.pool.value, rule.role_id != rule.guild_id, rule.role_id)


def bounded(*numbers: int | None, low: int = 0, limit: int = 1_000_000) -> None:
    """Raise `UserError` for a number out of bounds; None is no number. The usual limit is `settings.NUMBER_LIMIT`."""
    if any(n is not None and not low <= n <= limit for n in numbers):
        raise UserError(text("settings.number", low=low, high=limit))
