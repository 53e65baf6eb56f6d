"""Easel's commands, one feature a file; loaded by name, never imported by `bot`."""
