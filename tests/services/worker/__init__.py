"""What is done with a job until its picture is shown: the tests of `bot.services.worker`.
Never here: what is shared with other rooms; that stands beside this folder."""
