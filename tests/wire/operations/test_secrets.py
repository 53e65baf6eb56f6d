"""The log of a whole chain holds no token, no key, no webhook token and no prompt.
Never here: how the log hides them (tests/log)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.sandbox.upstream import Key
from tests.wire.installation import open_house

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wire

TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAw.Gabcde.this-is-the-token-of-a-bot-on-loopback"
KEY = "sk-AnOperatorsOwnKeyThatPaysForEverything"
PROMPT = "a very private heron in a bathtub"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("style", ["json", "console"])
async def test_the_log_of_a_whole_chain_holds_no_secret_and_no_prompt(tmp_path: Path, style: str) -> None:
    async with open_house(tmp_path, webhooks=True, token=TOKEN, keys={KEY: Key()}) as house:
        fake = house.fake
        running = await house.start(LOG_FORMAT=style, LOG_LEVEL="INFO")
        grid = await house.grid(PROMPT, pool="FAST")
        single = await house.card(await fake.press(grid, "U2"))
        await fake.press(grid, "U2")  # shown again
        await house.card(await fake.press(single, "Vary (Subtle)"))
        fake.fail_next("PATCH", r"/webhooks/.+", times=3)
        fake.fail_next("GET", r"/channels/.+", times=1)
        await house.card(await fake.press(grid, "V1"))
        await house.settled()
        with closing(sqlite3.connect(house.database)) as books:
            hooks = [row[0] for row in books.execute("SELECT webhook_token FROM jobs")]
        assert await house.stop(running) == 0

        secrets = {TOKEN, KEY, PROMPT, *hooks, *(one.token for one in fake.interactions)}
        assert len(hooks) == 4
        assert [secret for secret in secrets if secret in running.output] == []
        assert "job_delivered" in running.output
        if style == "json":
            assert all(json.loads(line)["event"] for line in running.output.splitlines())
