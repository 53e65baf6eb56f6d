"""What was typed where a translation is sent; which words of a draft were given, and the job that it was made from.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("jobs", sa.Column("typed", sa.Text()))
    op.add_column("drafts", sa.Column("borrowed", sa.Text()))
    op.add_column("drafts", sa.Column("ancestor", sa.Text()))
