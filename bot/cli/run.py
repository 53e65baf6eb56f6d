"""`easel run`: the bot itself.
Never here: what keeps it running (`bot.app`)."""

from __future__ import annotations

import os

from bot.cli.ending import carry_out, tell


def command() -> None:
    """Run the bot, with the settings of the environment, `.env` or a secrets directory."""
    from bot import app, config  # noqa: PLC0415 - `easel --help` should not wait for discord.py

    async def work() -> None:
        settings = config.load()
        for sentence in config.unknown_names(os.environ):
            tell(sentence, warning=True)
        await app.run(settings)

    carry_out(work())
