"""The real program between the wire double of Discord and the simulated image API, all on loopback.
Never here: the two doubles themselves, and anything that runs the bot inside the test's own process."""
