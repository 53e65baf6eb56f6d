"""Servers as the owner sees them, and what each drew on the owner's accounts.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; jobs that were booked before cost the owner's budget nothing."""
    op.create_table(
        "tenants",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("greeted_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("let_in_at", sa.BigInteger(), nullable=True),
        sa.Column("let_in_by", sa.BigInteger(), nullable=True),
        sa.Column("shut_at", sa.BigInteger(), nullable=True),
        sa.Column("ceiling", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", name="tenants_pkey"),
    )
    op.create_table(
        "budgets",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "day", name="budgets_pkey"),
    )
    op.add_column("ledger", sa.Column("budget", sa.Integer(), server_default=sa.text("0"), nullable=False))
    waiting = sa.text("state = 'queued' AND account NOT LIKE 'guild:%'")
    op.create_index("jobs_waiting", "jobs", ["guild_id"], sqlite_where=waiting, postgresql_where=waiting)
