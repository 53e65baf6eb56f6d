"""Preferences are stored whole, for every server, and are gone when they are to be forgotten.
Never here: what a preference does."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from bot.domain.people import OptionSet, Preferences
from bot.domain.pools import Pool
from bot.errors import StorageTrouble, UserError
from bot.storage.people_tables import preferences
from bot.texts import text
from tests.storage.making import NOON

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bot.storage import Storage
    from tests.storage.conftest import Opener

ADA, BOB = 2**62 + 10, 11
FULL = Preferences(
    pool=Pool.FAST,
    aspect="16:9",
    version="niji 6",
    suffix="in ink 裸",
    sets=(OptionSet("a", "--tile"), OptionSet("b", "--no text")),
    copies=True,
    copies_refused=True,
    language="de",
)


async def test_what_somebody_prefers_is_read_in_every_process(storage: Storage, another: Opener) -> None:
    assert await storage.people.preferences(ADA) == Preferences()

    written = await storage.people.change(ADA, lambda _: FULL, at=NOON)
    again = await storage.people.change(ADA, lambda p: replace(p, aspect=None), at=NOON + 1)

    assert written == FULL
    assert await (await another()).people.preferences(ADA) == again == replace(FULL, aspect=None)
    assert await storage.people.preferences(BOB) == Preferences()


async def test_changes_at_the_same_time_are_all_kept(storage: Storage, another: Opener) -> None:
    second = await another()

    await asyncio.gather(
        *(
            (storage, second)[n % 2].people.change(ADA, lambda p, n=n: p.with_set(f"s{n}", "--tile"), at=NOON)  # type: ignore[misc]  # n is bound
            for n in range(6)
        )
    )

    assert [one.name for one in (await storage.people.preferences(ADA)).sets] == [f"s{n}" for n in range(6)]


async def test_a_refused_change_writes_nothing(storage: Storage) -> None:
    def refuse(_: Preferences) -> Preferences:
        raise UserError(text("prefer.set_empty"))

    with pytest.raises(UserError):
        await storage.people.change(ADA, refuse, at=NOON)

    assert await storage.people.preferences(ADA) == Preferences()


async def test_languages_are_read_of_those_who_chose_one(storage: Storage) -> None:
    await storage.people.change(ADA, lambda p: replace(p, language="de"), at=NOON)
    await storage.people.change(BOB, lambda p: replace(p, aspect="1:1"), at=NOON)
    assert await storage.people.languages() == {ADA: "de"}

    await storage.people.change(ADA, lambda p: replace(p, language=None), at=NOON)
    await storage.people.change(ADA, lambda p: p, at=NOON)

    assert await storage.people.languages() == {}


async def test_a_person_is_forgotten_and_others_are_not(storage: Storage) -> None:
    await storage.people.change(ADA, lambda _: FULL, at=NOON)
    await storage.people.change(BOB, lambda _: FULL, at=NOON)

    await storage.people.forget(ADA)
    await storage.people.forget(ADA)

    assert await storage.people.preferences(ADA) == Preferences()
    assert await storage.people.preferences(BOB) == FULL


async def test_a_row_that_cannot_be_read_is_trouble_and_not_told(storage: Storage) -> None:
    await storage.people.change(ADA, lambda _: FULL, at=NOON)
    await storage.database.write(
        lambda cn: cn.execute(update(preferences).values(content='{"aspect": ["secret"]}'))
    )

    with pytest.raises(StorageTrouble) as trouble:
        await storage.people.preferences(ADA)

    assert "secret" not in str(trouble.value)


async def test_what_another_version_wrote_of_a_person_outlives_a_change(storage: Storage) -> None:
    await storage.people.change(ADA, lambda _: FULL, at=NOON)

    def rewrite(connection: Connection) -> None:
        stored = json.loads(connection.execute(select(preferences.c.content)).scalar_one())
        del stored["remix"]
        connection.execute(update(preferences).values(content=json.dumps(stored | {"theme": "dark"})))

    await storage.database.write(rewrite)

    changed = await storage.people.change(ADA, lambda p: replace(p, aspect="1:1"), at=NOON)

    stored = await storage.database.read(lambda cn: cn.execute(select(preferences.c.content)).scalar_one())
    assert json.loads(stored)["theme"] == "dark"
    assert changed == replace(FULL, aspect="1:1")
