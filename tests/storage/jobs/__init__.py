"""Rows of jobs, their line and their books: the tests of `bot.storage.jobs`.
Never here: what is shared with other rooms; that stands beside this folder."""
