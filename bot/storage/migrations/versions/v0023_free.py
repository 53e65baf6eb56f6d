"""Indexes of the jobs that nobody holds, and of all that wait in a server: claims and commands pass over nobody else's rows.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make one index, and make another anew without its second condition."""
    free = sa.text("state <> 'queued' AND delivered_at IS NULL AND owner IS NULL")
    op.create_index("jobs_free", "jobs", ["due_at"], sqlite_where=free, postgresql_where=free)
    op.drop_index("jobs_waiting", "jobs")
    waiting = sa.text("state = 'queued'")
    op.create_index("jobs_waiting", "jobs", ["guild_id"], sqlite_where=waiting, postgresql_where=waiting)
