"""Where parameters begin in a line: two plain hyphens are put before each, whatever the keyboard made of them.
Never here: what a parameter takes (parameters), and what is made of them together (prompts)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from bot.domain.intake.parameters import Arity, Parameter, parameter_named
from bot.domain.wording import DASHES, LONG_DASHES, SPEEDS, TRAILING, folded_name, is_link

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_EM: Final = "\u2014\u2015\u2e3a\u2e3b\ufe58\u2500\u2501"
"""What phones and word processors make of two hyphens even within a word; the shorter ones also join words."""
KANA_DASH: Final = r"(?<![\u30a1-\u30fa\u30fc])\u30fc\u30fc+"
"""The long vowel mark, which is where a Japanese keyboard has its hyphen."""
_CJK: Final = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9d"
_MARK: Final = re.compile(
    rf"(?P<dashes>(?<![{DASHES}])[{DASHES}]{{2,}}|[{LONG_DASHES}]|{KANA_DASH})(?P<name>[^\W\d_]+)(?P<rest>.*)",
    re.DOTALL,
)
_ONE_DASH: Final = re.compile(rf"[{DASHES}](?P<name>[^\W\d_]+)(?P<rest>.*)", re.DOTALL)
_ALL_DASHES: Final = re.compile(rf"[{DASHES}]+")
# Only the letters know cases: Python would look for those of 60,000 other signs, which took 7 ms of every start.
_LATIN_HEAD: Final = re.compile(rf"(?P<name>(?i:[a-z]+))(?P<rest>[{_CJK}].*)", re.DOTALL)
_JOINED_ON: Final = re.compile(r"[-_'\u2019][^\W\d_]")
"""What makes a name the first part of a longer word: `--style-raw`, `--no-one`."""
_NEXT: Final = re.compile(rf"[{DASHES}]{{2,}}|[{LONG_DASHES}]")
_BEHIND_LINK: Final = re.compile(
    rf"(?P<link>.*?)[,;]?(?:(?<![{DASHES}])[{DASHES}]{{2,}}|[{LONG_DASHES}])(?P<name>[^\W\d_]+)", re.DOTALL
)
_NAMED_FILE: Final = re.compile(r"\.\w{2,5}$|\?")
"""An address whose path has its end, so that words with dashes behind it are no part of one."""
_STUCK: Final = re.compile(r"[=:\uff1a](?P<told>.+)|(?P<stuck>\.?[0-9].*)")


def with_hyphens(line: str, sets: Collection[str] = ()) -> str:
    """The line with ` --name` for every parameter that is meant; other dashes are kept from reading as one upstream.

    `sets` are names that may stand like one, folded: their words mean something else, too, so one dash makes a set
    only of what no sentence goes on behind.

    Upstream reads a long dash right before a word as a parameter too, so one that is none keeps a distance.
    """
    words = _gathered(line.split())
    out: list[str] = []
    for position, word in enumerate(words):
        following = words[position + 1 :]
        out.append(_behind_link(word, following) if is_link(word) else _separated(word, following, sets))
    return " ".join(" ".join(out).split())


def known(name: str) -> str | None:
    """The name as it is sent, if it is one of a parameter or of a speed: wide letters are plain ones."""
    spelled = unicodedata.normalize("NFKC", name).lower()
    return spelled if spelled in SPEEDS or parameter_named(spelled) is not None else None


def _gathered(words: list[str]) -> list[str]:
    """The words with blanks taken out of dashes: `- -ar`, `-- ar`, `— ar`."""
    out: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if _ALL_DASHES.fullmatch(word) and rest:
            count = 0
            while count + 1 < len(rest) and _ALL_DASHES.fullmatch(rest[count]):
                count += 1
            dashes, target = word + "".join(rest[:count]), rest[count]
            told = _joined(dashes, target, rest[count + 1 :])
            if told is not None:
                out.append(told)
                del rest[: count + 1]
                continue
        out.append(word)
    return out


def _joined(dashes: str, target: str, following: Sequence[str]) -> str | None:
    """A dash of its own and the word behind it as one parameter, if they are meant as one."""
    one = _ONE_DASH.fullmatch(target)
    if one is not None and _split(one["name"], one["rest"]) is not None:
        return f"--{target[1:]}"
    bare = re.fullmatch(r"(?P<name>[^\W\d_]+)(?P<rest>.*)", target, re.DOTALL)
    if bare is None or (len(dashes) == 1 and dashes not in LONG_SET):
        return None
    split = _split(bare["name"], bare["rest"])
    if split is None or (len(dashes) == 1 and split[0] == "no"):
        return None  # one dash of its own before "no makeup, natural light" belongs to the sentence
    return f"--{target}" if _is_meant(*split, following) else None


def _split(name: str, rest: str) -> tuple[str, str] | None:
    """A known name and what sticks to it; Chinese, Japanese and Korean words may follow without a blank."""
    found = known(name)
    if found is None:
        head = _LATIN_HEAD.fullmatch(unicodedata.normalize("NFKC", name))
        found = None if head is None else known(head["name"])
        if head is None or found is None:
            return None
        rest = head["rest"] + rest
    return None if _JOINED_ON.match(rest) else (found, rest)


def _separated(word: str, following: Sequence[str], sets: Collection[str]) -> str:
    """A word with a blank and two hyphens before every parameter in it."""
    done = ""
    while True:
        match = _MARK.search(word)
        if match is None:
            return done + word
        before = word[: match.start()]
        split = _split(match["name"], match["rest"])
        glued = before[-1:] or done[-1:].strip()
        named = None if split is not None else _set_at(match, glued, following, sets)
        taken, tail = named or _decided(match, split, glued, following)
        done += before + taken
        word = tail


def _set_at(
    match: re.Match[str], glued: str, following: Sequence[str], sets: Collection[str]
) -> tuple[str, str] | None:
    """A set's name behind a mark and what is still to be looked at; None if it is none, or part of a sentence."""
    whole = match["name"] + match["rest"]
    cut = _NEXT.search(whole)
    spelled, tail = (whole, "") if cut is None else (whole[: cut.start()], whole[cut.start() :])
    name = folded_name(spelled).rstrip(TRAILING)
    if name not in sets:
        return None
    ended = bool(tail) or not following or _begins_with_dash(following[0])
    meant = not is_inside(glued) and (ended or len(match["dashes"]) > 1)
    return (f" --{name} ", tail) if meant else None


