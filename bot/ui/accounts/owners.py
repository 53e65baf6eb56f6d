"""The way to whoever owns the application: direct messages, and the buttons with which servers are let in.
Never here: what letting in means (services), and lists of servers (that is `lists`)."""

from __future__ import annotations

import hashlib
import logging
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import discord

from bot.errors import RetryLater, RouteClosed, TooLarge
from bot.i18n import SOURCE
from bot.texts import Localize, text
from bot.ui.kit.controls import component, words_view
from bot.ui.kit.custom_ids import SNOWFLAKE, one_of
from bot.ui.kit.discord_errors import translated
from bot.ui.kit.escape import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.tenancy import KnownServer
    from bot.i18n import Catalogues
    from bot.texts import Text
    from bot.ui.kit.context import BotClient, Context

log = logging.getLogger(__name__)

NAME_LIMIT: Final = 100
NONCE_LIMIT: Final = 24
"""Characters of a message's nonce that we use; Discord takes 25."""
LOOK_BACK: Final = 100
"""Messages among which a question is looked for that may have been sent."""


def owner_ids(info: discord.AppInfo) -> tuple[int, ...]:
    """Who owns an application: its owner, or the members of its team, the team's own owner first."""
    team = info.team
    if team is None:
        return (info.owner.id,)
    members = (m.id for m in team.members if m.membership_state is discord.TeamMembershipState.accepted)
    return tuple(sorted(members, key=lambda id_: id_ != team.owner_id))


class Answer(StrEnum):
    """What the owner may answer."""

    LET_IN = "let_in"
    NOT_NOW = "not_now"


@component("server", one_of(Answer), SNOWFLAKE, owners=True)
async def decide(context: Context, answer: Answer, guild_id: int) -> None:
    """Decide, and say in the message's place what is true now."""
    policy = context.services.owner_policy
    if answer is Answer.LET_IN:
        await policy.let_in(guild_id, by=context.user_id)
    view = await policy.view(guild_id)
    named: dict[str, Any] = {"server": quoted(view.server.name, NAME_LIMIT), "id": str(guild_id)}
    if view.admitted:
        await context.show(words_view(context.localize(text("server.let_in", **named))))
        return
    later = _button(Answer.LET_IN, guild_id, context.localize)
    await context.show(words_view(context.localize(text("server.not_now", **named)), later))


def _button(answer: Answer, guild_id: int, localize: Localize) -> discord.ui.Button[Any]:
    style = discord.ButtonStyle.success if answer is Answer.LET_IN else discord.ButtonStyle.secondary
    label = localize(text(f"server.button.{answer.value}"))
    return discord.ui.Button(label=label, style=style, custom_id=decide.id(answer, guild_id))


def question(server: KnownServer, localize: Localize) -> discord.ui.LayoutView:
    """Ask about a server."""
    words = text(
        "server.ask",
        server=quoted(server.name, NAME_LIMIT),
        id=str(server.guild_id),
        owner=str(server.owner_id or 0),
    )
    return words_view(localize(words), *(_button(answer, server.guild_id, localize) for answer in Answer))


class DiscordMail:
    """The `OwnerMail` of bot.services.accounts.owner_policy: direct messages to the first owner who takes them."""

    def __init__(self, client: discord.Client, catalogues: Catalogues) -> None:
        self._client = client
        self._catalogues = catalogues

    @property
    def _bot(self) -> BotClient:
        return cast("BotClient", self._client)

    async def notify(self, words: Text, *, once: str) -> bool:
        """See the port."""
        nonce = hashlib.blake2s(once.encode(), digest_size=NONCE_LIMIT // 2).hexdigest()
        return await self._send(lambda localize: words_view(localize(words)), nonce=nonce)

    async def ask(self, server: KnownServer, *, again: bool) -> bool:
        """See the port. Discord makes two of one nonce into one for some minutes; what it shows says the rest."""
        button = decide.id(Answer.LET_IN, server.guild_id)
        nonce = f"ask-{server.guild_id}"
        return await self._send(partial(question, server), nonce=nonce, unless=button if again else None)

    async def _send(
        self,
        draw: Callable[[Localize], discord.ui.LayoutView],
        *,
        nonce: str,
        unless: str | None = None,
    ) -> bool:
        """Send it to one owner, unless a message with this custom_id is there; False if it may work out later."""
        try:
            async with translated():
                owners = await self._bot.owners()
            for user_id in owners:
                try:
                    await self._send_to(user_id, draw, nonce, unless)
                except (RouteClosed, TooLarge) as closed:
                    log.info("owner_not_reached", extra={"user": user_id, "reason": str(closed)})
                else:
                    return True
        except RetryLater as trouble:
            log.warning("owner_not_told", extra={"reason": str(trouble)})
            return False
        log.warning("owner_takes_no_messages")
        return True

    async def _send_to(
        self,
        user_id: int,
        draw: Callable[[Localize], discord.ui.LayoutView],
        nonce: str,
        unless: str | None,
    ) -> None:
        def localize(words: Text) -> str:
            return self._catalogues.render(words, self._bot.services.people.language(user_id) or SOURCE)

        async with translated():
            channel = await self._client.create_dm(discord.Object(user_id))
            if unless is not None and await _holds(channel, unless):
                return
            view, nobody = draw(localize), discord.AllowedMentions.none()
            await channel.send(view=view, allowed_mentions=nobody, nonce=nonce)


async def _holds(channel: discord.DMChannel, custom_id: str) -> bool:
    """Whether a recent message has this button."""
    async for message in channel.history(limit=LOOK_BACK):
        view = discord.ui.LayoutView.from_message(message)
        if any(getattr(item, "custom_id", None) == custom_id for item in view.walk_children()):
            return True
    return False
