"""A prompt as it is sent: cleaned, checked, its parameters in order, or one sentence that says what to mend.
Never here: word rules of a server (moderation), escaping for Discord, and any default of Midjourney's."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from bot.domain.intake.choices import is_choice_at_midjourney
from bot.domain.intake.copied import unwrapped
from bot.domain.intake.dashes import with_hyphens
from bot.domain.intake.parameters import (
    ADDING,
    ASPECTS,
    BY_NAME,
    SWITCHED_OFF,
    VERSIONS,
    Arity,
    parameter_named,
)
from bot.domain.intake.prompt_parts import (
    BEGINNING,
    ParameterValue,
    Parts,
    parameters_of,
    read_value,
    spelled_all,
    taken_apart,
)
from bot.domain.wording import DASHES, clean, folded_name, links_apart, without_speed_flags
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = [
    "ASPECTS",
    "PROMPT_LIMIT",
    "VERSIONS",
    "ComposedPrompt",
    "PromptOptions",
    "aspect_alone",
    "check_kept",
    "compose",
    "is_video",
    "parameters_of",
    "seed_of",
]

PROMPT_LIMIT: Final = 4_000
"""Characters of a composed prompt: what a Discord text field holds, so that Remix can show every prompt. Upstream's
own limit is not known."""

NOTE_SPEED: Final = "note.speed_flag_removed"
NOTE_REPLACED: Final = "note.option_replaced"
NOTE_COPIED: Final = "note.copied_text"

ROUNDS: Final = 5
"""How often a prompt is composed until it stays as it is: taking a flag out may bring another to light."""
_VERSION: Final = re.compile(rf"[{DASHES}\s]*(?P<model>niji|version|v)?\s*(?P<number>v?[0-9].*)?")
_ASPECT_NAME: Final = re.compile(rf"[{DASHES}\s]*(?:aspect|ar)(?![^\W\d_])[\s=:]*", re.IGNORECASE)
_CLOSING: Final = r"[,.;:!?)\]\"']"
_DECIMAL_WEIGHT: Final = re.compile(rf"(::\s?-?[0-9]{{1,4}}),(?=[0-9]{{1,2}}(?!\s?::){_CLOSING}*(?:\s|$))")
"""A weight as half of Europe writes it, `::1,5`; with three digits behind the comma, or a word, it is a list."""
_LONE_WEIGHT: Final = re.compile(rf"{_DECIMAL_WEIGHT.pattern}(?=[0-9]+(?:{_CLOSING}+(?:\s(?![0-9])|$)|\s*$))")
"""The same among words where no other stands: before a word it may be a list, too, `portrait::2,35 mm film`."""
_CODED: Final = frozenset({Arity.SOME, Arity.MAYBE_ALL})
"""What takes codes with weights, where a number alone is no word."""


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
    only where nothing above it gives the same, unless its values add up."""
    sets: tuple[tuple[str, str], ...] = ()
    """Option sets of the person by name: each may stand in the prompt like a parameter (`--mine`)."""
    several: bool = False
    """Whether `--repeat` may ask for more than one job; then `ComposedPrompt.repeat` says how many."""


READ_AT_ONCE: Final = 64
"""So many prompts are remembered as read: those of the commands that are being answered, and not much longer."""


@dataclass(frozen=True, slots=True)
class ComposedPrompt:
    """A prompt ready to be sent, and what was changed on the way, as ids of sentences."""

    prompt: str
    notes: tuple[str, ...] = ()
    speed: str | None = field(default=None, compare=False)
    """The last speed that was named in the text: `fast`, `relax` or `turbo`. It is never sent."""
    repeat: int = field(default=1, compare=False)
    """How many jobs were asked for; above 1 only where the options allow it."""
    off: tuple[str, ...] = field(default=(), compare=False)
    """Flags that were switched off, as one would type it: nothing laid under the prompt later brings them."""


