"""A line taken apart: its addresses, its words, and its parameters with their values, in the order that is sent.
Never here: where parameters begin (dashes), and what options or a server lay over and under them (prompts)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from bot.domain.intake.parameters import (
    ADDING,
    BY_NAME,
    SWITCHED_OFF,
    VERSIONS,
    Arity,
    Parameter,
    nearest,
    parameter_named,
)
from bot.domain.wording import DASHES, TRAILING, folded_name, inert, is_link
from bot.errors import UserError
from bot.texts import Inert, text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.texts import Text

QUOTE_LIMIT: Final = 40
"""Characters of what a person typed that a refusal repeats."""

NOTE_REPEATED: Final = "note.parameter_repeated"
NOTE_MOVED: Final = "note.words_moved"
NOTE_LINKS: Final = "note.links_moved"

_CLOSING: Final = ")]}\"'\u201d\u2019\u00bb\u300d\u300f*_~`"
"""Signs that close something which began before the parameter."""
_NAMED: Final = re.compile(
    rf"([^\W\d_]+)(?:[=:\uff1a](?P<told>[^{DASHES}].*)|(?P<stuck>\.?[0-9].*)|[=:\uff1a]?(?P<tail>[{re.escape(TRAILING + _CLOSING)}]*))"
)
BEGINNING: Final = re.compile(r"(?<!\S)--(?=[^\W\d_])")
"""Where a parameter stands in a line with two plain hyphens before each."""
_WEIGHT: Final = re.compile(r"::-?[0-9]*\.?[0-9]+")
_CUTS: Final = ",;\uff0c\u3002\uff1b\u3001\uff01"
_LISTED: Final = re.compile(rf"(?P<value>[^{_CUTS}]+)[{_CUTS}](?P<rest>.+)")
"""A value with something behind it, without a blank between: `100,red`, `123,456` where several may stand."""
_WITHIN_NUMBER: Final = r"(?<=\d)[,\uff0c](?=\d)"
_CUT: Final = re.compile(
    rf"(?P<value>(?:[^{_CUTS}]|{_WITHIN_NUMBER})+)(?!{_WITHIN_NUMBER})[{_CUTS}](?P<rest>.+)"
)
"""The same where one value stands: a comma between digits belongs to a number, which half of it is not."""
_QUOTED: Final = re.compile(
    "[\"'`\u201c\u201e\u2018\u00ab\u300c](?P<value>[^\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\u300c\u300d]+)[\"'`\u201c\u201d\u2019\u00bb\u300d]"
)
_LINK_TRAILING: Final = ",;\uff0c\u3002\uff1b\u3001"


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter with its value."""

    key: str
    name: str
    value: str

    @property
    def spelled(self) -> str:
        """As it stands in a prompt."""
        return f"--{self.name} {self.value}".rstrip()

    @property
    def meant(self) -> tuple[Parameter, str]:
        """What it says under whichever of its names: `--style raw` is `--raw`, and `--niji 6` is no `--v 6`."""
        return (BY_NAME["raw"], "") if self.key == "raw" else (BY_NAME[self.name], self.value)

    def joined(self, more: ParameterValue) -> ParameterValue:
        """With the values of another of the same key behind its own, each once."""
        if self.key == "no":
            mine, theirs = (
                [part.strip() for part in one.value.split(",") if part.strip(TRAILING + " ")]
                for one in (self, more)
            )
            return ParameterValue(
                "no", "no", ", ".join([*mine, *(part for part in theirs if part not in mine)])
            )
        mine, theirs = self.value.split(), more.value.split()
        return ParameterValue(
            self.key, more.name, " ".join([*mine, *(part for part in theirs if part not in mine)])
        )


