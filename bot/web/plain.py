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

_MARKS: Final = re.compile(r"\*\*|`")
_MOMENT: Final = re.compile(r"<t:(\d{1,12})(?::([tTdDfFR]))?>")
_MENTION: Final = re.compile(r"<(@&|@!?|#)\d+>")
_COMMAND: Final = re.compile(r"<(/[^:>]+):\d+>")
_ESCAPED: Final = re.compile(r"\\([^\w\s])")


def plain(sentence: str, locale: str, now: int) -> str:
    """The same without markup: moments are spelled out, and what only Discord could name becomes a sign."""
    bare = _COMMAND.sub(
        r"\1", _MOMENT.sub(_moment(babel_locale(locale) or Locale(SOURCE), now), _MARKS.sub("", sentence))
    )
    return _ESCAPED.sub(r"\1", _MENTION.sub(lambda found: "#…" if found[1] == "#" else "@…", bare))


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
