"""Runs a compiled expression over a text in one pass, all ways at once: the time grows with the text and never explodes.
Never here: how an expression is read (regex_program.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.servers.regex_program import Op, is_word, program

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE_LIMIT: Final = 4_096
"""Remembered steps of an expression; forgotten all at once when there are more."""

_Step = tuple[tuple[int, ...], bool]


class LinearExpression:
    """An expression for machines without RE2, with RE2's meaning: leftmost, and the earlier alternative first.

    Method: Thompson's simulation with Pike's priorities. A text without a match, the usual case, is walked over with
    remembered steps; where there is one, a second walk remembers where each way began.
    """

    def __init__(self, pattern: str) -> None:
        self._code = program(pattern)
        self._steps: dict[tuple[tuple[int, ...], str, str], _Step] = {}

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where it matches, from left to right, without overlaps."""
        at = 0
        while self._occurs(folded, at) and (found := self._first(folded, at)) is not None:
            yield found
            at = found[1] if found[1] > found[0] else found[1] + 1

    def _occurs(self, text: str, at: int) -> bool:
        ways: tuple[int, ...] = ()
        for i in range(at, len(text) + 1):
            before, here = text[i - 1 : i] if i else "", text[i : i + 1]
            key = (ways, before, here)
            step = self._steps.get(key)
            if step is None:
                if len(self._steps) >= CACHE_LIMIT:
                    self._steps.clear()
                step = self._steps[key] = self._walk((*ways, 0), before, here)
            ways, matched = step
            if matched:
                return True
        return False

    def _walk(self, ways: tuple[int, ...], before: str, here: str) -> _Step:
        seen: set[int] = set()
        kept: dict[int, None] = {}
        for way in ways:
            if self._follow(way, before, here, seen, kept):
                return tuple(kept), True
        return tuple(kept), False

    def _first(self, text: str, at: int) -> tuple[int, int] | None:
        begun: dict[int, int] = {}
        found: tuple[int, int] | None = None
        for i in range(at, len(text) + 1):
            if found is not None and not begun:
                break
            before, here = text[i - 1 : i] if i else "", text[i : i + 1]
            ways = [*begun.items(), *([(0, i)] if found is None else ())]
            seen: set[int] = set()
            begun = {}
            for way, start in ways:
                kept: dict[int, None] = {}
                matched = self._follow(way, before, here, seen, kept)
                for after in kept:
                    begun.setdefault(after, start)
                if matched:
                    found = (start, i)
                    break
        return found

    def _follow(self, way: int, before: str, here: str, seen: set[int], kept: dict[int, None]) -> bool:
        """Go as far as possible without taking a character, the preferred way first; say whether the end was reached.

        `kept` gathers where each way stands after it took the character `here`. Ways that are preferred less than a
        match are not gone any more.
        """
        stack = [way]
        while stack:
            at = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            instruction = self._code[at]
            match instruction.op:
                case Op.MATCH:
                    return True
                case Op.CHARACTER:
                    if here and instruction.takes is not None and instruction.takes(here):
                        kept.setdefault(instruction.ways[0])
                case Op.ASSERT:
                    if _stands(instruction.place, before, here):
                        stack.append(instruction.ways[0])
                case _:  # Op.SPLIT
                    stack.extend(reversed(instruction.ways))
        return False


def _stands(place: str, before: str, here: str) -> bool:
    edge = (before != "" and is_word(before)) != (here != "" and is_word(here))
    match place:
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return before == ""
        case "AT_END" | "AT_END_STRING":
            return here == ""
        case "AT_BOUNDARY":
            return edge
        case _:
            return not edge
