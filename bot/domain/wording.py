"""Text as people meant it: one line without what cannot be seen, and without the words that would pick a pool.
Never here: parameters, moderation, escaping what is shown by itself (that is the UI's)."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from typing import Final

from bot.texts import Inert

DASHES: Final = "-\u02d7\u2010-\u2015\u2043\u2212\u2500\u2501\u2796\u2e3a\u2e3b\ufe58\ufe63\uff0d"
"""Every dash that a keyboard or a phone makes of two hyphens, for use inside a character class."""
LONG_DASHES: Final = "\u2012-\u2015\u2212\u2500\u2501\u2796\u2e3a\u2e3b\ufe58\uff0d"
"""Those that alone stand for two hyphens: phones write — for --."""
SPEEDS: Final = frozenset({"fast", "relax", "turbo"})
"""Names that stand like parameters and choose how quickly upstream works: never sent."""
TRAILING: Final = ",.;:!\uff0c\u3002\uff1b\uff1a\uff01\u3001"
"""Signs of a sentence that people put behind a value."""

# Invisible, and of no use in a prompt: soft hyphens, fillers, zero-width spaces, direction overrides and isolates
# (which could make a card read as something else), invisible operators, tags. Joiners, direction marks and variation
# selectors are not among them: emoji and several scripts need them, see `_useful`.
_UNSEEN: Final = re.compile(
    r"[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    r"\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
_REGIONAL_FLAG: Final = re.compile(r"(\U0001f3f4[\U000e0020-\U000e007e]{1,7}\U000e007f)")
_HELPERS: Final = re.compile(r"[\u200c\u200d\u061c\u200e\u200f\ufe00-\ufe0f]+")
"""Joiners, direction marks and variation selectors: each has a meaning only between the right neighbours."""
_JOINERS: Final = "\u200c\u200d"
_MARKS: Final = "\u061c\u200e\u200f"
_KEYCAPS: Final = "0123456789#*"
_DASH: Final = re.compile(f"[{DASHES}]")

_SPEED: Final = re.compile(
    # Only the words know cases; looking for those of the signs after them took 7 ms of every start.
    # Looked for from where a run of dashes begins: from each of thousands it would take seconds.
    rf"(?:(?<![{DASHES}])[{DASHES}]{{2,}}|(?<!\w)[{LONG_DASHES}])((?i:fast|relax|turbo))"
    rf"(?![^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])[{TRAILING}]*"
)
_MARKUP: Final = re.compile(r"[\\*_~`|<>\[\]()#@]|:(?=/)")
"""Of colons only those of addresses: `16:9` is read as typed also where a backslash shows."""
_LINK: Final = re.compile(r"<?https?://", re.IGNORECASE)
_JOINED_LINKS: Final = re.compile(
    r"(https?://(?:(?!https?://)\S)*?)(?<![,;\uff0c\u3002\uff1b\u3001])[,;\uff0c\u3002\uff1b\u3001]+(?=https?://)",
    re.IGNORECASE,
)
_LINKED: Final = re.compile(r"https?://(?:(?!https?://)\S)+", re.IGNORECASE)
_FILE_ENDED: Final = re.compile(r"\.[a-z][a-z0-9]{1,4}(?![\w/])", re.IGNORECASE)
_SENTENCE: Final = re.compile(
    r"(?<!\uff1a)(?!\uff1a\uff1a-?[0-9])[\uff0c\u3002\uff1b\u3001\uff01\uff1a][,;\uff0c\u3002\uff1b\u3001\uff01\uff1a]*"
)
"""Signs of a Chinese or Japanese sentence; wide colons before a number are a weight."""
_LINK_CLOSED: Final = re.compile(
    r"(?<!\S)(https?://[^\s\uff08\u300c\u300e\u3010\u300a\uff09\u300d\u300f\u3011\u300b]+)"
    rf"(?=[\uff09\u300d\u300f\u3011\u300b])(?!\S*{_FILE_ENDED.pattern})",
    re.IGNORECASE,
)
"""An address up to a bracket that was opened before it."""
_SPEED_IN_LINK: Final = re.compile(r"-(?=-(?:fast|relax|turbo)(?!\w))", re.IGNORECASE)


def clean(raw: str) -> str:
    """One line of what can be seen: single blanks, no control characters, emoji and every script left whole."""
    visible = "".join(
        " " if c.isspace() else c for c in raw if c.isspace() or unicodedata.category(c) != "Cc"
    )
    parts = _REGIONAL_FLAG.split(visible)
    parts[::2] = [_UNSEEN.sub("", part) for part in parts[::2]]
    line = " ".join("".join(parts).split())
    return " ".join(_HELPERS.sub(_useful, line).split())


def inert(words: str) -> Inert:
    """What somebody else wrote, for a sentence of ours: the same signs, but no link, mention or style in it."""
    return Inert(_MARKUP.sub(r"\\\g<0>", " ".join(words.split())))


def folded_name(name: str) -> str:
    """A name that a person gave, to compare by: wide letters, capitals and how accents are stored make no difference."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def is_link(word: str) -> bool:
    """Whether a word is an address; nothing inside one is read as a parameter."""
    return _LINK.match(word) is not None


