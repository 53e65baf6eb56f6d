"""The log: what it shows and what it never shows."""
