"""Roles and channels that a server's settings still name though Discord no longer knows them: said so, wherever they are named.
Never here: taking them away, and what settings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.texts import Text, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import discord

    from bot.texts import Argument

ROLE: Final = "rule.role"
CHANNEL: Final = "channel.named"
GONE: Final = frozenset({"rule.role_gone", "channel.gone"})
LISTS: Final = frozenset({"list.more", "list.last"})


def role_named(id_: int) -> Text:
    """A role as Discord shows it."""
    return text(ROLE, role=str(id_))


def channel_named(id_: int) -> Text:
    """A channel as Discord shows it."""
    return text(CHANNEL, channel=str(id_))


def is_gone(guild: discord.Guild | None, id_: int) -> bool:
    """Whether it is neither a role nor a channel of the server; never of one that Discord has not told of yet.

    Of a thread this does not say that it was deleted: archived ones are not told of.
    """
    if guild is None or not guild.roles:  # each server has one at least
        return False
    return guild.get_role(id_) is None and guild.get_channel_or_thread(id_) is None and id_ != guild.id


def marked(words: Text, guild: discord.Guild | None) -> Text:
    """The sentence as that server's members are to read it: what is gone is named so, and not beside what is there."""
    if words.id in {ROLE, CHANNEL}:
        (named,) = words.args.values()
        if not is_gone(guild, int(str(named))):
            return words
        return text("rule.role_gone" if words.id == ROLE else "channel.gone", **words.args)
    if words.id in LISTS:
        names = [_marked(name, guild) for name in _names(words)]
        there = [name for name in names if not (isinstance(name, Text) and name.id in GONE)]
        if len(there) < len(names):
            return listed(name for name in there or names if isinstance(name, Text))
    if not any(isinstance(value, Text) for value in words.args.values()):
        return words
    return text(words.id, **{name: _marked(value, guild) for name, value in words.args.items()})


def _marked(value: Argument | Text, guild: discord.Guild | None) -> Argument | Text:
    return marked(value, guild) if isinstance(value, Text) else value


def _names(words: Text) -> Iterable[Argument | Text]:
    """What a list names, in its order."""
    first = words.args["first"]
    yield from _names(first) if isinstance(first, Text) and first.id in LISTS else (first,)
    yield words.args["last"]
