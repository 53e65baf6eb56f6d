"""The moderators' log channel: one small card an event, in the server's language, pinging nobody.
Never here: what is told, how often (`dispatcher`), and where (`bot.services.servers.settings`)."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import discord
from cachetools import TTLCache

from bot.domain.servers.guild_ports import EventKind
from bot.domain.steady import Steady
from bot.errors import RetryLater, RouteClosed, TooLarge
from bot.i18n import SOURCE
from bot.texts import Inert, Text, text
from bot.ui.kit.controls import StatelessView
from bot.ui.kit.discord_errors import REJECTED, WORDS_REFUSED, translated
from bot.ui.kit.escape import cut, escaped, quoted
from bot.ui.kit.gone import marked
from bot.ui.moderation.changes import changes
from bot.ui.moderation.pages import few
from bot.ui.moderation.setting_words import Localizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.ports import Clock
    from bot.domain.servers.guild_ports import ModEvent
    from bot.i18n import Catalogues
    from bot.texts import Argument

log = logging.getLogger(__name__)

CLOSED_MS: Final = 10 * 60_000
"""How long a channel that cannot be written to is left alone: refused requests add up to a ban (facts §3.6)."""
CHANNELS: Final = 10_000
ARGUMENT_LIMIT: Final = 300
DETAIL_LIMIT: Final = 200
CHANGES: Final = 8
CHANGES_ROOM: Final = 1_300
SAID_LIMIT: Final = 1_500
"""Characters of the sentence: with its details and changes it stays within a message's 4,000."""

LOOKS: Final[Mapping[EventKind, tuple[str, int]]] = {
    EventKind.REFUSED: ("✋", 0x5C6370),
    EventKind.WARNED: ("⚠️", 0xF0A132),
    EventKind.STRUCK: ("🎯", 0xD83C3E),
    EventKind.SETTINGS: ("⚙️", 0x5865F2),
    EventKind.MEMBER: ("👤", 0x5865F2),
    EventKind.ERROR: ("❗", 0xF0A132),
    EventKind.KEY_REJECTED: ("🔑", 0xD83C3E),
    EventKind.BALANCE_LOW: ("💸", 0xD83C3E),
    EventKind.KEY_LIMIT: ("⏳", 0xF0A132),
    EventKind.MISSING_PERMISSION: ("🔒", 0xF0A132),
    EventKind.LEFT_POOL: ("🔀", 0xF0A132),
}


class ChannelModLog:
    """The `ModLog` of bot.domain.servers.guild_ports, on Discord."""

    def __init__(self, client: discord.Client, catalogues: Catalogues, clock: Clock) -> None:
        self._client = client
        self._catalogues = catalogues
        self._closed: TTLCache[int, bool, int] = TTLCache(CHANNELS, CLOSED_MS, Steady(clock))
        """Channels that refused us, while they are left alone."""

    async def post(self, guild_id: int, channel_id: int, event: ModEvent, *, locale: str | None) -> bool:
        """See the port. A change of settings is always tried: it may be the one that mends the channel."""
        if event.kind is not EventKind.SETTINGS and channel_id in self._closed:
            return False
        guild = self._client.get_guild(guild_id)
        roles = frozenset() if guild is None else frozenset(role.id for role in guild.roles)
        language, render = locale or self._locale(guild_id), self._catalogues.render
        localizer = Localizer(lambda words: render(marked(words, guild), language), guild_id, roles)
        where = self._client.get_partial_messageable(channel_id, guild_id=guild_id)
        more = {"guild": guild_id, "channel": channel_id, "kind": event.kind.value}
        try:
            async with translated():
                if not await _sent(where, event, localizer, more):
                    return False
        except RouteClosed as closed:
            self._closed[channel_id] = True
            log.warning("log_channel_closed", extra={"reason": closed.reason, **more})
        except (RetryLater, TooLarge) as trouble:
            log.warning("log_channel_troubled", extra={"reason": str(trouble), **more})
            if isinstance(trouble, RetryLater):
                raise
        else:
            self._closed.pop(channel_id, None)
            return True
        return False

    def _locale(self, guild_id: int) -> str:
        guild = self._client.get_guild(guild_id)
        return SOURCE if guild is None else guild.preferred_locale.value


async def _sent(
    where: discord.PartialMessageable, event: ModEvent, localizer: Localizer, more: Mapping[str, Any]
) -> bool:
    """Send a line, without what people wrote where Discord does not take it for that; False: not for ours either.

    One line's words are no fault of the channel, which goes on hearing of the rest.
    """
    for quotes in (True, False):
        view = event_view(event, localizer, quotes=quotes)
        try:
            await where.send(view=view, allowed_mentions=discord.AllowedMentions.none())
        except discord.HTTPException as error:
            if error.code not in WORDS_REFUSED and not (quotes and error.code == REJECTED):
                raise
            log.warning("log_line_rejected", extra={"quotes": quotes, "answer": error.text, **more})
        else:
            return True
    return False


def event_view(event: ModEvent, localizer: Localizer, *, quotes: bool = True) -> discord.ui.LayoutView:
    """Draw an event, with what people wrote or without."""
    icon, colour = LOOKS[event.kind]
    if not quotes:
        event = replace(event, said=_wordless(event.said), details={})
    lines = [
        f"{icon} {cut(localizer.localize(_sentence(event)), SAID_LIMIT)}",
        *(f"-# {line}" for line in _small(event, localizer)),
    ]
    if not quotes:
        lines.append(f"-# {localizer.localize(text('card.neutral'))}")
    box: discord.ui.Container[Any] = discord.ui.Container(accent_colour=discord.Colour(colour))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    return StatelessView(box)


def _sentence(event: ModEvent) -> Text:
    """What was said, about whom: a refusal speaks to the member, so it is told as their answer."""
    said = inert(event.said)
    if event.kind is EventKind.REFUSED and event.subject is not None:
        return text("log.refused", user=str(event.subject), why=said)
    if event.kind is EventKind.ERROR:
        return text("log.error", why=said)
    return said


def _wordless(words: Text) -> Text:
    """The same sentence without what was put into it, numbers and ids apart."""
    return text(words.id, **{name: _left(value) for name, value in words.args.items()})


def _left(value: Argument | Text) -> Argument | Text:
    match value:
        case Text():
            return _wordless(value)
        case str() if not value.isdecimal():
            return "…"
        case _:
            return value


def inert(words: Text) -> Text:
    """The same sentence; what people wrote into it has no meaning to Discord."""
    return text(words.id, **{name: _harmless(value) for name, value in words.args.items()})


def _harmless(value: Argument | Text) -> Argument | Text:
    match value:
        case Text():
            return inert(value)
        case Inert():
            return cut(value, ARGUMENT_LIMIT)
        case str():
            return escaped(value, ARGUMENT_LIMIT)
        case _:
            return value


def _small(event: ModEvent, localizer: Localizer) -> Iterable[str]:
    details, localize = event.details, localizer.localize
    if event.kind is EventKind.SETTINGS:
        lines = changes(details.get("before", {}), details.get("after", {}), localizer)
        yield from few(lines, CHANGES, localize, room=CHANGES_ROOM)
    for name in ("rule", "found", "reason"):
        if details.get(name):
            yield localize(text(f"log.detail_{name}", value=quoted(str(details[name]), DETAIL_LIMIT)))
    if event.job is not None:
        yield localize(text("log.job", key=event.job))
    if event.by is not None and event.by.user_id:  # at the command line nobody has an id
        yield localize(text("log.by", user=str(event.by.user_id)))
    if event.held_back:
        yield localize(text("log.held_back", n=event.held_back))
