"""What became of several pictures that were asked for at once, in a few lines.
Never here: beginning them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.texts import listed, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.texts import Text


def started_summary(*, begun: int, running: int, refused: Sequence[tuple[int, Text]]) -> Text:
    """How many began, how many run already, and why the others, by their numbers, did not."""
    lines: list[Text] = []
    if begun:
        lines.append(text("describe.all_begun", n=begun))
    if running:
        lines.append(text("describe.all_running", n=running))
    reasons: list[Text] = []
    for _, why in refused:
        reasons += [] if why in reasons else [why]
    for why in reasons:
        numbers = [text("describe.number", n=number) for number, reason in refused if reason == why]
        lines.append(text("describe.all_refused", n=len(numbers), numbers=listed(numbers), why=why))
    said, *more = lines
    for line in more:
        said = text("describe.lines", first=said, second=line)
    return said
