"""One interaction as handlers see it: who asks, where, in which language, of which services, and every way to answer.
Never here: cards, what is asked for, and what a control is for."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import discord

from bot.domain.jobs import TOKEN_LIFE_MS, ReplyTarget
from bot.domain.open_answers import AnswerKind
from bot.domain.party import CURRENT_PARTY
from bot.domain.servers.guilds import Actor
from bot.errors import UserError
from bot.services.admission.asker import Asker
from bot.services.admission.viewer import Viewer
from bot.texts import Text, listed, text
from bot.ui.kit.error_sentences import DISCORD_TROUBLE, NETWORK, is_dismissed, sentence_for
from bot.ui.kit.escape import cut
from bot.ui.kit.first_answers import Answer, NotOurs, first_answer
from bot.ui.kit.gone import marked
from bot.ui.kit.open_answers import NOBODY, NOT_DELIVERED, note

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence
    from datetime import datetime

    from discord import app_commands

    from bot.i18n import Catalogues
    from bot.services.wiring import Services

log = logging.getLogger(__name__)

AnyInteraction = discord.Interaction[Any]

CONTENT_LIMIT: Final = 2000
PLACEHOLDER: Final = "…"
PRIVATE: Final = "easel.private"
"""In an interaction's extras: a “thinking…” that only this person sees waits for its words."""
THREADS: Final = frozenset(
    {
        discord.ChannelType.public_thread,
        discord.ChannelType.private_thread,
        discord.ChannelType.news_thread,
    }
)
AGE_RESTRICTABLE: Final = (discord.TextChannel, discord.VoiceChannel, discord.StageChannel, discord.Thread)


class BotClient(Protocol):
    """What commands and controls find on the client they run in."""

    @property
    def services(self) -> Services:
        """The use cases."""

    @property
    def catalogues(self) -> Catalogues:
        """The sentences."""

    @property
    def tree(self) -> app_commands.CommandTree[Any]:
        """The commands."""

    async def command_ids(self) -> Mapping[str, int]:
        """Discord's ids of the commands, by name."""

    async def owners(self) -> Sequence[int]:
        """Who owns the application."""


