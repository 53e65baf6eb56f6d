"""What the bot's owner decides of servers: the question, its buttons, `/ops servers`."""
