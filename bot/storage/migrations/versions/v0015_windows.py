"""What a press asked its window for: other words, or how far to zoom out.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns; the presses of before asked for neither."""
    op.add_column("jobs", sa.Column("press_remix", sa.Boolean(), nullable=True))
    op.add_column("jobs", sa.Column("press_zoom", sa.Text(), nullable=True))
