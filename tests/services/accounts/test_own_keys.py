"""A server's own key is tested, kept sealed, used by new chains, and kept as long as a job of its needs it.
Never here: rows (tests/storage/servers/test_own_keys.py), windows (tests/ui/pools/test_own_key.py)."""

from __future__ import annotations

import asyncio
import io
import logging
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot import log as log_room
from bot.domain.accounts import OwnAccount
from bot.domain.jobs import JobState
from bot.domain.servers.guilds import DELETION_DELAY_MS, Actor
from bot.domain.servers.own_keys import KeyVersion
from bot.errors import RemoteError, RemoteFault, StorageTrouble, UserError
from bot.services.accounts import own_keys
from bot.services.accounts.own_keys import CURRENT_MS, OPENED_MS, RETIRED_MS, KeyOutcome, OwnKeys, bare
from bot.storage.vault import FernetVault
from tests.services.accounts_harness import KEY, MASTER, NEXT_MASTER, OTHER_KEY, AccountsHarness, remove_key
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, LOG_CHANNEL, Heard, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bot.domain.jobs import Job
    from tests.services.harness import Harness

FIRST, SECOND = OwnAccount(GUILD, 1), OwnAccount(GUILD, 2)


@pytest.fixture
async def mint(world: Harness) -> AccountsHarness:
    """Accounts behind every key, in a process that may keep keys."""
    made = AccountsHarness()
    made.furnish(world)
    await world.reboot()
    return made


def keys(world: Harness) -> OwnKeys:
    return world.services.own_keys


async def why(attempt: Awaitable[object]) -> str:
    return (await refusal(attempt)).id


def payer(mint: AccountsHarness, job: Job) -> str | None:
    return mint.paid_by.get(job.task_id or "")


# -- bringing --------------------------------------------------------------------------------------------


async def test_a_key_pays_for_the_chains_that_begin_after_it_came(
    world: Harness, mint: AccountsHarness
) -> None:
    before = await world.finished_grid()

    assert await keys(world).bring(GUILD, ADA, f' "Bearer {KEY}" ') is KeyOutcome.SET

    grid = await world.finished_grid()
    child = await world.ended((await world.press(grid)).job)
    older = await world.ended((await world.press(before)).job)
    assert [payer(mint, job) for job in (before, grid, child, older)] == ["default", KEY, KEY, "default"]
    state = await keys(world).state(GUILD)
    assert state.key is not None
    assert (state.offered, state.readable, state.key.by, state.key.account) == (True, True, 900, FIRST)


@pytest.mark.parametrize(
    ("fault", "words", "said"),
    [
        (RemoteFault.KEY, "Unauthorized: the api key is not valid", "own_key.refused"),
        (RemoteFault.KEY, "the api key lacks the permission midjourney", "own_key.no_permission"),
        (RemoteFault.REFUSED, "no", "own_key.refused"),
        (RemoteFault.BALANCE, "insufficient balance", "own_key.no_credit"),
        (RemoteFault.UNREACHED, "no connection", "own_key.unreachable"),
        (RemoteFault.UNCLEAR, "HTTP 502", "own_key.unreachable"),
    ],
)
async def test_a_key_that_is_not_taken_changes_nothing_and_says_why(
    world: Harness, mint: AccountsHarness, fault: RemoteFault, words: str, said: str
) -> None:
    mint.trouble[KEY] = RemoteError(fault, words)

    assert await why(keys(world).bring(GUILD, ADA, KEY)) == said
    assert (await keys(world).state(GUILD)).key is None


async def test_a_service_that_says_nothing_is_unreachable(
    world: Harness, mint: AccountsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_keys, "PATIENCE_S", 0.01)

    class NoMetrics:
        async def page(self, _number: int, *, size: int) -> None:
            await asyncio.sleep(size)

    monkeypatch.setattr(mint, "open", lambda _world, _key: NoMetrics())

    assert await why(keys(world).bring(GUILD, ADA, KEY)) == "own_key.unreachable"


