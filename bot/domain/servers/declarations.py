"""How a server's setting is declared, once, where its field stands: kind, bounds, and the command option that sets it.
Never here: which settings there are (their own fields say so), sentences, Discord."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from bot.domain.days import is_zone
from bot.errors import UserError
from bot.texts import text

DECLARED: Final = "declared"
"""Under this name a field's metadata holds its `Setting`."""


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds, both included."""

    low: int
    high: int
    names: tuple[tuple[int, str], ...] = ()
    """Values that mean something else than their number, named in the catalogues by `setting.<name>`; one that is out of
    bounds is typed by its name."""
    hint: str | None = None
    """`panel.<hint>` explains those where a number is typed."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, named in the catalogues by `choice.<words>.<value>`."""

    values: type[StrEnum]
    words: str


@dataclass(frozen=True, slots=True)
class MultipleChoice:
    """Any of several values; none of them, or all, is no choice and kept as none."""

    values: type[StrEnum]


class Named(StrEnum):
    """What Discord, or a list of names, knows."""

    CHANNEL = "channel"
    """A text channel, by its id."""
    ROLE = "role"
    """A role, by its id."""
    LANGUAGE = "language"
    """A language of the catalogues."""
    ZONE = "zone"
    """A time zone, by its IANA name."""


Kind = Number | Switch | Choice | MultipleChoice | Named


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What everything that shows or changes a setting knows of it."""

    command: str
    """The short name of the command that sets it; settings of one command are read and changed together."""
    option: str
    """Its option there, which `setting.<command>.<option>` names."""
    kind: Kind
    optional: bool = False
    """Whether it may be nothing (None); as an option 0 takes a number away then, if 0 is out of its bounds."""
    unset: str | None = None
    """The option that takes it away: `off`, or `automatic`."""
    unset_value: Any = None
    """What it is then."""
    exempt: bool = False
    """Whether moderators are exempt, which is said wherever it is set."""
    path: str | None = None
    """The whole command, where that is not `mod <command>`."""
    sentence: str | None = None
    """What `mod.<sentence>` says of it, with a number as `n` and everything else by the option's name; a switch has two such
    sentences (`_on`, `_off`), and nothing has one of its own (`_off`, or what `unset` says). None: “name: value”."""
    needs_model: bool = False
    """Whether it means something only where the owner has named a chat model."""

    def is_taken_away_by(self, value: object) -> bool:
        """Whether a value means nothing: 0, where it may be nothing and 0 is out of bounds."""
        return self.optional and value == 0 and isinstance(self.kind, Number) and self.kind.low > 0

    @property
    def spelled(self) -> str:
        """The whole command, without its slash."""
        return self.path or f"mod {self.command}"


def setting(command: str, option: str, kind: Kind, *, default: Any, **more: Any) -> Any:
    """Declare a field where it stands; `more` are the other fields of `Setting`."""
    declared = Setting(command=command, option=option, kind=kind, **more)
    return field(default=default, metadata={DECLARED: declared})


def checked_value(declared: Setting, value: Any) -> Any:
    """The value as it is kept; raises `UserError` if it is out of bounds. None: nothing is set."""
    kind = declared.kind
    if declared.optional and value is None:
        return None
    match kind:
        case Number(low, high, names) if not (
            isinstance(value, int) and (low <= value <= high or value in dict(names))
        ):
            raise UserError(text("settings.number", low=low, high=high))
        case Choice(values):
            return values(value)
        case MultipleChoice(values):
            chosen = tuple(one for one in values if one in set(value))
            return () if len(chosen) == len(values) else chosen
        case Named.ZONE if not is_zone(str(value)):
            raise UserError(text("settings.no_such_zone"))
    return value
