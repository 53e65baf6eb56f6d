"""Rows of servers: the tests of `bot.storage.servers`.
Never here: what is shared with other rooms; that stands beside this folder."""
