"""A text as a value: which sentence, with which arguments. The sentence itself lives in a catalogue.
Never here: sentences, languages, Discord."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Argument = str | int | float


class Inert(str):
    """Words of somebody else that mean nothing to Discord any more: whoever shows them escapes nothing again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence of the catalogues (`bot/locales`), by id, with its named arguments.

    Arguments that are `Text` themselves are rendered first, in the same language.
    """

    id: str
    args: Mapping[str, Argument | Text] = field(default_factory=lambda: MappingProxyType({}))


Localize: TypeAlias = "Callable[[Text], str]"
"""Puts a text into words, in one language."""


def text(id_: str, /, **args: Argument | Text) -> Text:
    """Name a sentence: `text("refused.pool_off", pool="FAST")`."""
    return Text(id_, MappingProxyType(args))


def listed(names: Iterable[Text]) -> Text:
    """“a, b and c”, of one name at least."""
    first, *more = names
    for name in more[:-1]:
        first = text("list.more", first=first, last=name)
    return text("list.last", first=first, last=more[-1]) if more else first
