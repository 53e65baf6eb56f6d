"""Servers' own keys as rows: one current each, earlier ones kept while jobs need them, numbers never given twice.
Never here: what a key is good for (tests/services/accounts/test_own_keys.py)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from bot.domain.accounts import OwnAccount
from bot.domain.failures import Failure, FailureKind
from bot.domain.jobs import LATE_WATCH_MS, Route
from bot.domain.servers.guilds import Actor
from bot.domain.servers.own_keys import KeyVersion, OwnKey, SealedKey
from bot.domain.tasks import RemoteTaskId
from bot.errors import StorageTrouble
from bot.storage.server_tables import audit
from bot.storage.vault import FernetVault
from tests.claims import claim_submissions
from tests.storage.making import FREE, LEASE, NOON, job

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.servers.own_keys import KeyStore
    from bot.storage import Storage
    from tests.storage.conftest import Opener

GUILD = 2**62 + 2
ADA, BOB = Actor(10, "Ada"), Actor(11, "Bob")
FIRST, SECOND, THIRD = (OwnAccount(GUILD, n) for n in (1, 2, 3))


@pytest.fixture
def keys(storage: Storage) -> KeyStore:
    return storage.guilds.keys


async def actions(storage: Storage) -> list[str]:
    query = select(audit.c.action).order_by(audit.c.id)
    return list(await storage.database.read(lambda cn: cn.execute(query).scalars().all()))


async def replaced(keys: KeyStore, guild_id: int, sealed: str, *, actor: Actor, at: int) -> OwnKey:
    """A server's next key, brought while nobody else brought one."""
    before = await keys.current(guild_id)
    instead_of = None if before is None else before.account
    key = await keys.replace(guild_id, sealed, instead_of=instead_of, actor=actor, at=at)
    assert key is not None
    return key


async def test_a_new_key_takes_the_place_of_the_one_before_which_stays_readable(
    storage: Storage, keys: KeyStore
) -> None:
    assert await keys.current(GUILD) is None

    first = await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)
    second = await replaced(keys, GUILD, "sealed-2", actor=BOB, at=NOON + 1)
    await replaced(keys, GUILD + 1, "sealed-3", actor=BOB, at=NOON)

    assert (first, second) == (OwnKey(FIRST, 10, NOON, NOON), OwnKey(SECOND, 11, NOON + 1, NOON + 1))
    assert await keys.current(GUILD) == second
    assert [await keys.sealed(account) for account in (FIRST, SECOND, THIRD)] == [
        "sealed-1",
        "sealed-2",
        None,
    ]
    assert list(await keys.in_use()) == [SECOND, OwnAccount(GUILD + 1, 1)]
    assert await actions(storage) == ["own_key_set", "own_key_replaced", "own_key_set"]


async def test_a_key_is_exchanged_in_place_only_while_it_is_the_current_one(
    storage: Storage, keys: KeyStore
) -> None:
    await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)

    assert await keys.exchange(FIRST, "sealed-2", actor=BOB, at=NOON + 5)
    await keys.mark_tested(FIRST, NOON + 9)
    assert await keys.current(GUILD) == OwnKey(FIRST, 11, NOON + 5, NOON + 9)
    seen = KeyVersion(FIRST, NOON + 5)
    assert await keys.remove(seen, actor=ADA, at=NOON + 10)

    assert not await keys.remove(seen, actor=ADA, at=NOON + 11)
    assert not await keys.exchange(FIRST, "sealed-3", actor=BOB, at=NOON + 12)
    assert await keys.current(GUILD) is None
    assert await keys.sealed(FIRST) == "sealed-2"
    assert await actions(storage) == ["own_key_set", "own_key_replaced", "own_key_removed"]


async def test_of_a_removal_and_a_key_that_comes_at_once_the_removal_takes_only_what_it_saw(
    storage: Storage, keys: KeyStore, another: Opener
) -> None:
    second = (await another()).guilds.keys
    first = await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)

    assert await second.exchange(FIRST, "sealed-2", actor=BOB, at=NOON + 1)
    assert not await keys.remove(first.version, actor=ADA, at=NOON + 2)  # of the same account
    assert await keys.current(GUILD) == OwnKey(FIRST, 11, NOON + 1, NOON + 1)

    seen = KeyVersion(FIRST, NOON + 1)
    removed, brought = await asyncio.gather(
        keys.remove(seen, actor=ADA, at=NOON + 3),
        second.replace(GUILD, "sealed-3", instead_of=FIRST, actor=BOB, at=NOON + 3),
    )
    assert removed is (brought is None), "each of them saw the same key, and one was faster"
    assert await keys.current(GUILD) == brought

    await replaced(second, GUILD, "sealed-4", actor=BOB, at=NOON + 4)
    assert not await keys.remove(seen, actor=ADA, at=NOON + 5)
    assert await keys.current(GUILD) is not None
    assert (await actions(storage)).count("own_key_removed") == removed


