"""Settings are stored whole, changed with an audit line in one transaction, taken back, and guard what is accepted.
Never here: what a setting means."""

from __future__ import annotations

import asyncio
import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import delete, func, select, update

from bot.domain.pools import Pool, PoolRule, ServerLimits
from bot.domain.prices import Charge, Price
from bot.domain.servers.access import (
    ChannelPolicy,
    MediaRule,
    NewcomerGate,
    PressPermission,
    PressPolicy,
    Treatment,
)
from bot.domain.servers.guilds import SECTIONS, Actor, Block, GuildSettings, Pause, Pools, ServerTotal
from bot.domain.servers.image_rules import ImageKind, ImagePolicy
from bot.domain.servers.moderation import Match, StrikePolicy, WordAction, WordRule
from bot.domain.servers.prompt_rules import KindRule, ParameterLimit, PromptAddition
from bot.errors import SettingsChanged, StorageTrouble, UserError
from bot.storage.jobs.decided import revision_of
from bot.storage.server_tables import audit, guild_sections
from bot.storage.servers.settings import IDENTITY
from bot.texts import text
from tests.domain.builders import filled
from tests.storage.making import FREE, NOON, job

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD = 2**62 + 2
ADA, BOB = Actor(2**62 + 10, "Ada"), Actor(11, "Bob\ud800")
FULL = GuildSettings(
    guild_id=GUILD,
    revision=1,
    pools=Pools((Pool.FAST,), Pool.NORMAL),
    rules=(
        PoolRule(GUILD, Pool.NORMAL, GUILD, 50, None, 0),
        PoolRule(GUILD, Pool.FAST, 2**62 + 9, None, 1, 2, 100, 30),
    ),
    totals=(ServerTotal(Pool.FAST, 100),),
    prices=(Price(Pool.FAST, Charge.UPSCALE_HD, 0),),
    zone="Asia/Kathmandu",
    locale="de",
    press=PressPolicy(PressPermission.ROLE, 2**62 + 9),
    channels=ChannelPolicy((1, 2), (3,)),
    gate=NewcomerGate(1, 2),
    media=(MediaRule(5, Treatment.SPOILER),),
    words=(WordRule(Match.REGEX, r"n[u0]de\b 裸", WordAction.STRIKE),),
    strikes=StrikePolicy(1, 2, 3),
    log_channel=2**62 + 12,
    retention_days=7,
    pauses=(Pause(None, "new key"), Pause(Pool.FAST, "")),
    images=ImagePolicy(on=False, most_mb=5, kinds=(ImageKind.WEBP,), channels=(4,), hosts_denied=("a.org",)),
    additions=(PromptAddition(2**62 + 2, "--ar 3:2", "in ink"),),
    limits=(ParameterLimit(7, "iw", most=0.5), ParameterLimit(7, "tile", allowed=False)),
    kinds=(KindRule(7, Charge.VIDEO, allowed=False),),
    batch=7,
)


FULL = filled(FULL)


def zoned(zone: str) -> Callable[[GuildSettings], GuildSettings]:
    return lambda s: replace(s, zone=zone)


async def test_a_server_that_changed_nothing_has_the_defaults(storage: Storage) -> None:
    assert await storage.guilds.settings.settings(GUILD) == GuildSettings(guild_id=GUILD)


async def test_every_section_reads_back_equal(storage: Storage, another: Opener) -> None:
    changed = await storage.guilds.settings.change(GUILD, lambda _: FULL, actor=ADA, at=NOON)

    assert changed.before == GuildSettings(guild_id=GUILD)
    assert changed.after == FULL
    assert await (await another()).guilds.settings.settings(GUILD) == FULL
    assert changed.entry is not None
    assert set(changed.entry.after) == set(SECTIONS)


async def test_the_rules_about_words_of_every_server_are_read_but_of_those_that_cannot_be(
    storage: Storage,
) -> None:
    store, rule = storage.guilds.settings, WordRule(Match.REGEX, "go+re")
    plain = WordRule(Match.WORD, "regex")
    for guild_id, words in ((1, (plain, rule)), (2, ()), (3, (rule,)), (4, (rule,)), (5, (plain,))):

        def write(settings: GuildSettings, words: tuple[WordRule, ...] = words) -> GuildSettings:
            return replace(settings, words=words, zone="Asia/Tokyo")

        await store.change(guild_id, write, actor=ADA, at=NOON)

    def damage(connection: Connection) -> None:
        s = guild_sections.c
        for guild_id, content in ((3, "[{}]"), (4, "{")):
            broken = update(guild_sections).where(s.guild_id == guild_id, s.section == "words")
            connection.execute(broken.values(content=content))

    await storage.database.write(damage)

    assert [found async for found in store.expressions(limit=9)] == [[rule]]


