"""Stand-ins for the services that the bot talks to, speaking the real protocols on loopback.
Never here: mocks of library objects."""
