"""Programs that are killed, or told to stop, at any moment, and what becomes of what they had promised.
Never here: troubles of others that a program lives through (tests/wire/faults)."""
