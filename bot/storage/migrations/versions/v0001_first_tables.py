"""The first tables: jobs with their actions and deliveries, the ledger, and small facts of the deployment.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _partial(name: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, "jobs", columns, unique=unique, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "jobs",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("token_until", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("message_at", sa.BigInteger(), nullable=True),
        sa.Column("upload_limit", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("press_custom_id", sa.Text(), nullable=True),
        sa.Column("press_label", sa.Text(), nullable=True),
        sa.Column("press_parent_task", sa.Text(), nullable=True),
        sa.Column("press_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("press_message_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("webhook_token", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=True),
        sa.Column("discord_url", sa.Text(), nullable=True),
        sa.Column("storage_key", sa.Text(), nullable=True),
        sa.Column("result_text", sa.Text(), nullable=True),
        sa.Column("failure_kind", sa.Text(), nullable=True),
        sa.Column("failure_words", sa.Text(), nullable=True),
        sa.Column("hold", sa.Text(), nullable=True),
        sa.Column("unwanted", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("route", sa.Text(), nullable=True),
        sa.Column("posting_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("running_limit", sa.Integer(), nullable=True),
        sa.Column("touched", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="jobs_pkey"),
        sa.UniqueConstraint("interaction_id", name="jobs_interaction_id_key"),
        sa.UniqueConstraint("webhook_token", name="jobs_webhook_token_key"),
        postgresql_with={"fillfactor": 70},
    )
    _partial("jobs_child", ["parent", "position", "created_at"], "parent IS NOT NULL")
    _partial(
        "jobs_live_child",
        ["parent", "position"],
        "state IN ('queued', 'submitting', 'unclear', 'submitted', 'running')",
        unique=True,
    )
    _partial(
        "jobs_member",
        ["user_id", "guild_id", "pool"],
        "state IN ('queued', 'submitting', 'unclear', 'submitted', 'running')",
    )
    _partial(
        "jobs_lost",
        ["account", "pool", "sent_at"],
        "state = 'failed' AND failure_kind = 'lost' AND task_id IS NULL",
    )
    _partial("jobs_open", ["due_at"], "state <> 'queued' AND delivered_at IS NULL")
    _partial("jobs_owner", ["owner"], "owner IS NOT NULL")
    _partial(
        "jobs_queue",
        ["account", "pool", "due_at", "created_at", "key", "user_id", "guild_id", "running_limit"],
        "state = 'queued'",
    )
    _partial("jobs_task", ["account", "task_id"], "task_id IS NOT NULL", unique=True)
    _partial(
        "jobs_upstream",
        ["account", "pool", "user_id", "guild_id"],
        "state IN ('submitting', 'unclear', 'submitted', 'running')",
    )
    _partial(
        "jobs_watched",
        ["finished_at"],
        "state = 'failed' AND failure_kind = 'timed_out' AND delivered_at IS NOT NULL AND task_id IS NOT NULL",
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="ledger_pkey"),
        sa.UniqueConstraint("job_key", "kind", name="ledger_job_key_kind_key"),
    )
    op.create_index("ledger_member", "ledger", ["user_id", "guild_id", "pool", "spent_at"])
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="meta_pkey"),
    )
    op.create_table(
        "actions",
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("custom_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("emoji", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_key"], ["jobs.key"], name="actions_job_key_fkey", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_key", "position", name="actions_pkey"),
    )
    op.create_table(
        "deliveries",
        sa.Column("job_key", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_key"], ["jobs.key"], name="deliveries_job_key_fkey", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_key", "at", name="deliveries_pkey"),
    )
