"""Who is let in, for every operation and at every pace: the tests of `bot.services.admission`.
Never here: what is shared with other rooms; that stands beside this folder."""
