"""Between an interaction and the house: who asks, whether we may answer there, and every answer only one person sees.
Never here: cards, and what is asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import aiohttp
import discord
from discord import app_commands

from bot.domain.jobs import TOKEN_LIFE_MS, ReplyTarget
from bot.domain.open_answers import AnswerKind
from bot.errors import RetryLater, RouteClosed, StorageTrouble, UserError
from bot.services.admission.asker import Asker
from bot.texts import Text, text
from bot.ui.kit.open_answers import UNTOLD, note

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from bot.i18n import Catalogues
    from bot.services.accounts.accounts import Accounts
    from bot.services.accounts.own_keys import OwnKeys
    from bot.services.accounts.owner_policy import OwnerMail, OwnerPolicy
    from bot.services.accounts.status import AccountStatus
    from bot.services.history.favourites import Favourites
    from bot.services.history.jobs import Jobs
    from bot.services.history.preferences import People
    from bot.services.history.redelivery import Redelivery
    from bot.services.history.thumbnails import Thumbnails
    from bot.services.housekeeping import Housekeeping
    from bot.services.intake.attachments import ImageLoader
    from bot.services.intake.batches import Batches
    from bot.services.intake.blend import Blending
    from bot.services.intake.describe import Describing
    from bot.services.intake.drafts import Drafts
    from bot.services.intake.imagine import Imagine
    from bot.services.intake.open_answers import OpenAnswers
    from bot.services.intake.press import Presses
    from bot.services.intake.region import Regions
    from bot.services.servers.moderation import Moderation
    from bot.services.servers.policy import GuildPolicy
    from bot.services.servers.prompt_settings import PromptSettings
    from bot.services.servers.quota import Allowances
    from bot.services.servers.settings import Guilds

log = logging.getLogger(__name__)

AnyInteraction = discord.Interaction[Any]
NETWORK: Final = (aiohttp.ClientError, OSError, discord.RateLimited)
"""What discord.py lets through when Discord cannot be reached (facts §3.6); TimeoutError is an OSError."""

UNKNOWN_INTERACTION: Final = 10062
ALREADY_ANSWERED: Final = 40060
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

SENTENCES: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (StorageTrouble, "trouble.storage"),
    (app_commands.TransformerError, "trouble.option"),
    ((app_commands.CommandSignatureMismatch, app_commands.CommandNotFound), "trouble.command_outdated"),
    (app_commands.NoPrivateMessage, "refused.server_only"),
    (app_commands.CheckFailure, "refused.not_allowed"),
    ((discord.DiscordServerError, RouteClosed, RetryLater, *NETWORK), "trouble.discord"),
)
"""What is no bug of ours, the particular before the general."""


class Services(Protocol):
    """The use cases behind commands and buttons."""

    @property
    def imagine(self) -> Imagine:
        """Begins chains."""

    @property
    def blending(self) -> Blending:
        """Begins blends."""

    @property
    def batches(self) -> Batches:
        """Begins several jobs from one prompt."""

    @property
    def describing(self) -> Describing:
        """Begins descriptions, and what is made of them."""

    @property
    def image_loader(self) -> ImageLoader:
        """Takes pictures in."""

    @property
    def presses(self) -> Presses:
        """Turns presses into child jobs."""

    @property
    def regions(self) -> Regions:
        """Repaints regions of pictures."""

    @property
    def jobs(self) -> Jobs:
        """Looks after jobs that exist."""

    @property
    def redelivery(self) -> Redelivery:
        """Brings finished jobs to people who ask."""

    @property
    def guilds(self) -> Guilds:
        """Keeps servers' settings."""

    @property
    def prompt_settings(self) -> PromptSettings:
        """Keeps what servers decide about prompts and pictures put in."""

    @property
    def moderation(self) -> Moderation:
        """Acts on members and jobs of a server."""

    @property
    def housekeeping(self) -> Housekeeping:
        """Forgets what is not to be kept."""

    @property
    def policy(self) -> GuildPolicy:
        """Knows what settings mean."""

    @property
    def allowances(self) -> Allowances:
        """Knows what is left, and what was used."""

    @property
    def accounts(self) -> Accounts:
        """Knows which account pays."""

    @property
    def owner_policy(self) -> OwnerPolicy:
        """Stands above every server."""

    @property
    def mail(self) -> OwnerMail:
        """The way to the owner."""

    @property
    def own_keys(self) -> OwnKeys:
        """Keeps servers' own keys."""

    @property
    def upstream(self) -> AccountStatus:
        """Looks at the image API."""

    @property
    def people(self) -> People:
        """Knows what people prefer."""

    @property
    def drafts(self) -> Drafts:
        """Keeps refused prompts."""

    @property
    def answers(self) -> OpenAnswers:
        """Knows who waits for words."""

    @property
    def favourites(self) -> Favourites:
        """Keeps favourites."""

    @property
    def thumbnails(self) -> Thumbnails:
        """Knows where cards' pictures are."""


