"""Several jobs in one prompt: choices in curly braces and `--repeat`, written out as Midjourney does.
Never here: how many a server allows, what they cost, and beginning them (services)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.intake.prompts import compose
from bot.domain.wording import is_link
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from bot.domain.intake.prompts import Composed, PromptOptions

MOST_JOBS: Final = 40
"""As many as Midjourney itself makes of one prompt; a server allows fewer."""
DEFAULT_JOBS: Final = 4
"""What a server allows that decided nothing."""


def written_out(options: PromptOptions, *, most: int) -> list[Composed]:
    """Every job that a prompt asks for, composed, in the order of its choices; mostly one.

    Raises `UserError` if one of them cannot be sent, or if they are more than `most`.
    """
    wanted = count_of(options.prompt)
    _check_count(wanted, most)
    jobs: list[Composed] = []
    for prompt in expanded(options.prompt):
        one = compose(replace(options, prompt=prompt, several=True))
        _check_count(wanted * one.repeat, most)
        jobs += [one] * one.repeat
    _check_count(len(jobs), most)
    return jobs


def _check_count(count: int, most: int) -> None:
    if count <= max(1, most):
        return
    if most <= 1:
        raise UserError(text("prompt.several_off"))
    shown = f"{count}" if count < 1_000 else "999+"  # noqa: PLR2004 - nobody needs the exact number
    raise UserError(text("prompt.too_many_jobs", n=shown, limit=most))


def count_of(prompt: str) -> int:
    """How many prompts the choices in it make, without writing them out."""
    return _count(_masked(prompt)[0])


def expanded(prompt: str) -> list[str]:
    """The prompts that the choices make; the first choice changes slowest. Without any, the prompt itself.

    A backslash before a comma or a brace makes it an ordinary sign. Braces that hold no choice stay.
    """
    masked, links = _masked(prompt)
    if _count(masked) == 1 and _groups(masked) == []:
        return [prompt]
    return [_unmasked(" ".join(one.split()), links) for one in _expand(masked)]


_HIDDEN: Final = 0xF0000
"""Private characters that stand for addresses while braces are looked for: braces in those are no choice."""


def _masked(prompt: str) -> tuple[str, list[str]]:
    links: list[str] = []
    words: list[str] = []
    for word in prompt.split():
        if is_link(word) and word.count("{") == word.count("}"):
            links.append(word)
            words.append(chr(_HIDDEN + len(links) - 1))
        else:
            words.append(word)
    return " ".join(words), links


def _unmasked(prompt: str, links: list[str]) -> str:
    return "".join(links[ord(c) - _HIDDEN] if 0 <= ord(c) - _HIDDEN < len(links) else c for c in prompt)


def _groups(prompt: str) -> list[tuple[int, int, list[str]]]:
    """The outermost braces that hold a choice: where they begin and end, and their options as they are written."""
    found: list[tuple[int, int, list[str]]] = []
    at = 0
    while at < len(prompt):
        if prompt[at] == "\\":
            at += 2
            continue
        if prompt[at] == "{":
            read = _options(prompt, at)
            if read is not None:
                end, options = read
                if len(options) > 1:
                    found.append((at, end, options))
                    at = end
                    continue
        at += 1
    return found


def _options(prompt: str, start: int) -> tuple[int, list[str]] | None:
    """What stands between a brace and the one that closes it, cut at its own commas; None if nothing closes it."""
    depth, at, begun = 0, start, start + 1
    options: list[str] = []
    while at < len(prompt):
        sign = prompt[at]
        if sign == "\\":
            at += 2
            continue
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return at + 1, [*options, prompt[begun:at]]
        if sign in ",\uff0c" and depth == 1:
            options.append(prompt[begun:at])
            begun = at + 1
        at += 1
    return None


def _count(prompt: str) -> int:
    total = 1
    for _, _, options in _groups(prompt):
        total *= sum(_count(option) for option in options)
    return total


def _expand(prompt: str) -> list[str]:
    groups = _groups(prompt)
    if not groups:
        return [prompt]
    start, end, options = groups[0]
    return [
        prompt[:start] + inner.strip().replace("\\,", ",") + tail
        for option in options
        for inner in _expand(option)
        for tail in _expand(prompt[end:])
    ]
