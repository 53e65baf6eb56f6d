"""What belongs to a day or a month, bounded on both sides: a clock that stood ahead wrote what belongs to later ones.
Never here: when a period begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column, ColumnElement

    from bot.domain.days import Day


def within(column: Column[Any]) -> ColumnElement[bool]:
    """Whether a moment lies in the period whose `ends_of` the statement is given."""
    return and_(column >= bindparam("since_"), column < bindparam("until_"))


def ends_of(period: Day) -> Mapping[str, int]:
    """The values for `within`."""
    return {"since_": period.start, "until_": period.end}
