"""Sentences that were written for Discord, for a page that knows none of its markup.
Never here: the sentences themselves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.dates import format_datetime, format_timedelta

from bot.i18n import SOURCE, babel_locale

if TYPE_CHECKING:
    from collections.abc import Callable

_MARKUP: Final = re.compile(
    r"<t:(\d{1,12})(?::([tTdDfFR]))?>"
    r"|<(?P<mention>[@#])[&!]?\d+>"
    r"|<(?P<command>/[^:>]+):\d+>"
    r"|\\(?P<escaped>[^\w\s]|_)"
    r"|\*\*|`"
)


def plain(sentence: str, locale: str, now: int) -> str:
    """The same without markup: moments are spelled out, and what only Discord could name becomes a sign.

    It is read once, from the left: a sign that was escaped is a sign, and begins nothing.
    """
    moment = _moment(babel_locale(locale) or Locale(SOURCE), now)

    def bare(found: re.Match[str]) -> str:
        if found[1]:
            return moment(found)
        return f"{found['mention']}…" if found["mention"] else found["command"] or found["escaped"] or ""

    return _MARKUP.sub(bare, sentence)


def _moment(locale: Locale, now: int) -> Callable[[re.Match[str]], str]:
    def spell(found: re.Match[str]) -> str:
        seconds = int(found[1])
        if found[2] == "R":
            return format_timedelta(
                timedelta(seconds=seconds - now // 1000), add_direction=True, locale=locale
            )
        at = datetime.fromtimestamp(seconds, tz=UTC)
        return f"{format_datetime(at, 'medium', tzinfo=UTC, locale=locale)} UTC"

    return spell
