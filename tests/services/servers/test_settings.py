"""Moderators change settings: at once, within bounds, audited, undone, told; others see it through the cache.
Never here: what a setting does to a job (test_policy)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.pools import UNLIMITED, AllowanceChange, Pool, PoolRule
from bot.domain.prices import Charge, Price, price_of
from bot.domain.servers.access import (
    ChannelPolicy,
    MediaRule,
    NewcomerGate,
    PressPermission,
    PressPolicy,
    Treatment,
)
from bot.domain.servers.guilds import KEPT, Pools, ServerTotal
from bot.domain.servers.moderation import RULES_LIMIT, Match, StrikePolicy, WordAction, WordRule
from bot.services.servers import settings as room
from bot.services.servers.edits import CHANNELS_LIMIT, channels_placed
from bot.services.servers.settings import CACHED_MS
from bot.texts import text
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, LOG_CHANNEL, refusal, set_rule

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.domain.servers.guilds import GuildSettings
    from bot.services.servers.settings import Guilds
    from tests.services.server_harness import Server

GORE = WordRule(Match.WORD, "gore")


@pytest.mark.parametrize(
    ("change", "section", "value"),
    [
        (lambda g: g.switch_pool(GUILD, ADA, Pool.FAST, on=False), "pools", Pools((Pool.FAST,))),
        (lambda g: g.set_default_pool(GUILD, ADA, Pool.FAST), "pools", Pools((), Pool.FAST)),
        (lambda g: g.set_total(GUILD, ADA, Pool.FAST, 9), "totals", (ServerTotal(Pool.FAST, 9),)),
        (
            lambda g: g.set_price(GUILD, ADA, Pool.FAST, Charge.PAN, 0),
            "prices",
            (Price(Pool.FAST, Charge.PAN, 0),),
        ),
        (lambda g: g.set_zone(GUILD, ADA, "Asia/Tokyo"), "zone", "Asia/Tokyo"),
        (lambda g: g.set_values(GUILD, ADA, "language", {"language": "de"}), "locale", "de"),
        (
            lambda g: g.set_values(GUILD, ADA, "press", {"who": PressPermission.ROLE, "role": 7}),
            "press",
            PressPolicy(PressPermission.ROLE, 7),
        ),
        (
            lambda g: g.set_values(GUILD, ADA, "press", {"who": PressPermission.REQUESTER, "role": 7}),
            "press",
            PressPolicy(PressPermission.REQUESTER),
        ),
        (lambda g: g.set_channel(GUILD, ADA, 3, allowed=True), "channels", ChannelPolicy((3,))),
        (lambda g: g.set_channel(GUILD, ADA, 3, allowed=False), "channels", ChannelPolicy((), (3,))),
        (
            lambda g: g.set_values(GUILD, ADA, "gate", {"server_hours": 1, "account_hours": 2}),
            "gate",
            NewcomerGate(1, 2),
        ),
        (
            lambda g: g.set_media(GUILD, ADA, 3, Treatment.SPOILER, on=True),
            "media",
            (MediaRule(3, Treatment.SPOILER),),
        ),
        (lambda g: g.add_word(GUILD, ADA, GORE), "words", (GORE,)),
        (
            lambda g: g.set_values(GUILD, ADA, "strikes", {"count": 1, "days": 2, "hours": 3}),
            "strikes",
            StrikePolicy(1, 2, 3),
        ),
        (lambda g: g.set_log_channel(GUILD, ADA, 5), "log_channel", 5),
        (lambda g: g.set_values(GUILD, ADA, "retention", {"days": 30}), "retention_days", 30),
    ],
)
async def test_a_change_is_stored_audited_told_and_undone(
    server: Server, change: Callable[[Guilds], Awaitable[Any]], section: str, value: object
) -> None:
    before = getattr(await server.guilds.settings(GUILD), section)

    changed = await change(server.guilds)
    again = await change(server.guilds)

    assert getattr(changed.after, section) == getattr(await server.guilds.settings(GUILD), section) == value
    assert again.entry is None
    (entry, *_) = await server.guilds.audit(GUILD)
    assert (entry.actor, list(entry.after)) == (ADA, [section])
    assert await server.listen() == ["log.settings"]
    undone = await server.guilds.undo_last(GUILD, ADA)
    assert undone.undoes == entry.id
    assert getattr(await server.guilds.settings(GUILD), section) == before


async def test_rules_stand_in_order_replace_each_other_and_go(server: Server) -> None:
    await server.rule(Pool.NORMAL, 8, 5)
    await server.rule(Pool.NORMAL, GUILD, 1)
    await server.rule(Pool.FAST, 8, 2)
    await server.rule(Pool.NORMAL, 8, None, 3, 4)

    settings = await server.guilds.settings(GUILD)
    assert settings.rules == (
        PoolRule(GUILD, Pool.FAST, 8, 2, None, None),
        PoolRule(GUILD, Pool.NORMAL, GUILD, 1, None, None),
        PoolRule(GUILD, Pool.NORMAL, 8, None, 3, 4),
    )
    await server.guilds.remove_rule(GUILD, ADA, Pool.NORMAL, 8)
    assert [r.role_id for r in (await server.guilds.settings(GUILD)).rules_of(Pool.NORMAL)] == [GUILD]
    again = server.guilds.remove_rule(GUILD, ADA, Pool.NORMAL, 8)
    assert (await refusal(again)).id == "settings.no_such_rule"


async def elsewhere_of(server: Server) -> room.Guilds:
    """The settings in a second process, which believes for a while what holds now."""
    elsewhere = replace(server.guilds)
    await elsewhere.settings(GUILD)
    return elsewhere


async def test_two_moderators_in_two_processes_both_keep_what_they_changed_of_one_rule(
    server: Server,
) -> None:
    await server.rule(Pool.FAST, 8, 10, 1, 5)
    elsewhere = await elsewhere_of(server)

    await server.guilds.change_rule(
        GUILD, ADA, Pool.FAST, 8, AllowanceChange(per_day=50), otherwise=UNLIMITED
    )
    changed = await elsewhere.change_rule(
        GUILD, ADA, Pool.FAST, 8, AllowanceChange(running=4), otherwise=UNLIMITED
    )

    assert changed.after.rules == (PoolRule(GUILD, Pool.FAST, 8, 50, 4, 5),)


async def test_a_pool_that_was_switched_off_in_another_process_does_not_become_the_default(
    server: Server,
) -> None:
    elsewhere = await elsewhere_of(server)

    await server.guilds.switch_pool(GUILD, ADA, Pool.FAST, on=False)
    why = await refusal(elsewhere.set_default_pool(GUILD, ADA, Pool.FAST))

    assert why == text("pool.default_off", pool=text("pool.FAST"))
    assert (await elsewhere.settings(GUILD)).pools == Pools(off=(Pool.FAST,))


async def test_what_was_confirmed_about_forgetting_prompts_overrules_nobody_who_decided_since(
    server: Server,
) -> None:
    elsewhere = await elsewhere_of(server)
    asked_at = (await elsewhere.settings(GUILD)).revision

    await server.guilds.set_values(GUILD, ADA, "retention", {"days": KEPT})
    late = await refusal(elsewhere.confirm_retention(GUILD, ADA, 30, asked_at=asked_at))
    unknown = await refusal(elsewhere.confirm_retention(GUILD, ADA, 30, asked_at=None))

    assert late == unknown == text("mod.retention_stale")
    assert (await elsewhere.settings(GUILD)).retention_days == KEPT
    await elsewhere.confirm_retention(GUILD, ADA, 30, asked_at=asked_at + 1)
    assert (await elsewhere.settings(GUILD)).retention_days == 30


async def test_what_a_moderator_does_not_say_of_strikes_stays_as_another_process_has_it(
    server: Server,
) -> None:
    elsewhere = await elsewhere_of(server)

    await server.guilds.set_values(GUILD, ADA, "strikes", {"count": 2, "hours": 5, "days": 60})
    changed = await elsewhere.set_values(GUILD, ADA, "strikes", {"count": 3, "hours": 24})

    assert changed.after.strikes == StrikePolicy(limit=3, days=60, block_hours=24)


async def test_taking_a_choice_back_leaves_nothing(server: Server) -> None:
    g = server.guilds
    for on in (True, False):
        await g.switch_pool(GUILD, ADA, Pool.FAST, on=not on)
        await g.set_total(GUILD, ADA, Pool.FAST, 9 if on else None)
        await g.set_total(GUILD, ADA, Pool.NORMAL, 9 if on else None)
        await g.set_price(GUILD, ADA, Pool.FAST, Charge.PAN, 4 if on else 1)
        await g.set_price(GUILD, ADA, Pool.FAST, Charge.ZOOM, 4 if on else None)
        await g.set_channel(GUILD, ADA, 3, allowed=True if on else None)
        await g.set_media(GUILD, ADA, 3, Treatment.SPOILER, on=on)
        await (g.add_word if on else g.remove_word)(GUILD, ADA, GORE)
        await g.set_values(GUILD, ADA, "retention", {"days": 3 if on else None})

    left = await g.settings(GUILD)
    empty = replace(left, revision=0, log_channel=None)
    assert empty == type(left)(guild_id=GUILD)


@pytest.mark.parametrize(("charge", "usual"), [(Charge.PAN, 1), (Charge.HELP, 0)])
async def test_only_the_usual_price_of_a_kind_is_no_choice(
    server: Server, charge: Charge, usual: int
) -> None:
    for units in (5, 1, 0, 5, None):
        changed = await server.guilds.set_price(GUILD, ADA, Pool.FAST, charge, units)

        wanted = usual if units is None else units
        assert price_of(changed.after.prices, Pool.FAST, charge) == wanted
        assert bool(changed.after.prices) is (wanted != usual)


async def test_a_word_has_one_action_and_can_only_go_once(server: Server) -> None:
    await server.guilds.add_word(GUILD, ADA, GORE)
    striking = replace(GORE, action=WordAction.STRIKE)
    await server.guilds.add_word(GUILD, ADA, striking)

    assert (await server.guilds.settings(GUILD)).words == (striking,)
    await server.guilds.remove_word(GUILD, ADA, GORE)
    assert (await refusal(server.guilds.remove_word(GUILD, ADA, GORE))).id == "settings.no_such_word"


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        (lambda g: g.set_zone(GUILD, ADA, "Europe/Atlantis"), "settings.no_such_zone"),
        (
            lambda g: g.set_values(GUILD, ADA, "press", {"who": PressPermission.ROLE}),
            "settings.press_needs_role",
        ),
        (lambda g: g.set_values(GUILD, ADA, "retention", {"days": 0}), "settings.number"),
        (lambda g: g.set_total(GUILD, ADA, Pool.FAST, -1), "settings.number"),
        (lambda g: g.set_price(GUILD, ADA, Pool.FAST, Charge.PAN, 10**7), "settings.number"),
        (lambda g: g.set_values(GUILD, ADA, "strikes", {"count": 0, "hours": 1}), "settings.number"),
        (
            lambda g: g.set_values(GUILD, ADA, "gate", {"server_hours": 0, "account_hours": 99_999}),
            "settings.number",
        ),
        (
            lambda g: set_rule(g, GUILD, ADA, Pool.FAST, 1, per_day=-1, running=None, waiting=None),
            "settings.number",
        ),
        (lambda g: g.add_word(GUILD, ADA, WordRule(Match.REGEX, "(")), "words.bad_regex"),
        (lambda g: g.undo_last(GUILD + 1, ADA), "settings.nothing_to_undo"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    server: Server, attempt: Callable[[Guilds], Awaitable[Any]], said: str
) -> None:
    before = await server.guilds.settings(GUILD)

    assert (await refusal(attempt(server.guilds))).id == said

    assert await server.guilds.settings(GUILD) == before


async def test_lists_have_an_end(server: Server) -> None:
    words = tuple(WordRule(Match.WORD, f"w{n}") for n in range(RULES_LIMIT))
    channels = ChannelPolicy(tuple(range(CHANNELS_LIMIT)))
    media = tuple(MediaRule(n, Treatment.SPOILER) for n in range(CHANNELS_LIMIT))

    def fill(s: GuildSettings) -> GuildSettings:
        return replace(s, words=words, channels=channels, media=media)

    await server.guilds.change(GUILD, ADA, fill)

    for attempt in (
        server.guilds.add_word(GUILD, ADA, GORE),
        server.guilds.set_channel(GUILD, ADA, 10**6, allowed=False),
        server.guilds.change(GUILD, ADA, channels_placed(allowed=range(CHANNELS_LIMIT + 1), denied=())),
        server.guilds.set_media(GUILD, ADA, 10**6, Treatment.SPOILER, on=True),
    ):
        assert (await refusal(attempt)).id == "settings.too_many"


async def test_another_processs_change_is_seen_within_seconds(server: Server) -> None:
    world = server.world
    await server.guilds.settings(GUILD)
    await world._opened.guilds.settings.change(
        GUILD, lambda s: replace(s, zone="Asia/Tokyo"), actor=ADA, at=1
    )

    believed = (await server.guilds.settings(GUILD)).zone
    world.clock.move_to(world.clock.now() + CACHED_MS)

    assert believed == "UTC"
    assert (await server.guilds.settings(GUILD)).zone == "Asia/Tokyo"


async def test_settings_are_read_from_the_database_once_in_a_while(server: Server) -> None:
    reads = []
    store = server.guilds.store
    settings = store.settings

    async def counted(guild_id: int) -> GuildSettings:
        reads.append(guild_id)
        return await settings(guild_id)

    store.settings = counted  # type: ignore[method-assign]  # a test's own meter
    for guild in (GUILD, 5, GUILD, 5, GUILD):
        await server.guilds.settings(guild)

    assert reads == [5]
    server.guilds.forget(GUILD)
    assert (await server.guilds.settings(GUILD)).log_channel == LOG_CHANNEL
    assert reads == [5, GUILD]


async def test_an_older_reading_never_covers_a_newer_one(server: Server) -> None:
    old = await server.guilds.settings(GUILD)
    new = (await server.guilds.set_zone(GUILD, ADA, "Asia/Tokyo")).after

    server.guilds._keep(old)

    assert await server.guilds.settings(GUILD) == new


async def test_the_cache_has_an_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CACHED_GUILDS", 3)

    guilds = replace(server.guilds)  # built anew, with the cache of its own
    for guild in range(10):
        await guilds.settings(guild)

    assert len(guilds._cache) == 3