async def test_an_earlier_key_is_forgotten_when_no_job_needs_it_and_its_number_is_not_given_again(
    storage: Storage, keys: KeyStore
) -> None:
    await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)
    waiting = await storage.jobs.insert(job(account=FIRST.name), FREE)
    await keys.remove(KeyVersion(FIRST, NOON), actor=ADA, at=NOON)

    assert await keys.forget_unneeded(NOON, NOON + 9) == 0  # not so soon
    assert await keys.forget_unneeded(NOON + 1, NOON + 9) == 0  # it waits
    (sent,) = await claim_submissions(
        storage.jobs, "w", NOON + 3_600_000, lease_ms=LEASE, limit=9, max_running=9
    )
    assert sent.key == waiting.key
    assert await keys.forget_unneeded(NOON + 1, NOON + 9) == 0  # it is upstream
    done = sent.submitted(RemoteTaskId("1"), NOON).failed(Failure(FailureKind.UNKNOWN), NOON)
    await storage.jobs.save(done)
    assert await keys.forget_unneeded(NOON + 1, NOON + 9) == 0  # nobody was told
    await storage.jobs.release(done.delivered(Route.KEPT, NOON))
    assert await keys.forget_unneeded(NOON + 1, NOON + 9) == 1

    await replaced(keys, GUILD, "sealed-2", actor=ADA, at=NOON)
    assert await keys.current(GUILD) == OwnKey(SECOND, 10, NOON, NOON)
    assert await keys.forget_unneeded(NOON + 99, NOON + 99) == 0
    assert list(await keys.every()) == [SealedKey(SECOND, "sealed-2")]


async def test_a_key_is_kept_for_a_job_that_is_still_looked_at(storage: Storage, keys: KeyStore) -> None:
    await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)
    await storage.jobs.insert(job(account=FIRST.name), FREE)
    (sent,) = await claim_submissions(
        storage.jobs, "w", NOON + 3_600_000, lease_ms=LEASE, limit=9, max_running=9
    )
    late = sent.submitted(RemoteTaskId("1"), NOON).failed(Failure(FailureKind.TIMED_OUT), NOON)
    await storage.jobs.save(late)
    await storage.jobs.release(late.delivered(Route.KEPT, NOON))
    await keys.remove(KeyVersion(FIRST, NOON), actor=ADA, at=NOON)

    assert await keys.forget_unneeded(NOON + 1, NOON + LATE_WATCH_MS - 1) == 0
    assert await keys.forget_unneeded(NOON + 1, NOON + LATE_WATCH_MS) == 1


async def test_sealing_anew_never_covers_a_change(keys: KeyStore) -> None:
    await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)
    (stored,) = await keys.every()

    assert await keys.reseal(stored, "sealed-anew")
    assert not await keys.reseal(stored, "sealed-late")
    assert await keys.sealed(FIRST) == "sealed-anew"
    assert "sealed" not in repr(stored).removeprefix("SealedKey")


async def test_of_many_who_bring_a_key_at_once_one_does_and_the_others_hear_that_they_did_not(
    storage: Storage, another: Opener
) -> None:
    second = await another()
    stores = (storage.guilds.keys, second.guilds.keys)

    made = await asyncio.gather(
        *(
            stores[n % 2].replace(GUILD, f"sealed-{n}", instead_of=None, actor=ADA, at=NOON + n)
            for n in range(6)
        )
    )

    (brought,) = [key for key in made if key is not None]
    assert (brought.account, await stores[0].current(GUILD)) == (FIRST, brought)
    assert await stores[1].replace(GUILD, "sealed", instead_of=SECOND, actor=ADA, at=NOON) is None
    assert len(await stores[0].every()) == 1
    assert await actions(storage) == ["own_key_set"]


async def test_a_crash_in_the_middle_of_a_replacement_leaves_the_old_key(
    storage: Storage, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await replaced(keys, GUILD, "sealed-1", actor=ADA, at=NOON)

    def die(*_: object, **__: object) -> None:
        raise StorageTrouble("died")

    monkeypatch.setattr("bot.storage.servers.own_keys.record", die)
    for change in (
        replaced(keys, GUILD, "sealed-2", actor=ADA, at=NOON),
        keys.exchange(FIRST, "sealed-2", actor=ADA, at=NOON),
        keys.remove(KeyVersion(FIRST, NOON), actor=ADA, at=NOON),
    ):
        with pytest.raises(StorageTrouble):
            await change

    assert await keys.current(GUILD) == before
    assert list(await keys.every()) == [SealedKey(FIRST, "sealed-1")]
    assert await actions(storage) == ["own_key_set"]


async def test_listeners_are_servers_with_a_log_channel_that_still_have_the_bot(storage: Storage) -> None:
    settings, records = storage.guilds.settings, storage.guilds.records
    for guild, channel in ((1, 5), (2, None), (3, 6), (4, 7)):
        for value in (9, channel):
            await settings.change(guild, _listening(value), actor=ADA, at=NOON)
    await records.schedule_deletion(4, NOON)

    assert list(await records.listeners()) == [1, 3]


def _listening(channel: int | None) -> Callable[[GuildSettings], GuildSettings]:
    return lambda settings: replace(settings, log_channel=channel)


# -- the vault -------------------------------------------------------------------------------------------

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_is_sealed_opens_for_its_own_server_alone() -> None:
    vault = FernetVault([OLD])
    sealed = vault.seal(7, "sk-secret")

    assert "sk-secret" not in sealed
    assert vault.open(7, sealed) == "sk-secret"
    assert vault.open(8, sealed) is None
    assert vault.open(7, sealed[:-4]) is None
    assert "sk-secret" not in repr(vault)


def test_the_newest_master_key_seals_and_all_of_them_open() -> None:
    sealed = FernetVault([OLD]).seal(7, "sk-secret")
    both = FernetVault([NEW, OLD])

    anew = both.renew(7, sealed)

    assert anew is not None
    assert both.renew(7, anew) is None
    assert FernetVault([NEW]).open(7, anew) == "sk-secret"
    assert FernetVault([NEW]).renew(7, sealed) is None
    assert FernetVault([NEW]).open(7, sealed) is None
