"""What the page about backups tells people to do is done here, word for word, while the database is being written.
Never here: PostgreSQL's own tools."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.architecture.ground import ROOT

PAGE = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")


def commands() -> str:
    """The page's first block of commands."""
    match = re.search(r"```sh\n(.+?)```", PAGE, re.DOTALL)
    assert match is not None
    return match[1]


def jobs(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        (count,) = database.execute("SELECT count(*) FROM jobs").fetchone()
    return int(count)


def test_the_copy_of_the_page_holds_what_was_just_written_and_a_plain_copy_does_not(tmp_path: Path) -> None:
    live = tmp_path / "easel.db"
    migrated = subprocess.run(  # our own program
        [sys.executable, "-m", "bot", "migrate"],
        cwd=ROOT,
        env={**os.environ, "EASEL_DATABASE": f"sqlite+aiosqlite:///{live}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert migrated.returncode == 0, migrated.stderr
    with closing(sqlite3.connect(live)) as bot:
        bot.execute("PRAGMA journal_mode=WAL")
        bot.execute("PRAGMA wal_autocheckpoint=0")
        bot.execute("INSERT INTO meta (key, value) VALUES ('lately', 'written')")
        bot.commit()
        plain = Path(shutil.copy(live, tmp_path / "plain.db"))

        said = subprocess.run(  # noqa: S603  # the page's own words
            ["/bin/sh", "-euc", commands()],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    assert said.stdout.strip() == "ok 0 jobs"
    told = "SELECT value FROM meta WHERE key = 'lately'"
    with closing(sqlite3.connect(tmp_path / "easel-backup.db")) as copy:
        assert copy.execute(told).fetchone() == ("written",)
    with closing(sqlite3.connect(plain)) as copy:
        assert copy.execute(told).fetchone() is None
    assert jobs(tmp_path / "easel-backup.db") == 0
