"""Webhooks that are lost, doubled, late, forged, wrapped or about nothing: hints, and never more.
Never here: the receiver's own rules (tests/web)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bot.sandbox.upstream import Fault
from tests.faults.report import Row as Line
from tests.faults.report import record
from tests.fixtures.times import READ_SOON, READ_WHEN_HEARD
from tests.wire.installation import open_house

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.discord_wire import Message
    from tests.wire.installation import Installation

pytestmark = pytest.mark.wire

FORGED = "203.0.113.9"
FAULTS = (Fault.WEBHOOK_TWICE, Fault.WEBHOOK_REORDERED, Fault.WEBHOOK_FORGED, Fault.WEBHOOK_LOST)


@pytest.mark.timeout(400)
async def test_whatever_happens_to_webhooks_the_right_picture_comes_once(hooked: Installation) -> None:
    hooked.times = READ_SOON
    await hooked.start()

    for fault in FAULTS:
        planned = hooked.upstream.fault(fault, times=None)
        asked = await hooked.imagine(f"a fox for {fault}")
        card = await hooked.card(asked, within=40)
        row = await hooked.delivered(asked)
        hooked.upstream.lift()

        lost, twice = hooked.fate(row)
        record(Line("imagine: the picture, once", f"webhook: {fault.about}", 1, lost, twice))
        assert planned.hits
        assert (lost, twice) == (0, 0)
        _is_right(hooked, card, row.task_id)
    assert len(hooked.submissions) == len(hooked.accepted) == len(FAULTS)


async def test_a_wrapped_webhook_is_understood(tmp_path: Path) -> None:
    async with open_house(tmp_path, webhooks=True, times=READ_WHEN_HEARD, wrap_webhooks=True) as house:
        await house.start()
        asked = await house.imagine("a paper fox")
        card = await house.card(asked)

        _is_right(house, card, (await house.delivered(asked)).task_id)
        record(Line("imagine: the picture, once", "webhook: wrapped in an envelope", 1, 0, 0))


async def test_posts_about_nothing_and_posts_after_the_end_change_nothing(hooked: Installation) -> None:
    await hooked.start()
    asked = await hooked.imagine("a paper fox")
    card = await hooked.card(asked)
    await hooked.delivered(asked)
    await hooked.upstream.flush_webhooks()
    edits, calls = card.edits, len(hooked.upstream.calls)

    posts = hooked.upstream.webhooks_sent
    unknown = posts[-1][0].rpartition("/")[0] + "/" + "x" * 32
    async with aiohttp.ClientSession() as stranger:
        answers = []
        for url, body in [*posts, (unknown, posts[-1][1]), (unknown, {"status": "SUCCESS"})] * 3:
            async with stranger.post(url, json=body) as answer:
                answers.append((answer.status, await answer.read()))
        await asyncio.gather(*(_nonsense(stranger, posts[-1][0]) for _ in range(20)))
    await hooked.grid("another fox")

    assert set(answers) == {(204, b"")}
    assert card.edits == edits
    after = hooked.upstream.calls[calls:]
    assert [call.endpoint for call in after if call.body.get("taskId") == str(hooked.accepted[0].id)] == []
    record(Line("imagine: unchanged", "webhook: about nothing known, or after the end", 1, 0, 0))


async def _nonsense(stranger: aiohttp.ClientSession, url: str) -> None:
    async with stranger.post(url, data=b"{" * 1000) as answer:
        assert answer.status == 204


def _is_right(house: Installation, card: Message, task_id: str | None) -> None:
    """The card shows what the task truly has, and nothing that a stranger posted."""
    assert task_id is not None
    assert [button.label or button.emoji for button in card.buttons][:4] == ["U1", "U2", "U3", "U4"]
    assert len(card.shown) == 1
    assert FORGED not in card.text
    assert all(FORGED not in str(version.components) for version in card.versions)
    assert house.upstream.view(int(task_id))["status"] == "SUCCESS"
