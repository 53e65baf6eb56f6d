"""Tests of the services, against a real SQLite file and a world of our own.
Never here: HTTP and Discord; those are in e2e and wire."""
