"""Midjourney's prompt parameters: their names, what each takes, and how a value is read.
Never here: where in a prompt they stand, and what is made of them together (that is `prompts`)."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Names and ranges follow public parameter guides as of mid-2026 (docs.evolink.ai, guides to V7 and V8.1, and older
# ones for V6 and before); they differ between model versions, so a value is accepted here if any version takes it.

VERSIONS: Final = ("8.1", "7", "6.1", "6", "5.2", "5.1", "niji 7", "niji 6", "niji 5")
"""Models offered as choices, the newest first (contract §6.2; 8.1 is upstream's default since June 2026). Which of
them an account's upstream takes is not known; none chosen means upstream's own default."""

ASPECTS: Final = ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9", "4:5", "2:1")
"""Aspect ratios offered as suggestions; any other of whole numbers may be typed."""


class Arity(Enum):
    """How many of the words that follow belong to a parameter."""

    NONE = auto()
    ONE = auto()
    MAYBE_ONE = auto()
    SOME = auto()
    """One or more, as long as they can be read."""
    ALL = auto()
    """Every word up to the next parameter or address."""
    MAYBE_ALL = auto()
    """None or more, as long as they can be read."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter under all its names; two that share a `key` exclude each other."""

    key: str
    names: tuple[str, ...]
    takes: Arity
    rule: Text
    """What it takes, in words."""
    read: Callable[[str], str | None]
    """The value as it is sent, or None."""


_GROUPED: Final = re.compile(
    r"[1-9][0-9]{0,2}(?P<sign>[.,'\u2019 \u00a0\u202f])[0-9]{3}(?:(?P=sign)[0-9]{3})*"
)
"""Thousands set apart, with one sign throughout: so a refusal spells its bounds, in each language in another way."""


def _whole(low: int, high: int) -> tuple[Text, Callable[[str], str | None]]:
    def read(value: str) -> str | None:
        digits = re.sub(r"\D", "", value) if _GROUPED.fullmatch(value) else value
        plain = re.fullmatch(r"[0-9]{1,12}", digits)
        return str(int(digits)) if plain and low <= int(digits) <= high else None

    return text("prompt.rule_whole", low=low, high=high), read


def decimal_between(low: int, high: int) -> tuple[Text, Callable[[str], str | None]]:
    """What such a number is called, and how it is read: the value as it is sent, or None."""

    def read(value: str) -> str | None:
        value = value.replace(",", ".", 1)  # as half of Europe writes it
        spelled = re.fullmatch(r"[0-9]{0,4}\.?[0-9]{1,4}", value)
        return f"{float(value):g}" if spelled and low <= float(value) <= high else None

    return text("prompt.rule_number", low=low, high=high), read


def _one_of(*words: str) -> tuple[Text, Callable[[str], str | None]]:
    def read(value: str) -> str | None:
        return value.lower() if value.lower() in words else None

    return text("prompt.rule_one_of", words=", ".join(words)), read


def _shaped(rule: str, pattern: str) -> tuple[Text, Callable[[str], str | None]]:
    def read(value: str) -> str | None:
        return value if re.fullmatch(pattern, value, re.IGNORECASE | re.ASCII) else None

    return text(rule), read


def _version(pattern: str) -> tuple[Text, Callable[[str], str | None]]:
    rule, read = _shaped("prompt.rule_version", pattern)
    # `v7` as it is spoken of; a comma as half of Europe writes it.
    return rule, lambda value: read(value.lower().removeprefix("v").replace(",", "."))


def _quality() -> tuple[Text, Callable[[str], str | None]]:
    rule, read = _one_of("0.25", "0.5", "1", "2", "4")
    decimal = decimal_between(0, 4)[1]
    return rule, lambda value: read(decimal(value) or "")


def _aspect(value: str) -> str | None:
    match = re.fullmatch(r"([0-9]{1,4})[:x×/：]([0-9]{1,4})", value, re.IGNORECASE)  # noqa: RUF001 - phones type these
    if match is None or not int(match[1]) or not int(match[2]):
        return None
    return f"{int(match[1])}:{int(match[2])}"


def _anything() -> tuple[Text, Callable[[str], str | None]]:
    return text("prompt.rule_words"), str


_LINK: Final = r"<?https?://\S+"
_NOTHING: Final = (text("prompt.rule_nothing"), str)

_PARAMETERS: Final = (
    Parameter("aspect", ("ar", "aspect"), Arity.ONE, text("prompt.rule_aspect"), _aspect),
    Parameter("version", ("v", "version"), Arity.ONE, *_version(r"[1-9](?:\.[0-9]{1,2})?")),
    Parameter("version", ("niji",), Arity.MAYBE_ONE, *_version(r"[4-9](?:\.[0-9])?")),
    Parameter("stylize", ("s", "stylize"), Arity.ONE, *_whole(0, 1000)),
    Parameter("chaos", ("c", "chaos"), Arity.ONE, *_whole(0, 100)),
    Parameter("weird", ("w", "weird"), Arity.ONE, *_whole(0, 3000)),
    Parameter("quality", ("q", "quality"), Arity.ONE, *_quality()),
    Parameter("seed", ("seed",), Arity.ONE, *_whole(0, 4_294_967_295)),
    Parameter("no", ("no",), Arity.ALL, *_anything()),
    Parameter("raw", ("raw",), Arity.NONE, *_NOTHING),
    Parameter("style", ("style",), Arity.ONE, *_shaped("prompt.rule_word", r"[\w-]{1,40}")),
    Parameter("tile", ("tile",), Arity.NONE, *_NOTHING),
    Parameter("iw", ("iw",), Arity.ONE, *decimal_between(0, 3)),
    Parameter(
        "sref",
        ("sref",),
        Arity.SOME,
        *_shaped("prompt.rule_reference", rf"(?:{_LINK}|random|[0-9]+)(?:::-?[0-9.]+)?"),
    ),
    Parameter("sw", ("sw",), Arity.ONE, *_whole(0, 1000)),
    Parameter("sv", ("sv",), Arity.ONE, *_whole(1, 9)),
    Parameter("cref", ("cref",), Arity.SOME, *_shaped("prompt.rule_link", _LINK)),
    Parameter("cw", ("cw",), Arity.ONE, *_whole(0, 100)),
    Parameter("oref", ("oref",), Arity.SOME, *_shaped("prompt.rule_link", _LINK)),
    Parameter("ow", ("ow",), Arity.ONE, *_whole(1, 1000)),
    Parameter(
        "profile",
        ("p", "profile", "personalize"),
        Arity.MAYBE_ALL,
        *_shaped("prompt.rule_words", r"[a-z0-9_-]{2,40}(?:::-?[0-9.]+)?"),
    ),
    Parameter("exp", ("exp",), Arity.ONE, *_whole(0, 100)),
    Parameter("stop", ("stop",), Arity.ONE, *_whole(10, 100)),
    Parameter("draft", ("draft",), Arity.NONE, *_NOTHING),
    Parameter("definition", ("hd",), Arity.NONE, *_NOTHING),
    Parameter("definition", ("sd",), Arity.NONE, *_NOTHING),
    Parameter("video", ("video",), Arity.NONE, *_NOTHING),
    Parameter("motion", ("motion",), Arity.ONE, *_one_of("low", "high")),
    Parameter("bs", ("bs",), Arity.ONE, *_one_of("1", "2", "4")),
    Parameter("loop", ("loop",), Arity.NONE, *_NOTHING),
    Parameter("end", ("end",), Arity.ONE, *_shaped("prompt.rule_link", rf"{_LINK}|loop")),
    Parameter("privacy", ("stealth",), Arity.NONE, *_NOTHING),
    Parameter("privacy", ("public",), Arity.NONE, *_NOTHING),
)

BY_NAME: Final[Mapping[str, Parameter]] = MappingProxyType(
    {name: parameter for parameter in _PARAMETERS for name in parameter.names}
)

_REPEAT: Final = Parameter("repeat", ("r", "repeat"), Arity.ONE, *_whole(1, 40))
SEVERAL_JOBS: Final = frozenset(_REPEAT.names)
"""Ask for several jobs from one command: never sent, see `batches`."""
SWITCHED_OFF: Final[Mapping[str, str]] = MappingProxyType({"no-raw": "raw", "no-tile": "tile"})
"""How the command's `raw:False` and `tile:False` are typed, with the keys of what they keep out. Never sent."""
LIKENESS: Final = 0.7
"""Of a name to a known one (difflib's): with less the wrong one is named, --draft for --ratio and --weird for --width."""
_OTHERWISE: Final = {"ratio": "ar", "size": "ar", "style-reference": "sref"}
"""What people call a parameter that has another name."""
ADDING: Final = frozenset({"no", "sref", "cref", "oref", "profile"})
"""Keys of parameters that may be given several times: their values add up."""


def parameter_named(name: str) -> Parameter | None:
    """The parameter of a name in small letters."""
    return _REPEAT if name in SEVERAL_JOBS else BY_NAME.get(name)


def nearest(name: str) -> str | None:
    """A known name that `name` may have been meant for."""
    if name.lower() in _OTHERWISE:
        return _OTHERWISE[name.lower()]
    full = [known for known in BY_NAME if len(known) > 1]
    return next(iter(difflib.get_close_matches(name.lower(), full, n=1, cutoff=LIKENESS)), None)
