"""Servers as rows: settings, members as moderators mark them, own keys, what is kept for how long."""
