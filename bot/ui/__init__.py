"""The adapter to Discord: cards, buttons, modals, replies and the publisher.
Never here: decisions about jobs, HTTP to the image API, the database."""
