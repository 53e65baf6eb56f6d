"""Who may press, where pictures are made, how newcomers wait, how pictures are treated.
Never here: allowances and words."""

from __future__ import annotations

import pytest

from bot.domain.servers.access import (
    HOUR_MS,
    ChannelPolicy,
    MediaRule,
    NewcomerGate,
    PressPermission,
    PressPolicy,
    Treatment,
    created_at,
    treatments,
)


@pytest.mark.parametrize(
    ("policy", "presser", "roles", "may"),
    [
        (PressPolicy(), 2, (), True),
        (PressPolicy(PressPermission.REQUESTER), 1, (), True),
        (PressPolicy(PressPermission.REQUESTER), 2, (9,), False),
        (PressPolicy(PressPermission.ROLE, 9), 1, (), True),
        (PressPolicy(PressPermission.ROLE, 9), 2, (9, 8), True),
        (PressPolicy(PressPermission.ROLE, 9), 2, (8,), False),
    ],
)
def test_buttons_are_for_whom_the_policy_names(
    policy: PressPolicy, presser: int, roles: tuple[int, ...], *, may: bool
) -> None:
    assert policy.permits(presser=presser, requester=1, role_ids=roles) is may


@pytest.mark.parametrize(
    ("policy", "lineage", "open_"),
    [
        (ChannelPolicy(), (1,), True),
        (ChannelPolicy(denied=(1,)), (1,), False),
        (ChannelPolicy(denied=(1,)), (2,), True),
        # a thread counts as its channel, a channel as its category
        (ChannelPolicy(denied=(2,)), (1, 2, 3), False),
        (ChannelPolicy(allowed=(3,)), (1, 2, 3), True),
        (ChannelPolicy(allowed=(9,)), (1, 2, 3), False),
        # the nearest that is named decides
        (ChannelPolicy(allowed=(2,), denied=(3,)), (1, 2, 3), True),
        (ChannelPolicy(allowed=(3,), denied=(2,)), (1, 2, 3), False),
    ],
)
def test_a_channel_is_judged_by_the_nearest_that_is_named(
    policy: ChannelPolicy, lineage: tuple[int, ...], *, open_: bool
) -> None:
    assert policy.permits(lineage) is open_


def test_a_newcomer_waits_for_both_clocks() -> None:
    gate = NewcomerGate(hours_on_server=2, hours_of_account=10)

    assert gate.opens_at(joined_at=100 * HOUR_MS, created_at=0) == 102 * HOUR_MS
    assert gate.opens_at(joined_at=100 * HOUR_MS, created_at=99 * HOUR_MS) == 109 * HOUR_MS
    assert gate.opens_at(joined_at=None, created_at=HOUR_MS) == 11 * HOUR_MS


def test_treatments_of_channel_category_role_and_everyone_add_up() -> None:
    rules = [MediaRule(1, Treatment.SPOILER), MediaRule(7, Treatment.AGE_RESTRICTED)]

    assert treatments(rules, guild_id=99, lineage=(3, 1), role_ids=(7,)) == set(Treatment)
    assert treatments(rules, guild_id=99, lineage=(3,), role_ids=()) == set()
    assert treatments(rules, guild_id=1, lineage=(3,), role_ids=()) == {Treatment.SPOILER}


def test_an_id_tells_when_it_was_made() -> None:
    assert created_at(175928847299117063) == 1_462_015_105_796
