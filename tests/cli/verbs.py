"""Verbs as an operator types them.
Never here: what comes of them."""

from __future__ import annotations

from typer.testing import CliRunner

from bot.cli.program import cli


def easel(*arguments: str) -> tuple[int, str]:
    """Exit status, and all that it said."""
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, result.output
