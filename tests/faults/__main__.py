"""`python -m tests.faults`: make every trial, in process and on the wire, and print the table of what became of each.
Never here: the trials themselves."""

from __future__ import annotations

import sys

import pytest

from tests.faults.report import folder

if __name__ == "__main__":
    status = pytest.main(["-q", "-p", "no:randomly", "tests/faults", "tests/wire", *sys.argv[1:]])
    sys.stdout.write((folder() / "faults.md").read_text())
    sys.exit(int(status))
