"""Each chain is paid by the account of its server and pool when it began, to its end, in whichever process.
Never here: how a server's own key comes and goes (test_own_keys.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.accounts import DEFAULT_ACCOUNT, OwnAccount, read_own
from bot.domain.failures import FailureKind
from bot.domain.jobs import JobState
from bot.domain.pools import USUAL_POOLS, Pool
from bot.errors import StorageTrouble
from bot.services.worker.tracker_pool import IDLE_MS
from tests.services.accounts_harness import KEY, REFUSED, AccountsHarness, remove_key
from tests.services.harness import GUILD
from tests.services.server_harness import ADA, refusal

if TYPE_CHECKING:
    from bot.domain.jobs import Job
    from tests.services.harness import Harness


@pytest.fixture
async def mint(world: Harness) -> AccountsHarness:
    """Three accounts of the owner's; the server draws on one of them, and in FAST on another."""
    made = AccountsHarness()
    world.accounts = (DEFAULT_ACCOUNT, "studio", "guest")
    made.furnish(world, account_of={(GUILD, None): "studio", (GUILD, Pool.FAST): "guest"})
    await world.reboot()
    return made


def paid(mint: AccountsHarness, *jobs: Job) -> list[str | None]:
    """Who paid for jobs."""
    return [mint.paid_by.get(job.task_id or "") for job in jobs]


@pytest.mark.parametrize("name", ["default", "studio", "guild:1", "guild:1:0", "guild:x:1", "guild:1:1:1"])
def test_only_a_servers_own_account_is_called_so(name: str) -> None:
    assert read_own(name) is None
    assert read_own(OwnAccount(7, 2).name) == OwnAccount(7, 2)


async def test_the_more_particular_line_of_the_owners_map_wins(world: Harness, mint: AccountsHarness) -> None:
    normal = await world.ended(await world.imagine(pool=Pool.NORMAL))
    fast = await world.ended(await world.imagine(pool=Pool.FAST))

    assert paid(mint, normal, fast) == ["studio", "guest"]
    accounts = world.services.accounts
    assert await accounts.for_chain(GUILD + 1, Pool.FAST) == DEFAULT_ACCOUNT
    assert await accounts.for_chain(None, Pool.FAST) == DEFAULT_ACCOUNT
    assert await accounts.of_server(GUILD) == {"studio": [Pool.NORMAL], "guest": [Pool.FAST]}


@pytest.mark.parametrize(
    ("accounts", "named", "payer"),
    [
        (("mj-proxy", DEFAULT_ACCOUNT), DEFAULT_ACCOUNT, DEFAULT_ACCOUNT),
        (("mj-proxy", DEFAULT_ACCOUNT), "mj-proxy", "mj-proxy"),
        (("mj-proxy",), DEFAULT_ACCOUNT, "mj-proxy"),
    ],
)
async def test_the_owners_map_names_the_old_account_where_the_default_one_has_another_name(
    world: Harness, accounts: tuple[str, ...], named: str, payer: str
) -> None:
    made = AccountsHarness()
    world.accounts = accounts
    made.furnish(world, account_of={(GUILD, None): named}, own_name="mj-proxy")
    await world.reboot()

    job = await world.ended(await world.imagine(pool=Pool.FAST))

    assert paid(made, job) == [payer]
    assert await world.services.accounts.for_chain(GUILD + 1, Pool.FAST) == "mj-proxy"


async def test_a_child_stays_with_its_chains_account_whatever_the_map_says_now(
    world: Harness, mint: AccountsHarness
) -> None:
    grid = await world.finished_grid(pool=Pool.NORMAL)
    world.more_terms = {"account_of": {}}
    await world.reboot()

    child = await world.ended((await world.press(grid)).job)
    fresh = await world.ended(await world.imagine(pool=Pool.NORMAL))

    assert (child.state, *paid(mint, child, fresh)) == (JobState.SUCCEEDED, "studio", "default")


async def test_a_press_on_a_picture_of_an_account_that_is_gone_is_one_clear_sentence(
    world: Harness, mint: AccountsHarness
) -> None:
    grid = await world.finished_grid(pool=Pool.NORMAL)
    assert paid(mint, grid) == ["studio"]
    world.accounts, world.more_terms = (DEFAULT_ACCOUNT,), {}
    await world.reboot()

    assert (await refusal(world.press(grid))).id == "press.account_gone"


