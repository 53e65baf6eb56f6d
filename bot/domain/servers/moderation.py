"""Rules about words: what a server blocks, warns of or counts, found in what a prompt reads like.
Never here: who wrote it, strikes that were counted, and how a refusal is worded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from bot.domain.servers.declarations import Number, setting
from bot.domain.servers.disguises import FAR, NEAR, disguised
from bot.domain.servers.expressions import compile_expression
from bot.domain.servers.folded_expressions import for_folded_text
from bot.domain.servers.folding import fold
from bot.domain.servers.prompt_words import passages
from bot.domain.servers.regex_program import ExpressionError
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Finder = Callable[[str], Iterator[tuple[int, int]]]

# Moderators' own expressions run in time in proportion to the text, whatever the expression (expressions.py), so a bad
# one needs no time-out (peers F40). What remains is bounded here.
PATTERN_LIMIT: Final = 200
"""Characters of a rule."""
RULES_LIMIT: Final = 500
"""Rules of a server."""


class Match(StrEnum):
    """How a rule's pattern is read."""

    WORD = "word"
    """A whole word; a * at its beginning or end stands for the rest of a longer one. Other signs count for nothing."""
    PHRASE = "phrase"
    """Several words in a row, whatever stands between them but letters and digits."""
    REGEX = "regex"
    """An expression of RE2's, in any case and without accents, for text that was folded."""


class WordAction(StrEnum):
    """What a rule does."""

    ALLOW = "allow"
    """What it finds is never found by the others."""
    WARN = "warn"
    """Go on, with a warning."""
    BLOCK = "block"
    """Refuse."""
    STRIKE = "strike"
    """Refuse and count: enough strikes block the member for a time."""


@dataclass(frozen=True, slots=True)
class WordRule:
    """One rule of a server; its pattern is kept as it was typed."""

    match: Match
    pattern: str
    action: WordAction = WordAction.BLOCK


@dataclass(frozen=True, slots=True)
class StrikePolicy:
    """How many strikes block a member, and for how long."""

    limit: int = setting("strikes", "count", Number(1, 100), default=3)
    days: int = setting("strikes", "days", Number(1, 365), default=30)
    """After so many days a strike no longer counts."""
    block_hours: int = setting("strikes", "hours", Number(1, 24 * 365), default=24)


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that matched, and what it matched as the rule saw it (folded)."""

    rule: WordRule
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about a text."""

    found: tuple[Found, ...] = ()
    """Every rule that matched outside what is allowed, in the server's order, each once."""
    allowed: tuple[Found, ...] = ()
    """What the allow-list excused or would excuse: for the tester."""

    @property
    def action(self) -> WordAction | None:
        """The gravest consequence; None if nothing was found."""
        return max((f.rule.action for f in self.found), key=_GRAVITY.index, default=None)

    @property
    def most_severe(self) -> Found | None:
        """The match that decided."""
        return next((f for f in self.found if f.rule.action is self.action), None)


_GRAVITY: Final = (WordAction.ALLOW, WordAction.WARN, WordAction.BLOCK, WordAction.STRIKE)


def examine(words: str, rules: Iterable[WordRule]) -> Verdict:
    """Look for every rule in a prompt; changes and counts nothing, so it also serves as a dry run.

    An expression sees all of the prompt, parameters included; words and phrases are looked for in what is words.
    """
    rules = tuple(rules)
    if not rules:
        return Verdict()
    whole, said = [fold(words)], [fold(passage) for passage in passages(words)]

    def read_by(rule: WordRule) -> list[str]:
        return whole if rule.match is Match.REGEX else said

    excused = {
        folded: [(rule, span) for rule in rules if _is_allow(rule) for span in _stored(rule)(folded)]
        for folded in dict.fromkeys(folded for rule in rules for folded in read_by(rule))
    }
    found = []
    for rule in rules:
        if _is_allow(rule):
            continue
        spans = (
            folded[slice(*span)]
            for folded in read_by(rule)
            for span in _stored(rule)(folded)
            if not any(_within(span, free) for _, free in excused[folded])
        )
        first = next(spans, None)
        if first is not None:
            found.append(Found(rule, first))
    allowed = (Found(rule, folded[slice(*span)]) for folded, spans in excused.items() for rule, span in spans)
    return Verdict(tuple(found), tuple(dict.fromkeys(allowed)))


