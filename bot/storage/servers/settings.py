"""Servers' settings as rows of sections: read whole, changed under a lock with the audit's line, taken back.
Never here: what the settings mean, and caches."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import false, insert, or_, select, update

from bot.domain.servers.guilds import SECTIONS, Actor, AuditEntry, Changed, GuildSettings, differing
from bot.domain.servers.moderation import Match
from bot.errors import StorageTrouble
from bot.storage.database import lock, plain
from bot.storage.errors import BROKEN
from bot.storage.jobs.decided import revision_of
from bot.storage.server_tables import audit, guild_sections, guilds
from bot.storage.servers.differences import difference, shown, taken_back
from bot.storage.unknown_fields import with_unknown

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence

    from sqlalchemy import Row
    from sqlalchemy.engine import Connection

    from bot.domain.servers.moderation import WordRule
    from bot.storage.database import Database

SETTINGS: Final = "settings"
UNDO: Final = "undo"
LOOK_BACK: Final = 100
"""Changes that may have come between a window's opening and its sending."""
LOOKS: Final = 5
"""So often settings and history are read until nobody changed anything between."""
IDENTITY: Final[Mapping[str, tuple[str, ...]]] = {
    "rules": ("pool", "role_id"),
    "totals": ("pool",),
    "prices": ("pool", "charge"),
    "media": ("target_id", "treatment"),
    "words": ("match", "pattern"),
    "pauses": ("pool",),
    "additions": ("target_id",),
    "limits": ("target_id", "key"),
    "kinds": ("target_id", "charge"),
}
"""By what an entry of a list is the same after a change: what other versions know of it stays with it."""


@cache
def _codec() -> TypeAdapter[GuildSettings]:
    """Built when the first row is read: it takes as long as importing a small library."""
    return TypeAdapter(GuildSettings)


