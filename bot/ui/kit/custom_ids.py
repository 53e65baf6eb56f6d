"""How a control is spelled: `easel:<version>:<kind>:<fields>`, its typed fields, and every form that was ever released.
Never here: what a control does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from bot.domain.keys import KEY_PATTERN, JobKey
from bot.domain.tenancy import LARGEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from enum import StrEnum

T = TypeVar("T")
E = TypeVar("E", bound="StrEnum")

LIMIT: Final = 100
"""Discord's limit for a custom_id; discord.py does not check it (facts §3.4)."""
OURS: Final = "easel:"
VERSION: Final = 2
PREFIX: Final = f"{OURS}{VERSION}:"
_KIND: Final = r"[a-z][a-z0-9_-]{0,30}"
_KEY_FIRST: Final = re.compile(rf"{PREFIX}{_KIND}:({KEY_PATTERN})(?::(?s:.*))?")


@dataclass(frozen=True, slots=True, eq=False)
class Field(Generic[T]):
    """One typed part of a custom_id; what `write` gives must match `pattern`, and `read` raises ValueError for what is none.

    Each is itself alone: forms are looked up by their fields.
    """

    pattern: str
    read: Callable[[str], T]
    write: Callable[[T], str] = str


KEY: Final = Field(KEY_PATTERN, JobKey)
NUMBER: Final = Field("[0-9]{1,6}", int)
"""A page or a position; ASCII digits only."""


def _read_id(spelled: str) -> int:
    if int(spelled) > LARGEST_ID:
        raise ValueError(spelled)
    return int(spelled)


SNOWFLAKE: Final = Field("[0-9]{1,20}", _read_id)
"""One of Discord's ids, or of our rows'."""
REST: Final = Field("(?s:.*)", str)
"""Anything, as the last field."""


def one_of(kind: type[E]) -> Field[E]:
    """A member of an enumeration, by its value."""
    return Field("|".join(re.escape(member.value) for member in kind), kind, lambda member: member.value)


def maybe(field: Field[T]) -> Field[T | None]:
    """The same or nothing, which is spelled `-`."""

    def read(spelled: str) -> T | None:
        return None if spelled == "-" else field.read(spelled)

    return Field(f"{field.pattern}|-", read, lambda value: "-" if value is None else field.write(value))


def encode_custom_id(kind: str, fields: Sequence[Field[Any]], values: Sequence[Any]) -> str:
    """Spell a custom_id; raises ValueError if Discord would refuse it or it could not be read back."""
    spelled = PREFIX + ":".join([kind, *[f.write(value) for f, value in zip(fields, values, strict=True)]])
    if len(spelled) > LIMIT:
        raise ValueError(f"a custom_id has at most {LIMIT} characters, this one has {len(spelled)}")
    if read_fields(spelled, fields) != tuple(values):
        raise ValueError(f"{spelled!r} is not a custom_id that this version can read back")
    return spelled


def kind_of(custom_id: str) -> str | None:
    """The kind that a custom_id of this version names; None for all others."""
    return custom_id.removeprefix(PREFIX).partition(":")[0] if custom_id.startswith(PREFIX) else None


def read_fields(custom_id: str, fields: Sequence[Field[Any]]) -> tuple[Any, ...] | None:
    """What stands behind the kind; None if these fields cannot read it."""
    match = _form(tuple(fields)).fullmatch(custom_id)
    if match is None:
        return None
    try:
        return tuple([field.read(part) for field, part in zip(fields, match.groups(), strict=True)])
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _form(fields: tuple[Field[Any], ...]) -> re.Pattern[str]:
    return re.compile(f"{PREFIX}{_KIND}" + "".join(f":({field.pattern})" for field in fields))


def key_on(custom_id: str | None) -> JobKey | None:
    """The job that a control is about, if it is about one before all else."""
    match = _KEY_FIRST.fullmatch(renewed(custom_id or ""))
    return None if match is None else JobKey(match[1])


# -- earlier forms -----------------------------------------------------------------------------------------

_OLD: Final[Mapping[str, str]] = {
    rf"easel:1:({KEY_PATTERN}):([0-9]{{1,3}})": r"press:\1:\2",
    rf"easel:1:({KEY_PATTERN}):mask-([0-9]{{1,3}})": r"mask:\1:\2",
    rf"easel:1:({KEY_PATTERN}):({_KIND})": r"\2:\1",
    r"easel-list:([0-9]{1,6})": r"list:\1",
    r"easel-list:star:([0-9]{1,6})": r"stars:\1",
    rf"easel-drop:({KEY_PATTERN}:[0-9]{{1,20}}:[0-9]{{1,20}})": r"drop:\1",
    rf"easel-region:({KEY_PATTERN}:[0-9]{{1,3}})": r"region:\1",
    rf"easel-cells:({KEY_PATTERN}:[0-9]{{1,3}}:[0-9a-f]{{4}}:[0-9a-z]+)": r"cells:\1",
    r"easel-prefer:1:([a-z_]+)": r"prefer:\1",
    r"easel-prefer-menu:1:([a-z_]+)": r"prefer-menu:\1",
    r"easel-pool:1:([a-z_]+:[A-Z-]+)": r"pool:\1",
    r"easel-server:1:([a-z_]+:[0-9]{1,20})": r"server:\1",
    rf"easelmod:1:(cancel|lift):({KEY_PATTERN}|[0-9]{{1,20}})-([0-9]{{1,6}})": r"mod-\1:\2:\3",
    rf"easelmod:1:(cancel|lift):({KEY_PATTERN}|[0-9]{{1,20}})-?": r"mod-\1:\2:0",
    r"easelmod:1:(clear|clear_now):[0-9a-z-]*": r"mod-\1",
    r"easelmod:1:(audit):": r"mod-\1:-",
    r"easelmod:1:(jobs|blocks|words|prompts):": r"mod-\1:0",
    r"(?:easelmod:1:|easel:2:mod-)retention:([0-9]{1,6})": r"mod-retention:\1:-",
    r"easelmod:1:([a-z_]+):([0-9a-z]+)": r"mod-\1:\2",
    r"easel:2:mod-(channels|prompts|audit)": r"mod-\1:-",
}
"""Every form that messages and open modals out there may still carry, and what it is called now. Nothing leaves this table."""
_RENEWALS: Final = tuple((re.compile(old), new) for old, new in _OLD.items())


def renewed(custom_id: str) -> str:
    """How this version spells what an earlier one drew; everything else as it is."""
    for old, new in _RENEWALS:
        if match := old.fullmatch(custom_id):
            return PREFIX + match.expand(new)
    return custom_id
