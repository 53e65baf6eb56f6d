"""The moderators' guide names every command that they have, and the table of needs names only what exists.
Never here: whether it is well written."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import discord
import pytest_asyncio
from discord import app_commands
from discord.ext import commands

from bot.client import DRAWING, EXTENSIONS, SHORTENING
from tests.architecture.ground import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GUIDE = ROOT / "docs" / "moderators.md"
NEEDS = ROOT / "docs" / "moderation-needs.md"
OTHERS = [
    ROOT / "docs" / f"{name}.md"
    for name in ("members", "troubleshooting", "alerts", "costs", "privacy", "api")
]
MODERATORS = ("mod", "pool")


@pytest_asyncio.fixture
async def names() -> AsyncIterator[set[str]]:
    """Every command by its whole name."""
    bot = commands.Bot(commands.when_mentioned, intents=discord.Intents.none(), help_command=None)
    for extension in (*EXTENSIONS, SHORTENING, DRAWING):
        await bot.load_extension(extension)
    yield {
        command.qualified_name
        for command in bot.tree.walk_commands()
        if isinstance(command, app_commands.Command)
    }
    await bot.close()


def named_in(text: str) -> set[str]:
    """What is spelled as a command: `/mod words add`, with or without options behind it."""
    spelled = re.findall(r"(?:`|^)/([a-z]+(?: [a-z]+)*)(?= [a-z_]+:|`| *$)", text, flags=re.MULTILINE)
    return set(spelled)


async def test_the_guide_names_every_command_that_moderators_have(names: set[str]) -> None:
    theirs = {name for name in names if name.split()[0] in MODERATORS}

    table = GUIDE.read_text(encoding="utf-8").partition("## Every command")[2]
    assert theirs - named_in(table) == set()


async def test_the_pages_for_people_name_only_commands_that_exist(names: set[str]) -> None:
    groups = {name.rpartition(" ")[0] for name in names} | {name.split()[0] for name in names}
    for page in (GUIDE, NEEDS, *OTHERS):
        assert named_in(page.read_text(encoding="utf-8")) - names - groups == set(), page.name


async def test_each_need_of_moderators_is_met_by_a_command_and_proved_by_a_test(names: set[str]) -> None:
    page = NEEDS.read_text(encoding="utf-8").partition("## Left out")[0]
    proofs = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page)
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| need")]

    assert len(proofs) == len(rows), "a line without its test"
    for path, function in proofs:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        known = {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert not function or function in known, f"{path}::{function}"
    theirs = {name for name in names if name.split()[0] in MODERATORS}
    assert theirs - named_in(page) == set(), "a command without a need"


def test_people_find_the_guide_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "(docs/moderators.md)" in readme
    assert "(moderation-needs.md)" in GUIDE.read_text(encoding="utf-8")
