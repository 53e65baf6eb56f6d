"""What members look back at: their jobs in the order of time, and from which job a prompt was remixed.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add an index for histories, and the three columns of an ancestor."""
    op.add_column("jobs", sa.Column("ancestor", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("ancestor_channel_id", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("ancestor_message_id", sa.BigInteger(), nullable=True))
    op.create_index("jobs_history", "jobs", ["user_id", "guild_id", "created_at", "key"])
