"""Keys, accounts and the owner's policy: the tests of `bot.services.accounts`.
Never here: what is shared with other rooms; that stands beside this folder."""
