"""Each place that tells pools apart knows all of them: a pool that one table forgot would fail where it is rarest tried.
Never here: what a pool means to people (tests/cogs/test_three_pools.py)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from bot.account_settings import read_routes
from bot.config import STOCK_RULES, Settings
from bot.domain.capabilities import BY_SERVER, ServerKind, speed_of
from bot.domain.jobs import JobState
from bot.domain.pools import MIDJOURNEY_POOLS, USUAL_POOLS, Pool, parse_default_rules, shown_pools
from bot.domain.schedule import has_timed_out
from bot.i18n import Catalogues
from bot.metrics import Meters
from bot.midjourney.mjproxy.routes import PREFIXES
from bot.services.intake.imagine import named_pool
from bot.setting_types import AccountOf
from bot.texts import text
from bot.ui.pools.options import LABELS
from tests.domain.builders import a_job
from tests.i18n.catalogues import NAMES, SOURCE

SOURCES = [path for top in ("bot", "cogs") for path in Path(top).rglob("*.py") if "sandbox" not in path.parts]
"""Of the program: the stand-ins have pools of their own."""
SENTENCES = ("pool.{}", "command.imagine.pool.{}", "note.nearly_used_{}")
CATALOGUES = Catalogues.load(strict=True)


def members_in(keys: list[ast.expr | None]) -> set[str]:
    """Which pools a dictionary's keys name."""
    return {
        key.attr
        for key in keys
        if isinstance(key, ast.Attribute) and isinstance(key.value, ast.Name) and key.value.id == "Pool"
    }


def test_no_table_of_the_program_leaves_a_pool_out() -> None:
    tables = [
        (str(path), node.lineno, members_in(node.keys))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict) and members_in(node.keys)
    ]

    assert len(tables) >= 5
    whole = ({pool.name for pool in Pool}, {pool.name for pool in MIDJOURNEY_POOLS})
    assert [table for table in tables if table[2] not in whole] == []


@pytest.mark.parametrize("pool", MIDJOURNEY_POOLS)
def test_every_pool_is_known_to_domain_settings_api_and_languages(pool: Pool) -> None:
    speed = speed_of(pool)
    rules = parse_default_rules(STOCK_RULES)

    assert pool in rules
    assert parse_default_rules(f"{pool.value.lower()}=off") == {}
    assert read_routes(f"studio/{pool.value}=plain")
    assert TypeAdapter(AccountOf).validate_python(f"1/{pool.value}=studio") == {(1, pool): "studio"}
    assert Settings.model_fields["default_pool"].description is not None
    assert pool.value in Settings.model_fields["default_pool"].description
    assert PREFIXES[speed]
    assert pool in BY_SERVER[ServerKind.TRUEAI].pools
    assert not has_timed_out(a_job(state=JobState.SUBMITTED, pool=pool, submitted_at=1, changed_at=1), 1)
    assert named_pool(None, speed.value.lower(), list(Pool)) is pool
    assert pool in LABELS
    Meters(version="0", role="all", instance="t").count("jobs_created", pool=pool.value, kind="imagine")
    for language in (SOURCE, *NAMES):
        for form in SENTENCES:
            assert pool.value in CATALOGUES.render(text(form.format(pool.value)), language)


def test_the_engines_pool_is_known_wherever_it_is_ruled_over_and_to_no_prompt_of_midjourneys() -> None:
    pool = Pool.DRAW

    assert pool in parse_default_rules(STOCK_RULES)
    assert TypeAdapter(AccountOf).validate_python(f"1/{pool.value}=studio") == {(1, pool): "studio"}
    assert not has_timed_out(a_job(state=JobState.SUBMITTED, pool=pool, submitted_at=1, changed_at=1), 1)
    assert pool not in LABELS
    assert not any(pool in capabilities.pools for capabilities in BY_SERVER.values())
    for language in (SOURCE, *NAMES):
        for form in ("pool.{}", "note.nearly_used_{}"):
            assert pool.value in CATALOGUES.render(text(form.format(pool.value)), language)
    with pytest.raises(ValueError, match="pools"):
        read_routes(f"studio/{pool.value}=plain")


def test_what_is_not_usual_is_seen_only_where_it_is_served_or_in_use() -> None:
    assert shown_pools([Pool.NORMAL]) == USUAL_POOLS
    assert shown_pools([Pool.TURBO]) == MIDJOURNEY_POOLS
    assert shown_pools([Pool.DRAW]) == (*USUAL_POOLS, Pool.DRAW)
    assert [pool for pool in Pool if pool in BY_SERVER[ServerKind.OHMYGPT].pools] == list(USUAL_POOLS)