def checked(rule: WordRule) -> WordRule:
    """The rule if it can be used; raises `UserError` with what is wrong with it."""
    if len(rule.pattern) > PATTERN_LIMIT:
        raise UserError(text("words.too_long", limit=PATTERN_LIMIT))
    try:
        finder = _finder(rule)
    except ExpressionError as error:
        raise UserError(text("words.bad_regex", reason=_reason(error))) from None
    if next(finder(""), None) is not None:
        raise UserError(text("words.matches_nothing_at_all"))
    if rule.match is not Match.REGEX and not _letters(fold(rule.pattern)):
        raise UserError(text("words.empty"))
    return rule


def unreadable(rules: Iterable[WordRule]) -> frozenset[WordRule]:
    """Those that find nothing on this machine (`_stored`); compiles all, so not for the event loop."""
    found = set()
    for rule in rules:
        if rule.match is Match.REGEX:
            try:
                _finder(rule)
            except ExpressionError:
                found.add(rule)
    return frozenset(found)


def compiles(expression: WordRule) -> bool:
    """Whether this machine understands it; nothing is kept, so that a look at all servers' fills no memory."""
    try:
        compile_expression(for_folded_text(expression.pattern))
    except ExpressionError:
        return False
    return True


def without_signs(rule: WordRule) -> str | None:
    """How a rule is read whose signs count for nothing; None if it has none."""
    if rule.match is Match.REGEX:
        return None
    folded = fold(rule.pattern)
    before, after = _stars(rule, folded)
    read = f"{'*' * before}{' '.join(_letters(folded))}{'*' * after}"
    return None if read == folded else read


def _is_allow(rule: WordRule) -> bool:
    return rule.action is WordAction.ALLOW


def _stars(rule: WordRule, folded: str) -> tuple[bool, bool]:
    """Whether something may stand before and behind a word."""
    starred = rule.match is Match.WORD
    return starred and folded.startswith("*"), starred and folded.endswith("*")


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _stored(rule: WordRule) -> Finder:
    """A rule that was taken once; on a machine without RE2, one that only RE2 can read finds nothing."""
    try:
        return _finder(rule)
    except ExpressionError:
        return lambda _folded: iter(())


@lru_cache(maxsize=4096)
def _finder(rule: WordRule) -> Finder:
    """Compile a rule; raises `ExpressionError`."""
    if rule.match is Match.REGEX:
        return compile_expression(for_folded_text(rule.pattern)).spans
    folded = fold(rule.pattern)
    letters = _letters(folded)
    before, after = _stars(rule, folded)
    plain = _spans(re.compile(_literal(letters, before=before, after=after)).finditer)
    if len(letters) == 1 and len(letters[0]) == _PAIR:
        plain = _outside_lists(plain)
    return _with_disguises(plain, rule, letters)


def _with_disguises(plain: Finder, rule: WordRule, letters: list[str]) -> Finder:
    """What stands there as it is, then in disguise; what is allowed is allowed as it is only."""
    hidden = None if rule.action is WordAction.ALLOW else disguised(letters)
    if hidden is None:
        return plain
    find = hidden.find

    def both(folded: str) -> Iterator[tuple[int, int]]:
        yield from plain(folded)
        yield from find(folded)

    return both


def _spans(finditer: Callable[[str], Iterator[re.Match[str]]]) -> Finder:
    def find(folded: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in finditer(folded))

    return find


def _outside_lists(find: Finder) -> Finder:
    def outside(folded: str) -> Iterator[tuple[int, int]]:
        return (span for span in find(folded) if not _listed(folded).issuperset(range(*span)))

    return outside