def compose(options: PromptOptions) -> ComposedPrompt:
    """Check and spell a prompt; raises `UserError` with one clear sentence.

    What was composed composes to itself, so that Remix and a retry change nothing.
    """
    composed = _composed(options)
    for _ in range(ROUNDS):
        again = _composed(PromptOptions(prompt=composed.prompt, pictures=options.pictures))
        if again.prompt == composed.prompt:
            return composed
        composed = ComposedPrompt(
            again.prompt,
            tuple(dict.fromkeys([*composed.notes, *again.notes])),
            again.speed or composed.speed,
            composed.repeat,
            composed.off,
        )
    raise UserError(text("prompt.empty"))


def check_kept(typed: str) -> None:
    """Raise `UserError` for what belongs to one command alone and is not laid under others: a speed, several jobs, a
    flag that is switched off."""
    line, _, speed = _prepared(typed)
    if speed is not None:
        raise UserError(text("prompt.speed_kept", name=speed))
    parts = taken_apart(line)
    _refuse_several(parts)
    if parts.off:
        raise UserError(text("prompt.unknown_parameter", name=f"no-{min(parts.off)}"))


def aspect_alone(typed: str) -> str:
    """A ratio that was chosen, without the name that people write before it: `16:9` of `--ar 16:9`."""
    spelled = unicodedata.normalize("NFKC", typed)
    name = _ASPECT_NAME.match(spelled)
    return typed if name is None else spelled[name.end() :]


def seed_of(prompt: str) -> int | None:
    """The seed that a composed prompt names."""
    given = next((part for part in parameters_of(prompt) if part.startswith("--seed ")), None)
    return None if given is None else int(given.removeprefix("--seed "))


def is_video(prompt: str) -> bool:
    """Whether a composed prompt asks for a clip."""
    return "--video" in parameters_of(prompt)


@lru_cache(maxsize=READ_AT_ONCE)
def _composed(options: PromptOptions) -> ComposedPrompt:
    """One command asks several times for the same: before its first answer, for a batch, and when it begins."""
    sets = {folded_name(name): spelled for name, spelled in options.sets}
    line, notes, speed = _prepared(options.prompt, sets.keys())
    parts = taken_apart(line, sets=sets.keys())
    if not options.several:
        _refuse_several(parts)
    fields, more = _from_fields(options)
    notes += [*parts.notes, *more]
    _lay_over(parts, fields, notes)
    chosen = {"raw": options.raw, "tile": options.tile}
    off = [key for key, on in chosen.items() if on is False or (on is None and key in parts.off)]
    if any(parts.given.pop(key, None) for key in off):
        notes.append(NOTE_REPLACED)
    _refuse_wordless(parts, options.pictures)
    for under in (*(sets[name] for name in parts.sets), *options.under):
        _lay_under(parts, under)
    for key in off:
        parts.given.pop(key, None)
    prompt = " ".join([*parts.links, *parts.words, *spelled_all(parts.given.values())])
    if len(prompt) > PROMPT_LIMIT:
        raise UserError(text("prompt.too_long", limit=PROMPT_LIMIT, length=len(prompt)))
    typed = tuple(f"--{name}" for name, key in SWITCHED_OFF.items() if key in off)
    return ComposedPrompt(prompt, tuple(dict.fromkeys(notes)), speed, parts.repeat, typed)


def _lay_over(parts: Parts, fields: Iterable[ParameterValue], notes: list[str]) -> None:
    """The command's options win over the same in the text; values that add up are both meant."""
    for given in fields:
        typed = parts.given.pop(given.key, None)
        if typed is not None and given.key in ADDING:
            parts.given[given.key] = typed.joined(given)
            continue
        if typed is not None and typed.meant != given.meant:
            notes.append(NOTE_REPLACED)
        parts.given[given.key] = given


def _lay_under(parts: Parts, under: str) -> None:
    """Words come behind the prompt's own; a parameter counts where nothing above gives the same, or adds up."""
    below = taken_apart(_prepared(under)[0])
    parts.links += below.links
    parts.words += below.words
    for key, given in below.given.items():
        mine = parts.given.get(key)
        if mine is None:
            parts.given[key] = given
        elif key in ADDING:
            parts.given[key] = replace(mine.joined(given), name=mine.name)


