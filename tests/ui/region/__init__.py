"""The picker of regions: the tests of `bot.ui.region`.
Never here: what is shared with other rooms; that stands beside this folder."""
