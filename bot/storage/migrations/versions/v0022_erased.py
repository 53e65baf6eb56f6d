"""Marks jobs whose words were erased, so that what is still on its way is emptied as it ends; a server's latest strikes.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, mark those whose requester's name was erased, and index strikes by server and time."""
    op.add_column("jobs", sa.Column("erased", sa.Text()))
    op.execute("UPDATE jobs SET erased = 'own' WHERE user_name = '—'")
    op.create_index("strikes_lately", "strikes", ["guild_id", "at"])
