"""Who is shown “thinking…” and has no words yet; and which tokens of interactions are still to be cleared.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and the indexes that small batches of tidying find their rows by."""
    op.create_table(
        "open_answers",
        sa.Column("interaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("token_until", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("interaction_id", name="open_answers_pkey"),
    )
    op.create_index("open_answers_lease", "open_answers", ["lease_until"])
    has_token = sa.text("token IS NOT NULL")
    op.create_index("jobs_token", "jobs", ["token_until"], sqlite_where=has_token, postgresql_where=has_token)
    has_ancestor = sa.text("ancestor IS NOT NULL")
    op.create_index(
        "jobs_heir", "jobs", ["ancestor"], sqlite_where=has_ancestor, postgresql_where=has_ancestor
    )
