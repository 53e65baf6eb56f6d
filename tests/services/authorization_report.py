"""`python -m tests.services.authorization_report`: walk all operations in all situations and write what was heard as a table.
Never here: what should be heard (test_authorization, test_further_ways)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path("artefacts/authorization.md")


def main() -> int:
    """Run the walk; fails if it does."""
    with tempfile.TemporaryDirectory() as folder:
        walks = [
            f"tests/services/admission/{name}.py" for name in ("test_authorization", "test_further_ways")
        ]
        asked = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-n", "0", *walks]
        done = subprocess.run(asked, env={**os.environ, "EASEL_OPERATIONS": folder}, check=False)  # noqa: S603 - our own tests
        if done.returncode:
            return done.returncode
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(table(Path(folder)), encoding="utf-8")
    return 0


def table(folder: Path) -> str:
    """The walk's notes, a line for each situation and a column for each operation."""
    seen = {
        note.stem.partition(" ")[2]: dict(line.split() for line in note.read_text().splitlines())
        for note in sorted(folder.iterdir())
    }
    operations = list(next(iter(seen.values())))
    lines = [
        "# Operations by situations",
        "",
        "What a person heard; `open` means that it happened. A refusal began nothing,",
    ]
    lines += [
        "sent nothing upstream and wrote nothing into the books. `python -m tests.services.authorization_report` writes this.",
        "",
    ]
    lines += ["| operation | " + " | ".join(seen) + " |", "|---" * (len(seen) + 1) + "|"]
    lines += [
        f"| {operation} | " + " | ".join(heard[operation] for heard in seen.values()) + " |"
        for operation in operations
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
