"""A member of a server that is not let in asks hundreds of times: nothing begins, nothing is charged, the owner hears once.
Never here: how the question and its answer look (tests/cogs/test_servers.py)."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from bot.domain.inputs import Shape
from bot.domain.intake.prompts import PromptOptions
from bot.domain.pools import Pool
from bot.domain.prices import Charge
from bot.domain.tenancy import Access
from bot.services.accounts.owner_policy import OwnerTerms
from bot.services.accounts.owner_questions import AGAIN_MS, ASKING
from bot.storage.people_tables import drafts
from bot.storage.server_tables import audit, notices, strikes
from tests.services.harness import GUILD
from tests.services.intake.test_pictures import files
from tests.services.server_harness import ADA, refusal, set_rule

if TYPE_CHECKING:
    from bot.domain.tenancy import KnownServer
    from bot.services.admission.asker import Asker
    from bot.texts import Text
    from tests.services.harness import Harness

STRANGER = 666
TIMES = 400


class Mail:
    """The owner's direct messages."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.told: list[str] = []

    async def notify(self, words: Text, *, once: str) -> bool:
        self.told.append(f"{words.id} {once}")
        return True

    async def ask(self, server: KnownServer, *, again: bool) -> bool:
        assert not again
        self.asked.append(server.guild_id)
        return True


@pytest.fixture
async def mail(world: Harness) -> Mail:
    """An owner who lets nobody in but their own servers."""
    mail = Mail()
    world.more_ports["mail"] = mail
    world.more_terms["owner_terms"] = OwnerTerms(access=Access(mine=True, ids=frozenset({GUILD})))
    world.roster.open.add(STRANGER)
    await world.reboot()
    await comes(world)
    return mail


async def comes(world: Harness) -> None:
    """Discord tells of the server, as it does at each connection."""
    policy = world.services.owner_policy
    if not await policy.note(STRANGER, name="A stranger's", owner_id=6, owners=frozenset({1})):
        await world.services.owner_questions.ask(STRANGER)


def stranger(world: Harness) -> Asker:
    asker = world.asker(user=66)
    return replace(asker, reply=replace(asker.reply, guild_id=STRANGER), is_moderator=True)


async def everything_allowed(world: Harness) -> None:
    """What its moderators can do about it."""
    guilds = world.services.guilds
    for pool in (Pool.NORMAL, Pool.FAST):
        await set_rule(guilds, STRANGER, ADA, pool, STRANGER, per_day=None, running=None, waiting=None)
        await guilds.set_price(STRANGER, ADA, pool, Charge.IMAGINE, 0)
        await world.services.allowances.grant(
            STRANGER, ADA, 66, pool, units=1_000, reason="", expires_at=None
        )


async def count(world: Harness, table: object) -> int:
    query = select(func.count()).select_from(table)  # type: ignore[arg-type]  # a table
    return int(await world._opened.database.read(lambda cn: cn.execute(query).scalar_one()))


async def test_hundreds_of_commands_begin_nothing_and_the_owner_hears_once(
    world: Harness, mail: Mail
) -> None:
    await everything_allowed(world)
    heard: Counter[str] = Counter()
    rows = [await count(world, table) for table in (audit, notices, strikes, drafts)]
    for n in range(TIMES):
        if n % 100 == 99:  # the program is started anew, and Discord tells of the server again
            await world.reboot(after_ms=AGAIN_MS)
            await comes(world)
        pool = (Pool.NORMAL, Pool.FAST, None)[n % 3]
        prompt = PromptOptions(prompt=f"a fox number {n}")
        heard[(await refusal(world.services.imagine.begin(stranger(world), prompt, pool))).id] += 1
    several = [
        refusal(world.services.imagine.begin(stranger(world), PromptOptions(prompt="a fox"), Pool.FAST))
        for _ in range(50)
    ]
    heard.update(said.id for said in await asyncio.gather(*several))
    await world.pass_time(120)

    assert heard == {"refused.not_let_in": TIMES + 50}
    assert (await world.all_jobs(), await world.ledger(), world.upstream.tasks) == ([], [], [])
    assert [await count(world, table) for table in (audit, notices, strikes, drafts)] == rows
    assert (mail.asked, mail.told) == ([STRANGER], [])