@dataclass(slots=True)
class Parts:
    """What a line is made of."""

    links: list[str] = field(default_factory=list)
    """Pictures to start from: they stand at the head, as upstream wants them."""
    words: list[str] = field(default_factory=list)
    given: dict[str, ParameterValue] = field(default_factory=dict)
    """Parameters by key, in the order in which they were last given."""
    sets: list[str] = field(default_factory=list)
    """Names of option sets that stand in it like parameters."""
    off: set[str] = field(default_factory=set)
    """Keys of flags that are switched off, whatever is laid under."""
    repeat: int = 1
    repeat_name: str = "repeat"
    notes: list[str] = field(default_factory=list)

    def add(self, more: ParameterValue) -> None:
        """A parameter counts as it was last given, or adds up."""
        earlier = self.given.pop(more.key, None)
        if earlier is not None and more.key in ADDING:
            more = earlier.joined(more)
        elif earlier is not None:
            self.notes.append(NOTE_REPEATED)
        self.given[more.key] = more
        self.off.discard(more.key)


def taken_apart(line: str, *, sets: Collection[str] = ()) -> Parts:
    """Read a line with `--` before its parameters; `sets` are names that may stand like one, folded.

    Raises `UserError` for a parameter that is unknown or has no value that can be read.
    """
    parts = Parts()
    rest = line.split()
    while rest:
        head, rest = rest[0], rest[1:]
        named = _set_named(head, sets)
        if named is not None:
            parts.sets.append(named)
        elif _is_parameter(head) and head[2:].lower() in SWITCHED_OFF:
            parts.off.add(SWITCHED_OFF[head[2:].lower()])
        elif _is_parameter(head):
            rest = _read(head, rest, parts)
        elif is_link(head):
            if parts.words:
                parts.notes.append(NOTE_LINKS)
            parts.links.append(head.rstrip(_LINK_TRAILING))
        else:
            if parts.given and head.strip(TRAILING + _CLOSING):
                parts.notes.append(NOTE_MOVED)
            _add_word(parts, head)
    return parts


def parameters_of(prompt: str) -> tuple[str, ...]:
    """The parameters of a composed prompt with their values, as they stand there: `--ar 3:2`."""
    starts = [match.start() for match in BEGINNING.finditer(prompt)]
    return tuple(prompt[start:end].strip() for start, end in pairwise([*starts, len(prompt)]))


def words_of(prompt: str) -> str:
    """What stands before the parameters of a composed prompt: addresses and words."""
    found = BEGINNING.search(prompt)
    return prompt if found is None else prompt[: found.start()].rstrip()


def with_reference(prompt: str, name: str, addresses: str) -> str:
    """A composed prompt with addresses added to what a reference parameter has already."""
    for part in parameters_of(prompt):
        if part.startswith(f"--{name} "):
            return prompt.replace(part, f"{part} {addresses}", 1)
    return f"{prompt} --{name} {addresses}"


def read_value(parameter: Parameter, name: str, value: str) -> str:
    """The value as it is sent; raises `UserError` with the sentence that says what would be read."""
    read = _value(parameter, value)
    if read is None:
        raise UserError(text("prompt.bad_value", name=name, rule=parameter.rule, value=shown(value)))
    return read


