"""A prompt as it is sent: cleaned, checked, its parameters in order, or one sentence that says what to mend.
Never here: word rules of a server (moderation), escaping for Discord, and any default of Midjourney's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Final

from bot.domain.parameters import (
    ASPECTS,
    BY_NAME,
    SEVERAL_JOBS,
    VERSIONS,
    Parameter,
    Takes,
    nearest,
)
from bot.domain.wording import DASHES, LONG_DASHES, clean, is_link, without_speed_flags
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.texts import Text

__all__ = [
    "ASPECTS",
    "PROMPT_LIMIT",
    "VERSIONS",
    "Composed",
    "PromptOptions",
    "compose",
    "parameters_of",
    "seed_of",
]

PROMPT_LIMIT: Final = 4_000
"""Characters of a composed prompt: what a Discord text field holds, so that Remix can show every prompt. Upstream's
own limit is not known."""

QUOTE_LIMIT: Final = 40
"""Characters of what a person typed that a refusal repeats."""

NOTE_SPEED: Final = "note.speed_flag_removed"
NOTE_REPLACED: Final = "note.option_replaced"
NOTE_REPEATED: Final = "note.parameter_repeated"
NOTE_MOVED: Final = "note.words_moved"

_TRAILING: Final = ",.;:!"
_GLUED: Final = re.compile(rf"(?<=[0-9,.;)])[{DASHES}]{{2,}}(?=([a-z]+))", re.IGNORECASE)
_DASHED: Final = re.compile(rf"([{DASHES}]{{2,}}|[{LONG_DASHES}])([^\W\d_].*)")
_NAMED: Final = re.compile(rf"([^\W\d_]+)(?:[=:](?P<told>[^{DASHES}].*)|(?P<stuck>\.?[0-9].*)|[,.;:!]*)")
_BEGINNING: Final = re.compile(r"(?<!\S)--(?=[^\W\d_])")
_PERMUTATION: Final = re.compile(r"(?<!\\)\{[^{}]*,[^{}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptOptions:
    """What `/imagine` was given. An option given here wins over the same parameter in the prompt."""

    prompt: str
    aspect: str | None = None
    version: str | None = None
    """One of `VERSIONS`, or a newer number: `7`, `niji 7`."""
    stylize: int | None = None
    chaos: int | None = None
    weird: int | None = None
    quality: str | float | None = None
    seed: int | None = None
    no: str | None = None
    raw: bool | None = None
    tile: bool | None = None
    weight: str | float | None = None
    """How much its pictures count (`--iw`); only with pictures."""
    pictures: int = 0
    """How many go along with it."""
    under: tuple[str, ...] = ()
    """What is laid under the prompt, the weightiest first: words come behind the prompt's own, and a parameter counts
    only where nothing above it gives the same."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A prompt ready to be sent, and what was changed on the way, as ids of sentences."""

    prompt: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Given:
    """A parameter with its value."""

    key: str
    name: str
    value: str

    @property
    def spelled(self) -> str:
        """As it stands in a prompt."""
        return f"--{self.name} {self.value}".rstrip()


def compose(options: PromptOptions) -> Composed:
    """Check and spell a prompt; raises `UserError` with one clear sentence.

    What was composed composes to itself, so that Remix and a retry change nothing.
    """
    line, notes = _prepared(options.prompt)
    words, typed = _taken_apart(line, notes)
    fields = _from_fields(options, notes)
    replaced = {given.key: given.value for given in fields}
    if any(replaced.get(given.key, given.value) != given.value for given in typed):
        notes.append(NOTE_REPLACED)
    kept = [given for given in typed if given.key not in replaced]
    _refuse_wordless(words, options.pictures)
    said = {given.key for given in [*kept, *fields]}
    for under in options.under:
        more, given_below = _taken_apart(*_prepared(under))
        words += more
        kept += [given for given in given_below if given.key not in said]
        said.update(given.key for given in given_below)
    prompt = " ".join([*words, *(given.spelled for given in [*kept, *fields])])
    if len(prompt) > PROMPT_LIMIT:
        raise UserError(text("prompt.too_long", limit=PROMPT_LIMIT, length=len(prompt)))
    return Composed(prompt, tuple(dict.fromkeys(notes)))


