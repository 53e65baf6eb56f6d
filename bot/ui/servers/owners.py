"""The way to whoever owns the application: direct messages, and the buttons with which servers are let in.
Never here: what letting in means (services), and lists of servers (that is `lists`)."""

from __future__ import annotations

import logging
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord
from typing_extensions import override

from bot.errors import RetryLater, RouteClosed, TooLarge, UserError
from bot.i18n import SOURCE
from bot.texts import text
from bot.ui.kit.discord_errors import translated
from bot.ui.kit.escape import quoted
from bot.ui.kit.private import localised, show_ephemeral
from bot.ui.kit.replies import NETWORK, AnyInteraction, answer_errors, client_of

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

    from bot.domain.tenancy import KnownServer
    from bot.i18n import Catalogues
    from bot.texts import Text
    from bot.ui.kit.replies import House

log = logging.getLogger(__name__)

NAME_LIMIT: Final = 100


def owner_ids(info: discord.AppInfo) -> tuple[int, ...]:
    """Who owns an application: its owner, or the members of its team, the team's own owner first."""
    team = info.team
    if team is None:
        return (info.owner.id,)
    members = (m.id for m in team.members if m.membership_state is discord.TeamMembershipState.accepted)
    return tuple(sorted(members, key=lambda id_: id_ != team.owner_id))


async def is_owner(interaction: AnyInteraction) -> bool:
    """Whether this person owns the application. Discord being in trouble means no."""
    try:
        return interaction.user.id in await client_of(interaction).owners()
    except (discord.HTTPException, *NETWORK) as trouble:
        log.warning("owners_unknown", extra={"kind": type(trouble).__name__})
        return False


async def check_owner(interaction: AnyInteraction) -> None:
    """Raise `UserError` unless it is the application's owner or a member of its team, asked right now."""
    if not await is_owner(interaction):
        raise UserError(text("refused.owner_only"))


class Answer(StrEnum):
    """What the owner may answer."""

    LET_IN = "let_in"
    NOT_NOW = "not_now"


class AskButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"easel-server:1:(?P<answer>{'|'.join(Answer)}):(?P<guild>[0-9]{{1,20}})",
):
    """A button of the question about a server, before and after any restart. Who presses is checked at each press."""

    def __init__(self, item: discord.ui.Button[Any], answer: Answer, guild_id: int) -> None:
        super().__init__(item)
        self.answer, self.guild_id = answer, guild_id

    @classmethod
    def draw(cls, answer: Answer, guild_id: int, label: str) -> Self:
        """Make a button."""
        style = discord.ButtonStyle.success if answer is Answer.LET_IN else discord.ButtonStyle.secondary
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label, style=style, custom_id=f"easel-server:1:{answer.value}:{guild_id}"
        )
        return cls(button, answer, guild_id)

    @classmethod
    @override
    async def from_custom_id(
        cls, interaction: AnyInteraction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Parse, nothing else."""
        return cls(cast("discord.ui.Button[Any]", item), Answer(match["answer"]), int(match["guild"]))

    @override
    async def callback(self, interaction: AnyInteraction) -> None:
        """Decide, and say in the message's place what is true now."""
        await answer_errors(interaction, partial(self._decide, interaction), reference=str(interaction.id))

    async def _decide(self, interaction: AnyInteraction) -> None:
        await interaction.response.defer()
        await check_owner(interaction)
        policy = client_of(interaction).services.owner_policy
        server = (await policy.view(self.guild_id)).server
        named: dict[str, Any] = {"server": quoted(server.name, NAME_LIMIT), "id": str(self.guild_id)}
        say = partial(localised, interaction)
        if self.answer is Answer.LET_IN:
            await policy.let_in(self.guild_id, by=interaction.user.id)
            await show_ephemeral(interaction, _view(say(text("server.let_in", **named))))
            return
        later = AskButton.draw(Answer.LET_IN, self.guild_id, say(text("server.button.let_in")))
        await show_ephemeral(interaction, _view(say(text("server.not_now", **named)), later))


def question(server: KnownServer, say: Callable[[Text], str]) -> discord.ui.LayoutView:
    """Ask about a server."""
    words = text(
        "server.ask",
        server=quoted(server.name, NAME_LIMIT),
        id=str(server.guild_id),
        owner=str(server.owner_id or 0),
    )
    buttons = (AskButton.draw(a, server.guild_id, say(text(f"server.button.{a.value}"))) for a in Answer)
    return _view(say(words), *buttons)


def _view(words: str, *buttons: discord.ui.Item[Any]) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    view.add_item(discord.ui.TextDisplay(words))
    if buttons:
        view.add_item(discord.ui.ActionRow(*buttons))
    return view


class DiscordMail:
    """The `OwnerMail` of bot.services.accounts.owner_policy: direct messages to the first owner who takes them."""

    def __init__(self, client: discord.Client, catalogues: Catalogues) -> None:
        self._client = client
        self._catalogues = catalogues

    @property
    def _house(self) -> House:
        return cast("House", self._client)

    async def tell(self, words: Text) -> None:
        """See the port."""
        await self._send(lambda say: _view(say(words)))

    async def ask(self, server: KnownServer) -> bool:
        """See the port."""
        return await self._send(partial(question, server))

    async def _send(self, draw: Callable[[Callable[[Text], str]], discord.ui.LayoutView]) -> bool:
        """Send it to one owner; False if it may work out later."""
        try:
            async with translated():
                owners = await self._house.owners()
            for user_id in owners:
                try:
                    await self._send_to(user_id, draw)
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
        self, user_id: int, draw: Callable[[Callable[[Text], str]], discord.ui.LayoutView]
    ) -> None:
        def say(words: Text) -> str:
            return self._catalogues.render(words, self._house.services.people.language(user_id) or SOURCE)

        async with translated():
            channel = await self._client.create_dm(discord.Object(user_id))
            await channel.send(view=draw(say), allowed_mentions=discord.AllowedMentions.none())
