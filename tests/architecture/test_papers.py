"""What is written for people agrees with what the program does: settings, meters, commands.
Never here: whether it is well written."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest

from bot.config import Settings
from bot.domain.keys import JobKey
from bot.metrics import METERS, Kind
from bot.setting_tables import env_example, settings_table
from bot.ui.card.press import press
from tests.architecture.ground import ROOT, between, metrics_calls, modules, tree

WAYS = {"count": Kind.COUNT, "observe": Kind.SPREAD, "level": Kind.LEVEL}


def test_the_readme_lists_every_setting_as_the_program_reads_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert between(readme, "settings") == settings_table().strip(), (
        'renew it with: python -c "from bot.setting_tables import settings_table; print(settings_table())"'
    )


@pytest.mark.parametrize("marker", ["sandbox", "tests"])
def test_the_readme_gives_its_commands_where_the_gate_finds_them(marker: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert re.fullmatch(r"```(?:sh|bash|console)\n[^`]+\n```", between(readme, marker))


def test_the_example_file_lists_every_setting_as_the_program_reads_it() -> None:
    assert (ROOT / "deploy" / "env.example").read_text(encoding="utf-8") == env_example(), (
        'renew it with: python -c "from bot.setting_tables import env_example; print(env_example(), end=str())" '
        "> deploy/env.example"
    )


def test_the_design_names_the_libraries_that_the_program_needs() -> None:
    page = (ROOT / "docs" / "reference" / "design.md").read_text(encoding="utf-8")
    table = page.partition("## 3. Libraries")[2].partition("## 4.")[0]
    taken = re.findall(r"^\|[^|]*\|([^|]*)\|", table, flags=re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [
        *project["dependencies"],
        *(one for more in project["optional-dependencies"].values() for one in more),
    ]

    told = {name for cell in taken for name in re.findall(r"`([^`]+)`", cell)}
    assert told == {re.split(r"[\[~>=;]", one)[0] for one in needed}


def test_every_setting_is_read_by_the_program() -> None:
    read = {
        node.attr
        for path in modules()
        if path.name != "config.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in Settings.model_fields
        and "settings" in ast.unparse(node.value)
    }

    assert Settings.model_fields.keys() - read == set(), "a setting that changes nothing is a lie"


def test_every_meter_that_a_room_uses_is_in_the_table_with_the_same_labels() -> None:
    wrong = [
        (where, name)
        for where, how, name, labels in metrics_calls()
        if name not in METERS or METERS[name].kind is not WAYS[how] or set(METERS[name].labels) != labels
    ]
    assert not wrong


def test_every_meter_of_the_table_is_used() -> None:
    assert set(METERS) - {name for _where, _how, name, _labels in metrics_calls()} == set()


def test_every_meter_is_explained_to_operators() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    told = set(re.findall(r"^\| `easel_(\w+?)(?:_total)?(?:\{([\w,]*)\})?` ", page, flags=re.MULTILINE))
    assert told == {(name, ",".join(meter.labels)) for name, meter in METERS.items()}


@pytest.mark.parametrize("name", ["operations", "alerts", "troubleshooting"])
def test_every_line_of_the_log_that_operators_are_sent_to_is_written(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    words = {
        node.value for path in modules() for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)
    }
    written = words - METERS.keys()  # a meter's name is no line of the log

    # A name of the log has an underscore, or stands in brackets behind the word.
    named = {*re.findall(r"`([a-z]+(?:_[a-z]+)+)`", page), *re.findall(r"\blog\s\(`([a-z_]+)`\)", page)}
    assert {one for one in named if not one.startswith(("easel_", "pg_"))} - written == set()


def test_the_page_about_interfaces_spells_a_button_as_it_is_drawn() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    drawn = press.id(JobKey("k" * 12), 3)
    assert drawn.replace("k" * 12, "<key of the job>").replace(":3", ":<position>") in page


def test_the_pins_cover_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *(line for group in project["dependency-groups"].values() for line in group if isinstance(line, str)),
    ]
    names = {re.split(r"[\[<>=~! ;]", line)[0].lower().replace(".", "-").replace("_", "-") for line in asked}

    pins = (ROOT / "deploy" / "requirements.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)(?:\[[^\]]+\])?==(\S+)", pins, flags=re.MULTILINE))
    assert names - pinned.keys() - {"easel-bot"} == set()
    assert pins.count("--hash=sha256:") > len(pinned)
    assert "://" not in re.sub(r"^\s*#.*$", "", pins, flags=re.MULTILINE)


def test_supervisors_wait_longer_than_the_program_takes_to_stop() -> None:
    patience = Settings.model_fields["stop_timeout"].default
    unit = (ROOT / "deploy" / "easel.service").read_text(encoding="utf-8")
    compose = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")

    grants = re.findall(
        r"^\s*(?:TimeoutStopSec=|stop_grace_period: )(\d+)s$", unit + compose, flags=re.MULTILINE
    )

    assert len(grants) == 2
    assert all(int(grant) > patience for grant in grants)