async def test_a_change_is_audited_with_who_when_before_and_after(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)

    changed = await store.change(GUILD, zoned("Asia/Tokyo"), actor=BOB, at=NOON + 5)
    other, *more = await store.audit(GUILD, before=None, limit=10)

    assert changed.after.revision == 2
    assert (other.actor, other.at, other.action) == (Actor(11, "Bob?"), NOON + 5, "settings")
    assert (dict(other.before), dict(other.after)) == ({"zone": "Europe/Berlin"}, {"zone": "Asia/Tokyo"})
    assert [entry.actor for entry in more] == [ADA]
    assert [entry.id for entry in await store.audit(GUILD, before=other.id, limit=1)] == [more[0].id]


async def test_what_changes_nothing_is_no_change(storage: Storage) -> None:
    store = storage.guilds.settings

    changed = await store.change(GUILD, lambda s: s, actor=ADA, at=NOON)

    assert changed.entry is None
    assert (await store.settings(GUILD)).revision == 0
    assert await store.audit(GUILD, before=None, limit=9) == []


async def test_a_refused_change_writes_nothing(storage: Storage) -> None:
    def refuse(_: GuildSettings) -> GuildSettings:
        raise UserError(text("settings.past"))

    with pytest.raises(UserError):
        await storage.guilds.settings.change(GUILD, refuse, actor=ADA, at=NOON)

    assert await storage.guilds.settings.audit(GUILD, before=None, limit=9) == []


async def test_changes_are_taken_back_one_after_the_other_and_undoing_is_audited(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)
    await store.change(GUILD, lambda s: replace(s, locale="de"), actor=ADA, at=NOON)
    last = (await store.change(GUILD, zoned("Asia/Tokyo"), actor=ADA, at=NOON)).entry
    await store.note(GUILD, actor=ADA, at=NOON, action="export", subject=7, details={"why": "asked"})
    zones = []

    undone = [await store.undo_last(GUILD, actor=BOB, at=NOON + 1)]
    zones.append((await store.settings(GUILD)).zone)
    undone += [await store.undo_last(GUILD, actor=BOB, at=NOON + n) for n in (2, 3, 4)]

    assert zones == ["Europe/Berlin"]
    assert [entry and dict(entry.after) for entry in undone] == [
        {"zone": "Europe/Berlin"},
        {"locale": None},
        {"zone": "UTC"},
        None,
    ]
    assert last is not None
    assert undone[0] is not None
    assert undone[0].undoes == last.id
    assert await store.settings(GUILD) == GuildSettings(guild_id=GUILD, revision=6)
    history = {entry.id: entry for entry in await store.audit(GUILD, before=None, limit=99)}
    assert history[last.id].undone_by == undone[0].id
    assert len(history) == 7


async def test_changes_of_settings_are_found_behind_any_number_of_other_lines(storage: Storage) -> None:
    store = storage.guilds.settings
    zone = (await store.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)).entry
    pause = Pause(None, "zone: soon")
    paused = (await store.change(GUILD, lambda s: replace(s, pauses=(pause,)), actor=ADA, at=NOON)).entry
    for _ in range(9):
        await store.note(GUILD, actor=ADA, at=NOON, action="cancel", subject=7, details={"zone": "x"})

    assert await store.last_change(GUILD) == paused
    assert await store.changes(GUILD, ["zone", "batch"], limit=2) == [zone]
    assert await store.changes(GUILD, ["words"], limit=2) == await store.changes(GUILD, [], limit=2) == []
    await store.undo_last(GUILD, actor=ADA, at=NOON)
    assert await store.last_change(GUILD) == zone
    assert [entry.action for entry in await store.changes(GUILD, ["pauses"], limit=9)] == ["undo", "settings"]
    await store.undo_last(GUILD, actor=ADA, at=NOON)
    assert await store.last_change(GUILD) is None