async def test_a_server_that_another_process_shuts_out_begins_nothing_from_that_moment(
    world: Harness, mail: Mail
) -> None:
    await world.services.owner_policy.let_in(STRANGER, by=1)
    began = await world.services.imagine.begin(stranger(world), PromptOptions(prompt="a fox"), Pool.FAST)
    await world._opened.tenants.shut_out(STRANGER, at=world.clock.now())

    again = world.services.imagine.begin(stranger(world), PromptOptions(prompt="a wolf"), Pool.FAST)

    assert (await refusal(again)).id == "refused.not_let_in"
    assert [job.key for job in await world.all_jobs()] == [began.job.key]
    assert mail.told == []


async def test_no_other_way_in_is_open_either(world: Harness, mail: Mail) -> None:
    await everything_allowed(world)
    s, given = world.services, files(4)
    ways = {
        "describe": s.describing.begin(stranger(world), given[0], pool=Pool.FAST),
        "blend": s.blending.begin(stranger(world), given[1:3], shape=Shape.SQUARE, pool=Pool.FAST),
        "shorten": s.shortening.begin(stranger(world), "a long prompt", pool=Pool.FAST),
        "prompt with a picture": s.imagine.begin(
            stranger(world), PromptOptions(prompt="a fox"), Pool.FAST, given=given[3:]
        ),
        "batch": s.batches.offer(stranger(world), PromptOptions(prompt="a {red, blue} fox"), Pool.FAST, None),
    }

    said = {name: (await refusal(way)).id for name, way in ways.items()}

    assert said.pop("shorten") in {"refused.not_let_in", "shorten.not_here"}
    assert set(said.values()) == {"refused.not_let_in"}
    assert (await world.all_jobs(), await world.ledger(), world.upstream.tasks) == ([], [], [])
    assert (world.upstream.left, [one.read_times for one in given]) == ([], [0] * 4)
    assert mail.asked == [STRANGER]


async def test_meanwhile_another_server_works_as_ever(world: Harness, mail: Mail) -> None:
    await everything_allowed(world)
    quiet = await world.imagine(user=1)
    for _ in range(20):
        await refusal(world.services.imagine.begin(stranger(world), PromptOptions(prompt="a fox"), Pool.FAST))

    assert (await world.ended(quiet)).home == GUILD
    assert {job.home for job in await world.all_jobs()} == {GUILD}
    assert mail.asked == [STRANGER]


async def test_what_another_process_has_asked_meanwhile_is_not_asked_again(
    world: Harness, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = world.services.owner_questions
    store = questions.policy.store
    find = store.find
    await questions.policy.note(STRANGER + 1, name="Another", owner_id=6, owners=frozenset({1}))

    async def find_slowly(guild_id: int) -> KnownServer | None:
        monkeypatch.setattr(store, "find", find)
        found = await find(guild_id)
        await questions.ask(guild_id)
        return found

    monkeypatch.setattr(store, "find", find_slowly)
    await questions.ask(STRANGER + 1)

    assert mail.asked == [STRANGER, STRANGER + 1]
    assert await questions.memory.get(ASKING) == "{}"


async def test_servers_that_come_at_once_are_each_asked_about_once(world: Harness, mail: Mail) -> None:
    policy, questions = world.services.owner_policy, world.services.owner_questions
    newcomers = [STRANGER + n for n in range(1, 5)]
    for guild_id in newcomers:
        await policy.note(guild_id, name="Another", owner_id=6, owners=frozenset({1}))

    await asyncio.gather(*(questions.ask(guild_id) for guild_id in newcomers * 2))
    await questions.resume()

    assert sorted(mail.asked) == [STRANGER, *newcomers]
    assert await questions.memory.get(ASKING) == "{}"


async def test_processes_that_start_at_once_agree_since_when_servers_are_noted(world: Harness) -> None:
    policy = world.services.owner_policy
    tick = itertools.count(world.clock.now(), 1_000)
    policy.clock = SimpleNamespace(now=lambda: next(tick))  # each has a clock of its own

    assert len(set(await asyncio.gather(*(policy.since() for _ in range(3))))) == 1
