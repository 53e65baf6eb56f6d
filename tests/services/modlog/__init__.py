"""What moderators are told: the tests of `bot.services.modlog`.
Never here: what is shared with other rooms; that stands beside this folder."""
