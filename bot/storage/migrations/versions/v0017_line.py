"""The line of those who wait, as turns that are kept: by job, by server and by lane, each with its index.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

QUEUED = "state = 'queued'"
LIVE = "state IN ('queued', 'submitting', 'unclear', 'submitted', 'running')"
PUT_OFF = "state = 'queued' AND put_off = TRUE"
CALLED = "called_at IS NOT NULL"
WAITS = "waits"


def upgrade() -> None:
    """Add columns, tables and indexes. Whoever waits is put into line by the first claim, in the order in which they came."""
    op.add_column("jobs", sa.Column("party", sa.BigInteger()))
    op.add_column("jobs", sa.Column("turn", sa.BigInteger()))
    op.add_column("jobs", sa.Column("put_off", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.drop_index("jobs_queue", "jobs")
    _index("jobs_line", "jobs", QUEUED, "account", "pool", "put_off", "party", "turn", "created_at", "key")
    _index("jobs_turn", "jobs", LIVE, "account", "pool", "party", "user_id", "turn")
    _index("jobs_put_off", "jobs", PUT_OFF, "due_at")
    op.create_table(
        "queue_lanes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("account", "pool", name="queue_lanes_pkey"),
        postgresql_with={"fillfactor": 50},
    )
    _index("queue_lanes_called", "queue_lanes", CALLED, "called_at")
    op.create_table(
        "queue_parties",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("own_clock", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "pool", "party", name="queue_parties_pkey"),
        postgresql_with={"fillfactor": 50},
    )
    _index("queue_parties_line", "queue_parties", WAITS, "account", "pool", "turn", "since", "party")


def _index(name: str, table: str, where: str, *columns: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=condition, postgresql_where=condition)