def parameters_of(prompt: str) -> tuple[str, ...]:
    """The parameters of a composed prompt with their values, as they stand there: `--ar 3:2`."""
    starts = [match.start() for match in _BEGINNING.finditer(prompt)]
    return tuple(prompt[start:end].strip() for start, end in pairwise([*starts, len(prompt)]))


def seed_of(prompt: str) -> int | None:
    """The seed that a composed prompt names."""
    given = next((part for part in parameters_of(prompt) if part.startswith("--seed ")), None)
    return None if given is None else int(given.removeprefix("--seed "))


def _prepared(raw: str) -> tuple[str, list[str]]:
    """A cleaned line with `--` before every parameter, and the notes so far."""
    line, had_speed = without_speed_flags(clean(raw))
    if _PERMUTATION.search(" ".join(word for word in line.split() if not is_link(word))):
        raise UserError(text("prompt.permutation"))
    spelled = " ".join(word if is_link(word) else _spelled(word) for word in line.split())
    return spelled, [NOTE_SPEED] if had_speed else []


def _spelled(word: str) -> str:
    """Two hyphens before a parameter, whatever the keyboard made of them; other dashes keep a distance.

    Upstream reads a long dash right before a word as a parameter too.
    """
    word = _GLUED.sub(lambda m: " --" if m[1].lower() in BY_NAME else m[0], word)
    return " ".join(_undashed(part) for part in word.split())


def _undashed(word: str) -> str:
    match = _DASHED.fullmatch(word)
    if match is None:
        return word
    dashes, rest = match.groups()
    named = _NAMED.fullmatch(rest)
    known = named is not None and named[1].lower() in BY_NAME.keys() | SEVERAL_JOBS
    return f"--{rest}" if known or dashes == "--" else f"{dashes} {rest}"


def _taken_apart(line: str, notes: list[str]) -> tuple[list[str], list[_Given]]:
    """The prompt's words, and its parameters in the order in which they were last given."""
    words: list[str] = []
    given: dict[str, _Given] = {}
    rest = line.split()
    while rest:
        head, rest = rest[0], rest[1:]
        if not _is_parameter(head):
            if given:
                notes.append(NOTE_MOVED)
            words.append(head)
            continue
        found, rest = _read(head, rest)
        earlier = given.pop(found.key, None)
        if earlier is not None and found.key == "no":
            found = _Given("no", "no", f"{earlier.value.rstrip(_TRAILING)}, {found.value}")
        elif earlier is not None:
            notes.append(NOTE_REPEATED)
        given[found.key] = found
    return words, list(given.values())


def _is_parameter(word: str) -> bool:
    return word.startswith("--") and word[2:3].isalpha()


def _read(head: str, rest: Sequence[str]) -> tuple[_Given, list[str]]:
    """A parameter with the words that belong to it, and those that do not."""
    end = next((i for i, word in enumerate(rest) if _is_parameter(word)), len(rest))
    match = _NAMED.fullmatch(head[2:])
    name = match[1].lower() if match else ""
    if match is None or name not in BY_NAME:
        raise UserError(_unknown(head[2:], name))
    stuck = match["told"] or match["stuck"]
    mine, others = ([stuck] if stuck else []) + list(rest[:end]), list(rest[end:])
    taken = _take(BY_NAME[name], name, mine)
    return _given(BY_NAME[name], name, " ".join(taken)), mine[len(taken) :] + others


def _unknown(spelled: str, name: str) -> Text:
    if name in SEVERAL_JOBS:
        return text("prompt.several_jobs", name=name)
    shown = _harmless(spelled)
    near = nearest(shown)
    if near is not None:
        return text("prompt.unknown_parameter_near", name=shown, near=near)
    return text("prompt.unknown_parameter", name=shown)


