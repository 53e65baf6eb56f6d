"""What the image server tells of its side of a job: its queue, the speed it ran at, its seed.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; nothing is known of older jobs."""
    op.add_column("jobs", sa.Column("server_ahead", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("ran_at", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("seed", sa.Text(), nullable=True))
