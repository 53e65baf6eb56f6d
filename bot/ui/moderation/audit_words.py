"""What stored settings are called: the names of sections and fields, and their values, in the commands' words.
Never here: which lines a change has, and where they stand."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from bot.domain.access import Pressers, Treatment
from bot.domain.guilds import SECTIONS
from bot.domain.moderation import Match, WordAction
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.prompt_rules import name_of as parameter_name
from bot.texts import Text, text
from bot.ui.kit.escape import quoted
from bot.ui.kit.languages import name_of as language_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

VALUE_LIMIT: Final = 60
NAME_LIMIT: Final = 40

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "action": "audit.field.action",
        "age_restricted": "command.mod.images.set.age_restricted",
        "allowed": "audit.field.allowed",
        "block_hours": "command.mod.strikes.hours",
        "channels": "audit.field.channels",
        "charge": "pool.window.kind",
        "cooldown": "audit.field.cooldown",
        "days": "audit.field.days",
        "default": "audit.field.default",
        "defaults": "audit.field.defaults",
        "denied": "audit.field.denied",
        "expires_at": "audit.field.until",
        "hosts_allowed": "audit.field.hosts_allowed",
        "hosts_denied": "audit.field.hosts_denied",
        "hours_of_account": "audit.field.hours_of_account",
        "hours_on_server": "audit.field.hours_on_server",
        "jobs": "audit.field.pictures",
        "key": "audit.field.key",
        "kinds": "audit.field.kinds",
        "limit": "command.mod.strikes.count",
        "links": "audit.field.links",
        "match": "audit.field.match",
        "most": "audit.field.most",
        "most_mb": "audit.field.most_mb",
        "off": "audit.field.off",
        "on": "audit.field.allowed",
        "pattern": "audit.field.pattern",
        "per_day": "pool.window.per_day",
        "per_month": "pool.window.per_month",
        "pool": "pool.window.pool",
        "reason": "pool.window.reason",
        "role_id": "pool.window.role",
        "running": "pool.window.running",
        "strikes": "audit.section.strikes",
        "suffix": "audit.field.suffix",
        "target_id": "audit.field.where",
        "treatment": "audit.field.treatment",
        "units": "pool.window.units",
        "until": "audit.field.until",
        "waiting": "pool.window.waiting",
        "who": "audit.field.who",
        "words": "audit.field.words",
    }
)
"""What the parts of a section, and of what is done to members, are called."""
UNLIMITED: Final = frozenset({"per_day", "running", "waiting", "per_month"})
"""Where nothing means no limit."""
CHOICES: Final[Mapping[str, tuple[type[StrEnum], Callable[[str], Text]]]] = MappingProxyType(
    {
        "action": (WordAction, lambda word: text(f"action.{word}")),
        "charge": (Charge, lambda word: text(f"pool.charge.{word}")),
        "default": (Pool, lambda word: text(f"pool.{word}")),
        "match": (Match, lambda word: text(f"kind.{word}")),
        "off": (Pool, lambda word: text(f"pool.{word}")),
        "pool": (Pool, lambda word: text(f"pool.{word}")),
        "treatment": (Treatment, lambda word: text(f"choice.media.{word}")),
        "who": (Pressers, lambda word: text(f"choice.press.{word}")),
    }
)
"""Fields that hold one of a few words: which, and how the catalogues say them."""


def section_name(name: str, say: Callable[[Text], str]) -> str:
    """What a section of the settings is called, or what else stands at the top of an entry."""
    return say(text(f"audit.section.{name}")) if name in SECTIONS else field_name(name, say)


def field_name(name: str, say: Callable[[Text], str]) -> str:
    """What a field is called; one that nobody named stays as it is stored."""
    return say(Text(FIELDS[name])) if name in FIELDS else quoted(name, NAME_LIMIT)


def value_words(name: str, value: object) -> Text | str | None:
    """A value in words, if it has some: a choice, yes or no, no limit, a parameter, a language, a number."""
    if value is None:
        return text("pool.unlimited") if name in UNLIMITED else None
    if isinstance(value, bool):
        return text("audit.yes" if value else "audit.no")
    if isinstance(value, float):
        return f"{value:g}"
    if not isinstance(value, str):
        return None
    if name in CHOICES:
        words, said = CHOICES[name]
        return said(value) if value in {word.value for word in words} else None
    if name == "key":
        return f"`--{parameter_name(value).replace('`', '')}`"
    if name == "kinds":
        return quoted(value.rpartition("/")[2].upper(), VALUE_LIMIT)
    return language_name(value) if name == "locale" else None


def is_said(name: str, value: Any) -> bool:
    """Whether a part of an entry is worth a word: nothing is, only where it means no limit."""
    return name in UNLIMITED or value not in (None, "", [])
