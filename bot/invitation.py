"""How the bot comes onto a server: the permissions it needs there, and the link that asks for exactly those.
Never here: what moderators allow members."""

from __future__ import annotations

from typing import Final

import discord

NEEDED: Final = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)
SCOPES: Final = ("bot", "applications.commands")


def invite_link(application_id: int) -> str:
    """The address at which somebody who manages a server lets the bot in."""
    return discord.utils.oauth_url(application_id, permissions=NEEDED, scopes=SCOPES)


def missing(held: discord.Permissions) -> list[str]:
    """Name what is missing of the needed permissions, as Discord's settings call it."""
    lacking = NEEDED.value & ~held.value
    if held.administrator:
        return []
    return [name.replace("_", " ").title() for name, needed in discord.Permissions(lacking) if needed]