async def test_of_two_who_take_the_same_change_back_at_once_one_does(
    storage: Storage, another: Opener
) -> None:
    second = await another()
    await storage.guilds.settings.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)
    last = (await storage.guilds.settings.change(GUILD, zoned("Asia/Tokyo"), actor=ADA, at=NOON)).entry
    assert last is not None

    undone = await asyncio.gather(
        *(
            place.guilds.settings.undo_last(GUILD, actor=BOB, at=NOON, entry_id=last.id)
            for place in (storage, second)
        )
    )

    assert sorted(entry is None for entry in undone) == [False, True]
    assert (await storage.guilds.settings.settings(GUILD)).zone == "Europe/Berlin"


async def test_a_change_after_an_undo_is_the_next_to_be_taken_back(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)
    await store.undo_last(GUILD, actor=ADA, at=NOON)
    await store.change(GUILD, zoned("Asia/Tokyo"), actor=ADA, at=NOON)

    await store.undo_last(GUILD, actor=ADA, at=NOON)

    assert (await store.settings(GUILD)).zone == "UTC"
    assert await store.undo_last(GUILD, actor=ADA, at=NOON) is None


async def test_changes_of_two_processes_at_once_are_both_kept(storage: Storage, another: Opener) -> None:
    second = await another()

    def denying(channel: int) -> Callable[[GuildSettings], GuildSettings]:
        return lambda s: replace(s, channels=ChannelPolicy((), (*s.channels.denied, channel)))

    await asyncio.gather(
        *(
            (storage, second)[n % 2].guilds.settings.change(GUILD, denying(n), actor=ADA, at=NOON)
            for n in range(10)
        )
    )

    settings = await storage.guilds.settings.settings(GUILD)
    assert (sorted(settings.channels.denied), settings.revision) == (list(range(10)), 10)


async def test_a_job_of_a_blocked_member_is_not_accepted(storage: Storage) -> None:
    members, limits = storage.guilds.members, ServerLimits(0, "UTC")
    early, late = job(guild_id=GUILD), job(guild_id=GUILD)
    await storage.jobs.insert(early, FREE, limits)
    await members.block(GUILD, Block(late.user_id, late.created_at + 1, "rude", ADA, NOON))

    with pytest.raises(SettingsChanged):
        await storage.jobs.insert(late, FREE, limits)

    assert await storage.jobs.get(late.key) is None
    assert await storage.jobs.insert(early, FREE, limits) == early
    await members.block(GUILD, Block(late.user_id, late.created_at, "rude", ADA, NOON))
    assert await storage.jobs.insert(late, FREE, limits) == late


async def test_a_job_decided_by_older_settings_is_not_accepted(storage: Storage) -> None:
    old = (await storage.guilds.settings.settings(GUILD)).revision
    await storage.guilds.settings.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)
    late = job(guild_id=GUILD)

    with pytest.raises(SettingsChanged):
        await storage.jobs.insert(late, FREE, ServerLimits(old, "UTC"))

    assert await storage.jobs.get(late.key) is None
    assert await storage.jobs.insert(late, FREE, ServerLimits(old + 1, "Europe/Berlin")) == late
    # accepted already: what has changed since then does not matter
    await storage.guilds.settings.change(GUILD, zoned("UTC"), actor=ADA, at=NOON)
    assert await storage.jobs.insert(late, FREE, ServerLimits(old + 1, "UTC")) == late


async def test_settings_that_cannot_be_read_are_trouble_and_show_nothing(storage: Storage) -> None:
    await storage.guilds.settings.change(GUILD, zoned("Europe/Berlin"), actor=ADA, at=NOON)
    await storage.database.write(
        lambda cn: cn.execute(update(guild_sections).values(content='["my secret"]'))
    )

    with pytest.raises(StorageTrouble) as trouble:
        await storage.guilds.settings.settings(GUILD)

    assert "secret" not in str(trouble.value)


# -- rows that another version wrote --------------------------------------------------------------------------


async def rewritten(storage: Storage, section: str, change: Callable[[Any], Any]) -> None:
    """Write a section as another version would."""
    mine = (guild_sections.c.guild_id == GUILD) & (guild_sections.c.section == section)

    def work(connection: Any) -> None:
        stored = connection.execute(select(guild_sections.c.content).where(mine)).scalar_one()
        spelled = json.dumps(change(json.loads(stored)))
        connection.execute(update(guild_sections).where(mine).values(content=spelled))

    await storage.database.write(work)