def _take(parameter: Parameter, name: str, words: Sequence[str]) -> list[str]:
    """The values at the head of `words`, as they are sent; raises `UserError` if they cannot be read."""
    takes = parameter.takes
    # `--niji a fox` is a flag before words; `--niji 99` is a mistake.
    flag = takes is Takes.MAYBE_ONE and not (words and words[0][0].isdigit())
    if takes is Takes.NONE or flag:
        return []
    if not words and takes is not Takes.MAYBE_ALL:
        raise UserError(text("prompt.missing_value", name=name, rule=parameter.rule))
    if takes in {Takes.ALL, Takes.MAYBE_ALL}:
        return list(words)
    first = _value(parameter, name, words[0])
    if takes is not Takes.SOME:
        return [first]
    readings = (parameter.read(word.rstrip(_TRAILING)) for word in words[1:])
    return [first, *filter(None, takewhile(bool, readings))]


def _value(parameter: Parameter, name: str, word: str) -> str:
    read = parameter.read(word.rstrip(_TRAILING))
    if read is None:
        raise UserError(text("prompt.bad_value", name=name, rule=parameter.rule, value=_harmless(word)))
    return read


def _given(parameter: Parameter, name: str, value: str) -> _Given:
    key = "raw" if parameter.key == "style" and value.lower() == "raw" else parameter.key
    return _Given(key, name, value)


def _from_fields(options: PromptOptions, notes: list[str]) -> list[_Given]:
    """The command's own options, in the order in which Discord shows them."""
    numbers = (
        ("stylize", options.stylize),
        ("chaos", options.chaos),
        ("weird", options.weird),
        ("quality", options.quality),
        ("seed", options.seed),
        ("iw", options.weight),
    )
    fields: list[_Given] = []
    if options.weight is not None and not options.pictures:
        raise UserError(text("prompt.weight_alone"))
    if options.aspect is not None:
        fields.append(_field("ar", "".join(options.aspect.split())))
    if options.version is not None:
        fields.append(_version(options.version))
    fields += [_field(name, str(value)) for name, value in numbers if value is not None]
    if options.no is not None:
        fields += _unwanted(options.no, notes)
    if options.raw:
        fields.append(_Given("raw", "raw", ""))
    if options.tile:
        fields.append(_Given("tile", "tile", ""))
    return fields


def _field(name: str, value: str) -> _Given:
    parameter = BY_NAME[name]
    return _Given(parameter.key, name, _value(parameter, name, value))


def _version(spelled: str) -> _Given:
    """`7`, `v7` and `niji 7`."""
    words = spelled.lower().split()
    if words[:1] == ["niji"]:
        return _field("niji", " ".join(words[1:]))
    return _field("v", " ".join(words).removeprefix("v"))


def _unwanted(raw: str, notes: list[str]) -> Iterable[_Given]:
    line, more = _prepared(raw)
    notes += more
    words = line.removeprefix("--no ").split()
    if any(_is_parameter(word) for word in words):
        raise UserError(text("prompt.no_takes_words"))
    return [_Given("no", "no", " ".join(words))] if words else []


def _refuse_wordless(words: Sequence[str], pictures: int) -> None:
    """A prompt needs words, or two pictures: one picture alone is refused upstream (public guides to V7)."""
    if pictures and all(is_link(word) for word in words):
        raise UserError(text("prompt.only_pictures"))
    if not words:
        raise UserError(text("prompt.empty"))
    if len(words) == 1 and is_link(words[0]):
        raise UserError(text("prompt.one_picture"))


def _harmless(spelled: str) -> str:
    """What a person typed, cut, without anything that Discord would render."""
    kept = re.sub(r"[^\w.,:%+/-]|_|(?<=/)/", "", spelled)
    return kept if len(kept) <= QUOTE_LIMIT else f"{kept[: QUOTE_LIMIT - 1]}…"
