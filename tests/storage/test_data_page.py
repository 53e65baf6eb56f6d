"""docs/data.md has a line for every column, and says of export and erasure what the program does.
Never here: what the program does (test_records, test_lifecycle).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from bot.domain.inputs import INPUT_LIFE_MS
from bot.domain.personal_items import DRAFT_LIFE_MS
from bot.domain.servers.guilds import DELETION_DELAY_MS
from bot.services.housekeeping import AUDIT_KEPT_MS, NOTICES_KEPT_MS
from bot.storage.servers.records import EXPORTED
from bot.storage.tables import FORGOTTEN, metadata

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"
SHORT = {name: PAGE.with_name(name).read_text(encoding="utf-8") for name in ("privacy.md", "moderators.md")}
"""The pages that say in short what this one says of every column."""
TABLE = re.compile(r"^## `(\w+)`$")


class Line(NamedTuple):
    """What the page says of a column."""

    why: str
    how_long: str
    erased: str
    exported: str


def lines(page: str) -> dict[str, dict[str, Line]]:
    found: dict[str, dict[str, Line]] = {}
    table = ""
    for line in page.splitlines():
        heading = TABLE.match(line)
        if heading:
            table = heading[1]
            found[table] = {}
        elif line.startswith("| `"):
            columns, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            assert len(cells) == 4, line
            for column in re.findall(r"`(\w+)`", columns):
                assert column not in found[table], f"{table}.{column} stands there twice"
                found[table][column] = Line(*cells)
    return found


SAID = lines(PAGE.read_text(encoding="utf-8"))


def test_every_column_has_a_line_and_every_line_a_column() -> None:
    kept = {table.name: {column.name for column in table.columns} for table in metadata.sorted_tables}

    assert {name: set(columns) for name, columns in SAID.items()} == kept


def test_no_cell_is_empty() -> None:
    assert [
        (table, column) for table, columns in SAID.items() for column, line in columns.items() if "" in line
    ] == []


def test_the_page_says_what_an_export_holds() -> None:
    said = {
        name: {column for column, line in columns.items() if line.exported == "yes"}
        for name, columns in SAID.items()
    }

    assert {name: columns for name, columns in said.items() if columns} == {
        table.name: set(columns) for table, columns in EXPORTED.items()
    }


def test_the_page_says_what_is_emptied_of_a_job() -> None:
    said = {column for column, line in SAID["jobs"].items() if line.erased.startswith("emptied")}

    assert said == set(FORGOTTEN)


def test_a_column_without_a_line_is_found() -> None:
    page = PAGE.read_text(encoding="utf-8").replace("`failure_words`", "")

    assert "failure_words" not in lines(page)["jobs"]


def test_the_page_says_how_long_the_program_keeps_things() -> None:
    days, minutes = 86_400_000, 60_000
    said = {
        ("drafts", "prompt"): f"{DRAFT_LIFE_MS // minutes} minutes",
        ("inputs", "data"): f"{INPUT_LIFE_MS // days} days",
        ("audit", "before"): f"{AUDIT_KEPT_MS // days} days",
        ("notices", "at"): f"{NOTICES_KEPT_MS // days} days",
        ("guilds", "delete_at"): f"{DELETION_DELAY_MS // days} days",
    }

    assert {
        place: words for place, words in said.items() if words not in SAID[place[0]][place[1]].how_long
    } == {}


def test_the_short_pages_say_as_long_and_promise_no_deletion_of_what_stays() -> None:
    audit = f"{AUDIT_KEPT_MS // 86_400_000} days"
    stays = {
        name
        for name in metadata.tables
        if "guild_id" in SAID[name] and SAID[name]["guild_id"].how_long.startswith("for good")
    }

    assert stays == {"tenants"}
    for name, page in SHORT.items():
        assert audit in page, name
        assert not re.search(r"\beverything\b[^.]*\bdeleted\b", page, re.IGNORECASE), name
        assert "its owner's id" in page, name