async def test_a_key_that_cannot_be_looked_up_for_the_moment_costs_time_and_no_job(
    world: Harness, mint: AccountsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = world._opened.guilds.keys
    look, down = keys.sealed, True

    async def sealed(account: OwnAccount) -> str | None:
        if down:
            raise StorageTrouble("locked")
        found: str | None = await look(account)
        return found

    await world.services.own_keys.bring(GUILD, ADA, KEY)
    monkeypatch.setattr(keys, "sealed", sealed)
    job = await world.imagine()
    await world.pass_time(5)
    held = await world.job(job.key)

    down = False
    ended = await world.ended(job)

    assert (held.state, held.hold) == (JobState.QUEUED, "hold.unreachable")
    assert (ended.state, *paid(mint, ended)) == (JobState.SUCCEEDED, KEY)


async def test_a_servers_own_account_is_followed_by_a_tracker_of_its_own_until_it_rests(
    world: Harness, mint: AccountsHarness
) -> None:
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    name = OwnAccount(GUILD, 1).name
    job = await world.ended(await world.imagine())
    world.upstream.template["seconds"] = 600
    slow = await world.imagine()
    await world.pass_time(3)
    followed = world.services.worker.trackers

    assert len(followed[name]) == 1
    assert set(followed) == {"default", "studio", "guest", name}
    await world.pass_time(IDLE_MS / 1000 + 60)
    assert (await world.job(slow.key)).state is JobState.SUCCEEDED
    assert name in followed
    await world.pass_time(IDLE_MS / 1000 + 60)
    assert name not in followed
    world.upstream.template.clear()
    again = await world.ended(await world.imagine())
    assert paid(mint, job, await world.job(slow.key), again) == [KEY] * 3


async def test_jobs_of_a_servers_own_account_are_found_on_its_pages_and_hear_of_webhooks(
    world: Harness, mint: AccountsHarness
) -> None:
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    jobs = [await world.imagine(user=n) for n in range(3)]
    await world.pass_time(12)
    read = list(world.upstream.reads)

    world.clock.move_to(world.clock.now() + 40_000)
    world.services.worker.receive_webhook(jobs[0].key, ended=True)
    ended = [await world.ended(job) for job in jobs]

    assert len(world.services.worker.trackers) == 4
    assert paid(mint, *ended) == [KEY] * 3
    assert read.count("page") > 1  # the key's test was one


async def test_a_worker_that_stops_opens_no_tracker_that_nobody_ends(
    world: Harness, mint: AccountsHarness
) -> None:
    worker = world.services.worker
    worker.trackers.stop()

    opened = worker.trackers.opened("guild:1:1", world.services.accounts.reader("guild:1:1"), 0)

    assert worker.trackers["guild:1:1"] is opened
    assert not [run for run in worker.trackers._runs if run.startswith("guild")]
    worker.trackers.rest(IDLE_MS)
    assert "guild:1:1" not in worker.trackers
    assert mint.opened == []


async def test_another_process_serves_an_account_that_this_one_stored(
    world: Harness, mint: AccountsHarness
) -> None:
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    await world.reboot()

    grid = await world.finished_grid()
    await world.reboot()
    child = await world.ended((await world.press(grid)).job)

    assert paid(mint, grid, child) == [KEY, KEY]


async def test_readings_of_a_rejected_key_hold_up_no_other_account(
    world: Harness, mint: AccountsHarness
) -> None:
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    stuck = await world.imagine()
    await world.pass_time(5)
    mint.trouble[KEY] = REFUSED
    await remove_key(world)

    other = await world.ended(await world.imagine())

    assert other.state is JobState.SUCCEEDED
    assert (await world.job(stuck.key)).state in {JobState.SUBMITTED, JobState.RUNNING}


async def test_places_are_counted_for_each_account_and_pool(world: Harness, mint: AccountsHarness) -> None:
    world.max_running = 1
    await world.reboot()
    first = [await world.imagine(pool=pool, user=n) for n, pool in enumerate([*USUAL_POOLS, *USUAL_POOLS])]
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    own = [await world.imagine(pool=Pool.NORMAL, user=n) for n in (7, 8)]
    await world.pass_time(3)

    states = [(await world.job(job.key)).state is JobState.QUEUED for job in (*first, *own)]

    assert states == [False, False, True, True, False, True]
    assert len(mint.paid_by) == 3


async def test_a_rejected_own_key_fails_the_job_as_the_moderators_business(
    world: Harness, mint: AccountsHarness
) -> None:
    await world.services.own_keys.bring(GUILD, ADA, KEY)
    mint.trouble[KEY] = REFUSED

    failed = await world.ended(await world.imagine())

    assert failed.failure is not None
    assert (failed.failure.kind, failed.account) == (FailureKind.KEY, f"guild:{GUILD}:1")