def is_inside(glued: str) -> bool:
    """Whether a sign joins what stands behind it to its own word; Chinese, Japanese and Korean words have no blanks."""
    return bool(glued) and (glued.isalnum() or glued == "_") and not re.match(rf"[{_CJK}]", glued)


def _behind_link(word: str, following: Sequence[str]) -> str:
    """An address, and apart from it a parameter at its end that has the value it needs behind it."""
    match = _BEHIND_LINK.fullmatch(word)
    parameter = None if match is None else parameter_named(known(match["name"]) or "")
    if match is None or parameter is None or not _is_meant(parameter.names[0], "", following):
        return word
    needs = parameter.takes in {Arity.ONE, Arity.SOME}
    return f"{match['link']} --{known(match['name'])}" if needs or _NAMED_FILE.search(match["link"]) else word


def _decided(
    match: re.Match[str], split: tuple[str, str] | None, glued: str, following: Sequence[str]
) -> tuple[str, str]:
    """What stands for a mark and its name, and what is still to be looked at."""
    dashes, name, rest = match["dashes"], match["name"], match["rest"]
    inside = is_inside(glued)
    several = len(dashes) > 1
    if split is None:
        if glued or dashes == "--":
            return dashes + name, rest
        return (f"{dashes} {name}" if dashes.strip("\u30fc") else dashes + name), rest
    found, stuck = split
    blank = " " if stuck and re.match(rf"[{_CJK}]", stuck) else ""
    meant = several or not inside
    if not meant and found in SPEEDS:
        meant = dashes in _EM
    elif not meant:
        meant = _is_meant(found, stuck, following) and (dashes in _EM or _has_digit(stuck, following))
    if meant:
        return f" --{found}{blank}", stuck
    return (f" {dashes} {name}" if dashes in _EM else dashes + name), rest


def _has_digit(stuck: str, following: Sequence[str]) -> bool:
    value = stuck or next(iter(following), "")
    return value.lstrip("=:\uff1a.")[:1].isdigit()


def _is_meant(name: str, stuck: str, following: Sequence[str]) -> bool:
    """Whether what follows is what such a parameter would have, so that the dash before it is no dash between words."""
    told = _STUCK.match(stuck)
    value = (told["told"] or told["stuck"]) if told is not None else None
    if value is None and stuck.strip(TRAILING):
        return False
    behind = list(following) if value is None else [value, *following]
    ended = not behind or _begins_with_dash(behind[0])
    parameter = parameter_named(name)
    if parameter is None or parameter.takes is Arity.NONE:
        return ended
    if parameter.takes is Arity.ALL:
        return not ended and not stuck
    if parameter.takes is Arity.MAYBE_ALL:
        return ended or _coded(behind[0])
    if parameter.takes is Arity.MAYBE_ONE and (ended or behind[0][:1].isdigit()):
        return True
    return bool(behind) and _reads(parameter, behind)


def _reads(parameter: Parameter, behind: Sequence[str]) -> bool:
    value = unicodedata.normalize("NFKC", re.split(r"[,;\uff0c\u3001\u3002]", behind[0])[0]).rstrip(TRAILING)
    if parameter.read(value) is None:
        return False
    loose = parameter.key == "style" and value.lower() != "raw"
    return not loose or len(behind) == 1 or _begins_with_dash(behind[1])


def _coded(word: str) -> bool:
    return any(c.isdigit() for c in word)


def _begins_with_dash(word: str) -> bool:
    return word[0] in DASH_SET


LONG_SET: Final = frozenset("\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\uff0d\u2500\u2501\u2796")
DASH_SET: Final = LONG_SET | frozenset("-\u2010\u2011\u2043\u02d7\ufe63\u30fc")
