"""`python -m tests.bench NAME`, or `all`: run measurements, print their tables and keep their JSON.
Never here: what is measured."""

from __future__ import annotations

import asyncio
import importlib
import logging
from typing import Annotated

import typer
from rich.console import Console

from tests.bench.report import keep, show

BENCHES = (
    "start",
    "cheap",
    "flat",
    "reads",
    "lag",
    "answer",
    "flight",
    "ceiling",
    "restart",
    "storage",
    "year",
)


def run(
    names: Annotated[list[str], typer.Argument(help=f"{', '.join(BENCHES)}, or all")],
    *,
    smoke: Annotated[bool, typer.Option(help="Only try whether it works, with small sizes.")] = False,
) -> None:
    """Run these measurements, one after the other."""
    logging.basicConfig(level=logging.ERROR)
    chosen = BENCHES if names == ["all"] else tuple(names)
    for name in chosen:
        if name not in BENCHES:
            raise typer.BadParameter(f"there is no {name}: choose from {', '.join(BENCHES)}")
    console = Console(width=130)
    for name in chosen:
        module = importlib.import_module(f"tests.bench.{name}")
        report = asyncio.run(module.measure("smoke" if smoke else "full"))
        show(report, console)
        console.print(f"[dim]{keep(report)}[/dim]")


if __name__ == "__main__":
    typer.run(run)
