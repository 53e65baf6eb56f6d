"""An interaction's open answer: noted before “thinking…” is sent, closed when its handler ends, told late if nobody did.
Never here: the database, and what handlers say."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import discord

from bot.domain.jobs import TOKEN_LIFE_MS
from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.errors import RouteClosed
from bot.ui.kit.discord_errors import translated
from bot.ui.kit.escape import cut

if TYPE_CHECKING:
    from bot.i18n import Catalogues
    from bot.services.intake.open_answers import OpenAnswers
    from bot.texts import Text

NOT_DELIVERED: Final = "easel.untold"
"""In an interaction's extras: words were meant for this person and did not arrive."""
NOT_OURS: Final = "easel.not_ours"
"""In an interaction's extras: another handler answered it, of this process or of another; or nobody can any more."""
NOBODY: Final = discord.AllowedMentions.none()
LIMIT: Final = 2000


async def note(
    interaction: discord.Interaction[Any], answers: OpenAnswers, *, kind: AnswerKind, locale: str
) -> None:
    """Write that this interaction is about to be answered; raises `StorageTrouble` if that cannot be.

    It is closed when the task that handles it ends: by then there are words, or a job that brings them.
    """
    created = int(interaction.created_at.timestamp() * 1000)
    await answers.open(
        OpenAnswer(
            interaction_id=interaction.id,
            application_id=interaction.application_id,
            token=interaction.token,
            token_until=created + TOKEN_LIFE_MS,
            channel_id=interaction.channel_id or 0,
            guild_id=interaction.guild_id,
            user_id=interaction.user.id,
            locale=locale,
            kind=kind,
            at=created,
        )
    )
    handler = asyncio.current_task()
    if handler is not None:
        handler.add_done_callback(partial(_ended, interaction, answers))


def _ended(interaction: discord.Interaction[Any], answers: OpenAnswers, handler: asyncio.Task[Any]) -> None:
    """A handler that was cancelled (the process stops) said nothing, nor did one whose words did not arrive."""
    if NOT_OURS in interaction.extras:
        answers.disown(interaction.id)
    elif handler.cancelled() or NOT_DELIVERED in interaction.extras:
        answers.abandon(interaction.id)
    else:
        answers.close(interaction.id)


class DiscordAnswers:
    """The `AnswerWriter` of bot.domain.open_answers, over the client's REST session; needs no gateway and no cache."""

    def __init__(self, client: discord.Client, catalogues: Catalogues) -> None:
        self._client = client
        self._catalogues = catalogues

    async def answer(self, open_: OpenAnswer, words: Text) -> None:
        """See the port. A pressed message stays as it is; its person gets the words below it."""
        if open_.token is None:
            raise RouteClosed("no_token")
        webhook = discord.Webhook.partial(open_.application_id, open_.token, client=self._client)
        webhook.type = discord.WebhookType.application  # which it is; `partial` takes it for one of a channel
        async with translated():
            if open_.kind is AnswerKind.UPDATE:
                await webhook.send(self._said(open_, words), ephemeral=True, allowed_mentions=NOBODY)
                return
            # The library only puts the id into the path, where the first answer goes by this name.
            original = cast("int", "@original")
            await webhook.edit_message(original, content=self._said(open_, words), allowed_mentions=NOBODY)

    async def post(self, open_: OpenAnswer, words: Text) -> None:
        """See the port."""
        channel = self._client.get_partial_messageable(open_.channel_id, guild_id=open_.guild_id)
        async with translated():
            await channel.send(
                self._said(open_, words), nonce=f"a{open_.interaction_id}", allowed_mentions=NOBODY
            )

    def _said(self, open_: OpenAnswer, words: Text) -> str:
        return cut(self._catalogues.render(words, open_.locale), LIMIT)
