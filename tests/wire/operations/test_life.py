"""The program from its start on: the database made, the commands synced once, chains of depth four in both pools.
Never here: faults, and how it ends."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.faults.report import folder

if TYPE_CHECKING:
    from bot.sandbox.upstream import Call
    from tests.fakes.discord_wire import Message
    from tests.fakes.discord_world import User
    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire

PRESSED = ("U2", "Vary (Strong)", "U1", "Zoom Out 2x")
COMMANDS = r"/applications/\d+/commands"


@pytest.mark.timeout(400)
async def test_the_first_start_makes_the_database_and_tells_discord_the_commands_and_the_second_neither(
    house: Installation,
) -> None:
    first = await house.start(whole=True)
    made = house.database.exists()
    told = house.fake.calls("PUT", COMMANDS)
    assert await house.stop(first) == 0

    second = await house.start()
    assert await house.stop(second) == 0

    assert made
    assert [call.status for call in told] == [200]
    assert "imagine" in [command["name"] for command in house.fake.commands()]
    assert house.fake.calls("PUT", COMMANDS) == told
    assert "Running upgrade" not in second.output


async def test_a_start_with_other_commands_than_discord_was_told_last_tells_them_anew(
    house: Installation,
) -> None:
    await house.stop(await house.start())
    with closing(sqlite3.connect(house.database)) as older, older:
        changed = older.execute("UPDATE meta SET value = 'others' WHERE key = 'commands_synced'")
        assert changed.rowcount == 1

    await house.stop(await house.start())

    assert len(house.fake.calls("PUT", COMMANDS)) == 2


@pytest.mark.timeout(400)
async def test_a_chain_of_depth_four_stays_in_its_pool_and_presses_each_parents_own_button(
    house: Installation,
) -> None:
    running = await house.start()

    chains = await asyncio.gather(
        _chain(house, "NORMAL", house.fake.user), _chain(house, "FAST", house.fake.moderator)
    )

    requests = [call for call in house.upstream.calls if call.endpoint == "action"]
    written = []
    for pool, cards in zip(("NORMAL", "FAST"), chains, strict=True):
        sent = [call for call in requests if call.body["type"] == pool]
        tasks = [task for task in house.accepted if task.pool == pool]
        assert [task.parent for task in tasks] == [None, *(task.id for task in tasks[:-1])]
        assert [call.task_id for call in sent] == [task.id for task in tasks[1:]]
        for call, parent, label in zip(sent, tasks, PRESSED, strict=False):
            offered = house.upstream.view(parent.id)["actions"]
            (button,) = [action["customId"] for action in offered if action["label"] == label]
            wanted = {"model": "midjourney", "type": pool, "taskId": str(parent.id), "customId": button}
            assert call.body == wanted
        assert len({card.id for card in cards}) == len(sent) + 1 == 5
        written += [_page(pool, label, call) for label, call in zip(PRESSED, sent, strict=True)]
    assert len(house.accepted) == len(house.submissions) == 10
    (folder() / "chain-depth-4.txt").write_text("\n".join(written), encoding="utf-8")
    assert await house.stop(running) == 0


async def _chain(house: Installation, pool: str, user: User) -> list[Message]:
    cards = [await house.grid(f"a paper fox in {pool.lower()} light --v 7", pool=pool, user=user)]
    for label in PRESSED:
        pressed = await house.fake.press(cards[-1], label, user=user)
        cards.append(await house.card(pressed))
    return cards


def _page(pool: str, label: str, call: Call) -> str:
    """An action request as it was received."""
    body = json.dumps(dict(call.body), ensure_ascii=False, indent=1)
    return f"{pool}, {label} pressed\n{call.method} {call.path}\n{body}\n-> {call.outcome}\n"
