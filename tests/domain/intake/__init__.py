"""Prompts and what goes along with them: the tests of `bot.domain.intake`.
Never here: what is shared with other rooms; that stands beside this folder."""
