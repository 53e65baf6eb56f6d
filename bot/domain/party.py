"""For whom something is done at the moment: what is short is shared out in turns between servers.
Never here: what is short, and how turns are given."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

CURRENT_PARTY: Final[ContextVar[int]] = ContextVar("current_party", default=0)
"""The server for which this task works; outside of servers the person, each of whom is a server of their own."""
