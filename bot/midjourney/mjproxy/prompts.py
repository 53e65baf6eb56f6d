"""A prompt as the family's servers want it: proxies find their own message by its text, so it is sent in its plainest form.
Never here: what a prompt may say, and what is shown to people."""

from __future__ import annotations

import re
from typing import Final

from bot.midjourney.ohmygpt.envelope import clean

# Midjourney rewrites these itself, and then a proxy waits for a message that never comes (family §1.1).
_PLAIN: Final = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " "})
_LONG_DASH: Final = re.compile(r"(?:^|(?<=\s))[\u2014\u2013](?=[A-Za-z])")
_SPEED: Final = re.compile(r"(?:^|\s)--(?:relax|fast|turbo)(?=\s|$)", re.IGNORECASE)
_FLAG: Final = re.compile(r"(?:^|\s)--(relax|fast|turbo)(?=\s|$)", re.IGNORECASE)


def plain(prompt: str) -> str:
    """One space between words, straight quotes, two dashes before a parameter, and no word about the speed.

    The speed is the pool's affair, and is asked for by path or filter (family §6.2): a flag would win over both.
    """
    words = clean(prompt).translate(_PLAIN)
    words = _SPEED.sub(" ", _LONG_DASH.sub("--", words))
    return " ".join(words.split())


def speed_in(prompt: str) -> str | None:
    """The speed that a printed prompt names, in capitals; the last one counts (family §2.5)."""
    found = _FLAG.findall(prompt)
    return found[-1].upper() if found else None
