"""The Publisher port over Discord: puts a job's card where a route leads, and finds one that a crash left unrecorded.
Never here: which route comes next, retries, and how a card looks."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import discord
from discord.http import handle_message_parameters
from typing_extensions import override

from bot.domain.jobs import JobState, Route
from bot.domain.ports import CardLocation
from bot.errors import RetryLater, RouteClosed
from bot.texts import text
from bot.ui.card.card_buttons import DetailLevel
from bot.ui.card.pace import EditPace
from bot.ui.kit.channel_locks import ChannelLocks
from bot.ui.kit.context import CONTENT_LIMIT
from bot.ui.kit.discord_errors import REJECTED, THREAD_ARCHIVED, WORDS_REFUSED, translated
from bot.ui.kit.escape import cut
from bot.ui.kit.links import clickable
from bot.ui.kit.message_parser import picture_url, picture_urls, shows
from bot.ui.kit.open_answers import NOBODY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.domain.jobs import Job, ReplyTarget
    from bot.domain.ports import Clock, Picture, Showing
    from bot.texts import Text
    from bot.ui.card.cards import Cards

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_BACK: Final = 100
"""How many messages after a crash are looked through for a card."""
LOOK_FROM_MS: Final = 60_000
"""Our clock and Discord's may differ by this much."""


