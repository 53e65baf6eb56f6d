"""How long a sentence may be, by the place in which the program shows it, and the widest arguments it may get there.
Never here: the sentences."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from tests.architecture.ground import modules, tree
from tests.i18n.catalogues import SOURCE, entries
from tests.i18n.usages import FAMILIES, HOLE, family

if TYPE_CHECKING:
    from collections.abc import Iterator

BUTTON: Final = 80
TITLE: Final = 45
FIELD: Final = 45
HINT: Final = 100
OPTION: Final = 100
COMMAND: Final = 100
MENU: Final = 32
PLACEHOLDER: Final = 100
"""A text field's; a select's may have 150."""
SENTENCE: Final = 900
"""Anything else is part of a message of 2,000 characters, or of a card's 4,000, and not the only part."""

BY_NAME: Final[tuple[tuple[str, int], ...]] = (
    (r"(?:\w+\.)?button\..+|region\.(?:go|clear|upload|editor)", BUTTON),
    (
        r"pool\.window\.(?:rule|unrule|total|price|grant|zone|cooldown|pause|pause_all)|own_key\.window|button\.edit|describe\.window|region\.upload_title|\w+\.title",
        TITLE,
    ),
    (
        r"\w+\.window(?:\.|_)(?:.+_)?hint|\w+\.window_pool|using\.(?:weight_)?hint|remix\.pool|region\.upload_hint",
        HINT,
    ),
    (r"\w+\.window(?:\.|_).+|remix\.prompt|region\.upload_file|using\.weight", FIELD),
    (
        r"panel\.(?:allowed|everyone|defaults|limits)_hint|welcome\.\w+_hint|panel\.number.*|panel\.(?:pings|retention)_hint|setting\.exempt",
        HINT,
    ),
    (r"setting\.\w+\.\w+|section\.(?!in_pool|paused|pool_off|channel_)\w+", FIELD),
    (r"panel\.(?:allowed|denied|treatment|on|channel|role|pattern|match|action|suffix|kinds|gone)", FIELD),
    (r"welcome\.(?!steps|done)\w+", FIELD),
    (r"pool\.charge\..+|choice\..+", OPTION),
    (r"command\..+", COMMAND),
    (r"menu\.(?!no_)\w+", MENU),
)
"""Where a sentence goes by hand of another function, its name tells; the first that fits counts."""
WIDEST: Final[dict[str, str]] = {
    "n": "10.000",
    "pool": "⚡ NORMAL",
    "latency": "10.000",
    "limit": "10.000",
    "page": "100",
    "pages": "100",
    "key": "7h2m-9k4q-xw3c",
}
WIDE: Final = "x" * 20
"""Any other argument."""


@cache
def limit_of(id_: str) -> int:
    """How many characters this sentence may have with its arguments."""
    seen = seen_in_program().get(id_)
    headline = entries(SOURCE)[id_].forms[0].startswith("#")  # stands in a card and is no window's title
    named = (limit for pattern, limit in BY_NAME if re.fullmatch(pattern, id_))
    told = SENTENCE if headline else next(named, SENTENCE)
    return told if seen is None else min(seen, told)


def filled(form: str) -> str:
    """A sentence with the widest arguments it may get."""
    return re.sub(r"\{(\w+)\}", lambda match: WIDEST.get(match[1], WIDE), form)


@cache
def seen_in_program() -> dict[str, int]:
    """Sentences whose place can be read off the program: `label=localize(text("…"))`, `placeholder=…`, and so on."""
    known = set(entries(SOURCE))
    found: dict[str, int] = {}
    for path in modules():
        if "sandbox" in path.parts:
            continue
        for call in (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
            for keyword in call.keywords:
                limit = _limit(_name(call.func), keyword.arg)
                for id_ in _ids(keyword.value) if limit is not None else ():
                    if id_ in known and limit is not None:
                        found[id_] = min(limit, found.get(id_, limit))
    return found


def _limit(callee: str, keyword: str | None) -> int | None:
    match keyword:
        case "label":
            option = callee.endswith("Option") or callee in {"add_option", "Choice"}
            return OPTION if option else FIELD if callee == "TextInput" else BUTTON
        case "placeholder":
            return PLACEHOLDER
        case "title":
            return TITLE
        case "text" if callee == "Label":
            return FIELD
        case "description" if callee in {"Label", "SelectOption"}:
            return HINT
    return None


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def _ids(value: ast.expr) -> Iterator[str]:
    """The ids that are said there."""
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            pattern = "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
            )
            if pattern in FAMILIES:
                yield from family(pattern)
