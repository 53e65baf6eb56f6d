"""One hostile server beside a quiet one, for each thing they share: the quiet one is neither starved, flooded nor silenced.
Never here: places upstream (tests/storage/jobs/test_turns.py), and what the owner's ceilings allow (test_tenants)."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from bot import log as log_room
from bot.domain.party import CURRENT_PARTY, Shared
from bot.domain.pools import Pool
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.domain.servers.guilds import GrantsLeft
from bot.domain.servers.moderation import Match, StrikePolicy, WordAction, WordRule
from bot.errors import RemoteError, RemoteFault, UserError
from bot.midjourney.decoding import DecodingBudget
from bot.services.accounts.own_keys import TESTS
from bot.services.admission import rate_limits
from bot.services.admission.rate_limits import RateLimit
from bot.services.modlog.dispatcher import LINES, OF_SERVER_LIMIT
from bot.services.servers.edits import channels_placed
from bot.services.servers.write_limits import ACTS, CHANGES, HISTORY_BYTES
from bot.storage.server_tables import strikes
from bot.storage.servers import members
from bot.texts import text
from tests.faults.report import folder
from tests.services.accounts_harness import KEY, AccountsHarness
from tests.services.harness import GUILD, ManualClock
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from bot.services.admission.asker import Asker
    from tests.services.harness import Harness
    from tests.services.server_harness import Server

HOSTILE, QUIET = 666, GUILD
HOUR = 3_600_000


def note(what: str, hostile: str, quiet: str) -> None:
    """Keep a line of the table of what became of both."""
    kept = folder() / "rations.json"
    table = json.loads(kept.read_text()) if kept.exists() else {}
    table[what] = [hostile, quiet]
    kept.write_text(json.dumps(table, indent=1, sort_keys=True))
    lines = ["| shared | hostile server | quiet server |", "|---|---|---|"]
    lines += [f"| {name} | {' | '.join(row)} |" for name, row in sorted(table.items())]
    (folder() / "rations.md").write_text("\n".join(lines) + "\n")


async def test_changes_of_settings(world: Harness) -> None:
    guilds, refused = world.services.guilds, 0
    for n in range(CHANGES):
        await guilds.set_values(HOSTILE, ADA, "retention", {"days": n % 3_000 + 1})
    for n in range(20):
        limit = await refusal(guilds.set_values(HOSTILE, ADA, "retention", {"days": n + 1}))
        refused += limit.id == "refused.ration_settings" and 0 < int(str(limit.args["minutes"])) <= 60

    await guilds.set_values(QUIET, ADA, "retention", {"days": 7})

    assert refused == 20
    assert (await guilds.settings(QUIET)).retention_days == 7
    world.clock.move_to(world.clock.now() + HOUR)
    await guilds.set_values(HOSTILE, ADA, "retention", {"days": 9})
    note("changes of settings in an hour", f"{CHANGES} of {CHANGES + 20}", "1 of 1")


def test_of_many_servers_the_one_that_used_nothing_for_longest_is_forgotten_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rate_limits, "SERVERS", 2)
    limited = RateLimit(ManualClock(), most=2, within_ms=HOUR, refusal="refused.ration_acts")
    for guild_id in (1, 2, 1, 3):
        limited.take(guild_id)

    with pytest.raises(UserError):
        limited.take(1)
    assert (limited.left(3), limited.left(2)) == (1, 2)
    limited.forget(3)
    assert limited.left(3) == 2


def test_whoever_used_large_amounts_lately_is_told_when_enough_of_them_is_forgotten() -> None:
    clock = ManualClock()
    limited = RateLimit(clock, most=10, within_ms=HOUR, refusal="refused.ration_history")
    began = clock.now()
    for minute, amount in ((0, 1), (50, 6), (55, 6)):
        limited.count(HOSTILE, amount, at=began + minute * 60_000)
    clock.move_to(began + 56 * 60_000)

    with pytest.raises(UserError) as refused:
        limited.ask(HOSTILE)

    assert refused.value.text.args["minutes"] == 54
    clock.move_to(began + (56 + 54) * 60_000)
    limited.ask(HOSTILE)


def test_a_clock_that_is_set_back_leaves_nobodys_ration_used_up_for_longer() -> None:
    clock = ManualClock()
    limited = RateLimit(clock, most=1, within_ms=HOUR, refusal="refused.ration_acts")
    limited.take(HOSTILE)

    clock.set_by(-24 * HOUR)

    limited.take(HOSTILE)
    with pytest.raises(UserError):
        limited.take(HOSTILE)


async def test_a_restart_begins_no_new_ration_of_what_is_written(world: Harness) -> None:
    for n in range(CHANGES):
        if n == CHANGES // 2:
            await world.reboot()
        await world.services.guilds.set_values(HOSTILE, ADA, "retention", {"days": n % 3_000 + 1})
    for _ in range(ACTS):
        await world.services.moderation.export(HOSTILE, ADA, 5)
    await world.reboot()

    change = await refusal(world.services.guilds.set_values(HOSTILE, ADA, "retention", {"days": 1}))
    act = await refusal(world.services.moderation.export(HOSTILE, ADA, 5))
    await world.services.guilds.set_values(QUIET, ADA, "retention", {"days": 7})

    assert (change.id, act.id) == ("refused.ration_settings", "refused.ration_acts")
    assert 0 < int(str(change.args["minutes"])) <= 60
    note("the same, with two restarts", f"{CHANGES} and {ACTS} acts", "1 of 1")


async def strikes_of(world: Harness, guild_id: int) -> int:
    query = select(func.count()).select_from(strikes).where(strikes.c.guild_id == guild_id)
    return int(await world._opened.database.read(lambda cn: cn.execute(query).scalar_one()))


async def test_strikes_that_are_kept_and_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members who are made to use a forbidden word again and again, and moderators who take each block back."""
    most = 40
    monkeypatch.setattr(members, "STRIKES_AN_HOUR", most)
    for guild_id in (HOSTILE, QUIET):
        await server.guilds.set_log_channel(guild_id, ADA, 4_711)
        rules = [WordRule(Match.WORD, "gore", WordAction.STRIKE)]
        await server.guilds.change(
            guild_id,
            ADA,
            lambda s, rules=rules: replace(s, words=tuple(rules)),  # type: ignore[misc]  # a default binds it
        )
    await server.listen()
    server.heard.told.clear()
    server.heard.events.clear()

    def of_hostile(user: int) -> Asker:
        asker = server.asker(user)
        return replace(asker, reply=replace(asker.reply, guild_id=HOSTILE))

    said = [(await refusal(server.imagine("gore", asker=of_hostile(n // 2)))).id for n in range(most * 2)]
    quiet = await refusal(server.imagine("gore"))
    await server.listen()

    # Refused as ever, and nobody reads of a strike that was not counted.
    assert said == ["refused.words_strike"] * most + ["refused.words"] * most
    assert await strikes_of(server.world, HOSTILE) == most
    assert (quiet.args["count"], await strikes_of(server.world, QUIET)) == (1, 1)
    heard = zip(server.heard.told, server.heard.said, strict=True)
    told = [place[0] for place, said_ in heard if said_ == "log.struck"]
    assert (told.count(HOSTILE), told.count(QUIET)) == (most, 1)
    server.world.clock.move_to(server.world.clock.now() + HOUR)
    await refusal(server.imagine("gore", asker=of_hostile(1_000)))
    assert await strikes_of(server.world, HOSTILE) == most + 1
    note("strikes kept and told in an hour", f"{members.STRIKES_AN_HOUR} of any number", "all")


async def test_one_members_strikes(world: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "STRIKES_KEPT", 10)
    policy, counts = StrikePolicy(limit=100), []
    for n in range(50):
        struck = await world._opened.guilds.members.strike(
            HOSTILE, 5, interaction_id=n, why="gore", at=world.clock.now() + n, policy=policy, by=ADA
        )
        counts.append(struck.count)

    assert await strikes_of(world, HOSTILE) == 10
    assert counts[8:] == [9] + [10] * 41
    kept = await world._opened.guilds.members.strikes(HOSTILE, 5, limit=99)
    assert kept[0].at == world.clock.now() + 49
    monkeypatch.undo()
    assert members.STRIKES_KEPT > 100  # which a server may ask for before it blocks


async def test_lines_in_a_log_channel(server: Server) -> None:
    dispatcher = server.world.services.dispatcher
    await server.guilds.set_log_channel(HOSTILE, ADA, 4_711)
    await server.listen()
    server.heard.told.clear()
    server.heard.events.clear()
    for n in range(LINES * 2):
        dispatcher.notify(HOSTILE, ModEvent(EventKind.STRUCK, f"s{n}", text("log.key_rejected")))
        if n % OF_SERVER_LIMIT == 0:
            await server.listen()
    dispatcher.notify(QUIET, ModEvent(EventKind.STRUCK, "mine", text("log.key_rejected")))
    await server.listen()

    told = [guild for guild, _, _ in server.heard.told]
    assert (told.count(HOSTILE), told.count(QUIET)) == (LINES, 1)
    assert server.heard.said.count("log.enough") == 1
    server.world.clock.move_to(server.world.clock.now() + HOUR)
    dispatcher.notify(HOSTILE, ModEvent(EventKind.STRUCK, "again", text("log.key_rejected")))
    await server.listen()
    assert [guild for guild, _, _ in server.heard.told].count(HOSTILE) == LINES + 1
    note("lines told in an hour", f"{LINES} of {LINES * 2}", "1 of 1")


async def test_notices(server: Server) -> None:
    dispatcher = server.world.services.dispatcher
    await server.guilds.set_log_channel(HOSTILE, ADA, 4_711)
    await server.listen()
    server.heard.told.clear()
    for n in range(OF_SERVER_LIMIT * 4):
        dispatcher.notify(HOSTILE, ModEvent(EventKind.ERROR, f"e{n}", text("log.key_rejected")))

    dispatcher.notify(QUIET, ModEvent(EventKind.ERROR, "mine", text("log.key_rejected")))
    await server.listen()

    order = [guild for guild, _, _ in server.heard.told]
    assert order.index(QUIET) <= 4
    assert order.count(HOSTILE) == OF_SERVER_LIMIT
    note(
        "notices waiting to be told",
        f"{OF_SERVER_LIMIT} of {OF_SERVER_LIMIT * 4}",
        f"1 of 1, in place {order.index(QUIET) + 1}",
    )


@pytest.fixture
async def mint(world: Harness) -> AccountsHarness:
    """Accounts behind every key, in a process that may keep keys."""
    made = AccountsHarness()
    made.furnish(world)
    world.more_ports["hide"] = log_room.hide
    await world.reboot()
    return made


async def test_tests_of_keys(world: Harness, mint: AccountsHarness) -> None:
    keys = world.services.own_keys
    guesses = [f"sk-guessed-{n:08d}" for n in range(TESTS + 5)]
    mint.trouble |= {guess: RemoteError(RemoteFault.KEY, "no") for guess in guesses}
    said = [(await refusal(keys.bring(HOSTILE, ADA, guess))).id for guess in guesses]

    await keys.bring(QUIET, ADA, KEY)

    assert said == ["own_key.refused"] * TESTS + ["refused.ration_keys"] * 5
    note("tests of keys in an hour", f"{TESTS} of {TESTS + 5}", "1 of 1")


async def test_tests_of_keys_over_restarts(world: Harness, mint: AccountsHarness) -> None:
    guesses = [f"sk-guessed-{n:08d}" for n in range(TESTS * 3)]
    mint.trouble |= {guess: RemoteError(RemoteFault.KEY, "no") for guess in guesses}
    said = []
    for n, guess in enumerate(guesses):
        if n % 2:
            await world.reboot()
        said.append((await refusal(world.services.own_keys.bring(HOSTILE, ADA, guess))).id)

    await world.services.own_keys.bring(QUIET, ADA, KEY)

    assert said == ["own_key.refused"] * TESTS + ["refused.ration_keys"] * TESTS * 2
    world.clock.move_to(world.clock.now() + HOUR)
    assert (await refusal(world.services.own_keys.bring(HOSTILE, ADA, guesses[0]))).id == "own_key.refused"
    note("the same, with restarts between", f"{TESTS} of {TESTS * 3}", "1 of 1")


async def test_nobody_chooses_what_the_log_hides(world: Harness, mint: AccountsHarness) -> None:
    page = io.StringIO()
    log_room.setup(style="json", stream=page)
    mint.trouble["delivery_kept"] = RemoteError(RemoteFault.KEY, "no")
    await refusal(world.services.own_keys.bring(HOSTILE, ADA, "delivery_kept"))
    await world.services.own_keys.bring(QUIET, ADA, KEY)

    logging.getLogger("bot.tests").warning("delivery_kept for %s", KEY)

    line = page.getvalue().splitlines()[-1]
    assert "delivery_kept" in line
    assert KEY not in line


async def test_turns_are_kept_while_a_slow_channel_is_written_to(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel that hangs holds up its own server alone."""
    dispatcher, hanging = server.world.services.dispatcher, asyncio.Event()
    inner = server.heard.post

    async def post(guild_id: int, *given: object, **more: object) -> bool:
        if guild_id == HOSTILE:
            await hanging.wait()
        return await inner(guild_id, *given, **more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(server.heard, "post", post)
    await server.guilds.set_log_channel(HOSTILE, ADA, 4_711)
    running = asyncio.create_task(dispatcher.run())
    dispatcher.notify(HOSTILE, ModEvent(EventKind.ERROR, "slow", text("log.key_rejected")))
    dispatcher.notify(QUIET, ModEvent(EventKind.ERROR, "mine", text("log.key_rejected")))
    async with asyncio.timeout(20):
        while QUIET not in [guild for guild, _, _ in server.heard.told]:  # noqa: ASYNC110 - told by a list
            await asyncio.sleep(0.01)

    assert HOSTILE not in [guild for guild, _, _ in server.heard.told]
    hanging.set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_bytes_of_the_history(world: Harness) -> None:
    """Long lists, turned about again and again: fewer changes than allowed, and yet too much to keep."""
    guilds = world.services.guilds
    channels = [[10**18 + n for n in range(start, start + 200)] for start in (0, 500)]
    said = []
    for n in range(CHANGES):
        try:
            await guilds.change(HOSTILE, ADA, channels_placed(allowed=channels[n % 2], denied=[]))
        except UserError as refused:
            said.append(refused.text.id)
            break

    await guilds.set_values(QUIET, ADA, "retention", {"days": 7})

    assert said == ["refused.ration_history"]
    kept = sum(
        len(json.dumps([dict(e.before), dict(e.after)])) for e in await guilds.audit(HOSTILE, limit=999)
    )
    assert kept < HISTORY_BYTES + 20_000
    assert (await guilds.settings(QUIET)).retention_days == 7
    world.clock.move_to(world.clock.now() + 24 * HOUR)
    await guilds.set_values(HOSTILE, ADA, "retention", {"days": 9})
    note("history written in a day, KiB", f"{kept // 1024} of any number", "all")


async def test_acts_of_moderators(world: Harness) -> None:
    moderation = world.services.moderation
    for _ in range(ACTS):
        await moderation.export(HOSTILE, ADA, 5)
    refused = [
        (await refusal(act)).id
        for act in (
            moderation.export(HOSTILE, ADA, 5),
            moderation.block(HOSTILE, ADA, 5, until=None, reason=""),
            moderation.clear_queue(HOSTILE, ADA),
            world.services.allowances.grant(HOSTILE, ADA, 5, Pool.FAST, units=1, reason="", expires_at=None),
            world.services.allowances.take_back(HOSTILE, ADA, 5, Pool.FAST, GrantsLeft(1, 1)),
        )
    ]

    await moderation.block(QUIET, ADA, 5, until=None, reason="")

    assert refused == ["refused.ration_acts"] * 5
    assert len(await world.services.guilds.audit(HOSTILE, limit=9_999)) == ACTS
    assert [block.user_id for block in await moderation.blocks(QUIET)] == [5]
    note("acts of moderators in an hour", f"{ACTS} of {ACTS + 5}", "1 of 1")


@pytest.mark.parametrize(("room", "each"), [(DecodingBudget(320_000_000), 80_000_000), (Shared(2), 1)])
async def test_picture_memory_and_slots(room: Shared, each: int) -> None:
    """Twenty large pictures of one server are being decoded or wait: another server's is the next to get room."""
    order: list[int] = []
    going_on = asyncio.Event()

    async def decode(server: int) -> None:
        CURRENT_PARTY.set(server)
        async with room.hold(each):
            order.append(server)
            await going_on.wait()
            await asyncio.sleep(0)

    flood = [asyncio.create_task(decode(HOSTILE)) for _ in range(20)]
    await asyncio.sleep(0)
    began = len(order)
    quiet = asyncio.create_task(decode(QUIET))
    await asyncio.sleep(0)
    flood[-1].cancel()
    going_on.set()
    await asyncio.gather(*flood, quiet, return_exceptions=True)

    assert 0 < began < 5
    assert order.index(QUIET) == began
    assert (len(order), room.used) == (20, 0)
    what = "memory for decoding" if each > 1 else "slots for pictures"
    note(what, f"{began} of 20 at once", f"1 of 1, in place {order.index(QUIET) + 1}")
