"""What a description is about: the name of its picture, as its member called it.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is kept of a job is found by it, too."""
    op.add_column("jobs", sa.Column("subject", sa.Text(), nullable=True))
    where = sa.text("(prompt <> '' OR subject IS NOT NULL)")
    op.drop_index("jobs_kept", table_name="jobs")
    op.create_index(
        "jobs_kept", "jobs", ["guild_id", "finished_at"], sqlite_where=where, postgresql_where=where
    )