class SqlSettingsStore:
    """The `SettingsStore` of bot.domain.servers.guild_ports, on SQLite and PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settings(self, guild_id: int) -> GuildSettings:
        """See the port."""
        return await self._database.read(lambda cn: _load(cn, guild_id))

    async def expressions(self, *, limit: int) -> AsyncGenerator[Sequence[WordRule], None]:
        """See the port. A server whose rows cannot be read is told of wherever its settings are."""
        s = guild_sections.c
        words = s.section == "words"
        some = select(s.guild_id).where(words, s.content.contains(f'"{Match.REGEX}"')).limit(limit)
        for guild_id in await self._database.read(lambda cn: cn.execute(some).scalars().all()):
            one = select(s.content).where(s.guild_id == guild_id, words)
            content = await self._database.read(lambda cn, one=one: cn.execute(one).scalar_one_or_none())  # type: ignore[misc]  # a default binds it
            with suppress(StorageTrouble, ValueError):
                rules = _decoded(guild_id, 0, {"words": json.loads(content or "[]")}).words
                if found := [rule for rule in rules if rule.match is Match.REGEX]:
                    yield found

    async def at(self, guild_id: int, revision: int) -> GuildSettings | None:
        """See the port. Each revision is one line of the history, so the latest lines lead back to it."""

        def look(connection: Connection) -> GuildSettings | None:
            for _ in range(LOOKS):
                now = _load(connection, guild_id)
                found = _changes_since(connection, now, revision)
                if revision_of(connection, guild_id) == now.revision:
                    break
            else:
                return None
            if found is None:
                return None
            sections = _sections(now, SECTIONS)
            for row in found:
                sections |= taken_back(sections, json.loads(row.before), json.loads(row.after))
            return _decoded(guild_id, revision, sections)

        try:
            return await self._database.read(look)
        except (KeyError, TypeError, ValueError):  # lines of another version
            return None

    async def change(
        self,
        guild_id: int,
        change: Callable[[GuildSettings], GuildSettings],
        *,
        actor: Actor,
        at: int,
    ) -> Changed:
        """See the port."""

        def work(connection: Connection) -> Changed:
            before = _locked(connection, guild_id)
            after = change(before)
            names = differing(before, after)
            if not names:
                return Changed(before, before, None)
            stored = _stored(connection, guild_id)
            old, new = (_written(settings, names, stored) for settings in (before, after))
            after = _write(connection, before, new)
            lost, gained = difference(old, new)
            entry = record(
                connection, guild_id, actor=actor, at=at, action=SETTINGS, before=lost, after=gained
            )
            return Changed(before, after, entry)

        return await self._database.write(work)

    async def undo_last(
        self, guild_id: int, *, actor: Actor, at: int, entry_id: int | None = None
    ) -> AuditEntry | None:
        """See the port. Every later change was taken back before, so the sections are as the entry left them."""

        def work(connection: Connection) -> AuditEntry | None:
            settings = _locked(connection, guild_id)
            row = _last_change(connection, guild_id)
            if row is None or (entry_id is not None and row.id != entry_id):
                return None
            last = _read_entry(row)
            now = _written(settings, list(last.before), _stored(connection, guild_id))
            was = taken_back(now, json.loads(row.before), last.after)
            _write(connection, settings, was)
            lost, gained = difference(now, was)
            entry = record(
                connection,
                guild_id,
                actor=actor,
                at=at,
                action=UNDO,
                before=lost,
                after=gained,
                undoes=last.id,
            )
            connection.execute(update(audit).where(audit.c.id == last.id).values(undone_by=entry.id))
            return entry

        return await self._database.write(work)

    async def last_change(self, guild_id: int) -> AuditEntry | None:
        """See the port."""
        row = await self._database.read(lambda cn: _last_change(cn, guild_id))
        return None if row is None else _read_entry(row)

    async def changes(self, guild_id: int, sections: Collection[str], *, limit: int) -> Sequence[AuditEntry]:
        """See the port."""
        query = (
            select(audit)
            .where(
                audit.c.guild_id == guild_id,
                audit.c.action.in_((SETTINGS, UNDO)),
                or_(false(), *(audit.c.after.contains(f'"{name}":', autoescape=True) for name in sections)),
            )
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        found = await self._database.read(lambda cn: [_read_entry(row) for row in cn.execute(query)])
        # Parts of sections have names, too.
        return [entry for entry in found if not {*sections}.isdisjoint(entry.after)]

    async def audit(self, guild_id: int, *, before: int | None, limit: int) -> Sequence[AuditEntry]:
        """See the port."""
        query = select(audit).where(audit.c.guild_id == guild_id).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.id < before)
        return await self._database.read(lambda cn: [_read_entry(row) for row in cn.execute(query)])

    async def note(
        self,
        guild_id: int,
        *,
        actor: Actor,
        at: int,
        action: str,
        subject: int | None,
        details: Mapping[str, Any],
    ) -> AuditEntry:
        """See the port."""
        return await self._database.write(
            lambda cn: record(cn, guild_id, actor=actor, at=at, action=action, subject=subject, after=details)
        )


# -- sections --------------------------------------------------------------------------------------------


def ensure(connection: Connection, guild_id: int) -> None:
    """Hold a server's settings for this transaction, and make sure that it has a row."""
    lock(connection, f"guild/{guild_id}")
    known = select(guilds.c.guild_id).where(guilds.c.guild_id == guild_id)
    if connection.execute(known).one_or_none() is None:
        connection.execute(insert(guilds).values(guild_id=guild_id, revision=0))


def _locked(connection: Connection, guild_id: int) -> GuildSettings:
    ensure(connection, guild_id)
    return _load(connection, guild_id)


def _load(connection: Connection, guild_id: int) -> GuildSettings:
    """Read the revision, then the sections: if a change slips in between, the revision is the older, and a job that
    is decided by these settings is decided anew."""
    revision = revision_of(connection, guild_id)
    if not revision:
        return GuildSettings(guild_id=guild_id)
    return _decoded(guild_id, revision, _stored(connection, guild_id))


def _last_change(connection: Connection, guild_id: int) -> Row[Any] | None:
    """The line of the change that an undo takes back."""
    a = audit.c
    query = (
        select(audit)
        .where(a.guild_id == guild_id, a.action == SETTINGS, a.undone_by.is_(None))
        .order_by(a.id.desc())
        .limit(1)
    )
    return connection.execute(query).one_or_none()


