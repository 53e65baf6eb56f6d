"""What members look back at: the tests of `bot.services.history`.
Never here: what is shared with other rooms; that stands beside this folder."""