class DiscordPublisher:
    """Shows cards through the client's REST session; needs no gateway and no cache (design §4, any worker)."""

    def __init__(self, client: discord.Client, cards: Cards, clock: Clock) -> None:
        self._client = client
        self._cards = cards
        self._clock = clock
        self._locks = ChannelLocks()
        self._pace = EditPace()

    async def show(self, showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        """Put the job's card where `route` leads.

        Besides `RouteClosed` and `RetryLater` it raises `TooLarge` if the picture is what Discord did not want.
        """
        ways = {
            Route.REPLY: self._reply,
            Route.EDIT: self._edit,
            Route.POST: self._post,
            Route.DIRECT: self._direct,
        }
        if route not in ways:
            raise ValueError(f"nothing is shown by {route}")
        async with translated():
            if route is Route.REPLY:  # an interaction's token has limits of its own
                return await self._dressed(showing, picture, ways[route])
            is_outcome = showing.job.is_terminal
            if not is_outcome and self._pace.is_taken:
                raise RetryLater("outcomes go first")
            async with self._locks.turn(showing.job.reply.channel_id):
                await self._pace.turn(outcome=is_outcome)
                return await self._dressed(showing, picture, ways[route])

    async def find(self, job: Job) -> CardLocation | None:
        """Look in the channel's recent messages for a *new* message with this job's card."""
        since = (job.posting_at or job.created_at) - LOOK_FROM_MS
        me = self._client.application_id
        channel = self._channel(job)
        try:
            async with translated():
                after = discord.Object(
                    discord.utils.time_snowflake(datetime.fromtimestamp(since / 1000, tz=UTC))
                )
                async for message in channel.history(limit=LOOK_BACK, after=after, oldest_first=True):
                    ours = message.author.id in {me, self._client.user.id if self._client.user else None}
                    if ours and message.id != job.reply.message_id and shows(message, job.key):
                        return _shown(message)
        except RouteClosed as closed:
            # Not allowed to look is no reason not to post: the nonce still guards some minutes.
            log.info("search_refused", extra={"job": job.key, "reason": closed.reason})
        return None

    async def send_dm(
        self, user_id: int, words: Text, *, locale: str, job: Job, picture: Picture, nonce: str
    ) -> None:
        """Give somebody a picture in a direct message: a plain file, which every client can save."""
        if picture.reduced:
            link = clickable(picture.source)
            reduced = text("jobs.file_reduced", words=words)
            words = reduced if link is None else text("jobs.file_reduced_link", words=words, link=link)
        content = cut(self._cards.render(words, locale), CONTENT_LIMIT)
        async with translated():
            channel = await self._client.create_dm(discord.Object(user_id))
            for detail in (DetailLevel.FULL, DetailLevel.NEUTRAL):
                described = self._cards.description(replace(job, locale=locale), detail)
                files = [_file(one, described=described) for one in (picture, *picture.more)]
                try:
                    await channel.send(content, files=files, nonce=nonce, allowed_mentions=NOBODY)
                except discord.HTTPException as error:  # a picture is never lost to words about it
                    if error.code not in WORDS_REFUSED or detail is DetailLevel.NEUTRAL:
                        raise
                else:
                    return

    async def send_ephemeral(self, reply: ReplyTarget, words: Text, *, locale: str) -> None:
        """Follow an interaction up with a sentence that only its person sees."""
        if reply.token is None or self._clock.now() >= reply.token_until:
            raise RouteClosed("no_token")
        webhook = discord.Webhook.partial(reply.application_id, reply.token, client=self._client)
        webhook.type = discord.WebhookType.application  # which it is; `partial` takes it for one of a channel
        async with translated():
            said = cut(self._cards.render(words, locale), CONTENT_LIMIT)
            await webhook.send(said, ephemeral=True, allowed_mentions=NOBODY)

    async def picture_url(self, channel_id: int, message_id: int) -> str | None:
        """Read where a card's picture is."""
        async with translated():
            channel = self._client.get_partial_messageable(channel_id)
            return picture_url(await channel.fetch_message(message_id))

    async def picture_urls(self, channel_id: int, message_id: int) -> Mapping[int, str]:
        """Read where all its pictures are."""
        async with translated():
            channel = self._client.get_partial_messageable(channel_id)
            shown = picture_urls(await channel.fetch_message(message_id))
        return {_number_in(url) or place: url for place, url in enumerate(shown, 1)}

    async def take_down(self, channel_id: int, message_id: int) -> None:
        """Delete a message of the bot's."""
        async with translated():
            await self._client.get_partial_messageable(channel_id).get_partial_message(message_id).delete()

    # -- dressing ----------------------------------------------------------------------------------------

    async def _dressed(
        self, showing: Showing, picture: Picture | None, way: Callable[[_Sending], Awaitable[CardLocation]]
    ) -> CardLocation:
        """Send the card, with less on it each time Discord rejects one: a paid picture is never lost to a button or a word."""
        is_about_words = False
        for detail in DetailLevel:
            if is_about_words and detail.has_words:
                continue
            try:
                return await way(_Sending(self._cards, showing, picture, detail))
            except discord.HTTPException as error:
                is_about_words = is_about_words or error.code in WORDS_REFUSED
                if (error.code != REJECTED and not is_about_words) or detail is DetailLevel.BARE:
                    raise
                log.warning(
                    "card_rejected",
                    extra={"job": showing.job.key, "dress": detail.value, "answer": error.text},
                )
        raise AssertionError("the last dress returns or raises")

    # -- the ways ----------------------------------------------------------------------------------------

    async def _reply(self, sending: _Sending) -> CardLocation:
        """Edit the interaction's reply with its token."""
        reply = sending.job.reply
        if reply.token is None:
            raise RouteClosed("no_token")
        application, token = reply.application_id, reply.token
        # The original reply goes by this name wherever its id is not known; the library only puts it into the path.
        message_id = reply.message_id or cast("int", "@original")

        async def fetch() -> discord.Message:
            webhook = discord.Webhook.partial(application, token, client=self._client)
            return await webhook.fetch_message(message_id)

        parts = await sending.edited(fetch)
        webhook = _UnreadAnswers.partial(application, token, client=self._client)
        answer: Any = await webhook.edit_message(message_id, allowed_mentions=NOBODY, **parts)
        return self._edited(int(answer["channel_id"]), int(answer["id"]))

    async def _edit(self, sending: _Sending) -> CardLocation:
        """Edit the message with the bot's own token."""
        message_id = sending.job.reply.message_id
        if message_id is None:
            raise RouteClosed("no_message")
        channel = self._channel(sending.job)
        message = channel.get_partial_message(message_id)

        async def edit() -> None:
            parts = await sending.edited(message.fetch)
            # As the message's own `edit` does, which would read the whole card out of the answer again.
            with handle_message_parameters(allowed_mentions=NOBODY, **parts) as params:
                await self._client.http.edit_message(channel.id, message_id, params=params)

        await self._in_open_thread(sending.job, edit)
        return self._edited(channel.id, message_id)

    async def _post(self, sending: _Sending) -> CardLocation:
        """A new message in the channel; Discord returns an earlier one with the same nonce instead of a second."""
        channel = self._channel(sending.job)

        async def send() -> discord.Message:
            pinged = [discord.Object(sending.job.user_id)] if sending.is_news else False
            return await channel.send(
                nonce=_nonce(sending.job),
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, roles=False, replied_user=False, users=pinged
                ),
                **sending.new(),
            )

        return _shown(await self._in_open_thread(sending.job, send))

    async def _direct(self, sending: _Sending) -> CardLocation:
        """A direct message that says why it is one."""
        job = sending.job
        channel = await self._client.create_dm(discord.Object(job.user_id))
        because = text("card.direct", channel=f"<#{job.reply.channel_id}>")
        parts = sending.new(because=because)
        return _shown(await channel.send(nonce=job.key, allowed_mentions=NOBODY, **parts))

    async def _in_open_thread(self, job: Job, send: Callable[[], Awaitable[T]]) -> T:
        """Do it, opening the thread first if it was archived and we may."""
        try:
            return await send()
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
        thread = await self._client.fetch_channel(job.reply.channel_id)
        if not isinstance(thread, discord.Thread):
            raise RouteClosed("thread_archived")
        await thread.edit(archived=False)
        return await send()

    def _channel(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.reply.channel_id, guild_id=job.reply.guild_id)

    def _edited(self, channel_id: int, message_id: int) -> CardLocation:
        return CardLocation(channel_id=channel_id, message_id=message_id, at=self._clock.now())


