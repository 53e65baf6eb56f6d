"""Whether a lane had a free place when it was looked at last: into a full one whoever comes calls nobody.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; an older version beside this one does not write it, and such lanes are found as its others are."""
    op.add_column(
        "queue_lanes", sa.Column("is_full", sa.Boolean(), nullable=False, server_default=sa.false())
    )
