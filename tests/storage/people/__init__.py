"""Rows of people: the tests of `bot.storage.people`.
Never here: what is shared with other rooms; that stands beside this folder."""
