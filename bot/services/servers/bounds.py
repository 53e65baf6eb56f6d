"""Numbers that settings may have, and the order in which rules stand.
Never here: settings themselves, and what a rule means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.pools import PoolRule

NUMBER_LIMIT: Final = 1_000_000
"""The largest allowance, total and price; more is spelled as unlimited."""


def rule_order(rule: PoolRule) -> tuple[str, bool, int]:
    """Everyone's rule first, then roles by age."""
    return (rule.pool.value, rule.role_id != rule.guild_id, rule.role_id)


def bounded(*numbers: int | None, low: int = 0, limit: int = NUMBER_LIMIT) -> None:
    """Raise `UserError` for a number out of bounds; None is no number."""
    if any(n is not None and not low <= n <= limit for n in numbers):
        raise UserError(text("settings.number", low=low, high=limit))