class House(Protocol):
    """What commands and buttons find on the client they run in."""

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


def client_of(interaction: AnyInteraction) -> House:
    """The client of an interaction, as far as the ui may know it."""
    return cast("House", interaction.client)


def locale_of(interaction: AnyInteraction) -> str:
    """The language of whoever asks: their own choice (`/prefer`), else their Discord's. From memory; asks nobody."""
    chosen = client_of(interaction).services.people.language(interaction.user.id)
    return chosen or interaction.locale.value


# -- taking an interaction up ------------------------------------------------------------------------------


def check_permissions(interaction: AnyInteraction) -> None:
    """Raise `UserError` if the bot could not show a picture here: before anything is paid (peers F35).

    Reads what Discord sent along with the interaction; asks nobody.
    """
    if interaction.guild_id is None:
        return
    held = interaction.app_permissions
    if held.administrator:
        return
    in_thread = interaction.channel is not None and interaction.channel.type in THREADS
    needed = ("view_channel", "send_messages_in_threads" if in_thread else "send_messages", "attach_files")
    missing = [text(f"permission.{name}") for name in needed if not getattr(held, name)]
    if missing:
        raise UserError(text("refused.permissions", permissions=listed(missing)))


def listed(names: list[Text]) -> Text:
    """“a, b and c”."""
    *others, last = names
    if not others:
        return last
    return text("list.last", first=_enumerated(others), last=last)


def _enumerated(names: list[Text]) -> Text:
    *others, last = names
    return text("list.more", first=_enumerated(others), last=last) if others else last


async def defer_public(interaction: AnyInteraction) -> Asker | None:
    """Answer “thinking…” at once, in public: the job's card takes its place. Only writing that down is awaited before.

    None if the interaction is dead, or was answered by another process; then nothing is to be done.
    Raises `UserError`, unanswered, if the bot may not post here, `StorageTrouble` if it could not be written down.
    """
    check_permissions(interaction)
    await promise(interaction, AnswerKind.PUBLIC)
    try:
        answered = await interaction.response.defer(thinking=True)
    except discord.HTTPException as error:
        if error.code not in {UNKNOWN_INTERACTION, ALREADY_ANSWERED}:
            raise
        log.warning("interaction_not_ours", extra={"interaction": interaction.id, "code": error.code})
        return None
    return asker_of(interaction, answered.message_id if answered is not None else None)


async def promise(interaction: AnyInteraction, kind: AnswerKind) -> None:
    """Have it on disk that this person is about to be answered; raises `StorageTrouble`, and then they are not."""
    await note(interaction, client_of(interaction).services.answers, kind=kind, locale=locale_of(interaction))


