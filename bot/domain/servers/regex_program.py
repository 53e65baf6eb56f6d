"""An expression becomes a short program for a matcher that never goes back; what needs going back is refused.
Never here: running such a program (linear_matching.py)."""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PROGRAM_LIMIT: Final = 600
"""Instructions of an expression, after counted repetitions are written out."""
REPEAT_LIMIT: Final = 1_000
"""The largest count that RE2 takes, too."""
_PYTHONS_OWN: Final = re.compile(r"\{,\d+\}|\\Z")
"""Python reads these in a way of its own; RE2 takes the first literally and refuses the second."""


class ExpressionError(ValueError):
    """An expression that cannot be used; its words say why, in English, without quoting more than a few characters."""


class Op(Enum):
    """What an instruction does."""

    CHARACTER = auto()
    SPLIT = auto()
    ASSERT = auto()
    MATCH = auto()


@dataclass(slots=True)
class Instruction:
    """One step: a character to take, ways to go on in order of preference, or a place to be at."""

    op: Op
    ways: tuple[int, ...] = ()
    takes: Callable[[str], bool] | None = None
    place: str = ""


def program(pattern: str) -> tuple[Instruction, ...]:
    r"""Translate an expression in RE2's language; raises `ExpressionError`.

    Python's own parser reads it, so the two languages' common part is what is understood: no classes with a name
    (`[[:alpha:]]`, `\pL`), and of course no look-around, no back-references and nothing possessive or atomic.
    """
    if (odd := _PYTHONS_OWN.search(pattern)) is not None:
        raise ExpressionError(f"unsupported: {odd[0]}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = importlib.import_module("re._parser").parse(pattern, re.ASCII)
        writer = _Writer()
        writer.sequence(parsed)
    except (re.error, ValueError, OverflowError, RecursionError, Warning) as error:
        raise ExpressionError(str(error)) from None
    writer.add(Instruction(Op.MATCH))
    return tuple(writer.code)


class _Writer:
    """Writes instructions one after another; a way that is not known yet is filled in later."""

    def __init__(self) -> None:
        self.code: list[Instruction] = []

    def add(self, instruction: Instruction) -> int:
        """Append an instruction; say where it stands."""
        if len(self.code) >= PROGRAM_LIMIT:
            raise ExpressionError("expression too large")
        self.code.append(instruction)
        return len(self.code) - 1

    def sequence(self, parsed: Iterable[tuple[Any, Any]]) -> None:
        """One part after another."""
        for op, value in parsed:
            self._part(str(op), value)

    def _part(self, op: str, value: Any) -> None:
        match op:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                at = self.add(Instruction(Op.CHARACTER, takes=_taking(op, value)))
                self.code[at].ways = (at + 1,)
            case "AT":
                at = self.add(Instruction(Op.ASSERT, place=str(value)))
                self.code[at].ways = (at + 1,)
            case "SUBPATTERN":
                self.sequence(value[-1])
            case "BRANCH":
                self._branch(value[1])
            case "MAX_REPEAT" | "MIN_REPEAT":
                self._repeat(*value, greedy=op == "MAX_REPEAT")
            case _:
                raise ExpressionError(f"unsupported: {op.lower().replace('_', ' ')}")

    def _branch(self, choices: list[Any]) -> None:
        split = self.add(Instruction(Op.SPLIT))
        starts, ends = [], []
        for choice in choices:
            starts.append(len(self.code))
            self.sequence(choice)
            ends.append(self.add(Instruction(Op.SPLIT)))
        self.code[split].ways = tuple(starts)
        for end in ends:
            self.code[end].ways = (len(self.code),)

    def _repeat(self, least: int, most: int, body: Any, *, greedy: bool) -> None:
        endless = str(most) == "MAXREPEAT"
        if least > REPEAT_LIMIT or (not endless and most > REPEAT_LIMIT):
            raise ExpressionError("repetition too large")
        for _ in range(least):
            self.sequence(body)
        splits = []
        for _ in range(1 if endless else most - least):
            splits.append(self.add(Instruction(Op.SPLIT)))
            self.sequence(body)
        ways = [(split, split + 1) for split in splits]
        if endless:
            # Back to the body and not to the choice before it: where the body took nothing, RE2 goes on behind it.
            ways.append((self.add(Instruction(Op.SPLIT)), splits[0] + 1))
        after = len(self.code)
        for split, more in ways:
            self.code[split].ways = (more, after) if greedy else (after, more)


def is_word(c: str) -> bool:
    r"""Whether `\w` takes it: in RE2 an ASCII letter, a digit or a low line."""
    return c.isascii() and (c.isalnum() or c == "_")


def _is_digit(c: str) -> bool:
    return c in "0123456789"


def _is_space(c: str) -> bool:
    return c in "\t\n\f\r "


_CATEGORIES: Final[dict[str, Callable[[str], bool]]] = {
    "CATEGORY_DIGIT": _is_digit,
    "CATEGORY_NOT_DIGIT": lambda c: not _is_digit(c),
    "CATEGORY_SPACE": _is_space,
    "CATEGORY_NOT_SPACE": lambda c: not _is_space(c),
    "CATEGORY_WORD": is_word,
    "CATEGORY_NOT_WORD": lambda c: not is_word(c),
}


def _taking(op: str, value: Any) -> Callable[[str], bool]:
    match op:
        case "ANY":
            return lambda c: c != "\n"
        case "IN":
            items = [(str(kind), what) for kind, what in value]
        case _:
            items = [("LITERAL", value)]
    negated = op == "NOT_LITERAL" or ("NEGATE", None) in items

    def takes(c: str) -> bool:
        cases = {c, c.lower(), c.upper()}
        return negated != any(_is_in(one, items) for one in cases if len(one) == 1)

    return takes


def _is_in(c: str, items: list[tuple[str, Any]]) -> bool:
    return any(_fits(c, kind, what) for kind, what in items)


def _fits(c: str, kind: str, what: Any) -> bool:
    match kind:
        case "LITERAL":
            return bool(ord(c) == what)
        case "RANGE":
            return bool(what[0] <= ord(c) <= what[1])
        case _:  # "CATEGORY"; "NEGATE" was looked at
            return kind == "CATEGORY" and bool(_CATEGORIES[str(what)](c))
