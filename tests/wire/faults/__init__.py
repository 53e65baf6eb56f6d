"""Upstream, Discord and their networks in trouble while programs run, and what people and watchers see of it.
Never here: deaths of programs (tests/wire/deaths)."""
