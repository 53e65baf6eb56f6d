"""Settings that depend on each other are changed together, or refused.
Never here: storing them (tests/storage/servers/test_settings.py)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.servers.access import PressPermission, PressPolicy
from bot.domain.servers.guilds import GuildSettings
from bot.domain.servers.server_settings import COMMANDS, with_values
from bot.errors import UserError

ROLE = 77


@pytest.mark.parametrize(
    ("values", "press"),
    [
        ({"role": ROLE}, PressPolicy(PressPermission.ROLE, ROLE)),
        ({"who": PressPermission.ROLE, "role": ROLE}, PressPolicy(PressPermission.ROLE, ROLE)),
        ({"who": PressPermission.REQUESTER, "role": ROLE}, PressPolicy(PressPermission.REQUESTER)),
    ],
)
def test_naming_a_role_alone_means_that_it_may_press(values: dict[str, Any], press: PressPolicy) -> None:
    assert with_values(GuildSettings(guild_id=1), "press", values).press == press


def test_a_role_that_is_not_named_cannot_press() -> None:
    with pytest.raises(UserError):
        with_values(GuildSettings(guild_id=1), "press", {"who": PressPermission.ROLE})


def test_what_was_changed_is_read_where_it_was_declared() -> None:
    settings = with_values(GuildSettings(guild_id=1), "press", {"who": PressPermission.REQUESTER})
    settings = with_values(settings, "retention", {"days": 7})

    (days,) = COMMANDS["retention"]
    assert days.read(settings) == 7
    assert [one.read(settings) for one in COMMANDS["press"]] == [
        PressPolicy(PressPermission.REQUESTER).who,
        None,
    ]


@pytest.mark.parametrize(
    ("command", "value", "away"), [("retention", 0, True), ("retention", 7, False), ("log", 0, False)]
)
def test_0_takes_a_number_away_that_may_be_nothing_and_never_is_0(
    command: str, value: int, *, away: bool
) -> None:
    (declared,) = COMMANDS[command]

    assert declared.about.is_taken_away_by(value) is away
