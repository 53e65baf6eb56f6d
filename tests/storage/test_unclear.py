"""A database that is lost over a commit: nobody is told that nothing was written, and what is paid for is written once.
Never here: what people are told (tests/ui)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import text

from bot.domain.days import day_of
from bot.domain.inputs import Input
from bot.domain.intake.prompt_help import HelpCall
from bot.domain.pools import Allowance, Pool
from bot.errors import StorageTrouble, UserError, WriteUnclear
from bot.storage import SqlJobStore, open_storage
from bot.storage.errors import LOST, TAKEN
from bot.storage.jobs.help_books import SqlHelpBooks
from bot.storage.unclear import PAUSES_S
from tests.storage.making import FREE, NOON, job

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.storage import Storage
    from bot.storage.database import Database

GUILD = 5
CALL = HelpCall(
    key="help/1", home=GUILD, user_id=7, pool=Pool.NORMAL, account="default", units=2, created_at=NOON
)


class Losing:
    """A database whose answers to some writes are lost: those to `kept` commits, or before them."""

    def __init__(self, database: Database, *answers: str) -> None:
        self._database = database
        self.answers = list(answers)
        self.pauses: list[float] = []

    async def write(self, work: Callable[[Any], Any]) -> Any:
        answer = self.answers.pop(0) if self.answers else "heard"
        if answer == "away":
            raise StorageTrouble(LOST)
        if answer == "undone":
            raise WriteUnclear(LOST)
        done = await self._database.write(work)
        if answer == "kept":
            raise WriteUnclear(LOST)
        return done

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    @property
    def jobs(self) -> SqlJobStore:
        return SqlJobStore(cast("Database", self), self.pause)

    @property
    def help_books(self) -> SqlHelpBooks:
        return SqlHelpBooks(cast("Database", self), self.pause)


async def spent(storage: Storage) -> int:
    return (await storage.guilds.books.totals(GUILD, day_of(NOON)))[Pool.NORMAL].spent


@pytest.mark.parametrize(
    "answers", [("kept",), ("undone",), ("kept", "away", "away"), ("undone", "away"), ("undone", "kept")]
)
async def test_a_job_whose_commit_was_not_heard_of_is_there_once_and_charged_once(
    storage: Storage, answers: tuple[str, ...]
) -> None:
    losing, only_one = Losing(storage.database, *answers), Allowance(1, None, None)
    asked = job(home=GUILD, inputs=1)
    picture = Input(b"picture", "image/png", "a.png")

    stored = await losing.jobs.insert(asked, only_one, inputs=(picture,))

    assert stored.key == asked.key
    assert await storage.jobs.get(asked.key) == asked
    assert await storage.jobs.inputs(asked.key) == [picture]
    assert await spent(storage) == 1
    assert losing.pauses == list(PAUSES_S[: len(answers)])


async def test_where_the_database_stays_away_nobody_is_promised_that_nothing_began(storage: Storage) -> None:
    losing = Losing(storage.database, "kept", *["away"] * len(PAUSES_S))

    with pytest.raises(WriteUnclear, match=LOST):
        await losing.jobs.insert(job(), FREE)

    assert losing.pauses == list(PAUSES_S)


async def test_trouble_before_anything_was_sent_is_told_at_once_as_what_it_is(storage: Storage) -> None:
    losing, asked = Losing(storage.database, "away"), job()

    with pytest.raises(StorageTrouble, match=LOST) as trouble:
        await losing.jobs.insert(asked, FREE)

    assert not isinstance(trouble.value, WriteUnclear)
    assert losing.pauses == []
    assert await storage.jobs.get(asked.key) is None


async def test_what_a_rule_refuses_when_it_is_written_again_was_not_written_before(storage: Storage) -> None:
    losing, nothing = Losing(storage.database, "undone"), Allowance(0, None, None)

    with pytest.raises(UserError):
        await losing.jobs.insert(job(home=GUILD), nothing)

    assert await spent(storage) == 0


@pytest.mark.parametrize("answers", [("kept",), ("undone",), ("kept", "away"), ("undone", "kept")])
async def test_a_question_whose_commit_was_not_heard_of_is_asked_and_booked_once(
    storage: Storage, answers: tuple[str, ...]
) -> None:
    losing = Losing(storage.database, *answers)

    assert await losing.help_books.book(CALL, FREE, None, None)

    assert await spent(storage) == 2


async def test_a_question_that_another_process_booked_meanwhile_is_not_asked_again(storage: Storage) -> None:
    await storage.help_books.book(replace(CALL, created_at=NOON - 5), FREE, None, None)
    losing = Losing(storage.database, "undone")

    assert not await losing.help_books.book(CALL, FREE, None, None)

    assert await spent(storage) == 2


END = "SELECT pg_terminate_backend(pg_backend_pid())"
DIES = "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM ({}); RETURN NULL; END $$"
AT_ITS_COMMIT = """
    CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON meta DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION die()
"""
SAME = (
    "CREATE TABLE twins (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    "INSERT INTO twins VALUES (1)",
)


@pytest.mark.postgres
async def test_a_line_that_breaks_at_the_commit_leaves_it_unclear_and_before_it_does_not(
    postgres_url: str,
) -> None:
    async with open_storage(postgres_url, migrate=False) as storage:

        async def write(*statements: str) -> None:
            await storage.database.write(lambda cn: [cn.execute(text(one)) for one in statements])

        await write(DIES.format(END), AT_ITS_COMMIT, *SAME)

        with pytest.raises(WriteUnclear, match=LOST):
            await write("INSERT INTO meta VALUES ('a', 'b')")
        with pytest.raises(StorageTrouble, match=LOST) as before:
            await write(END)
        with pytest.raises(StorageTrouble, match=TAKEN) as refused:
            await write("INSERT INTO twins VALUES (1)")

    assert WriteUnclear not in {type(before.value), type(refused.value)}
