"""Whether a prompt that came back can be one that was sent: upstream shortens links, adds a version, spells names out.
Never here: who asks, and which task is taken for which job."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from bot.domain.intake.parameters import parameter_named

ADDED: Final = frozenset({"version", "style", "raw", "stylize", "quality", "profile", "weird", "chaos"})
"""Keys of parameters that an account's own settings add where a prompt names none."""
_REFERENCES: Final = frozenset({"sref", "cref", "oref"})
"""Keys of parameters that pictures go along as, besides those at the head."""
_LINK: Final = "<link>"
_ADDRESS: Final = re.compile(r"<?https?://[^\s<>]+?(?=::|[\s<>]|$)>?", re.IGNORECASE)
_PLAIN: Final = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'"})
_NAME: Final = re.compile(r"(?:--|[\u2014\u2013]{1,2})([a-z][a-z0-9-]*)")
_SPEEDS: Final = frozenset({"fast", "relax", "turbo", "stealth", "public"})
"""Never part of what is compared: the pool says the one, and the account the other."""
_WHOLE: Final = re.compile(r"(\d+)\.0+(?!\d)")
_TOLD_APART: Final = frozenset({"niji", "hd", "sd"})
"""Names that share their key with others of another meaning."""
_CHOSEN_UPSTREAM: Final = {"sref": "random", "profile": "", "version": "niji"}
"""Values in whose place upstream names what it chose."""


class _Read(NamedTuple):
    words: str
    parameters: dict[str, str]


def may_be_rewrite_of(sent: str, seen: str, *, links: bool = True) -> bool:
    """Whether `seen` can be what became of `sent`. Without `links`, no pictures count: neither at the head nor as references."""
    ours, theirs = _read(sent, links=links), _read(seen, links=links)
    added = theirs.parameters.keys() - ours.parameters.keys()
    return (
        ours.words == theirs.words
        and added <= ADDED
        and all(_fits(key, value, theirs.parameters.get(key)) for key, value in ours.parameters.items())
    )


def _fits(key: str, sent: str, seen: str | None) -> bool:
    if seen is None or sent == seen:
        return seen is not None
    return _CHOSEN_UPSTREAM.get(key) == sent and (key != "version" or seen.startswith("niji "))


def _read(prompt: str, *, links: bool) -> _Read:
    words: list[str] = []
    parameters: dict[str, str] = {}
    into: str | None = None
    for token in _ADDRESS.sub(_LINK, prompt).translate(_PLAIN).casefold().split():
        name = _NAME.fullmatch(token)
        if name is not None:
            into = _key(name[1])
            parameters[into] = name[1] if name[1] in _TOLD_APART else parameters.get(into, "")
        elif into is None:
            words.append(token)
        else:
            parameters[into] = f"{parameters[into]} {_WHOLE.sub(_without_zeros, token)}".strip()
    for speed in _SPEEDS:
        parameters.pop(speed, None)
    if parameters.get("style") == "raw":
        parameters["raw"] = parameters.pop("style").removeprefix("raw")
    if not links:
        while words and words[0].startswith(_LINK):
            words.pop(0)
        for reference in _REFERENCES & parameters.keys():
            codes = [one for one in parameters.pop(reference).split() if not one.startswith(_LINK)]
            parameters |= {reference: " ".join(codes)} if codes else {}
    return _Read(" ".join(words), parameters)


def _without_zeros(number: re.Match[str]) -> str:
    return number[1]


def _key(name: str) -> str:
    known = parameter_named(name)
    return name if known is None or name in _SPEEDS else known.key
