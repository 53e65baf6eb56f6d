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
WAYS: Final = {
    "refused.no_rule": "refused.no_rule_gone",
    "refused.no_rule_other": "refused.no_rule_gone_other",
    "refused.channel_other": "refused.channel_gone",
    "refused.images_channel": "refused.images_channel_gone",
    "refused.press_role": "refused.press_requester",
}
"""Refusals that name roles or channels as a way out, and what they become where none of these is there: nobody can go there."""
WAYS_NAMED: Final = 5
"""How many a refusal names."""


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
    if words.id in WAYS:
        return _way_out(words, guild)
    if words.id in LISTS:
        names = [_marked(name, guild) for name in _names(words)]
        there = [name for name in names if not (isinstance(name, Text) and name.id in GONE)]
        if len(there) < len(names):
            return listed(name for name in there or names if isinstance(name, Text))
    if not any(isinstance(value, Text) for value in words.args.values()):
        return words
    return text(words.id, **{name: _marked(value, guild) for name, value in words.args.items()})


def _way_out(words: Text, guild: discord.Guild | None) -> Text:
    ((name, ways),) = ((name, value) for name, value in words.args.items() if isinstance(value, Text))
    there = [way for way in _names(ways) if isinstance(way, Text) and marked(way, guild).id not in GONE]
    if there:
        return text(words.id, **{**words.args, name: listed(there[:WAYS_NAMED])})
    return text(WAYS[words.id], **{other: value for other, value in words.args.items() if other != name})


def _marked(value: Argument | Text, guild: discord.Guild | None) -> Argument | Text:
    return marked(value, guild) if isinstance(value, Text) else value


def _names(words: Argument | Text) -> Iterable[Argument | Text]:
    """What a list names, in its order; what is no list is its own name."""
    if isinstance(words, Text) and words.id in LISTS:
        yield from _names(words.args["first"])
        yield words.args["last"]
    else:
        yield words
