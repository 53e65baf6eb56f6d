"""Moderators' own expressions read for folded text: a literal letter is folded as the text is, an operator stays one.
Never here: running them (expressions), and what folding makes of a text (folding)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bot.domain.servers.folding import fold_letter, without_marks

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARTS: Final = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\.|\(\?P?<[^>]*>"
    r"|(?P<opening>\[\^?\]?)(?P<members>(?:\\.|\[:[^:\]]*:\]|[^\]\\])*)\]"
    r"|(?P<letter>[^\x00-\x7f])",
    re.DOTALL,
)
_MEMBERS: Final = re.compile(
    r"\\.|\[:[^:\]]*:\]|(?P<low>[^\\])-(?P<high>[^\\])|(?P<letter>[^\x00-\x7f])", re.DOTALL
)


def for_folded_text(pattern: str) -> str:
    """The expression with its literal letters as they stand in a folded text: `Scheiße` as `Schei(?:ss)e`.

    What is written wide becomes a literal, never an operator or a part of one.
    """
    return without_marks(_PARTS.sub(_part, pattern))


def _part(match: re.Match[str]) -> str:
    if match["letter"] is not None:
        return _literal(match["letter"])
    if match["quoted"] is not None:
        return "".join(re.escape(c) if c.isascii() else _literal(c) for c in match["quoted"])
    if match["members"] is None:
        return match[0]
    opening, members = match["opening"], match["members"]
    one_of = f"{opening}{_MEMBERS.sub(_member, members)}]"
    longer = dict.fromkeys(_longer(members))
    if not longer or opening.startswith("[^"):
        return one_of
    return f"(?:{'|'.join([*longer, one_of])})"


def _literal(letter: str) -> str:
    """A letter outside a class; where it becomes a plain one, in a class of its own, so that no operator counts it in."""
    folded = fold_letter(letter)
    if len(folded) > 1:
        return f"(?:{re.escape(folded)})"
    return f"[{folded}]" if folded.isascii() and folded.isalnum() else re.escape(folded)


def _member(match: re.Match[str]) -> str:
    """A part of a class; a letter that becomes several stays, and stands beside the class as well."""
    if match["low"] is not None:
        return _range(match["low"], match["high"])
    folded = "" if match["letter"] is None else fold_letter(match["letter"])
    return match[0] if match["letter"] is None or len(folded) > 1 else re.escape(folded)


def _range(low: str, high: str) -> str:
    """A range as it was typed and, where they are one and mean the same letters, what its ends become beside it."""
    if _width(low, high) < 0:
        return f"{low}-{high}"
    seen = range(ord(low), ord(high) + 1)
    low = next((chr(c) for c in seen if fold_letter(chr(c))), "")
    high = next((chr(c) for c in reversed(seen) if fold_letter(chr(c))), "")
    typed, folded = f"{low}-{high}" if low else "", (fold_letter(low), fold_letter(high))
    width = _width(*folded)
    if low.isascii() or high.isascii() or width < 0 or folded == (low, high):
        return typed
    if width != _width(low, high) and not all(end.isalnum() for end in folded):
        return typed  # from a blank on or up to a sign there would be letters that the range does not name
    added = "-".join(map(re.escape, folded))
    return f"{typed}{added}" if _width(without_marks(low), without_marks(high)) >= 0 else added


def _width(low: str, high: str) -> int:
    """How far one end is from the other; below 0 these are no ends of a range."""
    return ord(high) - ord(low) if len(low) == len(high) == 1 else -1


def _longer(members: str) -> Iterable[str]:
    """What the class's letters become that become several."""
    for match in _MEMBERS.finditer(members):
        folded = "" if match["letter"] is None else fold_letter(match["letter"])
        if len(folded) > 1:
            yield re.escape(folded)