async def stored(storage: Storage, section: str) -> Any:
    mine = (guild_sections.c.guild_id == GUILD) & (guild_sections.c.section == section)
    query = select(guild_sections.c.content).where(mine)
    return json.loads(await storage.database.read(lambda cn: cn.execute(query).scalar_one()))


async def test_what_a_row_lacks_means_the_default(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, lambda _: FULL, actor=ADA, at=NOON)
    await rewritten(storage, "gate", lambda gate: {"hours_on_server": gate["hours_on_server"]})

    assert (await store.settings(GUILD)).gate == NewcomerGate(1, 0)


async def test_what_another_version_wrote_into_a_section_outlives_changes_and_undoing(
    storage: Storage, another: Opener
) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, lambda _: FULL, actor=ADA, at=NOON)
    await rewritten(storage, "gate", lambda gate: {**gate, "captcha": True})
    await store.change(GUILD, lambda s: replace(s, gate=NewcomerGate(5, 6)), actor=ADA, at=NOON)

    assert await stored(storage, "gate") == {"hours_on_server": 5, "hours_of_account": 6, "captcha": True}

    await (await another()).guilds.settings.undo_last(GUILD, actor=BOB, at=NOON)

    assert await stored(storage, "gate") == {"hours_on_server": 1, "hours_of_account": 2, "captcha": True}
    assert (await store.settings(GUILD)).gate == FULL.gate


async def test_what_another_version_knows_of_a_lists_entry_stays_with_the_entry(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, lambda _: FULL, actor=ADA, at=NOON)
    await rewritten(storage, "rules", lambda rules: [{**r, "note": str(r["role_id"])} for r in rules])
    everyone, artists = FULL.rules

    def change(s: GuildSettings) -> GuildSettings:
        new = PoolRule(GUILD, Pool.FAST, 77, 1, 1, 1)
        return replace(s, rules=(new, replace(artists, per_day=9), everyone))

    await store.change(GUILD, change, actor=ADA, at=NOON)

    notes = {rule["role_id"]: rule.get("note") for rule in await stored(storage, "rules")}
    assert notes == {GUILD: str(GUILD), artists.role_id: str(artists.role_id), 77: None}

    await store.undo_last(GUILD, actor=BOB, at=NOON)

    assert (await store.settings(GUILD)).rules == FULL.rules
    assert [rule["note"] for rule in await stored(storage, "rules")] == [str(GUILD), str(artists.role_id)]


async def test_a_change_of_a_section_that_this_version_does_not_know_is_taken_back(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, lambda _: FULL, actor=ADA, at=NOON)
    await rewritten(storage, "zone", lambda _: "Asia/Tokyo")
    newer = {"section": "moods", "content": '{"on": true}'}
    await storage.database.write(
        lambda cn: (
            cn.execute(update(guild_sections).where(guild_sections.c.section == "zone").values(newer)),
            cn.execute(
                update(audit).values(before='{"moods": {"on": false}}', after='{"moods": {"on": true}}')
            ),
        )
    )

    await store.undo_last(GUILD, actor=BOB, at=NOON)

    assert await stored(storage, "moods") == {"on": False}


def test_every_list_says_by_what_its_entries_are_known() -> None:
    whole = TypeAdapter(GuildSettings).dump_python(FULL, mode="json")
    lists = {name: value for name, value in whole.items() if isinstance(value, list)}

    assert set(IDENTITY) == set(lists)
    for name, entries in lists.items():
        assert all(set(IDENTITY[name]) <= set(entry) for entry in entries), name


# -- the history keeps differences ---------------------------------------------------------------------------


def words(*patterns: str) -> Callable[[GuildSettings], GuildSettings]:
    return lambda s: replace(s, words=tuple(WordRule(Match.WORD, p, WordAction.BLOCK) for p in patterns))


async def written(storage: Storage) -> list[int]:
    size = func.length(audit.c.before) + func.length(audit.c.after)
    query = select(size).order_by(audit.c.id)
    return list(await storage.database.read(lambda cn: cn.execute(query).scalars().all()))


