"""What the sandbox prints: where to look, what to try, what it cannot show, and each call that the API received.
Never here: anything that happens."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.domain.accounts import ApiKind
from bot.sandbox.app import OWN_KEY
from bot.sandbox.upstream import SANDBOX_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bot.sandbox.upstream import Call

READS: Final = frozenset({"query", "query-mj-tasks", "balance", "model-rates"})
"""Calls that cost nothing and come often: printed dimly."""

TRY: Final = (
    ("/imagine prompt: a paper fox", "four pictures come, with U1 to U4, 🔄 and V1 to V4 under them"),
    ("press U2", "one picture, with buttons of its own; press Vary or Zoom Out there, and go on"),
    ("Vary (Region) under it", "squares, a mask of your own, or a page to paint one on"),
    ("pool: FAST", "the other pool: each press below stays in it, see type=… in the log below"),
    ("prompt: a splatterfest", "a refusal by Midjourney, in plain words, with the unit given back"),
    (
        "/blend, /describe",
        "pictures of your own, mixed into one; or four prompts for a picture, with buttons",
    ),
    ("version: niji 6, aspect: 16:9", "other models and shapes bring other buttons"),
    (
        "right-click a message",
        "its menu under Apps: Picture info, Describe picture, Use as image prompt, Moderate…",
    ),
    (
        "/prefer copies on: True",
        "each picture comes as a direct message, too; they are on the left of the page",
    ),
    (
        "/mod panel, /pool panel",
        "as Robin: rules, words, limits, pauses; #easel-log tells what moderators did",
    ),
    ("--fault picture-404:1", "what people see when something breaks; `--fault help` lists all names"),
    ("--tour", "ten things to do, one after the other; the sandbox notices each"),
)
PEOPLE: Final = (
    ("Mia", "a member: everything above"),
    ("Noa", "a member with the role Patron; give it more with /pool rule"),
    ("Robin", "a moderator: /mod, /pool, Moderate… in a message's menu, and #easel-log on the left"),
    ("Sam", "owns server and bot: /ops servers list, and direct messages about the account"),
)


class Story:
    """The sandbox's voice on the terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def opening(
        self, *, address: str, api: str, web: str, speed: float, kept: Path | None, kind: ApiKind
    ) -> None:
        """Everything a newcomer needs; `web` is the bot's own web server."""
        say = self._console.print
        say()
        say(
            "[bold]Easel's sandbox is open.[/] Real bot, simulated Discord, simulated Midjourney: no account, no cost."
        )
        say()
        say(Text.assemble("  ", (address, "bold underline cyan")), soft_wrap=True)
        say(
            "  [dim]Open it in a browser on this machine. The address is also the key: it is new at each start.[/]"
        )
        say()
        self._table(TRY)
        say()
        say("  Be somebody else with [bold]Viewing as[/], at the top of the page:")
        self._table(PEOPLE)
        say()
        for line in self._honest(speed, kept):
            say(f"  [dim]{line}[/]", soft_wrap=True)
        own_key = f"; {OWN_KEY} is one that a server may bring (/pool panel → Set a key…)"
        say(
            f"  [dim]The simulated API is at {api}, its key is {SANDBOX_KEY}"
            f"{own_key if kind is ApiKind.OHMYGPT else ''}.[/]",
            soft_wrap=True,
        )
        say(f"  [dim]Health and metrics are at {web}/readyz and {web}/metrics.[/]", soft_wrap=True)
        say("  [dim]What the bot asks the API follows. Ctrl+C ends.[/]", soft_wrap=True)
        say()

    def _table(self, rows: Iterable[tuple[str, str]]) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(style="default")
        for what, why in rows:
            table.add_row(Text(what), Text(why))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def _honest(self, speed: float, kept: Path | None) -> list[str]:
        if kept is None:
            memory = "Everything is gone at the end; --data DIR keeps the bot's database and the API's tasks."
        else:
            memory = (
                f"{kept} keeps the bot's database and the API's tasks. The messages on the page are gone at the end; "
                "a picture that was still on its way comes as a new message at the next start."
            )
        return [
            f"Midjourney is played {speed:g} times faster than life (--speed 1 is lifelike).",
            memory,
        ]

    def tour(self, line: str, style: str) -> None:
        """One line of the tour."""
        self._console.print(Text(line, style=style), soft_wrap=True)

    def call(self, call: Call) -> None:
        """One line for one call."""
        free = call.endpoint in READS or call.method == "GET"
        good = (
            call.status < HTTPStatus.BAD_REQUEST and call.fault is None and (free or call.task_id is not None)
        )
        style = "dim" if free and good else "green" if good else "yellow"
        self._console.print(Text(call.line, style=style), soft_wrap=True)

    def closing(self, *, tasks: int, kept: Path | None) -> None:
        """The last words."""
        pictures = "1 task" if tasks == 1 else f"{tasks} tasks"
        rest = f" {kept} keeps what there was." if kept is not None else ""
        self._console.print(f"\nThe sandbox is closed: {pictures} on the simulated API's books.{rest}")
