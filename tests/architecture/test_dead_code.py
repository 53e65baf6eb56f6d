"""Whatever the program defines, the program uses: tests alone keep nothing alive.
Never here: lines that no test reaches (coverage), and imports (ruff)."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

from tests.architecture.ground import ROOT, kept_files, modules, named, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN: Final = re.compile(
    r"(\w+\.)*(property|cached_property|staticmethod|classmethod|dataclass|runtime_checkable|cache|lru_cache|(async)?contextmanager)\b"
)
"""Decorators under which a definition still has to be used by name; every other one registers it."""
FOUND_BY_NAME: Final = {
    "model_config": "pydantic reads it",
    "on_interaction": "discord.py calls it",
    "env_example": "prints deploy/env.example, as CONTRIBUTING says",
    "settings_table": "prints the README's table",
    "same_channel": "a field of what is sent",
}
FOR_TESTS: Final = "bot/sandbox"
"""The sandbox is the tests' double, too: what they alone use of it is used."""


def imported_modules(module: ast.Module) -> frozenset[str]:
    """The names under which a module knows other modules: what lies behind their point is no member of a class."""
    known = {named(path).removesuffix(".py").removesuffix("/__init__") for path in modules()}
    found = set()
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                found |= {(one.asname or one.name).partition(".")[0] for one in names}
            case ast.ImportFrom(module=str(package), names=names):
                inside = package.replace(".", "/")
                found |= {one.asname or one.name for one in names if f"{inside}/{one.name}" in known}
    return frozenset(found)


def uses(module: ast.Module) -> Iterator[str]:
    """Every name that is read, as a name, an attribute, a keyword or, for `getattr`, a whole string.

    What can be a method stands there once more, with a point before it.
    """
    others = imported_modules(module)
    for node in ast.walk(module):
        match node:
            case ast.Attribute(attr=name, value=ast.Name(id=owner)) if owner in others:
                yield name
            case ast.Attribute(attr=name):
                yield from (name, f".{name}")
            case ast.Name(id=name, ctx=ast.Load()) | ast.keyword(arg=str(name)):
                yield name
            case ast.Constant(value=str(word)) if word.isidentifier():
                yield from (word, f".{word}")
            case ast.MatchClass(kwd_attrs=names):
                yield from (form for name in names for form in (name, f".{name}"))


def definitions(body: list[ast.stmt], *, inside: str = "") -> Iterator[str]:
    """What a module or a class defines that nothing calls by itself, methods with a point before their name.

    Members of enumerations are values, and kept.
    """
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                registered = any(not PLAIN.match(ast.unparse(one)) for one in node.decorator_list)
                if not registered and not node.name.startswith("__"):
                    yield node.name if isinstance(node, ast.ClassDef) else f"{inside}{node.name}"
                if isinstance(node, ast.ClassDef) and not any("Enum" in ast.unparse(b) for b in node.bases):
                    yield from definitions(node.body, inside=".")
            case ast.Assign(targets=targets):
                yield from (t.id for t in targets if isinstance(t, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


@cache
def used() -> Counter[str]:
    """How often the program uses each name."""
    outside = [p for p in kept_files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] != "tests"]
    return Counter(name for path in outside for name in uses(tree(path)))


def unused(module: ast.Module) -> list[str]:
    """What a module defines and nothing uses."""
    return [
        name
        for name in definitions(module.body)
        if not used()[name] and not name.startswith("__") and name.lstrip(".") not in FOUND_BY_NAME
    ]


def test_nothing_is_kept_that_the_program_does_not_use() -> None:
    tested = Counter(
        name
        for path in kept_files()
        if path.suffix == ".py"
        for name in uses(tree(path))
        if "tests" in path.parts
    )
    dead = {}
    for path in modules():
        found = unused(tree(path))
        if named(path).startswith(FOR_TESTS):
            found = [name for name in found if not tested[name]]
        if found:
            dead[named(path)] = found
    assert dead == {}


def test_what_nothing_uses_is_found() -> None:
    gone = "never" + "used"
    module = ast.parse(
        f"def {gone}(): pass\n{gone.upper()}: int = 1\n@component('x')\ndef {gone}_too(): pass\n"
        f"class Cards:\n    def {gone}_either(self): pass\nclass Need(StrEnum):\n    {gone.title()} = 'a'"
    )

    assert unused(module) == [gone, gone.upper(), f".{gone}_either"]
    assert unused(ast.parse("def assemble(): pass")) == []


def test_a_function_of_that_name_in_a_module_keeps_no_method_alive() -> None:
    module = ast.parse("from bot.ui.pools import changes\nchanges.set_rule(1)\nself.guilds.change_rule(2)")

    assert {name for name in uses(module) if name.startswith(".")} == {".guilds", ".change_rule"}
    assert "set_rule" in uses(module)


def test_what_is_found_by_its_name_is_there() -> None:
    there = {name.lstrip(".") for path in modules() for name in definitions(tree(path).body)}
    assert set(FOUND_BY_NAME) <= there