def shown(typed: str) -> Inert:
    """What a person typed as a sentence may repeat it: every sign of it, cut, and nothing that Discord would render."""
    kept = "".join(c for c in typed if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    kept = kept if len(kept) <= QUOTE_LIMIT else f"{kept[: QUOTE_LIMIT - 1]}…"
    return inert(kept)


def _shown_name(typed: str) -> str:
    """The same between backticks, where only a backtick means anything."""
    kept = "".join(c for c in typed if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).replace(
        "`", "\u02cb"
    )
    return kept if len(kept) <= QUOTE_LIMIT else f"{kept[: QUOTE_LIMIT - 1]}…"


def _add_word(parts: Parts, word: str) -> None:
    """Put a word behind the others; a closing sign goes to the word that it closes."""
    if parts.given and parts.words and not word.strip(TRAILING + _CLOSING) and word.strip(TRAILING):
        opened = parts.words[-1]
        parts.words[-1] = opened + word
        return
    parts.words.append(word)


def _is_parameter(word: str) -> bool:
    return word.startswith("--") and word[2:3].isalpha()


def _set_named(word: str, sets: Collection[str]) -> str | None:
    if not sets or not _is_parameter(word):
        return None
    name = folded_name(word[2:]).rstrip(TRAILING)
    return name if name in sets and parameter_named(name) is None else None


def _read(head: str, rest: list[str], parts: Parts) -> list[str]:
    """Add a parameter with the words that belong to it; returns those that do not."""
    match = _NAMED.fullmatch(head[2:])
    name = match[1].lower() if match else ""
    parameter = parameter_named(name)
    if match is None or parameter is None:
        raise UserError(_unknown(head[2:], name))
    end = next((i for i, word in enumerate(rest) if _is_parameter(word)), len(rest))
    stuck = match["told"] or match["stuck"]
    mine, others = ([stuck] if stuck else []) + rest[:end], rest[end:]
    if not stuck and mine and mine[0] in {"=", ":", "\uff1a"} and parameter.takes is not Arity.NONE:
        mine = mine[1:]
    values, left = _take(parameter, name, mine)
    closing = (match["tail"] or "").strip(TRAILING)
    left = [closing, *left] if closing else left
    value = " ".join(values)
    if parameter.key == "repeat":
        parts.repeat, parts.repeat_name = int(value), name
    else:
        raw = parameter.key == "style" and value.lower() == "raw"
        parts.add(ParameterValue("raw" if raw else parameter.key, name, value))
    return left + others


def _unknown(spelled: str, name: str) -> Text:
    typed = _shown_name(spelled)
    near = nearest(re.sub(r"[\W_]+$", "", spelled))
    if near is not None and near not in {spelled.lower(), name}:
        return text("prompt.unknown_parameter_near", name=typed, near=near)
    return text("prompt.unknown_parameter", name=typed)


def _take(parameter: Parameter, name: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The values at the head of `words`, as they are sent, and what is left; raises `UserError` if none can be read."""
    takes = parameter.takes
    if takes is Arity.NONE:
        return [], list(words)
    if takes is Arity.ALL:
        end = next((i for i, word in enumerate(words) if is_link(word)), len(words))
        words, left = words[:end], list(words[end:])
        if not words:
            raise UserError(text("prompt.missing_value", name=name, rule=parameter.rule))
        return list(words), left
    if takes is Arity.MAYBE_ALL:
        return _codes(parameter, list(words))
    # `--niji a fox` and `--niji v8 engine` are flags before words, `--niji v6` is none; `--niji 99` is a mistake.
    if takes is Arity.MAYBE_ONE and not (words and (words[0][0].isdigit() or _is_version(parameter, words))):
        return [], list(words)
    if not words:
        raise UserError(text("prompt.missing_value", name=name, rule=parameter.rule))
    words = _closed_up(parameter, list(words))
    first, left = _first(parameter, name, words)
    if takes is not Arity.SOME:
        return [first], left
    return _more(parameter, [first], left)


def _is_version(parameter: Parameter, words: Sequence[str]) -> bool:
    """Whether these words begin with one that is spoken of as `v6`: that there is, or behind which there are no words."""
    value = _value(parameter, words[0])
    return value is not None and (len(words) == 1 or f"{parameter.names[-1]} {value}" in VERSIONS)


def _first(parameter: Parameter, name: str, words: list[str]) -> tuple[str, list[str]]:
    """The value that must be there, and what is left of its word and behind it."""
    whole = _value(parameter, words[0])
    if whole is not None:
        if _QUOTED.fullmatch(words[0]):
            return whole, words[1:]
        closing = words[0][len(words[0].rstrip(_CLOSING + TRAILING)) :].strip(TRAILING)
        return whole, ([closing] if closing else []) + words[1:]
    read, rest = _cut_off(parameter, words[0])
    if read is None:
        raise UserError(text("prompt.bad_value", name=name, rule=parameter.rule, value=shown(words[0])))
    return read, [*rest, *words[1:]]


def _cut_off(parameter: Parameter, word: str) -> tuple[str | None, list[str]]:
    """The value at the head of a word, None if there is none, and what stands behind it."""
    cuts = _LISTED if parameter.takes is Arity.SOME else _CUT
    cut = None if is_link(word) else cuts.fullmatch(word)
    return (None, []) if cut is None else (_value(parameter, cut["value"]), [cut["rest"]])


def _more(parameter: Parameter, values: list[str], left: list[str]) -> tuple[list[str], list[str]]:
    """As many more values as can be read; a weight on its own belongs to the value before it."""
    while left:
        closed = _weighed(left)
        word = closed[0].rstrip(TRAILING)
        if _WEIGHT.fullmatch(word) and not _WEIGHT.search(values[-1]):
            values[-1] += word
        else:
            read, rest = _value(parameter, closed[0]), list[str]()
            if read is None:
                read, rest = _cut_off(parameter, closed[0])
            if read is None:
                break
            values.append(read)
            closed = [closed[0], *rest, *closed[1:]]
        left = closed[1:]
    return values, left


def _weighed(words: list[str]) -> list[str]:
    """The blank taken out between the first word and its weight: `URL:: 5`, `:: 5`."""
    if len(words) > 1 and words[0].endswith("::") and _WEIGHT.fullmatch(f"::{words[1].rstrip(TRAILING)}"):
        return ["".join(words[:2]), *words[2:]]
    return words


def _codes(parameter: Parameter, words: list[str]) -> tuple[list[str], list[str]]:
    """Codes of profiles: words with a digit in them; one word without any counts where nothing else could be meant."""
    values: list[str] = []
    left = words
    while left and not is_link(left[0]):
        closed = _weighed(left)
        word = closed[0].rstrip(TRAILING)
        listed = re.split(f"[{_CUTS}]", word) if any(c.isalpha() for c in word) else [word]
        if values and _WEIGHT.fullmatch(word):
            values[-1] += word
        elif all(
            parameter.read(one) is not None and any(c.isdigit() for c in one.partition("::")[0])
            for one in listed
        ):
            values += listed
        else:
            break
        left = closed[1:]
    if not values and len(left) == 1 and parameter.read(left[0].rstrip(TRAILING)) is not None:
        return [left[0].rstrip(TRAILING)], []
    return values, left


def _closed_up(parameter: Parameter, words: list[str]) -> list[str]:
    """The value's blanks taken out, as people write them: `16 : 9`, `16: 9`, `URL :: 5`, `1 000`."""
    if parameter.key == "aspect":
        for count in (2, 3):
            tried = "".join(words[:count])
            if (
                len(words) >= count
                and _value(parameter, words[0]) is None
                and _value(parameter, tried) is not None
            ):
                return [tried, *words[count:]]
    return _weighed(words) if parameter.takes is Arity.SOME else _grouped(parameter, words)


def _grouped(parameter: Parameter, words: list[str]) -> list[str]:
    """A number's blanks kept within it, as French sets thousands apart: `1 000`.

    Only if that is a legal value, and nothing else can be meant: no word follows, or no group but `000`. So
    `--seed 7 101 dalmatians` stays a seed and two words.
    """
    for count in (4, 3, 2):
        head, tail = words[:count], words[count:]
        groups = {unicodedata.normalize("NFKC", word).rstrip(TRAILING + _CLOSING) for word in head[1:]}
        if len(head) == count and (not tail or groups == {"000"}):
            tried = " ".join(head)
            if _value(parameter, tried) is not None:
                return [tried, *tail]
    return words


def _value(parameter: Parameter, word: str) -> str | None:
    quoted = _QUOTED.fullmatch(word)
    word = word if quoted is None else quoted["value"]
    spelled = word if is_link(word) else unicodedata.normalize("NFKC", word)
    bare = spelled.rstrip(TRAILING)
    read = parameter.read(bare)
    if read is None and not is_link(word):
        read = parameter.read(bare.rstrip(_CLOSING + TRAILING))
    return read


def spelled_all(given: Iterable[ParameterValue]) -> list[str]:
    """Parameters as they stand in a prompt."""
    return [one.spelled for one in given]