def links_apart(line: str) -> str:
    """Addresses with a blank behind them where people put a sign alone: no service fetches two as one.

    A comma of ours may stand in an address, so it ends one only before another; those of Chinese and Japanese do
    where the address is whole before them.
    """
    return _LINK_CLOSED.sub(r"\1 ", _LINKED.sub(_ended, _JOINED_LINKS.sub(r"\1 ", line)))


def links_at_head(prompt: str) -> tuple[str, ...]:
    """The addresses before the first word of a prompt as it was sent or shown: pictures to start from."""
    words = (word.strip("<>") for word in prompt.split())
    return tuple(takewhile(is_link, words))


def without_speed_flags(line: str) -> tuple[str, str | None]:
    """Take `--fast`, `--relax` and `--turbo` out of a cleaned line; also tells which came last, None if there was none.

    The pool is the chain's, and upstream's family lets these words overrule it (contract §1.1, peers F26b). An
    address that contains one keeps its meaning: a hyphen is spelled %2D.
    """
    found: str | None = None
    words: list[str] = []
    for word in line.split():
        if is_link(word):
            words.append(_SPEED_IN_LINK.sub("%2D", word))
            continue
        for flag in _SPEED.finditer(word):
            found = flag[1].lower()
        words += _SPEED.sub(" ", word).split()
    return " ".join(words), found


def _ended(address: re.Match[str]) -> str:
    """An address with a blank for the first sign behind its end: of its file's name, of a query, or of ASCII alone."""
    whole = address[0]
    named = max((name.end() for name in _FILE_ENDED.finditer(whole)), default=0)
    sign = _SENTENCE.search(whole, named)
    if sign is None:
        return whole
    before = whole[: sign.start()]
    ended = sign.start() == named or "?" in before or before.isascii()
    return f"{before} {whole[sign.end() :]}" if ended else whole


def _useful(run: re.Match[str]) -> str:
    """What of a run of invisible helpers its neighbours need; the rest could only hide things.

    `--fa<joiner>st` must not read as one word here and as another upstream.
    """
    before = run.string[run.start() - 1 : run.start()]
    after = run.string[run.end() : run.end() + 1]
    if not before or before.isspace() or _DASH.match(before):
        return ""
    selector = joiner = ""
    if not before.isascii() or before in _KEYCAPS:
        selector = next((c for c in run[0] if c not in _JOINERS + _MARKS), "")
    if not before.isascii() and after and not after.isascii() and not after.isspace():
        joiner = next((c for c in run[0] if c in _JOINERS), "")
    if joiner or (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum()):
        return selector + joiner
    return selector + ("" if _DASH.match(after) else next((c for c in run[0] if c in _MARKS), ""))
