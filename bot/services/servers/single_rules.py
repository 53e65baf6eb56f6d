"""The single rules of a server, each asked by itself: a pause, a kind, a channel, a newcomer, pictures, parameters.
Never here: in which order they are asked, words, and anything that is stored (that is `policy`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.domain.prices import Charge, charge_of_prompt
from bot.domain.servers.access import PressPermission, Treatment, treatments
from bot.domain.servers.image_rules import OFFERED, check_inputs
from bot.domain.servers.prompt_rules import check_references, is_allowed, put_in, shaped_for
from bot.domain.wording import inert
from bot.errors import UserError
from bot.texts import Text, listed, text

if TYPE_CHECKING:
    from bot.domain.pools import Pool
    from bot.domain.servers.guilds import GuildSettings
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Request

EVERYWHERE: Final = tuple(
    charge for charge in Charge if charge not in {Charge.SHORTEN, Charge.VIDEO, Charge.DRAW, Charge.HELP}
)
"""Kinds of job that need no engine, account or setting of their own: a refusal names them as a way out."""


def check_pause(settings: GuildSettings, pool: Pool) -> None:
    """Raise `UserError` where moderators stopped everything, or this pool."""
    pause = settings.pause_of(pool)
    if pause is None:
        return
    words: Text | str = inert(pause.words) or text("pause.no_words")
    if pause.pool is None:
        raise UserError(text("refused.paused", words=words))
    raise UserError(text("refused.paused_pool", pool=pool.value, words=words))


def check_put_in(settings: GuildSettings, asker: Asker, request: Request) -> None:
    """Pictures, addresses, and the parameters that pictures are sent as."""
    places = (*asker.lineage, settings.guild_id)
    check_inputs(
        settings.images,
        images=request.images or (),
        prompt=None if request.prompt is None else put_in(request.prompt, settings.additions, places),
        lineage=asker.lineage,
        age_restricted=asker.age_restricted,
    )
    check_references(request.references, settings.limits, places)


def check_kind(settings: GuildSettings, asker: Asker, request: Request) -> None:
    """Raise `UserError` for a kind of job that is not allowed there, with those that are and are to be had everywhere."""
    places = (*asker.lineage, settings.guild_id)
    if is_allowed(settings.kinds, request.charge, places):
        return
    kind = text(f"pool.charge.{request.charge.value}")
    others = [c for c in EVERYWHERE if c is not request.charge and is_allowed(settings.kinds, c, places)]
    if not others:
        raise UserError(text("refused.kind", kind=kind))
    named = listed([text(f"pool.charge.{charge.value}") for charge in others])
    raise UserError(text("refused.kind_other", kind=kind, others=named))


def shape(settings: GuildSettings, asker: Asker, request: Request) -> tuple[str, Charge, tuple[str, ...]]:
    """The prompt with what the server adds, what it is paid as, and notes, if all that is in it is allowed."""
    places = (*asker.lineage, settings.guild_id)
    composed = shaped_for(request.pool, request.prompt or "", settings.limits, settings.additions, places)
    charge = charge_of_prompt(request.charge, composed.prompt)
    if charge is not request.charge:
        check_kind(settings, asker, replace(request, charge=charge))
    return composed.prompt, charge, composed.notes


def check_newcomer(settings: GuildSettings, asker: Asker, now: int) -> None:
    """Raise `UserError` for whoever came too lately."""
    opens = settings.gate.opens_at(joined_at=asker.joined_at, created_at=asker.registered_at)
    if now < opens and not asker.is_moderator:
        raise UserError(text("refused.newcomer", opens=opens // 1_000))


def check_presser(settings: GuildSettings, asker: Asker) -> None:
    """Raise `UserError` for whoever may not press the buttons under another's picture."""
    if asker.requester is None or asker.is_moderator:
        return
    policy = settings.press
    if policy.permits(presser=asker.user_id, requester=asker.requester, role_ids=asker.role_ids):
        return
    if policy.who is PressPermission.ROLE:
        raise UserError(text("refused.press_role", role=text("rule.role", role=str(policy.role_id))))
    raise UserError(text("refused.press_requester"))


def wrong_channel(settings: GuildSettings) -> Text:
    """The refusal of a channel, with those that are allowed."""
    allowed = settings.channels.allowed
    if not allowed:
        return text("refused.channel")
    return text(
        "refused.channel_other",
        channels=listed([text("channel.named", channel=str(c)) for c in allowed[:OFFERED]]),
    )


def treated(settings: GuildSettings, asker: Asker) -> tuple[str, ...]:
    """The notes that a place makes of a picture; raises `UserError` where it may not be shown."""
    found = treatments(
        settings.media, guild_id=settings.guild_id, lineage=asker.lineage, role_ids=asker.role_ids
    )
    if Treatment.AGE_RESTRICTED in found and not asker.age_restricted:
        raise UserError(text("refused.age_restricted"))
    return ("note.spoiler",) if Treatment.SPOILER in found else ()
