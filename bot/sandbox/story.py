"""What the sandbox prints: where to look, what to try, what it cannot show, and each call that the API received.
Never here: anything that happens."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pathlib import Path

    from bot.sandbox.upstream import Call

READS: Final = frozenset({"query", "query-mj-tasks"})
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
    ("the name at the top of the page", "switches between Mia and the moderator Robin"),
    ("--fault picture-404:1", "what people see when something breaks; `--fault help` lists all names"),
)


class Story:
    """The sandbox's voice on the terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def opening(self, *, address: str, api: str, speed: float, kept: Path | None) -> None:
        """Everything a newcomer needs."""
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
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold")
        table.add_column(style="default")
        for what, why in TRY:
            table.add_row(Text(what), Text(why))
        say(Padding(table, (0, 0, 0, 2)))
        say()
        for line in self._honest(speed, kept):
            say(f"  [dim]{line}[/]", soft_wrap=True)
        say(
            f"  [dim]The simulated API is at {api}, its key is sk-sandbox; its log follows. Ctrl+C ends.[/]",
            soft_wrap=True,
        )
        say()

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
            "The page cannot show context menus (right-click → Apps), direct messages or a second channel.",
            memory,
        ]

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
