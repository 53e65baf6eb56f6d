"""What moderators see: the tests of `bot.ui.moderation`.
Never here: what is shared with other rooms; that stands beside this folder."""
