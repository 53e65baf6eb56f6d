"""Reading a prompt the way Midjourney does: links, words, parameters, and what is wrong with them.
Never here: drawing, tasks, HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

BANNED_WORDS = frozenset({"gore", "bloodbath", "splatterfest"})
"""A few mild words of our own; the real list is not public."""

VERSIONS = ("1", "2", "3", "4", "5", "5.0", "5.1", "5.2", "6", "6.0", "6.1", "7", "7.0", "8", "8.0", "8.1")
NIJI_VERSIONS = ("4", "5", "6", "7")
DEFAULT_VERSION = "7"
LONGEST_SIDE = 14
"""Beyond 1:14 nothing can be drawn; Midjourney's own limits vary by version."""

_LINK = re.compile(r"https?://\S+|<https?://[^>\s]+>")
_PARAMETER = re.compile(r"(?:^|(?<=\s))(?:--|\u2014|\u2013)(?=[A-Za-z])")
"""Phones turn two dashes into one long dash; Midjourney reads both."""


@dataclass(frozen=True, slots=True)
class Version:
    """A model version, as far as buttons and looks depend on it."""

    number: str = DEFAULT_VERSION
    niji: bool = False

    @property
    def family(self) -> str:
        """The version whose buttons apply: `5`, `6`, `6.1`, `7` or `8` (contract §6.2 B-G)."""
        if self.number.startswith(("6.1", "7", "8")):
            return "6.1" if self.number == "6.1" else self.number[0]
        return "6" if self.number.startswith("6") else "5"

    @property
    def spelled(self) -> str:
        """As a person writes it."""
        return f"niji {self.number}" if self.niji else self.number


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt taken apart. `problem` is Midjourney's `[title] sentence` if the job cannot run."""

    text: str
    words: str
    links: tuple[str, ...]
    version: Version
    aspect: tuple[int, int]
    seed: int | None
    problem: str | None


def read_prompt(text: str, *, banned: Collection[str] = BANNED_WORDS) -> Prompt:
    """Take a prompt apart; never raises, a bad prompt carries its problem."""
    head, *tails = _PARAMETER.split(text)
    links = tuple(found.strip("<>") for found in _leading_links(head))
    words = " ".join(_LINK.sub(" ", head).split())
    parameters = [_name_and_value(tail) for tail in tails]
    version, aspect, seed = Version(), (1, 1), None
    problem = (
        banned_word_problem(text, banned) or _empty_problem(words, links) or _parameter_problem(parameters)
    )
    if problem is None:
        for name, value in parameters:
            if name in {"v", "version"}:
                version = Version(value)
            elif name == "niji":
                version = Version(value or "7", niji=True)
            elif name in {"ar", "aspect"}:
                aspect = _ratio(value) or aspect
            elif name == "seed":
                seed = int(value)
    return Prompt(text, words, links, version, aspect, seed, problem)


def banned_word_problem(text: str, banned: Collection[str] = BANNED_WORDS) -> str | None:
    """Midjourney's answer to a prompt with a banned word, or None (contract §1.8)."""
    for word in re.findall(r"[\w'-]+", text.lower()):
        if word in banned:
            return (
                f"[Banned prompt detected] The word `{word}` is not allowed here. "
                "Circumventing this filter may cost you the access."
            )
    return None


def _leading_links(head: str) -> list[str]:
    found = []
    for word in head.split():
        if not _LINK.fullmatch(word):
            break
        found.append(word)
    return found


def _name_and_value(tail: str) -> tuple[str, str]:
    name, _, value = tail.strip().partition(" ")
    return name.lower(), value.strip()


def _empty_problem(words: str, links: tuple[str, ...]) -> str | None:
    if words or len(links) > 1:
        return None
    return "[Invalid prompt] A prompt needs some words, or at least two pictures."


def _parameter_problem(parameters: list[tuple[str, str]]) -> str | None:
    for name, value in parameters:
        check = _CHECKS.get(name)
        if check is None:
            return f"[Invalid parameter] Unrecognized parameter(s): `--{name}`"
        if not check(value):
            return f"[Invalid parameter] Invalid value provided for argument --{name}: `{value[:60]}`"
    return None


def _ratio(value: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d{1,4}):(\d{1,4})", value)
    if match is None or "0" in (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0"):
        return None
    ratio = Fraction(int(match[1]), int(match[2]))
    if not Fraction(1, LONGEST_SIDE) <= ratio <= LONGEST_SIDE:
        return None
    return ratio.numerator, ratio.denominator


def _number(low: float, high: float) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        return re.fullmatch(r"\d*\.?\d+", value) is not None and low <= float(value) <= high

    return check


def _integer(low: int, high: int) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        return re.fullmatch(r"\d{1,10}", value) is not None and low <= int(value) <= high

    return check


def _anything(value: str) -> bool:
    return bool(value)


def _optional(value: str) -> bool:
    return value is not None


def _nothing(value: str) -> bool:
    return not value


_CHECKS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("ar", "aspect"), lambda value: _ratio(value) is not None),
    **dict.fromkeys(("v", "version"), lambda value: value in VERSIONS),
    "niji": lambda value: not value or value in NIJI_VERSIONS,
    **dict.fromkeys(("s", "stylize"), _integer(0, 1000)),
    **dict.fromkeys(("c", "chaos"), _integer(0, 100)),
    **dict.fromkeys(("w", "weird"), _integer(0, 3000)),
    **dict.fromkeys(("q", "quality"), lambda value: value in {".25", "0.25", ".5", "0.5", "1", "2", "4"}),
    "seed": _integer(0, 4294967295),
    "iw": _number(0, 3),
    "stop": _integer(10, 100),
    **dict.fromkeys(("r", "repeat"), _integer(1, 40)),
    **dict.fromkeys(("sw", "ow"), _integer(0, 1000)),
    **dict.fromkeys(("cw", "exp"), _integer(0, 100)),
    "sv": _integer(1, 9),
    **dict.fromkeys(("no", "sref", "cref", "oref", "style", "motion"), _anything),
    **dict.fromkeys(("p", "profile"), _optional),
    **dict.fromkeys(("raw", "tile", "draft", "hd", "sd", "video", "loop", "stealth", "public"), _nothing),
    **dict.fromkeys(("fast", "relax", "turbo"), _nothing),
}
"""Every parameter known here and what it accepts. Speed words are the proxy's (contract §1.1): taken, without effect."""