def asker_of(interaction: AnyInteraction, message_id: int | None) -> Asker:
    """Who asks, and where the answer goes: the message is the one that the deferred answer made."""
    guild_locale = interaction.guild_locale or interaction.locale
    posted = None if message_id is None else _ms(discord.utils.snowflake_time(message_id))
    user, channel = interaction.user, interaction.channel
    member = user if isinstance(user, discord.Member) else None
    held = interaction.permissions
    return Asker(
        user_id=user.id,
        user_name=user.name,
        locale=locale_of(interaction),
        guild_locale=guild_locale.value,
        interaction_id=interaction.id,
        reply=ReplyTarget(
            channel_id=interaction.channel_id or 0,
            guild_id=interaction.guild_id,
            application_id=interaction.application_id,
            token=interaction.token,
            token_until=_ms(interaction.created_at) + TOKEN_LIFE_MS,
            message_id=message_id,
            message_at=posted,
            upload_limit=interaction.filesize_limit,
        ),
        role_ids=frozenset() if member is None else frozenset(role.id for role in member.roles),
        joined_at=None if member is None or member.joined_at is None else _ms(member.joined_at),
        account_created_at=_ms(user.created_at),
        channel_parents=parents_of(channel),
        is_moderator=interaction.guild_id is not None and (held.manage_guild or held.administrator),
        age_restricted=isinstance(channel, AGE_RESTRICTABLE) and channel.is_nsfw(),
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def parents_of(channel: object) -> tuple[int, ...]:
    """What a channel stands in, the nearest first, as far as Discord sent it along or the cache knows."""
    if isinstance(channel, discord.Thread):
        category = None if channel.parent is None else channel.parent.category_id
        return (channel.parent_id,) if category is None else (channel.parent_id, category)
    category = getattr(channel, "category_id", None)
    return () if category is None else (category,)


# -- answers that only the person sees ---------------------------------------------------------------------


async def answer_errors(
    interaction: AnyInteraction, work: Callable[[], Awaitable[None]], *, reference: str
) -> None:
    """Do the work of a button or modal; whatever goes wrong, the person gets a sentence (peers F5).

    discord.py only logs what a dynamic item raises, so nothing may leave here.
    """
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - the last line of defence; `answer_error` tells bugs apart and logs them
        await answer_error(interaction, error, reference=reference)


async def answer_error(interaction: AnyInteraction, error: BaseException, *, reference: str) -> None:
    """Turn any exception into an answer that only the person sees; bugs are logged under `reference`."""
    sentence = sentence_for(error)
    if sentence is None:
        log.error(
            "handler_failed", exc_info=error, extra={"reference": reference, "kind": type(error).__name__}
        )
        sentence = text("trouble.bug", reference=reference)
    await tell(interaction, sentence)


def sentence_for(error: BaseException) -> Text | None:
    """What the person can do about it; None for a bug of ours."""
    if isinstance(error, app_commands.CommandInvokeError):
        return sentence_for(error.original)
    if isinstance(error, UserError):
        return error.text
    for kinds, id_ in SENTENCES:
        if isinstance(error, kinds):
            return text(id_)
    return None


async def tell(interaction: AnyInteraction, sentence: Text) -> None:
    """Say something that only the person sees, whatever was answered before. Never raises on Discord's troubles.

    A public “thinking…” is taken away first: a follow-up right after it would take its place, for all to see.
    """
    if interaction.type is discord.InteractionType.autocomplete:
        return  # a list of suggestions cannot carry a sentence
    content = client_of(interaction).catalogues.render(sentence, locale_of(interaction))[:CONTENT_LIMIT]
    try:
        if interaction.response.is_done():
            await follow_up(interaction, content=content)
            return
        try:
            await interaction.response.send_message(
                content, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
            )
        except discord.HTTPException as error:
            if error.code != ALREADY_ANSWERED:
                raise
            await follow_up(
                interaction, content=content
            )  # the first answer did arrive, though we were not told
    except (discord.HTTPException, *NETWORK) as error:
        interaction.extras[UNTOLD] = True
        log.warning(
            "answer_not_sent",
            extra={"interaction": interaction.id, "kind": type(error).__name__, "text": sentence.id},
        )


async def follow_up(interaction: AnyInteraction, **said: Any) -> None:
    """Say something (`content` or `view`) that only the person sees, after a first answer.

    In the place of a private “thinking…”; a public one is taken away.
    """
    if interaction.extras.pop(PRIVATE, False):
        await interaction.edit_original_response(allowed_mentions=discord.AllowedMentions.none(), **said)
        return
    if interaction.response.type in {None, discord.InteractionResponseType.deferred_channel_message}:
        try:
            # Completed first, then deleted: a follow-up may count as its edit for as long as it is “thinking”.
            await interaction.edit_original_response(content=PLACEHOLDER)
            await interaction.delete_original_response()
        except (discord.HTTPException, *NETWORK) as error:
            log.info("placeholder_stays", extra={"interaction": interaction.id, "kind": type(error).__name__})
    await interaction.followup.send(ephemeral=True, allowed_mentions=discord.AllowedMentions.none(), **said)
