"""Prompts that are sent in English where member or server say so; without a translation they are sent as they were written.
Never here: asking the model (`prompt_help`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.intake.english import is_english
from bot.domain.intake.prompt_frame import framed
from bot.domain.intake.prompt_help import Help
from bot.domain.prices import Charge, charge_of_prompt, price_of
from bot.errors import StorageTrouble, UserError

if TYPE_CHECKING:
    from bot.domain.pools import Pool
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Policy, Request
    from bot.services.history.preferences import People
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


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Translating:
    """Translates what is about to begin."""

    helper: PromptHelper
    people: People
    guilds: Guilds
    policy: Policy

    async def sent(self, asker: Asker, request: Request, account: str, *, call: int | None = None) -> Sent:
        """The prompt in English, if somebody wants that and it is not; a helper in trouble stops nothing.

        Raises `UserError` if the words are refused as they were written: then nobody is asked.
        """
        prompt = request.prompt or ""
        if not await self._is_asked(asker, prompt):
            return Sent(prompt=prompt)
        await self.policy.check_words(asker, request)
        beside = await self._price(asker, request, prompt)
        try:
            translated = await self.helper.ask(
                asker,
                Help.TRANSLATE,
                prompt,
                pool=request.pool,
                account=account,
                call=call,
                beside=beside,
            )
        except UserError as refusal:
            log.info("prompt_untranslated", extra={"reason": refusal.text.id})
            return Sent(prompt=prompt, notes=(_note_for(refusal.text.id),))
        except StorageTrouble:
            return Sent(prompt=prompt, notes=(UNTRANSLATED,))
        if translated.casefold() == prompt.casefold():  # it was English, or a name
            return Sent(prompt=prompt)
        return Sent(prompt=translated, typed=prompt)

    async def price(self, asker: Asker, pool: Pool, prompt: str) -> int:
        """What a prompt costs besides its picture, in units, where it has to be translated."""
        if asker.server is None or not await self._is_asked(asker, prompt):
            return 0
        return price_of((await self.guilds.settings(asker.server)).prices, pool, Charge.HELP)

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

    async def _price(self, asker: Asker, request: Request, prompt: str) -> int:
        """What the picture itself costs there: a translation takes none of that."""
        prices = () if asker.server is None else (await self.guilds.settings(asker.server)).prices
        return price_of(prices, request.pool, charge_of_prompt(request.charge, prompt)) * request.number


def _note_for(refusal: str) -> str:
    if refusal.startswith("helper.answer_"):
        return UNTRANSLATED_ANSWER
    if refusal in {"helper.key", "helper.off"}:
        return UNTRANSLATED_KEY
    if refusal.startswith("refused.") or refusal == "helper.too_often":
        return UNTRANSLATED_LIMIT
    return UNTRANSLATED
