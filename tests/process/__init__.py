"""Tests of what keeps one process alive and honest: supervision, starts, systemd, clock, health.
Never here: the commands around it."""
