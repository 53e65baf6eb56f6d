"""What the decision to accept a job rested on, looked at again in the transaction that inserts it.
Never here: the decision (that is the services' policy), and what is used up (that is `ledger`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, exists, or_, select

from bot.errors import SettingsChanged
from bot.storage.prepared import Prepared
from bot.storage.server_tables import blocks, guilds

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_CURRENT: Final = select(guilds.c.revision).where(guilds.c.guild_id == bindparam("guild_"))
_REVISION: Final = Prepared(_CURRENT)
_BLOCKED: Final = exists().where(
    blocks.c.guild_id == bindparam("guild_"),
    blocks.c.user_id == bindparam("user_"),
    or_(blocks.c.until.is_(None), blocks.c.until > bindparam("now_")),
)
_BOTH: Final = Prepared(select(_CURRENT.scalar_subquery(), _BLOCKED))


def revision_of(connection: Connection, guild_id: int) -> int:
    """Which revision of its settings a server has now."""
    return _REVISION.value(connection, {"guild_": guild_id}) or 0


def check(connection: Connection, guild_id: int, user_id: int, now: int, revision: int) -> None:
    """Raise `SettingsChanged` unless a server still has that revision and its member is not blocked."""
    asked = {"guild_": guild_id, "user_": user_id, "now_": now}
    ((current, blocked),) = _BOTH.rows(connection, asked)
    if blocked or (current or 0) != revision:
        raise SettingsChanged(str(guild_id))