def _prepared(raw: str, sets: Collection[str] = ()) -> tuple[str, list[str], str | None]:
    """A cleaned line with `--` before every parameter, the notes so far, and the speed that was named."""
    cleaned = clean(raw)
    bare = unwrapped(cleaned)
    line, speed = without_speed_flags(with_hyphens(links_apart(bare), sets))
    if is_choice_at_midjourney(line):
        raise UserError(text("prompt.permutation"))
    line = _with_decimal_points(line)
    notes = [NOTE_COPIED] if bare != cleaned else []
    return line, notes + ([NOTE_SPEED] if speed else []), speed


def _with_decimal_points(line: str) -> str:
    """The line with a point in every weight that has a decimal comma for certain; any other comma parts a list."""
    several = len(_DECIMAL_WEIGHT.findall(line)) > 1
    words, *parameters = BEGINNING.split(line)
    read = [(_DECIMAL_WEIGHT if several else _LONE_WEIGHT).sub(r"\1.", words)]
    for part in parameters:
        name = re.match(r"[^\W\d_]+", part)
        parameter = name and parameter_named(name[0].lower())
        coded = parameter and parameter.takes in _CODED
        read.append((_DECIMAL_WEIGHT if several or coded else _LONE_WEIGHT).sub(r"\1.", part))
    return "--".join(read)


def _from_fields(options: PromptOptions) -> tuple[list[ParameterValue], list[str]]:
    """The command's own options, in the order in which Discord shows them, and notes about them."""
    numbers = (
        ("stylize", options.stylize),
        ("chaos", options.chaos),
        ("weird", options.weird),
        ("quality", options.quality),
        ("seed", options.seed),
        ("iw", options.weight),
    )
    fields: list[ParameterValue] = []
    notes: list[str] = []
    if options.weight is not None and not options.pictures:
        raise UserError(text("prompt.weight_alone"))
    if options.aspect is not None:
        fields.append(_field("ar", "".join(aspect_alone(options.aspect).split()) or options.aspect))
    if options.version is not None:
        fields.append(_version(options.version))
    fields += [_field(name, str(value)) for name, value in numbers if value is not None]
    if options.no is not None:
        unwanted, notes = _unwanted(options.no)
        fields += unwanted
    if options.raw:
        fields.append(ParameterValue("raw", "raw", ""))
    if options.tile:
        fields.append(ParameterValue("tile", "tile", ""))
    return fields, notes


def _field(name: str, value: str) -> ParameterValue:
    parameter = BY_NAME[name]
    return ParameterValue(parameter.key, name, read_value(parameter, name, value))


def _version(spelled: str) -> ParameterValue:
    """`7`, `v 7`, `version 7`, `--v 7`, `niji 7`, `niji7` and `niji v7`; `niji` alone is the newest of those, which upstream knows."""
    match = _VERSION.fullmatch(unicodedata.normalize("NFKC", spelled).lower().strip())
    if match is None:
        return _field("v", spelled)
    if match["model"] == "niji":
        niji = BY_NAME["niji"]
        return _field("niji", match["number"]) if match["number"] else ParameterValue(niji.key, "niji", "")
    return _field("v", match["number"] or spelled)


def _unwanted(raw: str) -> tuple[list[ParameterValue], list[str]]:
    line, notes, _ = _prepared(raw)
    words = line.removeprefix("--no ").split()
    if any(word.startswith("--") and word[2:3].isalpha() for word in words):
        raise UserError(text("prompt.no_takes_words"))
    return ([ParameterValue("no", "no", " ".join(words))] if words else []), notes


def _refuse_several(parts: Parts) -> None:
    if parts.repeat > 1:
        raise UserError(text("prompt.several_jobs", name=parts.repeat_name))


def _refuse_wordless(parts: Parts, pictures: int) -> None:
    """A prompt needs words, or two pictures: one picture alone is refused upstream (public guides to V7)."""
    if pictures and not parts.words:
        raise UserError(text("prompt.only_pictures"))
    if not parts.words and not parts.links:
        raise UserError(text("prompt.empty"))
    if not parts.words and len(parts.links) == 1:
        raise UserError(text("prompt.one_picture"))
