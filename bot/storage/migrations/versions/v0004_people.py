"""What belongs to people themselves: their preferences.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table of preferences, with an index of those who chose a language."""
    op.create_table(
        "preferences",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="preferences_pkey"),
    )
    speaks = sa.text("language IS NOT NULL")
    op.create_index(
        "preferences_language",
        "preferences",
        ["user_id", "language"],
        sqlite_where=speaks,
        postgresql_where=speaks,
    )
