"""Measurements of the whole bot: `python -m tests.bench NAME` prints a table and keeps it as JSON.
Never here: verdicts of the test gate; nothing in the suite depends on how fast a machine is."""
