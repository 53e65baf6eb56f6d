"""A word that stands for a member's own while additions to prompts are read, and how it is taken out again.
Never here: what additions may hold (people, a server's prompt rules), and how they are laid under a prompt (prompts)."""

from __future__ import annotations

import re
from typing import Final

STAND_IN: Final = "x"

_LINKS: Final = r"(?i:<?https?://\S+ )"
_BEHIND_LINKS: Final = re.compile(rf"\A({_LINKS}*){STAND_IN} ?")
_LEFT_BEHIND: Final = re.compile(rf"\A({_LINKS}+){STAND_IN}(?: |$)")


def without_stand_in(composed: str) -> str:
    """What was composed around the stand-in, without it: links of an addition went before it."""
    return _BEHIND_LINKS.sub(r"\1", composed).strip()


def healed(stored: str) -> str:
    """An addition without the stand-in, which earlier versions kept behind its links."""
    return _LEFT_BEHIND.sub(r"\1", stored).strip()
