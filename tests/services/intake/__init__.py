"""What becomes a job, and what does not: the tests of `bot.services.intake`.
Never here: what is shared with other rooms; that stands beside this folder."""
