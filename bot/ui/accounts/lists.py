"""Servers as their owner reads them: who is let in, what each may draw and has drawn; and a server's own budget.
Never here: deciding, and Discord's events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.texts import Localize, text
from bot.ui.kit.escape import quoted, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.services.accounts.owner_policy import ServerView


NAME_LIMIT: Final = 60
LIST_LIMIT: Final = 1_850
"""Characters of a list; Discord shows 2,000 in one message of words."""


def server_line(view: ServerView, localize: Localize) -> str:
    """One server."""
    server, used = view.server, view.used
    state = (
        "server.state_in" if view.admitted else "server.state_shut" if server.shut_at else "server.state_out"
    )
    said = text(
        "server.line",
        server=quoted(server.name or "?", NAME_LIMIT),
        id=str(server.guild_id),
        state=text(state),
        today=used.today,
        month=used.month,
        running=used.running,
        waiting=used.waiting,
        ceiling=str(view.ceiling),
    )
    return localize(said)


def server_list(views: Sequence[ServerView], localize: Localize) -> str:
    """All of them, those first that wait for an answer; what does not fit is counted."""
    if not views:
        return localize(text("server.none"))
    lines: list[str] = []
    length = 0
    ordered = sorted(views, key=lambda v: (v.admitted, v.server.shut_at is not None))
    for n, view in enumerate(ordered):
        line = "- " + server_line(view, localize)
        length += units(line) + 1
        if length > LIST_LIMIT:
            return "\n".join([*lines, localize(text("server.more", n=len(ordered) - n))])
        lines.append(line)
    return "\n".join(lines)


def budget_lines(view: ServerView, localize: Localize) -> Iterable[str]:
    """What moderators may know of the owner's budget for their server: their own part, never the owner's balance."""
    if not view.admitted:
        yield "⚠️ " + localize(text("pool.not_let_in"))
        return
    used, ceiling = view.used, view.ceiling
    for name, n, limit in (("day", used.today, ceiling.per_day), ("month", used.month, ceiling.per_month)):
        if limit is not None:
            yield localize(text(f"pool.budget_{name}", used=n, limit=limit))
