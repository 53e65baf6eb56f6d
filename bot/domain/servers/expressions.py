"""Moderators' own expressions: RE2 where it is installed, else a matcher of ours that takes linear time as well.
Never here: rules about words, and what a bad expression is called in front of people."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final, Protocol

from bot.domain.servers.linear_matching import LinearExpression
from bot.domain.servers.regex_program import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM_BYTES: Final = 1 << 20
"""What RE2 may spend on a compiled expression; it refuses larger ones."""


class Expression(Protocol):
    """A compiled expression, for folded text (one line), in any case."""

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it matches, from left to right, without overlaps."""
        ...


class _Re2:
    """An expression of RE2's: time in proportion to the text, whatever the expression."""

    def __init__(self, re2: Any, pattern: str) -> None:
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        options.max_mem = PROGRAM_BYTES
        try:
            self._compiled = re2.compile(pattern, options=options)
        except re2.error as error:
            raise ExpressionError(_words(error)) from None

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it matches."""
        return (match.span() for match in self._compiled.finditer(folded))


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def compiler() -> Callable[[str], Expression]:
    """RE2 has no wheel for musl (Alpine), for older macOS and for some processors; there the bot runs without it."""
    try:
        re2 = importlib.import_module("re2")
    except ImportError:
        return LinearExpression
    return lambda pattern: _Re2(re2, pattern)


compile_expression: Final = compiler()
"""Compile an expression in RE2's language; raises `ExpressionError`."""
READS_ALL: Final = compile_expression is not LinearExpression
"""Whether every expression that was ever taken compiles here: RE2 took it, or our own matcher, which knows less."""
