"""The server in which a job's chain began, apart from where its card is.
Never here: names of the program. A migration is history, so it repeats what the program may change later.

`guild_id` was where the card is, and what everything was counted by; a press in a direct message counted nowhere. Now it is
the home of the chain, and `reply_guild_id` is where the card is."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and fill old rows from their roots."""
    op.add_column("jobs", sa.Column("reply_guild_id", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("home_channel_id", sa.BigInteger(), nullable=True))
    op.add_column("drafts", sa.Column("home_channel_id", sa.BigInteger(), nullable=True))
    # A card that went into a direct message kept its server's id; its channel is none of that server.
    op.execute("UPDATE jobs SET reply_guild_id = guild_id WHERE route IS NULL OR route <> 'direct'")
    # A server's children name it even if the root itself is gone, or began before its server was known.
    op.execute(
        "UPDATE jobs SET home_channel_id = (SELECT r.channel_id FROM jobs AS r WHERE r.key = jobs.root"
        " AND r.guild_id IS NOT NULL AND (r.route IS NULL OR r.route <> 'direct'))"
    )
    op.execute(
        "UPDATE jobs SET guild_id = (SELECT r.guild_id FROM jobs AS r WHERE r.key = jobs.root) WHERE key <> root"
        " AND (SELECT r.guild_id FROM jobs AS r WHERE r.key = jobs.root) IS NOT NULL"
    )
    # What was counted nowhere counts in the home, and is found and forgotten with it.
    op.execute(
        "UPDATE ledger SET guild_id = (SELECT j.guild_id FROM jobs AS j WHERE j.key = ledger.job_key)"
        " WHERE guild_id IS NULL"
    )
    op.execute(
        "UPDATE favourites SET guild_id = (SELECT j.guild_id FROM jobs AS j WHERE j.key = favourites.job_key)"
        " WHERE guild_id IS NULL"
    )
