"""Servers' own keys, sealed, one row a generation.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, with at most one current key a server; and find a task's job whatever its account is called."""
    op.create_table(
        "own_keys",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("tested_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "generation", name="own_keys_pkey"),
    )
    current = sa.text("retired_at IS NULL")
    op.create_index(
        "own_keys_current",
        "own_keys",
        ["guild_id"],
        unique=True,
        sqlite_where=current,
        postgresql_where=current,
    )
    sent = sa.text("task_id IS NOT NULL")
    op.drop_index("jobs_task", table_name="jobs")
    op.create_index(
        "jobs_task", "jobs", ["task_id", "account"], unique=True, sqlite_where=sent, postgresql_where=sent
    )
