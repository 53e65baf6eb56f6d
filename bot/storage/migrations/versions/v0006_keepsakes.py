"""Small things kept for one person: refused prompts, favourites, copies owed.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables."""
    op.create_table(
        "drafts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=True),
        sa.Column("option_set", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="drafts_pkey"),
    )
    op.create_index("drafts_until", "drafts", ["until"])
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_key"], ["jobs.key"], name="favourites_job_key_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "job_key", name="favourites_pkey"),
    )
    op.create_index("favourites_page", "favourites", ["user_id", "guild_id", "at", "job_key"])
    op.create_index("favourites_job", "favourites", ["job_key"])
    op.create_table(
        "copies",
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["jobs.key"], name="copies_job_key_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_key", name="copies_pkey"),
    )
    op.create_index("copies_due", "copies", ["due_at"])