class _UnreadAnswers(discord.Webhook):
    """Gives the message that Discord answers with as it came: all of the card again, of which its ids are enough.

    That is the one private method in which a webhook reads an answer (facts §3.5).
    """

    @override
    def _create_message(self, data: Any, *, thread: Any) -> Any:
        return data


class _Sending:
    """One card on its way: what the library's send and edit are given."""

    def __init__(self, cards: Cards, showing: Showing, picture: Picture | None, detail: DetailLevel) -> None:
        self._cards = cards
        self._showing = showing
        self._picture = picture
        self._detail = detail
        self.job = showing.job
        self.is_news = showing.is_news

    def new(self, *, because: Text | None = None) -> dict[str, Any]:
        """The parts of a new message."""
        files = self._files()
        return {"view": self._view(_named(files), because)} | ({"files": files} if files else {})

    async def edited(self, fetch: Callable[[], Awaitable[discord.Message]]) -> dict[str, Any]:
        """The parts of an edit. A new picture replaces all others; a finished card without one keeps what it has.

        Whatever else a message has is a preview, which goes once there is none to be shown.

        In a message of components a picture is seen only where the card names it, so a finished card that comes
        without one reads from the message what its gallery shows. (The message's own list of attachments leaves
        out those that components show: discord-api-docs issue 8277.)
        """
        files = self._files()
        if files:
            return {"view": self._view(_named(files), None), "attachments": files}
        if self.job.state is not JobState.SUCCEEDED or self._showing.moved_to is not None:
            return {"view": self._view((), None), "attachments": []}
        urls = self._showing.media or picture_urls(await fetch())
        return {"view": self._view(urls, None)} | ({} if urls else {"attachments": []})

    def _view(self, media: Sequence[str], because: Text | None) -> discord.ui.LayoutView:
        return self._cards.draw(
            self._showing,
            media=next(iter(media), None),
            more=media[1:],
            picture=self._picture,
            detail=self._detail,
            because=because,
        )

    def _files(self) -> list[discord.File]:
        picture = self._picture
        if picture is None:
            return []
        described = self._cards.description(self.job, self._detail)
        several = bool(picture.more or picture.lacking)
        return [
            _file(one, described=described, number=f"{one.number}-" if several else "")
            for one in (picture, *picture.more)
        ]


def _file(picture: Picture, *, described: str | None = None, number: str = "") -> discord.File:
    """`number` sets pictures apart that are quite alike: two files of one name are one to a card."""
    name = number + (re.sub(r"[^A-Za-z0-9_.-]+", "_", picture.filename).lstrip("._") or "picture")
    return discord.File(io.BytesIO(picture.data), filename=name, description=described)


def _number_in(url: str) -> int | None:
    """The number that `_file` has set before a picture's name."""
    found = re.fullmatch(r"([1-9])-.+", url.partition("?")[0].rpartition("/")[2])
    return int(found[1]) if found else None


def _nonce(job: Job) -> str:
    """A result must not be taken for the card that was posted while its job lived: Discord would return that one."""
    return job.key if job.is_terminal else f"{job.key}-live"


def _named(files: Sequence[discord.File]) -> Sequence[str]:
    return [f"attachment://{file.filename}" for file in files]


def _shown(message: discord.Message) -> CardLocation:
    posted = int(message.created_at.timestamp() * 1000)
    return CardLocation(channel_id=message.channel.id, message_id=message.id, at=posted)