@pytest.mark.parametrize("typed", ["", "short", "two words-of-it", "https://api.example/sk-123", "é" * 20])
def test_what_is_no_key_is_not_even_tried(typed: str) -> None:
    with pytest.raises(Exception, match=r"own_key\.no_key"):
        bare(typed)


async def test_the_same_key_again_is_a_test_and_no_change(world: Harness, mint: AccountsHarness) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    world.clock.move_to(world.clock.now() + 60_000)

    assert await why(keys(world).bring(GUILD, ADA, KEY)) == "own_key.same"

    state = await keys(world).state(GUILD)
    assert state.key is not None
    assert (state.key.account, state.key.tested_at - state.key.at) == (FIRST, 60_000)
    assert mint.hidden


@pytest.mark.parametrize("terms", [{"server_keys": False}, {}])
async def test_where_the_owner_keeps_them_off_none_is_brought_and_none_is_used(
    world: Harness, mint: AccountsHarness, terms: dict[str, Any]
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    grid = await world.finished_grid()
    world.more_terms = terms
    if not terms:
        world.more_ports["vault"] = None
    await world.reboot()

    assert await why(keys(world).bring(GUILD, ADA, OTHER_KEY)) == "own_key.off"
    assert await why(keys(world).test(GUILD)) == "own_key.off"
    assert await why(world.press(grid)) == "press.key_gone"
    assert payer(mint, await world.finished_grid()) == "default"
    state = await keys(world).state(GUILD)
    assert (state.offered, state.key is not None) == (False, True)
    assert await keys(world).in_use() == ()
    await keys(world).tidy()
    await remove_key(world)
    assert (await keys(world).state(GUILD)).key is None


# -- testing ---------------------------------------------------------------------------------------------


async def test_a_test_says_whether_the_key_still_works_and_when_it_last_did(
    world: Harness, mint: AccountsHarness
) -> None:
    assert await why(keys(world).test(GUILD)) == "own_key.none"
    await keys(world).bring(GUILD, ADA, KEY)
    world.clock.move_to(world.clock.now() + 5_000)
    await keys(world).test(GUILD)

    mint.trouble[KEY] = RemoteError(RemoteFault.KEY, "no")
    world.clock.move_to(world.clock.now() + 5_000)

    assert await why(keys(world).test(GUILD)) == "own_key.refused"
    state = await keys(world).state(GUILD)
    assert state.key is not None
    assert state.key.tested_at - state.key.at == 5_000


# -- replacing and removing ------------------------------------------------------------------------------


async def test_a_replaced_key_ends_what_it_began_and_its_buttons_say_so(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    grid = await world.finished_grid()
    running, queued = [await world.imagine() for _ in range(2)]
    await world.pass_time(3)

    assert await keys(world).bring(GUILD, ADA, OTHER_KEY) is KeyOutcome.REPLACED

    ended = [await world.ended(job) for job in (running, queued)]
    fresh = await world.ended(await world.imagine())
    assert [payer(mint, job) for job in (*ended, fresh)] == [KEY, KEY, OTHER_KEY]
    assert fresh.account == SECOND.name
    assert await why(world.press(grid)) == "press.key_gone"


async def test_another_key_of_the_same_account_takes_over_buttons_and_all(
    world: Harness, mint: AccountsHarness
) -> None:
    mint.of_key = {KEY: "theirs", OTHER_KEY: "theirs"}
    await keys(world).bring(GUILD, ADA, KEY)
    grid = await world.finished_grid()
    running = await world.imagine()
    await world.pass_time(3)

    assert await keys(world).bring(GUILD, ADA, OTHER_KEY) is KeyOutcome.EXCHANGED

    assert (await world.ended(running)).state is JobState.SUCCEEDED
    child = await world.ended((await world.press(grid)).job)
    assert (child.state, child.account) == (JobState.SUCCEEDED, FIRST.name)
    assert mint.opened[-1] == OTHER_KEY


async def test_a_key_that_was_removed_while_another_of_its_account_came_becomes_a_new_one(
    world: Harness, mint: AccountsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    mint.of_key = {KEY: "theirs", OTHER_KEY: "theirs"}
    await keys(world).bring(GUILD, ADA, KEY)
    await world.finished_grid()
    store = world._opened.guilds.keys

    async def too_late(*_: object, **__: object) -> bool:
        seen = await store.current(GUILD)
        assert seen is not None
        await store.remove(seen.version, actor=ADA, at=1)
        return False

    monkeypatch.setattr(store, "exchange", too_late)

    assert await keys(world).bring(GUILD, ADA, OTHER_KEY) is KeyOutcome.SET  # there was none any more
    assert await keys(world).current(GUILD) == SECOND


async def test_a_removed_key_finishes_its_jobs_is_then_forgotten_and_is_never_taken_for_a_new_one(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    world.upstream.template["seconds"] = RETIRED_MS / 1000 + 120
    job = await world.imagine()
    await world.pass_time(3)
    await remove_key(world)
    assert await why(keys(world).remove(KeyVersion(FIRST, 0), ADA)) == "own_key.none"
    stored = world._opened.guilds.keys

    await world.pass_time(RETIRED_MS / 1000 + 1)
    await keys(world).tidy()
    assert await stored.sealed(FIRST) is not None
    done = await world.ended(job)
    await keys(world).tidy()

    assert done.state is JobState.SUCCEEDED
    assert await stored.sealed(FIRST) is None
    world.clock.move_to(world.clock.now() + OPENED_MS)
    assert await keys(world).api(FIRST) is None
    assert payer(mint, done) == KEY
    await keys(world).bring(GUILD, ADA, OTHER_KEY)
    assert await why(world.press(done)) == "press.key_gone"


async def test_another_process_learns_of_a_change_within_seconds(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    stored = world._opened.guilds.keys
    assert await keys(world).current(GUILD) == FIRST

    await stored.replace(
        GUILD, FernetVault([MASTER]).seal(GUILD, OTHER_KEY), instead_of=FIRST, actor=ADA, at=1
    )
    assert await keys(world).current(GUILD) == FIRST
    world.clock.move_to(world.clock.now() + CURRENT_MS)

    assert await keys(world).current(GUILD) == SECOND
    assert payer(mint, await world.finished_grid()) == OTHER_KEY


@pytest.mark.usefixtures("mint")
async def test_another_process_learns_of_a_change_within_seconds_though_its_clock_was_set_back(
    world: Harness,
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    assert await keys(world).current(GUILD) == FIRST
    sealed = FernetVault([MASTER]).seal(GUILD, OTHER_KEY)
    await world._opened.guilds.keys.replace(GUILD, sealed, instead_of=FIRST, actor=ADA, at=1)

    world.clock.set_by(-24 * 3_600_000)
    await keys(world).current(GUILD)
    world.clock.set_by(CURRENT_MS)

    assert await keys(world).current(GUILD) == SECOND


async def test_moderators_hear_of_every_change_without_the_key(world: Harness, mint: AccountsHarness) -> None:
    mint.of_key = {KEY: "theirs", OTHER_KEY: "theirs"}
    heard = Heard()
    world.services.dispatcher.modlog = heard
    await world.services.guilds.set_log_channel(GUILD, ADA, LOG_CHANNEL)
    dispatcher = asyncio.create_task(world.services.dispatcher.run())
    await keys(world).bring(GUILD, ADA, KEY)
    await world.finished_grid()
    await keys(world).bring(GUILD, ADA, OTHER_KEY)
    await keys(world).bring(GUILD, ADA, "sk-of-a-third-account")
    await remove_key(world)
    await world.services.dispatcher.drain()
    dispatcher.cancel()
    await asyncio.gather(dispatcher, return_exceptions=True)

    assert heard.said[1:] == [f"log.own_key.{w}" for w in ("set", "exchanged", "replaced", "removed")]
    history = await world.services.guilds.audit(GUILD)
    assert [entry.action for entry in history][:4] == [
        "own_key_removed",
        "own_key_replaced",
        "own_key_replaced",
        "own_key_set",
    ]
    assert "sk-" not in repr((history, heard.events))


# -- keeping ---------------------------------------------------------------------------------------------


async def test_a_new_master_key_takes_over_what_the_old_one_sealed(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    stored = world._opened.guilds.keys
    sealed = await stored.sealed(FIRST)
    world.more_ports["vault"] = FernetVault([NEXT_MASTER, MASTER])
    await world.reboot()

    assert payer(mint, await world.finished_grid()) == KEY
    await world.services.housekeeping.tidy()
    await world.services.housekeeping.tidy()

    stored = world._opened.guilds.keys
    assert await stored.sealed(FIRST) != sealed
    world.more_ports["vault"] = FernetVault([NEXT_MASTER])
    await world.reboot()
    assert payer(mint, await world.finished_grid()) == KEY


async def test_a_key_that_no_master_key_opens_is_said_to_be_unreadable_and_bills_nobody_else(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    world.more_ports["vault"] = FernetVault([NEXT_MASTER])
    await world.reboot()

    job = await world.ended(await world.imagine())
    state = await keys(world).state(GUILD)
    await keys(world).tidy()

    assert (job.state, state.readable) == (JobState.FAILED, False)
    assert mint.paid_by == {}
    assert await why(keys(world).test(GUILD)) == "own_key.unreadable"
    assert await keys(world).bring(GUILD, ADA, KEY) is KeyOutcome.REPLACED


async def test_a_key_in_use_goes_on_while_the_database_is_in_trouble(
    world: Harness, mint: AccountsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    known = await keys(world).api(FIRST)

    async def broken(_account: OwnAccount) -> str:
        raise StorageTrouble("locked")

    monkeypatch.setattr(world._opened.guilds.keys, "sealed", broken)
    world.clock.move_to(world.clock.now() + OPENED_MS)

    assert await keys(world).api(FIRST) is known
    with pytest.raises(StorageTrouble):
        await keys(world).api(SECOND)
    assert mint.opened.count(KEY) == 2


@pytest.mark.usefixtures("mint")
async def test_one_key_brought_in_two_processes_at_once_is_one_account(
    world: Harness,
) -> None:
    def elsewhere() -> OwnKeys:
        return replace(keys(world))

    both = await asyncio.gather(
        *(one.bring(GUILD, who, KEY) for one, who in ((elsewhere(), ADA), (elsewhere(), Actor(901, "Bob")))),
        return_exceptions=True,
    )

    assert [one for one in both if one is KeyOutcome.SET]
    assert [one.text.id for one in both if isinstance(one, UserError)] == ["own_key.same"]
    assert [one.account for one in await world._opened.guilds.keys.every()] == [FIRST]


@pytest.mark.usefixtures("mint")
async def test_two_keys_brought_in_two_processes_at_once_are_told_one_after_the_other(
    world: Harness,
) -> None:
    both = await asyncio.gather(
        replace(keys(world)).bring(GUILD, ADA, KEY),
        replace(keys(world)).bring(GUILD, Actor(901, "Bob"), OTHER_KEY),
    )

    assert sorted(both) == [KeyOutcome.REPLACED, KeyOutcome.SET]


async def test_caches_do_not_grow_for_ever(
    world: Harness, mint: AccountsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_keys, "CACHED", 2)
    few = replace(keys(world))  # built anew, with caches of its own
    for guild in range(5):
        await few.bring(guild, ADA, f"{KEY}{guild}")
        await few.state(guild)

    assert (len(few._current), len(few._opened)) == (2, 2)
    assert len(mint.opened) == 10


async def test_a_server_that_sent_the_bot_away_leaves_no_key_behind(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    await world.services.housekeeping.left(GUILD)
    world.clock.move_to(world.clock.now() + DELETION_DELAY_MS)

    await world.services.housekeeping.tidy()

    assert await world._opened.guilds.keys.every() == []
    assert (await keys(world).state(GUILD)).key is None
    assert mint.hidden


async def test_no_line_row_or_repr_ever_holds_a_key(world: Harness, mint: AccountsHarness) -> None:
    stream, secret = io.StringIO(), "no-prefix-tells-that-this-is-a-key"
    log_room.setup(level="DEBUG", stream=stream)
    world.more_ports["hide"] = log_room.hide
    await world.reboot()
    try:
        await keys(world).bring(GUILD, ADA, secret)
        log = logging.getLogger("anything")
        log.debug("typed %s", secret)
        log.error("broke", extra={"what": {"deep": [secret]}}, exc_info=ValueError(secret))
        mint.trouble[secret] = RemoteError(RemoteFault.KEY, f"{secret} is not valid")
        failed = await world.ended(await world.imagine())
        await why(keys(world).test(GUILD))
        await remove_key(world)
        shown = repr(
            [
                failed,
                await keys(world).state(GUILD),
                await world._opened.guilds.keys.every(),
                await world.services.guilds.audit(GUILD),
                *(getattr(keys(world), one.name) for one in fields(OwnKeys)),
                world.more_ports["vault"],
            ]
        )
    finally:
        log_room._brought.clear()

    assert "typed" in stream.getvalue()
    assert secret not in stream.getvalue()
    assert secret not in shown
    database = Path(world.url.partition("///")[2])
    assert secret.encode() not in await asyncio.to_thread(database.read_bytes)


async def test_a_job_of_a_stranger_account_is_no_reason_to_keep_a_key(
    world: Harness, mint: AccountsHarness
) -> None:
    await keys(world).bring(GUILD, ADA, KEY)
    await remove_key(world)
    world.upstream.template["seconds"] = RETIRED_MS
    job = await world.imagine()
    await world.pass_time(RETIRED_MS / 1000 + 1)

    await keys(world).tidy()

    assert replace(await world.job(job.key), owner=None).account == "default"
    assert await world._opened.guilds.keys.sealed(FIRST) is None
    assert mint.opened == [KEY]


async def test_a_process_that_opens_no_accounts_takes_no_key(world: Harness) -> None:
    world.more_ports["vault"] = FernetVault([MASTER])
    await world.reboot()

    with pytest.raises(LookupError):
        await keys(world).bring(GUILD, ADA, KEY)

    assert await keys(world).current(GUILD) is None


# -- made by the owner -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("mint")
async def test_a_key_that_was_handed_in_is_handed_in_again_without_a_change(world: Harness) -> None:
    await keys(world).install(GUILD, ADA, KEY)
    await keys(world).install(GUILD, ADA, KEY)

    assert await keys(world).current(GUILD) == FIRST
    assert await why(keys(world).install(GUILD, ADA, OTHER_KEY)) == "keys.brought"


@pytest.mark.usefixtures("mint")
async def test_a_key_that_a_server_brings_at_the_same_moment_wins_over_a_made_one(world: Harness) -> None:
    store = keys(world).store
    replace_row = store.replace

    async def overtaken(*args: Any, **row: Any) -> Any:
        store.replace = replace_row  # type: ignore[method-assign]  # once
        await keys(world).bring(GUILD, ADA, KEY)
        return await replace_row(*args, **row)

    store.replace = overtaken  # type: ignore[method-assign]  # another process is faster

    assert await why(keys(world).install(GUILD, ADA, OTHER_KEY)) == "keys.brought"
    assert await keys(world).holds(GUILD, KEY)


@pytest.mark.usefixtures("mint")
async def test_a_server_without_a_key_has_none_to_remove(world: Harness) -> None:
    assert await why(keys(world).remove(KeyVersion(FIRST, 0), ADA)) == "own_key.none"


async def test_where_own_keys_are_off_no_key_is_a_servers(world: Harness) -> None:
    assert not await keys(world).holds(GUILD, KEY)
    assert await keys(world).accounts_of(GUILD, KEY) == ()
    assert await keys(world).in_use() == ()
    assert await why(keys(world).install(GUILD, ADA, KEY)) == "keys.no_vault"
