"""What a server allows: the tests of `bot.domain.servers`.
Never here: what is shared with other rooms; that stands beside this folder."""
