"""The adapter to the database: tables, migrations and the stores behind the ports.
Never here: decisions about jobs beyond what one transaction must guard."""

from bot.storage.jobs.archive import SqlJobArchive
from bot.storage.jobs.store import SqlJobStore
from bot.storage.meta import SqlMeta
from bot.storage.opening import Storage, migrate, open_storage

__all__ = ["SqlJobArchive", "SqlJobStore", "SqlMeta", "Storage", "migrate", "open_storage"]
