"""What moderators decide: the tests of `bot.services.servers`.
Never here: what is shared with other rooms; that stands beside this folder."""
