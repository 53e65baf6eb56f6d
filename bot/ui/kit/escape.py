"""What people and upstream wrote, made safe to show: one line, no markdown, no mentions, no tricks with direction, cut.
Never here: our own sentences."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

ELLIPSIS: Final = "…"
ISOLATE: Final = "\u2068"
"""First strong isolate: a right-to-left prompt turns nothing around it (and nothing of ours turns it)."""
END_ISOLATE: Final = "\u2069"

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that emoji and some scripts need."""
_MARKUP: Final = re.compile(r"[\\*_~`|<>\[\]()#@:]")
"""Discord honours a backslash before any of these: no mention, link, emoji, timestamp or style survives."""
_FENCE: Final = "```"
_FENCE_WITHIN: Final = re.compile("``(?=`)")
"""Three backticks would end a block; nothing else has a meaning inside. However many there are, no three stay together."""
_OPENER: Final = re.compile(r"^(\d+)(?=[.])|^(?=[-+])")
"""What begins a list when it stands first in a line."""


def one_line(text: str) -> str:
    """Collapse whitespace and drop what is not to be seen: control characters, and all direction marks."""
    if text.isprintable():  # most are: nothing in it is unseen, and no blank but the common one
        return " ".join(text.split())
    kept = (
        " " if c.isspace() else c
        for c in text
        if c.isspace() or c in _JOINERS or unicodedata.category(c) not in _UNSEEN
    )
    return " ".join("".join(kept).split())


def escape(line: str) -> str:
    """Take all meaning from a line's markup, so that Discord shows exactly these characters."""
    escaped = _MARKUP.sub(r"\\\g<0>", line)
    return _OPENER.sub(lambda m: f"{m[1]}\\" if m[1] else "\\", escaped)


def quoted(text: str, limit: int) -> str:
    """Make it safe to show within `limit` characters, all that was added included."""
    return f"{ISOLATE}{escaped(text, limit - 2)}{END_ISOLATE}"


def plain(text: str, limit: int) -> str:
    """One line without markup rules, cut: for places where Discord renders none, such as a picture's description."""
    return _fitted(one_line(text), limit, str)


def _fitted(line: str, room: int, render: Callable[[str], str]) -> str:
    """Render the longest beginning of a line that fits; escapes make characters differ in what they cost."""
    whole = render(line)
    if units(whole) <= room:
        return whole
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if units(render(line[:middle])) < room:
            low = middle
        else:
            high = middle - 1
    return render(line[:low].rstrip(" \u200c\u200d")) + ELLIPSIS


def escaped(text: str, limit: int) -> str:
    """The same without isolates: for words that stand in a sentence of their own kind."""
    return _fitted(one_line(text), limit, escape)


def fenced(words: str, limit: int | None = None) -> str:
    """A block that shows and copies words exactly as they are, and that they cannot end; cut, if there is a limit."""
    room = units(words) * 2 if limit is None else limit - 2 * len(_FENCE) - 2
    return f"{_FENCE}\n{_fitted(words, room, _unfenced)}\n{_FENCE}"


def _unfenced(words: str) -> str:
    return _FENCE_WITHIN.sub("``\u200b", words)


def cut(shown: str, limit: int) -> str:
    """Cut what was rendered already, where nothing less will do: never within an escape, nor with an isolate left open."""
    if units(shown) <= limit:
        return shown
    kept = (
        shown.encode("utf-16-le", "surrogatepass")[: 2 * (limit - 2)].decode("utf-16-le", "ignore").rstrip()
    )
    if (len(kept) - len(kept.rstrip("\\"))) % 2:
        kept = kept[:-1]
    return kept + ELLIPSIS + (END_ISOLATE if kept.count(ISOLATE) > kept.count(END_ISOLATE) else "")


def units(text: str) -> int:
    """Characters as the strictest reader counts them (UTF-16)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
