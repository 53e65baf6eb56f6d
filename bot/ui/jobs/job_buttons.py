"""Buttons of our own under a card: cancel, show, info, send, star, zoom, delete. Each checks who presses when it is pressed.
Never here: what they do to a job (services), and Edit prompt, which opens a window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from typing_extensions import override

from bot.domain.actions import zooms_of
from bot.domain.keys import KEY_PATTERN, JobKey
from bot.errors import UserError
from bot.services.admission.doors import Door
from bot.texts import text
from bot.ui.card.card_buttons import ZOOM
from bot.ui.imagine import remix, use_as_prompt
from bot.ui.jobs import try_again
from bot.ui.jobs.job_info import show_info
from bot.ui.jobs.lists import PageButton
from bot.ui.kit.buttons import own_button
from bot.ui.kit.links import card_link
from bot.ui.kit.moderators import actor_of
from bot.ui.kit.private import defer_ephemeral, localised, show_ephemeral, viewer_of
from bot.ui.kit.replies import AnyInteraction, answer_errors, client_of, listed, locale_of, tell

if TYPE_CHECKING:
    import re

    from bot.texts import Text

__all__ = ["OWN_DYNAMIC", "DropButton", "bring", "remix", "try_again", "use_as_prompt", "withdraw"]


@own_button("cancel")
async def withdraw(interaction: AnyInteraction, key: JobKey) -> None:
    """Withdraw a job as far as that is possible."""
    if await defer_ephemeral(interaction) is not None:
        services = client_of(interaction).services
        said = await services.jobs.cancel(viewer_of(interaction), key)
        await account_for(interaction, "cancel", key)
        await tell(interaction, said)


@own_button("show")
async def bring(interaction: AnyInteraction, key: JobKey) -> None:
    """Show a finished job to this person, with live buttons."""
    asker = await defer_ephemeral(interaction)
    if asker is not None:
        await client_of(interaction).services.redelivery.show(
            viewer_of(interaction), asker, key, public=False
        )


@own_button("info")
async def inform(interaction: AnyInteraction, key: JobKey) -> None:
    """Show all there is to know."""
    if await defer_ephemeral(interaction) is None:
        return
    await show_info(interaction, key)


@own_button("send")
async def send(interaction: AnyInteraction, key: JobKey) -> None:
    """Send the file to this person."""
    if await defer_ephemeral(interaction) is None:
        return
    services, viewer = client_of(interaction).services, viewer_of(interaction)
    job = await services.jobs.look(viewer, key, Door.SEND)
    said = await services.redelivery.send(
        viewer, key, locale=locale_of(interaction), link=card_link(job), nonce=str(interaction.id)
    )
    await tell(interaction, said)


@own_button("star")
async def star(interaction: AnyInteraction, key: JobKey) -> None:
    """Add it to this person's favourites, or take it away."""
    if await defer_ephemeral(interaction) is not None:
        favourites = client_of(interaction).services.favourites
        await tell(interaction, await favourites.toggle(viewer_of(interaction), key))


@own_button(ZOOM)
async def explain_zoom(interaction: AnyInteraction, key: JobKey) -> None:
    """Say what to press instead of Custom Zoom."""
    if await defer_ephemeral(interaction) is None:
        return
    job = await client_of(interaction).services.jobs.look(viewer_of(interaction), key, Door.ZOOM)
    names = [text("zoom.button", button=name) for name in zooms_of(job.actions)]
    if names:
        await tell(interaction, text("zoom.instead", buttons=listed(names)))
    else:
        await tell(interaction, text("zoom.none"))


# -- deleting takes two presses ----------------------------------------------------------------------------


@own_button("delete")
async def ask_to_delete(interaction: AnyInteraction, key: JobKey) -> None:
    """Ask before a card is deleted: the one above the button, or from a private copy the job's public one."""
    if await defer_ephemeral(interaction) is None:
        return
    job = await client_of(interaction).services.jobs.get_managed(viewer_of(interaction), key, Door.DELETE)
    message = interaction.message
    if message is not None and not message.flags.ephemeral:
        channel_id, message_id = message.channel.id, message.id
    elif job.reply.message_id is not None:
        channel_id, message_id = job.reply.channel_id, job.reply.message_id
    else:
        raise UserError(text("jobs.nothing_to_delete", key=key))
    button = DropButton.draw(
        key, channel_id, message_id, label=localised(interaction, text("button.delete_now"))
    )
    await show_ephemeral(interaction, _words(localised(interaction, text("jobs.delete_sure")), button))


class DropButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"easel-drop:(?P<key>{KEY_PATTERN}):(?P<channel>[0-9]{{1,20}}):(?P<message>[0-9]{{1,20}})",
):
    """The second press, which says which message it is about: a job's card may have several copies."""

    def __init__(self, item: discord.ui.Button[Any], key: JobKey, channel_id: int, message_id: int) -> None:
        super().__init__(item)
        self.key, self.channel_id, self.message_id = key, channel_id, message_id

    @classmethod
    def draw(cls, key: JobKey, channel_id: int, message_id: int, *, label: str) -> Self:
        """Make the button."""
        button: discord.ui.Button[Any] = discord.ui.Button(
            style=discord.ButtonStyle.danger,
            label=label,
            custom_id=f"easel-drop:{key}:{channel_id}:{message_id}",
        )
        return cls(button, key, channel_id, message_id)

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(
            cast("discord.ui.Button[Any]", item),
            JobKey(match["key"]),
            int(match["channel"]),
            int(match["message"]),
        )

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Delete it."""
        await answer_errors(interaction, partial(self._drop, interaction), reference=self.key)

    async def _drop(self, interaction: AnyInteraction) -> None:
        await interaction.response.defer()
        said: Text = await client_of(interaction).services.redelivery.take_down(
            viewer_of(interaction), self.key, channel_id=self.channel_id, message_id=self.message_id
        )
        await account_for(interaction, "delete_card", self.key)
        await show_ephemeral(interaction, _words(localised(interaction, said)))


async def account_for(interaction: AnyInteraction, action: str, key: JobKey) -> None:
    """Have the audit know what a moderator did to another member's job."""
    if viewer_of(interaction).manages:
        moderation = client_of(interaction).services.moderation
        await moderation.account_for_other(interaction.guild_id, actor_of(interaction), action, key)


def _words(words: str, *buttons: discord.ui.Item[Any]) -> discord.ui.LayoutView:
    """A sentence, perhaps with buttons."""
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(words))
    if buttons:
        view.add_item(discord.ui.ActionRow(*buttons))
    return view


OWN_DYNAMIC: Final = (PageButton, DropButton)
"""What the client registers besides the cards' own buttons."""
