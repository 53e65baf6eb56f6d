"""Prompts that were refused before they became jobs: kept for some minutes, so that nobody types one twice.
Never here: why they were refused, and windows.

A draft is nobody's but its writer's; its button carries a key and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bot.domain.intake.copied import unwrapped
from bot.domain.intake.dashes import DASH_SET, with_hyphens
from bot.domain.intake.prompt_parts import words_of
from bot.domain.intake.prompts import PROMPT_LIMIT, aspect_alone
from bot.domain.personal_items import DRAFT_LIFE_MS, Draft
from bot.domain.pools import Pool
from bot.domain.wording import clean
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.intake.prompts import PromptOptions
    from bot.domain.keys import JobKey
    from bot.domain.personal_items import PersonalItems
    from bot.domain.ports import Clock
    from bot.services.admission.viewer import Viewer
    from bot.services.intake.naming import Naming
    from bot.texts import Text

FINAL: Final = ("refused.blocked", "refused.server_only", "refused.owner_only", "draft.")
"""What refusals begin with after which the same person can do nothing with their words here."""
ABOUT_POOL: Final = (
    "refused.pool_off",
    "refused.no_rule",
    "refused.paused_pool",
    "refused.per_",
    "refused.at_once",
    "refused.cooldown",
    "refused.server_total",
)
"""What refusals begin with that another pool may mend."""
CLOSED: Final = ("refused.paused_pool", "refused.pool_off", "refused.all_pools_off", "refused.no_rule")
"""What refusals begin with that shut Midjourney, and not the engine."""
SPELLED: Final = {Pool.NORMAL: "--relax", Pool.FAST: "--fast", Pool.TURBO: "--turbo"}


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Drafts:
    """Keeps refused prompts for those who wrote them."""

    store: PersonalItems
    clock: Clock
    naming: Naming

    async def keep(
        self,
        options: PromptOptions,
        *,
        user_id: int,
        guild_id: int | None,
        home_channel: int | None = None,
        pool: Pool | None,
        option_set: str | None,
        borrowed: str = "",
        ancestor: JobKey | None = None,
    ) -> JobKey:
        """Keep what somebody asked for; returns the key under which `open` finds it. Raises `StorageTrouble`."""
        draft = Draft(
            key=self.naming.key(),
            user_id=user_id,
            guild_id=guild_id,
            home_channel=home_channel,
            prompt=_fitted(options),
            pool=pool,
            option_set=option_set,
            borrowed=borrowed,
            ancestor=ancestor,
            until=self.clock.now() + DRAFT_LIFE_MS,
        )
        await self.store.keep_draft(draft)
        return draft.key

    async def open(self, viewer: Viewer, key: JobKey) -> Draft:
        """Read a draft; raises `UserError` if it is too old, or somebody else's, or of another place."""
        draft = await self.store.draft(key)
        elsewhere = viewer.guild_id is not None and draft is not None and draft.guild_id != viewer.guild_id
        if draft is None or draft.until <= self.clock.now() or elsewhere:
            raise UserError(text("draft.expired"))
        if draft.user_id != viewer.user_id:
            raise UserError(text("draft.not_yours"))
        return draft

    async def tidy(self) -> None:
        """Delete what is too old."""
        await self.store.tidy_drafts(self.clock.now())


_UNTOLD: Final = "".join(DASH_SET) + " "
"""What may stand before a model that was chosen, and is put before it anyway."""


def keeps_draft(refusal: Text) -> bool:
    """Whether a refused prompt goes back to its writer: nobody types one twice, whatever stood in its way."""
    return not refusal.id.startswith(FINAL)


def with_its_pool(
    refusal: Text, options: PromptOptions, pool: Pool | None
) -> tuple[PromptOptions, Pool | None]:
    """A prompt whose pool was refused has it in its words, where it can be edited like them."""
    if pool not in SPELLED or not refusal.id.startswith(ABOUT_POOL):
        return options, pool
    return replace(options, prompt=_followed(options.prompt, [SPELLED[pool]])), None


def as_typed(options: PromptOptions) -> str:
    """A prompt with all that was given beside it, as one would type it, mistakes and all."""
    return _followed(options.prompt, _beside(options))


def _fitted(options: PromptOptions) -> str:
    """The same as a window holds it: words are cut, and nothing that was chosen."""
    whole = as_typed(options)
    if len(whole) <= PROMPT_LIMIT:
        return whole
    line = with_hyphens(_bare(options.prompt))
    words = words_of(line)
    typed = line[len(words) :]
    given = "".join(f" {one}" for one in _beside(options))
    room = PROMPT_LIMIT - len(given)
    return f"{words[: max(0, room - len(typed))]}{typed}"[:room] + given


def _beside(options: PromptOptions) -> list[str]:
    unwanted = None if options.no is None else with_hyphens(_bare(options.no)).removeprefix("--no ")
    given = (
        ("ar", None if options.aspect is None else aspect_alone(options.aspect)),
        ("v", None if options.version is None else options.version.lstrip(_UNTOLD)),
        ("stylize", options.stylize),
        ("chaos", options.chaos),
        ("weird", options.weird),
        ("quality", options.quality),
        ("seed", options.seed),
        ("no", unwanted),
        ("iw", options.weight),
    )
    parts: list[str] = []
    for name, value in given:
        named = name == "v" and str(value).lower().startswith(("niji", "v"))
        if value is not None:
            parts.append(f"--{value}" if named else f"--{name} {value}")
    flags = (("raw", options.raw), ("tile", options.tile))
    parts += [f"--{name}" if on else f"--no-{name}" for name, on in flags if on is not None]
    return parts


def _followed(prompt: str, given: Sequence[str]) -> str:
    """A prompt with more behind it: what copying put around its words would not be around all of it any more."""
    return " ".join([_bare(prompt), *given]) if given else prompt.strip()


def _bare(line: str) -> str:
    return unwrapped(clean(line))
