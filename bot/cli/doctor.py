"""`easel doctor`: every check as a line, or as JSON.
Never here: the checks (`bot.doctor`)."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from bot.cli.ending import carry_out


def command(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON document.")] = False
) -> None:
    """Look at everything the bot needs and say what to do about it; exit status 1 if something is wrong."""
    from rich.console import Console  # noqa: PLC0415 - `easel --help` should not wait for it

    from bot import config, doctor  # noqa: PLC0415 - as above
    from bot.errors import StartupError  # noqa: PLC0415 - as above

    console = Console(highlight=False, soft_wrap=True)
    findings: list[doctor.Finding] = []

    def show(finding: doctor.Finding) -> None:
        findings.append(finding)
        if not as_json:
            mark = "[green]✔[/]" if finding.fine else "[red]✖[/]"
            console.print(f"{mark} [bold]{finding.name}[/]", end=" ")
            console.print(finding.words, markup=False)

    async def work() -> None:
        try:
            settings = config.load()
        except StartupError as error:
            for sentence in str(error).splitlines():
                show(doctor.Finding("settings", fine=False, words=sentence))
        else:
            async for finding in doctor.examine(settings, os.environ):
                show(finding)
        well = all(finding.fine for finding in findings)
        if as_json:
            told = [{"name": f.name, "ok": f.fine, "words": f.words} for f in findings]
            typer.echo(json.dumps({"ok": well, "findings": told}, ensure_ascii=False))
        if not well:
            raise typer.Exit(1)

    carry_out(work())
