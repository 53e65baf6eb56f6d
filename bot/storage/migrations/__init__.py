"""Alembic's home: its environment and the versions, shipped inside the package.
Never here: when they run (that is `bot.storage.schema`)."""
