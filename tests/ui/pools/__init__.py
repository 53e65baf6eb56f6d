"""Pools, prices and keys: the tests of `bot.ui.pools`.
Never here: what is shared with other rooms; that stands beside this folder."""