class Context:
    """What a handler is given. It answers first and within three seconds; whatever it raises becomes a sentence."""

    def __init__(self, interaction: AnyInteraction) -> None:
        self.interaction = interaction
        self.client = cast("BotClient", interaction.client)
        self.services = self.client.services
        self.user_id = interaction.user.id
        self.came_at = asyncio.get_running_loop().time()
        CURRENT_PARTY.set(interaction.guild_id or self.user_id)

    # -- who asks, and where ---------------------------------------------------------------------------------

    @property
    def guild_id(self) -> int:
        """The server; raises `UserError` outside of one."""
        if self.interaction.guild_id is None:
            raise UserError(text("refused.server_only"))
        return self.interaction.guild_id

    @property
    def is_moderator(self) -> bool:
        """Whether this person may manage the server right now, as Discord sent it along."""
        held = self.interaction.permissions
        return self.interaction.guild_id is not None and (held.manage_guild or held.administrator)

    def moderator(self) -> int:
        """Say which server it is about; raises `UserError` unless this person manages it right now."""
        if not self.is_moderator:
            raise UserError(text("refused.not_allowed"))
        return self.guild_id

    async def is_owner(self) -> bool:
        """Whether this person owns the application. Discord being in trouble means no."""
        try:
            return self.user_id in await self.client.owners()
        except (discord.HTTPException, *NETWORK) as trouble:
            log.warning("owners_unknown", extra={"kind": type(trouble).__name__})
            return False

    async def owner(self) -> None:
        """Raise `UserError` unless it is the application's owner or a member of its team, asked right now."""
        if not await self.is_owner():
            raise UserError(text("refused.owner_only"))

    @property
    def viewer(self) -> Viewer:
        """Who it is and what they may do here right now, not when a button was drawn."""
        return Viewer(user_id=self.user_id, guild_id=self.interaction.guild_id, manages=self.is_moderator)

    @property
    def actor(self) -> Actor:
        """Whom the audit names."""
        return Actor(self.user_id, self.interaction.user.name)

    def asker(self, message_id: int | None = None) -> Asker:
        """Who asks, and where the answer goes: the message is the one that the deferred answer made."""
        interaction = self.interaction
        user, channel = interaction.user, interaction.channel
        member = user if isinstance(user, discord.Member) else None
        return Asker(
            user_id=user.id,
            user_name=user.name,
            locale=self.locale,
            guild_locale=self.guild_locale,
            interaction_id=interaction.id,
            reply=ReplyTarget(
                channel_id=interaction.channel_id or 0,
                guild_id=interaction.guild_id,
                application_id=interaction.application_id,
                token=interaction.token,
                token_until=_ms(interaction.created_at) + TOKEN_LIFE_MS,
                message_id=message_id,
                message_at=None if message_id is None else _ms(discord.utils.snowflake_time(message_id)),
                upload_limit=interaction.filesize_limit,
            ),
            role_ids=frozenset() if member is None else frozenset(role.id for role in member.roles),
            joined_at=None if member is None or member.joined_at is None else _ms(member.joined_at),
            account_created_at=_ms(user.created_at),
            channel_parents=parents_of(channel),
            is_moderator=self.is_moderator,
            age_restricted=isinstance(channel, AGE_RESTRICTABLE) and channel.is_nsfw(),
        )

    # -- in which language -------------------------------------------------------------------------------------

    @property
    def locale(self) -> str:
        """The language of whoever asks: their own choice (`/prefer`), else their Discord's. From memory; asks nobody."""
        return self.services.people.language(self.user_id) or self.interaction.locale.value

    @property
    def guild_locale(self) -> str:
        """The server's language."""
        return (self.interaction.guild_locale or self.interaction.locale).value

    def localize(self, words: Text) -> str:
        """Say it in the person's own language; what the server no longer has is named so."""
        return self.client.catalogues.render(marked(words, self.interaction.guild), self.locale)

    # -- what was sent along -----------------------------------------------------------------------------------

    @property
    def data(self) -> Mapping[str, Any]:
        """What Discord sent, as it sent it."""
        return cast("Mapping[str, Any]", self.interaction.data or {})

    @property
    def fields(self) -> Mapping[str, str]:
        """What was written into a modal by the fields' own custom_ids; of an upload or a choice the first one's id."""
        return {name: values[0] for name, values in _written(self.data) if values}

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """All that was chosen in a modal, by the fields' own custom_ids; nothing of what was left empty."""
        return dict(_written(self.data))

    @property
    def chosen(self) -> str:
        """What was chosen from a menu; empty if nothing was."""
        return str((self.data.get("values") or [""])[0])

    def roles_of(self, user_id: int) -> frozenset[int]:
        """The roles of somebody who was chosen, as Discord sent them along; none of whoever is no member."""
        members = self.data.get("resolved", {}).get("members", {})
        return frozenset(int(role) for role in members.get(str(user_id), {}).get("roles", ()))

    # -- answering first ---------------------------------------------------------------------------------------

    def check_permissions(self) -> None:
        """Raise `UserError` if the bot could not show a picture here: before anything is paid (peers F35).

        Reads what Discord sent along with the interaction; asks nobody.
        """
        interaction, held = self.interaction, self.interaction.app_permissions
        if interaction.guild_id is None or held.administrator:
            return
        in_thread = interaction.channel is not None and interaction.channel.type in THREADS
        needed = (
            "view_channel",
            "send_messages_in_threads" if in_thread else "send_messages",
            "attach_files",
        )
        missing = [text(f"permission.{name}") for name in needed if not getattr(held, name)]
        if missing:
            raise UserError(text("refused.permissions", permissions=listed(missing)))

    async def defer_public(self) -> Asker:
        """Answer “thinking…” at once, in public: the job's card takes its place. Only writing that down is awaited before.

        Raises `UserError`, unanswered, if the bot may not post here; `StorageTrouble` and `NotOurs` as the others do.
        """
        self.check_permissions()
        return await self._defer(AnswerKind.PUBLIC, thinking=True)

    async def defer_ephemeral(self) -> Asker:
        """Answer “thinking…” at once, for this person only; whatever is told next takes its place.

        Raises `NotOurs`; `StorageTrouble`, unanswered, if it could not be written down that they are answered.
        """
        asker = await self._defer(AnswerKind.PRIVATE, thinking=True, ephemeral=True)
        self.interaction.extras[PRIVATE] = True
        return asker

    async def defer_update(self) -> Asker:
        """Answer a press, or a modal that a press opened, with the pressed message as it is: it may be changed later.

        Raises `NotOurs`; `StorageTrouble`, unanswered, if it could not be written down that they are answered.
        """
        return await self._defer(AnswerKind.UPDATE)

    async def _defer(self, kind: AnswerKind, **how: bool) -> Asker:
        """Answered is answered: that somebody waits for words outlives this process before they are told to wait."""
        await note(self.interaction, self.services.answers, kind=kind, locale=self.locale)
        answered = await first_answer(
            self.interaction,
            Answer.deferred_channel_message if how else Answer.deferred_message_update,
            lambda: self.interaction.response.defer(**how),
        )
        return self.asker(answered.message_id if how and answered is not None else None)

    async def open(self, modal: discord.ui.Modal) -> None:
        """Answer with a modal, which has to be the first answer. Raises `NotOurs`."""
        await first_answer(
            self.interaction, Answer.modal, lambda: self.interaction.response.send_modal(modal)
        )

    async def redraw(self, view: discord.ui.LayoutView, file: discord.File) -> None:
        """Answer a press with its message changed, at once. Raises `NotOurs`."""

        async def send() -> None:
            file.reset()  # a try before may have read it
            await self.interaction.response.edit_message(view=view, attachments=[file])

        await first_answer(self.interaction, Answer.message_update, send)

    # -- answers that only the person sees -----------------------------------------------------------------------

    async def show(self, view: discord.ui.LayoutView, *, files: Sequence[discord.File] | None = None) -> None:
        """Put a view in the place of “thinking…”, or of what the pressed message showed; without `files` its own stay.

        Raises what discord.py does; what was read for `files` can be sent only once.
        """
        more: dict[str, Any] = {} if files is None else {"attachments": list(files)}
        edit = partial(self.interaction.edit_original_response, view=view, allowed_mentions=NOBODY, **more)
        try:
            await edit()
        except NETWORK:  # discord.py does not try again on every system; the same edit twice is one
            if files:
                raise
            await edit()
        self.interaction.extras.pop(PRIVATE, None)

    async def send_ephemeral(self, **content: Any) -> None:
        """Say something (`content` or `view`) to this person only, whatever was answered before.

        It takes the place of a private “thinking…”. A public one is taken away first: a follow-up right after it would take its
        place, for all to see. Raises `NotOurs`.
        """
        interaction = self.interaction
        if not interaction.response.is_done():
            send = partial(
                interaction.response.send_message, ephemeral=True, allowed_mentions=NOBODY, **content
            )
            await first_answer(interaction, Answer.channel_message, send)
            if interaction.response.type is Answer.channel_message:
                return  # else another answer had arrived before this one, though we were not told
        if interaction.extras.pop(PRIVATE, False):
            await interaction.edit_original_response(allowed_mentions=NOBODY, **content)
            return
        if interaction.response.type is Answer.deferred_channel_message:
            try:
                # Completed first, then deleted: a follow-up may count as its edit for as long as it is “thinking”.
                await interaction.edit_original_response(content=PLACEHOLDER)
                await interaction.delete_original_response()
            except (discord.HTTPException, *NETWORK) as error:
                log.info(
                    "placeholder_stays", extra={"interaction": interaction.id, "kind": type(error).__name__}
                )
        await interaction.followup.send(ephemeral=True, allowed_mentions=NOBODY, **content)

    async def reply(self, sentence: Text, *, view: discord.ui.LayoutView | None = None) -> None:
        """Say a sentence, or a view with it, to this person only, whatever was answered before.

        Never raises on Discord's troubles: what did not arrive is said later.
        """
        if self.interaction.type is discord.InteractionType.autocomplete:
            return  # a list of suggestions cannot carry a sentence
        try:
            await self.send_ephemeral(
                **(
                    {"content": cut(self.localize(sentence), CONTENT_LIMIT)}
                    if view is None
                    else {"view": view}
                )
            )
        except NotOurs:
            return
        except (discord.HTTPException, *NETWORK) as error:
            self.interaction.extras[NOT_DELIVERED] = True
            log.warning(
                "answer_not_sent",
                extra={"interaction": self.interaction.id, "kind": type(error).__name__, "text": sentence.id},
            )

    async def reply_error(self, error: BaseException, *, reference: str) -> None:
        """Turn any exception into an answer that only the person sees; bugs are logged under `reference`."""
        cause, answers = getattr(error, "original", error), self.services.answers
        if isinstance(cause, NotOurs):
            return
        if is_dismissed(cause):
            log.info(
                "answer_dismissed", extra={"interaction": self.interaction.id, "kind": type(cause).__name__}
            )
            return
        sentence = sentence_for(error)
        if sentence == DISCORD_TROUBLE and answers.has_begun(self.interaction.id):
            sentence = text("trouble.begun")
        elif sentence == DISCORD_TROUBLE:
            answers.owe(self.interaction.id)  # it says that nothing was charged
        elif sentence is None:
            log.error(
                "handler_failed", exc_info=error, extra={"reference": reference, "kind": type(error).__name__}
            )
            sentence = text("trouble.bug", reference=reference)
        await self.reply(sentence)

    async def answer_errors(self, work: Awaitable[None], *, reference: str) -> None:
        """Do the work of a control; whatever goes wrong, the person gets a sentence (peers F5)."""
        try:
            await work
        except asyncio.CancelledError:
            # discord.py swallows it, so that the listener's task ends as if all were said.
            self.interaction.extras[NOT_DELIVERED] = True
            raise
        except Exception as error:  # noqa: BLE001 - the last line of defence; `reply_error` tells bugs apart and logs them
            await self.reply_error(error, reference=reference)


def parents_of(channel: object) -> tuple[int, ...]:
    """What a channel stands in, the nearest first, as far as Discord sent it along or the cache knows."""
    if isinstance(channel, discord.Thread):
        category = None if channel.parent is None else channel.parent.category_id
        return (channel.parent_id,) if category is None else (channel.parent_id, category)
    category = getattr(channel, "category_id", None)
    return () if category is None else (category,)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _written(component: Mapping[str, Any]) -> Iterable[tuple[str, Sequence[str]]]:
    """What was written or chosen in a modal, however deep its fields stand."""
    if "custom_id" in component:
        if isinstance(component.get("value"), str):
            yield component["custom_id"], [component["value"]]
        elif "values" in component:
            yield component["custom_id"], [str(value) for value in component["values"] or ()]
    for part in (*component.get("components", ()), component.get("component")):
        if part:
            yield from _written(part)
