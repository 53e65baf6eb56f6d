"""What of a prompt are words that somebody chose: its text, and what stands in parameters that take words or links.
Never here: rules about words (moderation)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.intake.drawing import words_of_order
from bot.domain.intake.parameters import Arity, parameter_named

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARAMETER: Final = re.compile(r"(?<!\S)--(?=[^\W\d_])")
_CHOSEN: Final = frozenset({"style", "sref", "cref", "oref", "profile", "end"})
"""Keys of parameters whose values are names and links; numbers among them are codes."""
_FIXED: Final = frozenset({"raw", "random", "loop"})
"""Words that such a parameter knows."""


def passages(prompt: str) -> tuple[str, ...]:
    """The words of a composed prompt, and of each parameter apart, so that none is read together with others'.

    Names of parameters and values without words are left out: `--seed 88` and `--raw` are nothing that anybody said.
    What is no parameter of Midjourney's stays.
    """
    words, *parameters = _PARAMETER.split(words_of_order(prompt))
    found = (words.strip(), *(" ".join(_words_of(spelled.split())) for spelled in parameters))
    return tuple(filter(None, found))


def _words_of(spelled: list[str]) -> Iterable[str]:
    name, values = spelled[0], spelled[1:]
    parameter = parameter_named(name.lower())
    if parameter is None:
        return spelled
    if parameter.key in _CHOSEN:
        return (word for word in values if word not in _FIXED and any(c.isalpha() for c in word))
    takes_one = parameter.takes in {Arity.ONE, Arity.MAYBE_ONE}
    return values[1:] if takes_one and values and parameter.read(values[0]) is not None else values
