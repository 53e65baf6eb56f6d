"""What Alembic runs: the migrations, on the connection and inside the transaction that `bot.storage.schema` opened.
Never here: choosing a database, and autogeneration."""

from alembic import context

from bot.storage.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
