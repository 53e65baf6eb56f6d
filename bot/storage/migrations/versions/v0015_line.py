"""Each waiting job's turn, and counts of the queue by lane and turn, kept by triggers.
Never here: names of the program. A migration is history, so it repeats what the program may change later."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0011"
branch_labels = None
depends_on = None

QUEUED = "state = 'queued'"
UPSTREAM = "state IN ('submitting', 'unclear', 'submitted', 'running')"

SQLITE = (
    """
    CREATE TRIGGER jobs_line_came AFTER INSERT ON jobs WHEN (NEW.state = 'queued' OR NEW.state IN
    ('submitting', 'unclear', 'submitted', 'running')) BEGIN INSERT INTO job_lanes (account, pool,
    waiting, running, sent_at) VALUES (NEW.account, NEW.pool, +(CASE WHEN NEW.state = 'queued' THEN 1
    ELSE 0 END), +(CASE WHEN NEW.state IN ('submitting', 'unclear', 'submitted', 'running') THEN 1 ELSE
    0 END), COALESCE(NEW.sent_at, NEW.created_at)) ON CONFLICT (account, pool) DO UPDATE SET waiting =
    job_lanes.waiting + excluded.waiting, running = job_lanes.running + excluded.running, sent_at = CASE
    WHEN excluded.running > 0 THEN excluded.sent_at ELSE job_lanes.sent_at END; INSERT INTO job_turns
    (account, pool, turn, waiting) SELECT NEW.account, NEW.pool, NEW.turn, +1 WHERE NEW.turn > 0 ON
    CONFLICT (account, pool, turn) DO UPDATE SET waiting = job_turns.waiting + excluded.waiting; UPDATE
    jobs SET turn = CASE WHEN NEW.state = 'queued' THEN 64 ELSE 0 END WHERE key = NEW.key AND turn <>
    CASE WHEN NEW.state = 'queued' THEN 64 ELSE 0 END; UPDATE jobs SET turn = due.turn FROM (SELECT
    first.key, MIN(64, (SELECT COUNT(*) FROM jobs WHERE state IN ('submitting', 'unclear', 'submitted',
    'running') AND account = NEW.account AND pool = NEW.pool AND user_id = NEW.user_id) + ROW_NUMBER()
    OVER (ORDER BY created_at, key)) AS turn FROM (SELECT key, created_at FROM jobs WHERE state =
    'queued' AND account = NEW.account AND pool = NEW.pool AND user_id = NEW.user_id ORDER BY
    created_at, key LIMIT 65) AS first) AS due WHERE jobs.key = due.key AND jobs.turn <> due.turn; END
    """,
    """
    CREATE TRIGGER jobs_line_moved AFTER UPDATE OF state ON jobs WHEN (NEW.state = 'queued') <>
    (OLD.state = 'queued') OR (NEW.state IN ('submitting', 'unclear', 'submitted', 'running')) <>
    (OLD.state IN ('submitting', 'unclear', 'submitted', 'running')) BEGIN INSERT INTO job_lanes
    (account, pool, waiting, running, sent_at) VALUES (OLD.account, OLD.pool, -(CASE WHEN OLD.state =
    'queued' THEN 1 ELSE 0 END), -(CASE WHEN OLD.state IN ('submitting', 'unclear', 'submitted',
    'running') THEN 1 ELSE 0 END), COALESCE(OLD.sent_at, OLD.created_at)) ON CONFLICT (account, pool) DO
    UPDATE SET waiting = job_lanes.waiting + excluded.waiting, running = job_lanes.running +
    excluded.running, sent_at = CASE WHEN excluded.running > 0 THEN excluded.sent_at ELSE
    job_lanes.sent_at END; INSERT INTO job_lanes (account, pool, waiting, running, sent_at) VALUES
    (NEW.account, NEW.pool, +(CASE WHEN NEW.state = 'queued' THEN 1 ELSE 0 END), +(CASE WHEN NEW.state
    IN ('submitting', 'unclear', 'submitted', 'running') THEN 1 ELSE 0 END), COALESCE(NEW.sent_at,
    NEW.created_at)) ON CONFLICT (account, pool) DO UPDATE SET waiting = job_lanes.waiting +
    excluded.waiting, running = job_lanes.running + excluded.running, sent_at = CASE WHEN
    excluded.running > 0 THEN excluded.sent_at ELSE job_lanes.sent_at END; UPDATE jobs SET turn = CASE
    WHEN NEW.state = 'queued' THEN 64 ELSE 0 END WHERE key = NEW.key AND turn <> CASE WHEN NEW.state =
    'queued' THEN 64 ELSE 0 END; UPDATE jobs SET turn = due.turn FROM (SELECT first.key, MIN(64, (SELECT
    COUNT(*) FROM jobs WHERE state IN ('submitting', 'unclear', 'submitted', 'running') AND account =
    NEW.account AND pool = NEW.pool AND user_id = NEW.user_id) + ROW_NUMBER() OVER (ORDER BY created_at,
    key)) AS turn FROM (SELECT key, created_at FROM jobs WHERE state = 'queued' AND account =
    NEW.account AND pool = NEW.pool AND user_id = NEW.user_id ORDER BY created_at, key LIMIT 65) AS
    first) AS due WHERE jobs.key = due.key AND jobs.turn <> due.turn; END
    """,
    """
    CREATE TRIGGER jobs_line_went AFTER DELETE ON jobs WHEN (OLD.state = 'queued' OR OLD.state IN
    ('submitting', 'unclear', 'submitted', 'running')) BEGIN INSERT INTO job_lanes (account, pool,
    waiting, running, sent_at) VALUES (OLD.account, OLD.pool, -(CASE WHEN OLD.state = 'queued' THEN 1
    ELSE 0 END), -(CASE WHEN OLD.state IN ('submitting', 'unclear', 'submitted', 'running') THEN 1 ELSE
    0 END), COALESCE(OLD.sent_at, OLD.created_at)) ON CONFLICT (account, pool) DO UPDATE SET waiting =
    job_lanes.waiting + excluded.waiting, running = job_lanes.running + excluded.running, sent_at = CASE
    WHEN excluded.running > 0 THEN excluded.sent_at ELSE job_lanes.sent_at END; INSERT INTO job_turns
    (account, pool, turn, waiting) SELECT OLD.account, OLD.pool, OLD.turn, -1 WHERE OLD.turn > 0 ON
    CONFLICT (account, pool, turn) DO UPDATE SET waiting = job_turns.waiting + excluded.waiting; UPDATE
    jobs SET turn = due.turn FROM (SELECT first.key, MIN(64, (SELECT COUNT(*) FROM jobs WHERE state IN
    ('submitting', 'unclear', 'submitted', 'running') AND account = OLD.account AND pool = OLD.pool AND
    user_id = OLD.user_id) + ROW_NUMBER() OVER (ORDER BY created_at, key)) AS turn FROM (SELECT key,
    created_at FROM jobs WHERE state = 'queued' AND account = OLD.account AND pool = OLD.pool AND
    user_id = OLD.user_id ORDER BY created_at, key LIMIT 65) AS first) AS due WHERE jobs.key = due.key
    AND jobs.turn <> due.turn; END
    """,
    """
    CREATE TRIGGER jobs_line_turned AFTER UPDATE OF turn ON jobs WHEN NEW.turn <> OLD.turn BEGIN INSERT
    INTO job_turns (account, pool, turn, waiting) SELECT OLD.account, OLD.pool, OLD.turn, -1 WHERE
    OLD.turn > 0 ON CONFLICT (account, pool, turn) DO UPDATE SET waiting = job_turns.waiting +
    excluded.waiting; INSERT INTO job_turns (account, pool, turn, waiting) SELECT NEW.account, NEW.pool,
    NEW.turn, +1 WHERE NEW.turn > 0 ON CONFLICT (account, pool, turn) DO UPDATE SET waiting =
    job_turns.waiting + excluded.waiting; END
    """,
)

POSTGRES = (
    """
    CREATE FUNCTION jobs_line_came() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO job_lanes
    (account, pool, waiting, running, sent_at) VALUES (NEW.account, NEW.pool, +(CASE WHEN NEW.state =
    'queued' THEN 1 ELSE 0 END), +(CASE WHEN NEW.state IN ('submitting', 'unclear', 'submitted',
    'running') THEN 1 ELSE 0 END), COALESCE(NEW.sent_at, NEW.created_at)) ON CONFLICT (account, pool) DO
    UPDATE SET waiting = job_lanes.waiting + excluded.waiting, running = job_lanes.running +
    excluded.running, sent_at = CASE WHEN excluded.running > 0 THEN excluded.sent_at ELSE
    job_lanes.sent_at END; INSERT INTO job_turns (account, pool, turn, waiting) SELECT NEW.account,
    NEW.pool, NEW.turn, +1 WHERE NEW.turn > 0 ON CONFLICT (account, pool, turn) DO UPDATE SET waiting =
    job_turns.waiting + excluded.waiting; UPDATE jobs SET turn = CASE WHEN NEW.state = 'queued' THEN 64
    ELSE 0 END WHERE key = NEW.key AND turn <> CASE WHEN NEW.state = 'queued' THEN 64 ELSE 0 END; UPDATE
    jobs SET turn = due.turn FROM (SELECT first.key, LEAST(64, (SELECT COUNT(*) FROM jobs WHERE state IN
    ('submitting', 'unclear', 'submitted', 'running') AND account = NEW.account AND pool = NEW.pool AND
    user_id = NEW.user_id) + ROW_NUMBER() OVER (ORDER BY created_at, key)) AS turn FROM (SELECT key,
    created_at FROM jobs WHERE state = 'queued' AND account = NEW.account AND pool = NEW.pool AND
    user_id = NEW.user_id ORDER BY created_at, key LIMIT 65) AS first) AS due WHERE jobs.key = due.key
    AND jobs.turn <> due.turn; RETURN NULL; END $$
    """,
    """
    CREATE FUNCTION jobs_line_moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO job_lanes
    (account, pool, waiting, running, sent_at) VALUES (OLD.account, OLD.pool, -(CASE WHEN OLD.state =
    'queued' THEN 1 ELSE 0 END), -(CASE WHEN OLD.state IN ('submitting', 'unclear', 'submitted',
    'running') THEN 1 ELSE 0 END), COALESCE(OLD.sent_at, OLD.created_at)) ON CONFLICT (account, pool) DO
    UPDATE SET waiting = job_lanes.waiting + excluded.waiting, running = job_lanes.running +
    excluded.running, sent_at = CASE WHEN excluded.running > 0 THEN excluded.sent_at ELSE
    job_lanes.sent_at END; INSERT INTO job_lanes (account, pool, waiting, running, sent_at) VALUES
    (NEW.account, NEW.pool, +(CASE WHEN NEW.state = 'queued' THEN 1 ELSE 0 END), +(CASE WHEN NEW.state
    IN ('submitting', 'unclear', 'submitted', 'running') THEN 1 ELSE 0 END), COALESCE(NEW.sent_at,
    NEW.created_at)) ON CONFLICT (account, pool) DO UPDATE SET waiting = job_lanes.waiting +
    excluded.waiting, running = job_lanes.running + excluded.running, sent_at = CASE WHEN
    excluded.running > 0 THEN excluded.sent_at ELSE job_lanes.sent_at END; UPDATE jobs SET turn = CASE
    WHEN NEW.state = 'queued' THEN 64 ELSE 0 END WHERE key = NEW.key AND turn <> CASE WHEN NEW.state =
    'queued' THEN 64 ELSE 0 END; UPDATE jobs SET turn = due.turn FROM (SELECT first.key, LEAST(64,
    (SELECT COUNT(*) FROM jobs WHERE state IN ('submitting', 'unclear', 'submitted', 'running') AND
    account = NEW.account AND pool = NEW.pool AND user_id = NEW.user_id) + ROW_NUMBER() OVER (ORDER BY
    created_at, key)) AS turn FROM (SELECT key, created_at FROM jobs WHERE state = 'queued' AND account
    = NEW.account AND pool = NEW.pool AND user_id = NEW.user_id ORDER BY created_at, key LIMIT 65) AS
    first) AS due WHERE jobs.key = due.key AND jobs.turn <> due.turn; RETURN NULL; END $$
    """,
    """
    CREATE FUNCTION jobs_line_went() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO job_lanes
    (account, pool, waiting, running, sent_at) VALUES (OLD.account, OLD.pool, -(CASE WHEN OLD.state =
    'queued' THEN 1 ELSE 0 END), -(CASE WHEN OLD.state IN ('submitting', 'unclear', 'submitted',
    'running') THEN 1 ELSE 0 END), COALESCE(OLD.sent_at, OLD.created_at)) ON CONFLICT (account, pool) DO
    UPDATE SET waiting = job_lanes.waiting + excluded.waiting, running = job_lanes.running +
    excluded.running, sent_at = CASE WHEN excluded.running > 0 THEN excluded.sent_at ELSE
    job_lanes.sent_at END; INSERT INTO job_turns (account, pool, turn, waiting) SELECT OLD.account,
    OLD.pool, OLD.turn, -1 WHERE OLD.turn > 0 ON CONFLICT (account, pool, turn) DO UPDATE SET waiting =
    job_turns.waiting + excluded.waiting; UPDATE jobs SET turn = due.turn FROM (SELECT first.key,
    LEAST(64, (SELECT COUNT(*) FROM jobs WHERE state IN ('submitting', 'unclear', 'submitted',
    'running') AND account = OLD.account AND pool = OLD.pool AND user_id = OLD.user_id) + ROW_NUMBER()
    OVER (ORDER BY created_at, key)) AS turn FROM (SELECT key, created_at FROM jobs WHERE state =
    'queued' AND account = OLD.account AND pool = OLD.pool AND user_id = OLD.user_id ORDER BY
    created_at, key LIMIT 65) AS first) AS due WHERE jobs.key = due.key AND jobs.turn <> due.turn;
    RETURN NULL; END $$
    """,
    """
    CREATE FUNCTION jobs_line_turned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO
    job_turns (account, pool, turn, waiting) SELECT OLD.account, OLD.pool, OLD.turn, -1 WHERE OLD.turn >
    0 ON CONFLICT (account, pool, turn) DO UPDATE SET waiting = job_turns.waiting + excluded.waiting;
    INSERT INTO job_turns (account, pool, turn, waiting) SELECT NEW.account, NEW.pool, NEW.turn, +1
    WHERE NEW.turn > 0 ON CONFLICT (account, pool, turn) DO UPDATE SET waiting = job_turns.waiting +
    excluded.waiting; RETURN NULL; END $$
    """,
    """
    CREATE TRIGGER jobs_line_came AFTER INSERT ON jobs FOR EACH ROW WHEN ((NEW.state = 'queued' OR
    NEW.state IN ('submitting', 'unclear', 'submitted', 'running'))) EXECUTE FUNCTION jobs_line_came()
    """,
    """
    CREATE TRIGGER jobs_line_moved AFTER UPDATE OF state ON jobs FOR EACH ROW WHEN ((NEW.state =
    'queued') <> (OLD.state = 'queued') OR (NEW.state IN ('submitting', 'unclear', 'submitted',
    'running')) <> (OLD.state IN ('submitting', 'unclear', 'submitted', 'running'))) EXECUTE FUNCTION
    jobs_line_moved()
    """,
    """
    CREATE TRIGGER jobs_line_went AFTER DELETE ON jobs FOR EACH ROW WHEN ((OLD.state = 'queued' OR
    OLD.state IN ('submitting', 'unclear', 'submitted', 'running'))) EXECUTE FUNCTION jobs_line_went()
    """,
    """
    CREATE TRIGGER jobs_line_turned AFTER UPDATE OF turn ON jobs FOR EACH ROW WHEN (NEW.turn <>
    OLD.turn) EXECUTE FUNCTION jobs_line_turned()
    """,
)


def upgrade() -> None:
    """Make room, number and count what waits now, and let the database go on with it."""
    op.add_column("jobs", sa.Column("turn", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "job_lanes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "pool", name="job_lanes_pkey"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "job_turns",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "pool", "turn", name="job_turns_pkey"),
        postgresql_with={"fillfactor": 50},
    )
    fill()
    op.drop_index("jobs_queue", "jobs")
    line = ("account", "pool", "turn", "created_at", "key", "due_at", "user_id", "guild_id", "running_limit")
    index("jobs_line", "jobs", QUEUED, *line)
    index("jobs_queue", "jobs", QUEUED, "account", "pool", "due_at")
    index("jobs_put_off", "jobs", QUEUED, "due_at")
    index("jobs_turn", "jobs", QUEUED, "account", "pool", "user_id", "created_at", "key")
    index("job_lanes_waiting", "job_lanes", "waiting > 0", "running", "sent_at", "account", "pool")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(" ".join(statement.split()))


def index(name: str, table: str, where: str, *columns: str) -> None:
    """Create an index over some rows."""
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def fill() -> None:
    """Number and count what waits."""
    op.execute(
        "UPDATE jobs SET turn = CASE WHEN due.turn > 64 THEN 64 ELSE due.turn END FROM (SELECT w.key,"
        " ROW_NUMBER() OVER (PARTITION BY w.account, w.pool, w.user_id ORDER BY w.created_at, w.key)"
        f" + (SELECT COUNT(*) FROM jobs AS r WHERE r.{UPSTREAM} AND r.account = w.account"
        " AND r.pool = w.pool AND r.user_id = w.user_id) AS turn"
        f" FROM jobs AS w WHERE w.{QUEUED}) AS due WHERE jobs.key = due.key"
    )
    op.execute(
        "INSERT INTO job_lanes (account, pool, waiting, running, sent_at)"
        f" SELECT account, pool, SUM(CASE WHEN {QUEUED} THEN 1 ELSE 0 END),"
        f" SUM(CASE WHEN {UPSTREAM} THEN 1 ELSE 0 END), COALESCE(MAX(sent_at), MIN(created_at))"
        f" FROM jobs WHERE {QUEUED} OR {UPSTREAM} GROUP BY account, pool"
    )
    op.execute(
        "INSERT INTO job_turns (account, pool, turn, waiting)"
        " SELECT account, pool, turn, COUNT(*) FROM jobs WHERE turn > 0 GROUP BY account, pool, turn"
    )
