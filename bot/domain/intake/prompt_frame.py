"""A prompt as words in a frame: links, weights and parameters stand fast, and other words can be put in between.
Never here: who writes those other words, and what a prompt may be (that is `prompts`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from bot.domain.intake.dashes import with_hyphens
from bot.domain.intake.prompt_parts import parameters_of
from bot.domain.intake.prompts import PromptOptions, compose
from bot.domain.wording import clean, is_link
from bot.errors import UserError

_LINKS: Final = re.compile(r"(?:<?https?://\S+(?:\s+|$))+", re.IGNORECASE)
_WEIGHT: Final = re.compile(r"\s*::(?:-?[0-9]*\.?[0-9]+(?![\w.]))?\s*")
_TAIL: Final = re.compile(r"(?:^|(?<=\s))--(?=[^\W\d_]).*$", re.DOTALL)
_UNWANTED: Final = re.compile(r"(?<!\S)--no\s+(?P<words>(?:(?!\s--[^\W\d_]).)+)")
_INVENTED: Final = re.compile(r"(?<!\S)--(?=[^\W\d_]).*$", re.DOTALL)
_BRACES: Final = str.maketrans("", "", "{}")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands fast, and the words in between: `fixed` has one part more than `runs`."""

    fixed: tuple[str, ...]
    runs: tuple[str, ...]

    def around(self, runs: tuple[str, ...]) -> str:
        """The prompt with other words in the places of its own."""
        parts = (part for pair in zip_longest(self.fixed, runs, fillvalue="") for part in pair)
        return " ".join("".join(parts).split())


def framed(prompt: str, *, unwanted: bool = False) -> Frame:
    """Take a composed prompt apart; with `unwanted` the words of `--no` count as words, too.

    A frame around its own words is the prompt again.
    """
    fixed, runs = [""], []

    def add(words: str) -> None:
        if words.strip():
            runs.append(words.strip())
            lead, trail = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
            fixed[-1] += lead
            fixed.append(trail)
        else:
            fixed[-1] += words

    tail = _TAIL.search(prompt)
    body, rest = (prompt, "") if tail is None else (prompt[: tail.start()], prompt[tail.start() :])
    links = _LINKS.match(body)
    if links is not None:
        fixed[-1] += links[0]
        body = body[links.end() :]
    at = 0
    for weight in _WEIGHT.finditer(body):
        add(body[at : weight.start()])
        fixed[-1] += weight[0]
        at = weight.end()
    add(body[at:])
    no = _UNWANTED.search(rest) if unwanted else None
    if no is not None:
        fixed[-1] += rest[: no.start("words")]
        add(no["words"])
        rest = rest[no.end("words") :]
    fixed[-1] += rest
    return Frame(tuple(fixed), tuple(runs))


def put_back(frame: Frame, runs: tuple[str, ...]) -> str | None:
    """The composed prompt with other words in the frame, without what only the frame may hold; None if nothing is left.

    Links, weights and parameters are those of the frame, in number, spelling and order, whatever the words were.
    """
    if len(runs) != len(frame.runs):
        return None
    bare = tuple(_bare(run) for run in runs)
    if not all(bare):
        return None
    own, other = frame.around(frame.runs), frame.around(bare)
    try:
        prompt = compose(PromptOptions(prompt=other, pictures=0)).prompt
    except UserError:
        return None
    return prompt if _standing_fast(prompt) == _standing_fast(own) else None


def _bare(run: str) -> str:
    """Words alone: an invented parameter goes with all that follows it, a link and a weight go by themselves."""
    line = _INVENTED.sub("", with_hyphens(clean(run)))
    line = _WEIGHT.sub(" ", line.translate(_BRACES))
    return " ".join(word for word in line.split() if not is_link(word) and not word.startswith("--"))


def _standing_fast(prompt: str) -> tuple[list[str], list[str], list[str]]:
    tail = _TAIL.search(prompt)
    body = prompt if tail is None else prompt[: tail.start()]
    return (
        [word for word in body.split() if is_link(word)],
        [
            weight[0].strip()
            for weight in _WEIGHT.finditer(" ".join(w for w in body.split() if not is_link(w)))
        ],
        [_without_unwanted(given) for given in parameters_of(prompt)],
    )


def _without_unwanted(given: str) -> str:
    return "--no" if given.startswith("--no ") else given
