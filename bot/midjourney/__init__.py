"""The adapter to the image API: its wire, its client, its pictures and its webhooks.
Never here: decisions about jobs, Discord, the database."""
