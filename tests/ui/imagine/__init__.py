"""What surrounds a prompt: the tests of `bot.ui.imagine`.
Never here: what is shared with other rooms; that stands beside this folder."""