@lru_cache(maxsize=16)
def _listed(folded: str) -> frozenset[int]:
    """The places in lists of single letters; once for all rules."""
    return frozenset(place for match in _LIST.finditer(folded) for place in range(*match.span()))


_APART: Final = r"[\W_]+"
_LETTER: Final = r"[^\W_]"
_CONTINUOUS: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts that write without blanks, or (Korean) hang endings on: there a word has no edge to look for."""
_BAR: Final = r"[/・•\u2190-\u21ff]"
_PARTED: Final = rf"(?:\s?{_BAR}|{_BAR}\s)"
_LIST: Final = re.compile(
    rf"(?<!{_LETTER})(?<!{_LETTER}{_BAR})(?<!{_LETTER}{_BAR}\s)(?<!{_LETTER}\s{_BAR}){_CONTINUOUS.pattern}"
    rf"(?P<sign>{_PARTED}){_CONTINUOUS.pattern}(?:(?P=sign){_CONTINUOUS.pattern}){{1,3}}(?!{_PARTED}?{_LETTER})"
)
"""Three to five single letters, and no more, parted by the same sign of lists (“老/少/女”); more of them are a prompt spelled apart."""
_PAIR: Final = 2
"""Letters of a word that such a list may hold by chance."""

_REST_BEFORE: Final = rf"(?:(?<!{_LETTER}){_LETTER}*)?"
"""The rest of a longer word, from its beginning: tried from each of its letters it would take the square of its length."""
_LONG_VOWEL: Final = "\u30fc"
_WHOLE_RUN: Final = rf"(?<!{_LONG_VOWEL}){_LONG_VOWEL}++"
"""A long vowel however long it is drawn: there is one way to read it, so a text of nothing else costs no more."""


def _letters(folded: str) -> list[str]:
    return re.findall(rf"{_LETTER}+", folded)


def _literal(words: list[str], *, before: bool = False, after: bool = False) -> str:
    """An expression for words in a row, whole ones unless something may stand before or after."""
    if not words:
        return r"(?!)"  # matches nowhere
    first, last = _CONTINUOUS.match(words[0]), _CONTINUOUS.match(words[-1][-1])
    start = _REST_BEFORE if before else "" if first else rf"(?<!{_LETTER})"
    end = rf"{_LETTER}*" if after else "" if last else rf"(?!{_LETTER})"
    line, apart = (_APART.join(_spelled_apart(word, signs) for word in words) for signs in (NEAR, FAR))
    if apart == line:
        return start + line + end
    edge = _CONTINUOUS.pattern
    alone = (rf"(?<!{edge})" if first else start) + apart + (rf"(?!{edge})" if last else end)
    return f"{start}{line}{end}|{alone}"


def _spelled_apart(word: str, signs: str) -> str:
    """A word; between letters of scripts that write without blanks a blank or a sign may hide it."""
    if not all(_CONTINUOUS.match(c) for c in word):
        return re.escape(word)
    if "\u4e28" in word:
        signs = signs.replace(r"\u4e28", "")  # a letter of it hides nothing
    once = re.sub(f"{_LONG_VOWEL}+", _LONG_VOWEL, word)
    return f"[{signs}]{{0,2}}".join(_kana(c, drawn=_LONG_VOWEL in word) for c in once)


def _kana(letter: str, *, drawn: bool) -> str:
    """A letter; in a word with a long vowel in Hiragana, too, where no ordinary word has that mark."""
    if letter == _LONG_VOWEL:
        return _WHOLE_RUN
    hiragana = chr(ord(letter) - 0x60)
    return f"[{letter}{hiragana}]" if drawn and "\u30a1" <= letter <= "\u30f6" else re.escape(letter)


def _reason(error: ExpressionError) -> str:
    """The engine's own words, plain enough to be shown."""
    return re.sub(r"[^\w .,:()+-]", "", str(error))[:PATTERN_LIMIT]
