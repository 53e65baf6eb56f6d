"""Addresses of PostgreSQL as managed databases hand them out, with libpq's parameters.
Never here: TLS itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import make_url

from bot.setting_types import spelled_database
from bot.storage import migrate, open_storage
from bot.storage.database import _as_asyncpg_takes_it

if TYPE_CHECKING:
    from tests.fixtures.postgres import Server


@pytest.mark.parametrize(
    ("query", "left", "dsn"),
    [
        ("sslmode=require", "", "sslmode=require"),
        ("sslmode=require&channel_binding=require", "", "sslmode=require"),
        (
            "sslmode=verify-full&sslrootcert=/etc/ca.pem&connect_timeout=5",
            "",
            "sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        ),
        ("host=/run/postgresql", "host=/run/postgresql", ""),
        ("prepared_statement_cache_size=0", "prepared_statement_cache_size=0", ""),
        ("", "", ""),
    ],
)
def test_each_parameter_goes_where_it_is_understood(query: str, left: str, dsn: str) -> None:
    url = make_url(spelled_database(f"postgres://easel:pw@db.example:6543/easel?{query}"))

    rest, for_asyncpg = _as_asyncpg_takes_it(url)

    assert rest.render_as_string(hide_password=False).partition("?")[2].replace("%2F", "/") == left
    assert for_asyncpg == f"postgresql://?{dsn}"


@pytest.mark.postgres
async def test_such_an_address_connects(postgres_server: Server) -> None:
    url = postgres_server.url(await postgres_server.create())
    url += "&sslmode=prefer&channel_binding=prefer&connect_timeout=10&application_name=easel"

    await migrate(url)
    async with open_storage(url, migrate=False) as storage:
        await storage.check()
