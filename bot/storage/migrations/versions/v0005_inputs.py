"""What jobs take along: pictures to blend, to describe and to start from, masks, and the form of a blend.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of inputs, and say in each job how many it has."""
    op.add_column("jobs", sa.Column("inputs", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("jobs", sa.Column("shape", sa.Text(), nullable=True))
    op.create_table(
        "inputs",
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_until", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["jobs.key"], name="inputs_job_key_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_key", "position", name="inputs_pkey"),
    )
