"""Interactions whose people were told that nothing began, so that no process that wakes late begins anything of theirs.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and the index by which old rows are forgotten."""
    op.create_table(
        "told_answers",
        sa.Column("interaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("interaction_id", name="told_answers_pkey"),
    )
    op.create_index("told_answers_at", "told_answers", ["at"])
