"""What a job costs in the image service's credits, written into the books when it begins; unknown for what began before.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("ledger", sa.Column("credits", sa.BigInteger()))
