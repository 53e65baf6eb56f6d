"""A start that cannot be: one clear sentence, a non-zero exit, no traceback, no secret.
Never here: the sentences' wording beyond what an operator needs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest

from bot.sandbox.upstream import Fault
from tests.fixtures.ports import free_port
from tests.fixtures.times import PACES, QUESTIONS

if TYPE_CHECKING:
    from tests.wire.installation import Installation
    from tests.wire.program import Program

pytestmark = pytest.mark.wire

SECRETS: Final = ("fake.token.of-the-bot", "sk-sandbox")


async def _refused(begun: Program, *words: str, status: int = 78) -> None:
    """It ends by itself, says these words, and nothing that it should not; 78: only the owner can help, 75: time may."""
    code = await begun.ended(45)
    lines = [json.loads(line) for line in begun.output.splitlines() if line]
    told = [line["reason"] for line in lines if line["event"] == "not_started"]
    assert code == status, begun.tail
    assert len(told) == 1, begun.tail
    assert all(word in told[0] for word in words), told
    assert "Traceback" not in begun.output
    assert not any(secret in begun.output for secret in SECRETS)


async def test_missing_settings_are_named(house: Installation) -> None:
    await _refused(house.begin(DISCORD_TOKEN=""), "EASEL_DISCORD_TOKEN is not set")


async def test_a_wrong_setting_is_named(house: Installation) -> None:
    await _refused(house.begin(MAX_RUNNING="many"), "EASEL_MAX_RUNNING")


async def test_a_wrong_token_is_named(house: Installation) -> None:
    await _refused(house.begin(DISCORD_TOKEN="another.token.altogether"), "EASEL_DISCORD_TOKEN")


async def test_a_discord_that_is_not_there_is_named(house: Installation) -> None:
    address = f"http://127.0.0.1:{free_port()}/api/v10"

    await _refused(house.begin(DISCORD_API=address), "Discord cannot be reached", status=75)


async def test_a_discord_that_forbids_everything_is_told(house: Installation) -> None:
    house.fake.fail_next("GET", "/users/@me", status=403, times=9)

    await _refused(house.begin(), "Discord", status=75)


@pytest.mark.parametrize("code", [4004, 4014])
async def test_a_gateway_that_will_not_have_us_ends_the_program_with_a_sentence_and_leases_returned(
    house: Installation, code: int
) -> None:
    house.times = PACES
    running = await house.start()
    house.upstream.pause()
    asked = await house.imagine("a paper fox")
    await house.says(asked, "Midjourney has it")

    await house.fake.drop(code=code)

    await _refused(running, "Discord")
    assert [row.owner for row in house.rows()] == [None]


async def test_a_damaged_database_asks_for_a_backup(house: Installation) -> None:
    await house.stop(await house.start())
    content = bytearray(house.database.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    await asyncio.to_thread(house.database.write_bytes, bytes(content))

    await _refused(house.begin(), "damaged", "backup")


async def test_a_read_only_database_asks_for_the_right_to_write(house: Installation) -> None:
    await house.stop(await house.start())

    begun = house.begin(DATABASE=f"sqlite+aiosqlite:///file:{house.database}?mode=ro&uri=true")

    await _refused(begun, "read-only")


async def test_the_token_of_another_application_is_named_with_what_to_do(house: Installation) -> None:
    await house.stop(await house.start())
    with closing(sqlite3.connect(house.database)) as database, database:
        ours, changed = (
            str(house.fake.application_id),
            "UPDATE meta SET value = '4711' WHERE key = 'application'",
        )
        assert database.execute("SELECT value FROM meta WHERE key = 'application'").fetchall() == [(ours,)]
        database.execute(changed)

    await _refused(house.begin(), "4711", "EASEL_DISCORD_TOKEN", f"easel servers application {ours}")


async def test_a_database_that_is_a_directory_says_so(house: Installation) -> None:
    await _refused(house.begin(DATABASE=f"sqlite+aiosqlite:///{house.folder}"), "cannot be opened")


async def test_a_taken_port_is_named(hooked: Installation) -> None:
    first = await hooked.start()

    await _refused(hooked.begin(), "EASEL_WEB_LISTEN", status=75)

    assert await hooked.stop(first) == 0


async def test_a_key_that_the_image_api_never_takes_ends_the_program(house: Installation) -> None:
    house.upstream.fault(Fault.BAD_KEY, times=None, endpoint="query-mj-tasks")
    house.times = QUESTIONS

    begun = house.begin()
    code = await begun.ended(60)

    assert code == 78, begun.tail
    assert "EASEL_OHMYGPT_KEY" in json.loads(begun.output.splitlines()[-1])["reason"]
    assert "Traceback" not in begun.output


async def test_a_database_of_a_newer_easel_is_left_to_its_owner(house: Installation) -> None:
    await house.stop(await house.start())
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute("UPDATE easel_version SET version_num = '9999'")

    await _refused(house.begin(), "newer Easel")


async def test_people_read_one_sentence_and_nothing_else(house: Installation) -> None:
    begun = house.begin(MAX_RUNNING="many", LOG_FORMAT="console")

    assert await begun.ended(45) == 78
    (line,) = begun.output.splitlines()
    assert line.startswith("EASEL_MAX_RUNNING is wrong")
