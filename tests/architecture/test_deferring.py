"""Whoever is asked to wait is noted on disk before: only the kit's Context defers, and it notes first.
Never here: what is noted, and when it is closed (tests/ui/kit/test_open_answers.py)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.architecture.ground import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = "bot/ui/kit/context.py"


def deferrals(source: str) -> Iterator[int]:
    """Lines on which an interaction is deferred past the kit: by method, by type, or by the raw callback."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and (node.attr == "defer" or node.attr.startswith("deferred_")):
            yield node.lineno


@pytest.mark.parametrize(
    "source",
    [
        "async def f(i):\n    await i.response.defer(ephemeral=True)",
        "async def f(i):\n    answer = i.response.defer\n    await answer()",
        "async def f(i):\n    kind = discord.InteractionResponseType.deferred_message_update",
    ],
)
def test_a_plain_deferral_is_found(source: str) -> None:
    assert list(deferrals(source)) == [2]


def test_nobody_is_told_to_wait_but_by_the_kit() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("bot", "cogs")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in deferrals(path.read_text(encoding="utf-8"))
    ]

    assert [place for place in found if not place.startswith(CONTEXT)] == []
    assert found, "the kit itself defers, or this test looks in the wrong place"


def test_the_kit_notes_before_it_defers() -> None:
    tree = ast.parse((ROOT / CONTEXT).read_text(encoding="utf-8"))
    deferring = [
        function
        for function in ast.walk(tree)
        if isinstance(function, ast.AsyncFunctionDef)
        and any(isinstance(node, ast.Attribute) and node.attr == "defer" for node in ast.walk(function))
    ]

    assert [function.name for function in deferring] == ["_defer"]
    calls = [
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for statement in deferring[0].body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    ]
    assert calls.index("note") < calls.index("defer")
