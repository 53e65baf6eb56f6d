"""Prompts that are sent in English where member or server say so; without a translation they are sent as they were written.
Never here: asking the model (`prompt_help`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.intake.english import is_english
from bot.domain.intake.prompt_frame import framed
from bot.domain.intake.prompt_help import Help
from bot.domain.prices import Charge, price_of
from bot.errors import StorageTrouble, UserError
from bot.texts import Text

if TYPE_CHECKING:
    from bot.domain.intake.prompt_help import HelpCall
    from bot.domain.pools import Pool
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Request
    from bot.services.history.preferences import People
    from bot.services.intake.intake import Intake
    from bot.services.intake.prompt_help import PromptHelper
    from bot.services.servers.settings import Guilds

log = logging.getLogger(__name__)

UNTRANSLATED: Final = "note.untranslated"
UNTRANSLATED_KEY: Final = "note.untranslated_off"
UNTRANSLATED_ANSWER: Final = "note.untranslated_answer"
UNTRANSLATED_LIMIT: Final = "note.untranslated_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is sent, and what the card says of it."""

    prompt: str
    typed: str | None = None
    """What was written, if that is something else."""
    notes: tuple[str, ...] = ()
    question: HelpCall | None = None
    """What was booked for it."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Translating:
    """Translates what is about to begin."""

    helper: PromptHelper
    people: People
    guilds: Guilds
    intake: Intake

    async def sent(self, asker: Asker, request: Request, account: str, *, call: int | None = None) -> Sent:
        """The prompt in English, if somebody wants that and it is not; a helper in trouble stops nothing.

        Raises `UserError` if what was written is refused as it is: then nobody is asked. Where the picture is refused after
        that, or another has begun for it, see `let_off`.
        """
        prompt = request.prompt or ""
        if not await self._is_asked(asker, prompt):
            return Sent(prompt=prompt)
        charge = await self.intake.check_prompt(asker, request)
        beside = await self._price(asker, request.pool, charge)
        try:
            answer = await self.helper.ask(
                asker,
                Help.TRANSLATE,
                prompt,
                pool=request.pool,
                account=account,
                call=call,
                beside=beside,
            )
        except UserError as refusal:
            return _untranslated(prompt, refusal.text)
        except StorageTrouble:
            return Sent(prompt=prompt, notes=(UNTRANSLATED,))
        if isinstance(answer.said, Text):
            return replace(_untranslated(prompt, answer.said), question=answer.call)
        if answer.said.casefold() == prompt.casefold():  # it was English, or a name
            return Sent(prompt=prompt, question=answer.call)
        return Sent(prompt=answer.said, typed=prompt, question=answer.call)

    async def let_off(self, asker: Asker, sent: Sent) -> None:
        """No picture has begun with what was sent: its question is let off, if there was one. Raises nothing."""
        if sent.question is not None:
            await self.helper.let_off(asker, sent.question)

    async def price(self, asker: Asker, pool: Pool, prompt: str) -> int:
        """What a prompt costs besides its picture, in units, where it has to be translated."""
        if asker.server is None or not await self._is_asked(asker, prompt):
            return 0
        return await self._price(asker, pool, Charge.HELP)

    async def _is_asked(self, asker: Asker, prompt: str) -> bool:
        """Whether there is a helper who is asked about a prompt."""
        if not self.helper.offered or not await self._wanted(asker):
            return False
        words = " ".join(framed(prompt, unwanted=True).runs)
        return bool(words) and not is_english(words)

    async def _wanted(self, asker: Asker) -> bool:
        liked = (await self.people.preferences(asker.user_id)).translate
        if liked is not None or asker.server is None:
            return bool(liked)
        return (await self.guilds.settings(asker.server)).translate

    async def _price(self, asker: Asker, pool: Pool, charge: Charge) -> int:
        prices = () if asker.server is None else (await self.guilds.settings(asker.server)).prices
        return price_of(prices, pool, charge)


def _untranslated(prompt: str, why: Text) -> Sent:
    log.info("prompt_untranslated", extra={"reason": why.id})
    return Sent(prompt=prompt, notes=(_note_for(why.id),))


def _note_for(refusal: str) -> str:
    if refusal.startswith("helper.answer_"):
        return UNTRANSLATED_ANSWER
    if refusal in {"helper.key", "helper.off"}:
        return UNTRANSLATED_KEY
    if refusal.startswith("refused.") or refusal == "helper.too_often":
        return UNTRANSLATED_LIMIT
    return UNTRANSLATED