def _changes_since(connection: Connection, now: GuildSettings, revision: int) -> Sequence[Row[Any]] | None:
    """The history's lines that lead back to a revision, the latest first; None: they are too many, or not all there."""
    behind = now.revision - revision
    if not 0 <= behind <= LOOK_BACK:
        return None
    a = audit.c
    lines = (
        select(audit)
        .where(a.guild_id == now.guild_id, a.action.in_((SETTINGS, UNDO)))
        .order_by(a.id.desc())
        .limit(behind)
    )
    found = connection.execute(lines).all()
    return found if len(found) == behind else None


def _stored(connection: Connection, guild_id: int) -> dict[str, Any]:
    """The sections as they are written, with what other versions know of them."""
    s = guild_sections.c
    found = connection.execute(select(s.section, s.content).where(s.guild_id == guild_id))
    return {row.section: json.loads(row.content) for row in found}


def _decoded(guild_id: int, revision: int, content: Mapping[str, Any]) -> GuildSettings:
    try:
        return _codec().validate_python({"guild_id": guild_id, "revision": revision, **content})
    except ValidationError:  # its words hold what a moderator typed
        raise StorageTrouble(BROKEN) from None


def _sections(settings: GuildSettings, names: Sequence[str]) -> dict[str, Any]:
    whole = _codec().dump_python(settings, mode="json")
    return {name: whole[name] for name in names}


def _written(settings: GuildSettings, names: Sequence[str], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The sections as they are to be written: what another version wrote into them stays."""
    known = _sections(settings, SECTIONS)
    return {
        name: with_unknown(stored.get(name), known.get(name, stored.get(name)), IDENTITY.get(name, ()))
        for name in names
    }


def _write(connection: Connection, before: GuildSettings, content: Mapping[str, Any]) -> GuildSettings:
    """Write sections over the old ones, under the next revision."""
    guild_id, revision = before.guild_id, before.revision + 1
    s = guild_sections.c
    for section, value in content.items():
        spelled = plain(json.dumps(value, ensure_ascii=False))
        mine = update(guild_sections).where(s.guild_id == guild_id, s.section == section)
        if not connection.execute(mine.values(content=spelled)).rowcount:
            connection.execute(
                insert(guild_sections).values(guild_id=guild_id, section=section, content=spelled)
            )
    connection.execute(update(guilds).where(guilds.c.guild_id == guild_id).values(revision=revision))
    kept = _sections(before, [name for name in SECTIONS if name not in content])
    return replace(_decoded(guild_id, revision, {**kept, **content}), revision=revision)


# -- the audit -------------------------------------------------------------------------------------------


def record(
    connection: Connection,
    guild_id: int,
    *,
    actor: Actor,
    at: int,
    action: str,
    subject: int | None = None,
    before: Mapping[str, Any] = MappingProxyType({}),
    after: Mapping[str, Any] = MappingProxyType({}),
    undoes: int | None = None,
) -> AuditEntry:
    """Write a line of the history."""
    was, now = (plain(json.dumps(dict(part), ensure_ascii=False)) for part in (before, after))
    number = connection.execute(
        insert(audit)
        .values(
            guild_id=guild_id,
            at=at,
            actor_id=actor.user_id,
            actor_name=plain(actor.name),
            action=action,
            subject=subject,
            before=was,
            after=now,
            undoes=undoes,
        )
        .returning(audit.c.id)
    ).scalar_one()
    size = len(was.encode()) + len(now.encode())
    return AuditEntry(number, guild_id, at, actor, action, subject, shown(before), after, undoes, size=size)


def _read_entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        guild_id=row.guild_id,
        at=row.at,
        actor=Actor(row.actor_id, row.actor_name),
        action=row.action,
        subject=row.subject,
        before=shown(json.loads(row.before)),
        after=json.loads(row.after),
        undoes=row.undoes,
        undone_by=row.undone_by,
        size=len(row.before.encode()) + len(row.after.encode()),
    )
