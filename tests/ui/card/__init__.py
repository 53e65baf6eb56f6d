"""The card and its buttons: the tests of `bot.ui.card`.
Never here: what is shared with other rooms; that stands beside this folder."""
