"""What every command and control uses: the tests of `bot.ui.kit`.
Never here: what is shared with other rooms; that stands beside this folder."""
