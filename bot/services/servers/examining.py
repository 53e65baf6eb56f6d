"""Looking for a server's words in a prompt, where it takes nobody else's time, and what a typed one would be sent as.
Never here: what is found (domain), and what becomes of it (policy)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bot.domain.intake.batches import MOST_JOBS, written_out
from bot.domain.intake.prompts import PromptOptions
from bot.domain.servers.moderation import Verdict, examine
from bot.domain.servers.prompt_rules import shaped
from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.servers.guilds import GuildSettings
    from bot.domain.servers.moderation import WordRule

FEW: Final = 25
"""Rules that take some milliseconds at most, even when they are read for the first time. Five hundred of them take seconds
then, and a good part of one ever after: all other servers' answers would wait for that."""


async def examined(words: str, rules: Sequence[WordRule]) -> Verdict:
    """The same as `examine`; many rules are gone through in a thread."""
    if len(rules) <= FEW:
        return examine(words, rules)
    return await asyncio.to_thread(examine, words, rules)


async def examined_as_sent(typed: str, settings: GuildSettings) -> Verdict:
    """What is found in a typed prompt as it would be sent, in any of the several that it may ask for; in a thread."""
    return await asyncio.to_thread(_examine_as_sent, typed, settings)


def _examine_as_sent(typed: str, settings: GuildSettings) -> Verdict:
    verdicts = [examine(one, settings.words) for one in _as_sent(typed, settings)]
    found = {one.rule: one for verdict in verdicts for one in verdict.found}
    allowed = dict.fromkeys(one for verdict in verdicts for one in verdict.allowed)
    return Verdict(tuple(found.values()), tuple(allowed))


def _as_sent(typed: str, settings: GuildSettings) -> list[str]:
    """What a typed prompt would be sent as, with what the server adds everywhere: each of the several that it may ask for.

    What cannot be sent stands as it was typed.
    """
    try:
        jobs = written_out(PromptOptions(prompt=typed), most=MOST_JOBS)
        added = [shaped(job.prompt, settings.additions, (settings.guild_id,)).prompt for job in jobs]
    except UserError:
        return [typed]
    return list(dict.fromkeys(added))