async def test_one_more_of_many_rules_writes_one_rule_to_the_history_and_goes_by_an_undo(
    storage: Storage,
) -> None:
    store, many = storage.guilds.settings, [f"word-number-{n}" for n in range(150)]
    await store.change(GUILD, words(*many), actor=ADA, at=NOON)
    changed = await store.change(GUILD, words(*many, "one more"), actor=ADA, at=NOON)

    whole, difference = await written(storage)
    assert difference < 200
    assert whole > 10_000
    assert changed.entry is not None
    assert [rule["pattern"] for rule in changed.entry.after["words"]] == ["one more"]
    assert changed.entry.before == {"words": []}

    await store.undo_last(GUILD, actor=BOB, at=NOON)

    assert [rule.pattern for rule in (await store.settings(GUILD)).words] == many


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("abcdef", "acf"),
        ("abcdef", "xbcydz"),
        ("abc", "cba"),
        ("abc", ""),
        ("", "abc"),
        ("abc", "cab" + "d"),
        ("abcdef", "defghi"),
    ],
)
async def test_entries_come_back_where_they_stood(storage: Storage, first: str, then: str) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, words(*first), actor=ADA, at=NOON)
    before = await store.settings(GUILD)
    await store.change(GUILD, words(*then), actor=ADA, at=NOON)

    await store.undo_last(GUILD, actor=BOB, at=NOON)

    assert (await store.settings(GUILD)).words == before.words


async def test_every_section_comes_back_by_an_undo(storage: Storage) -> None:
    store = storage.guilds.settings
    before = (await store.change(GUILD, lambda _: FULL, actor=ADA, at=NOON)).after
    await store.change(
        GUILD, lambda s: GuildSettings(guild_id=GUILD, revision=s.revision), actor=ADA, at=NOON
    )

    await store.undo_last(GUILD, actor=BOB, at=NOON)

    assert replace(await store.settings(GUILD), revision=before.revision) == before


async def test_a_line_that_an_older_version_wrote_with_whole_lists_is_taken_back(storage: Storage) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, words("a", "b", "c"), actor=ADA, at=NOON)
    before = await store.settings(GUILD)
    await store.change(GUILD, words("a", "x"), actor=ADA, at=NOON)

    def list_of(patterns: str) -> str:
        return json.dumps(
            {"words": [{"match": "word", "pattern": pattern, "action": "block"} for pattern in patterns]}
        )

    old_form = update(audit).where(audit.c.id == 2).values(before=list_of("abc"), after=list_of("ax"))
    await storage.database.write(lambda cn: cn.execute(old_form))

    await store.undo_last(GUILD, actor=BOB, at=NOON)

    assert (await store.settings(GUILD)).words == before.words


async def test_settings_are_known_as_they_were_at_a_revision_over_changes_and_undoing(
    storage: Storage, another: Opener
) -> None:
    store, other = storage.guilds.settings, (await another()).guilds.settings
    seen = [await store.settings(GUILD)]
    turns = (lambda _: FULL, words("a", "b", "c"), zoned("Asia/Tokyo"), words("b", "x"), words())
    seen += [(await store.change(GUILD, turn, actor=ADA, at=NOON)).after for turn in turns]
    for _ in range(2):
        await store.undo_last(GUILD, actor=BOB, at=NOON)
        seen.append(await store.settings(GUILD))

    assert [await other.at(GUILD, revision) for revision in range(len(seen))] == seen
    assert await other.at(GUILD, len(seen)) is None
    await storage.database.write(lambda cn: cn.execute(delete(audit).where(audit.c.id <= 5)))
    assert await other.at(GUILD, 1) is None
    assert await other.at(GUILD, 6) == seen[6]


@pytest.mark.parametrize(("changes", "found"), [(1, True), (4, True), (10**6, False)])
async def test_what_held_is_found_while_others_change_something(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, changes: int, *, found: bool
) -> None:
    store = storage.guilds.settings
    await store.change(GUILD, lambda s: replace(s, log_channel=7), actor=ADA, at=NOON)
    then = await store.settings(GUILD)
    await store.change(GUILD, lambda s: replace(s, log_channel=8), actor=ADA, at=NOON)
    asked = itertools.count(1)

    def as_if_changed_since(connection: Connection, guild_id: int) -> int:
        number = next(asked)
        return revision_of(connection, guild_id) + (number % 2 == 0 and number <= 2 * changes)

    monkeypatch.setattr("bot.storage.servers.settings.revision_of", as_if_changed_since)

    assert await store.at(GUILD, then.revision) == (then if found else None)
