"""What a policy is asked before a job begins, and the deployment's own, for a server that has decided nothing.
Never here: a server's own rules (that is `policy`), what is left (that is `quota`), and counting (the store)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.domain.pools import MIDJOURNEY_POOLS, USUAL_POOLS, Pool
from bot.domain.prices import price_of
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.pools import Allowance, ServerLimits
    from bot.domain.prices import Charge
    from bot.domain.servers.image_rules import ImageFacts
    from bot.services.admission.asker import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for, as far as a server's rules look at it."""

    pool: Pool
    charge: Charge
    prompt: str | None = None
    """Words that somebody wrote; None for a press, whose words were checked when its chain began."""
    in_chain: bool = False
    """It continues a chain, which cannot move to another pool."""
    borrowed: str = ""
    """Words that the asker was given and may have left as they were: another's prompt, a description's. Nobody is
    struck for those, nor for what the server itself adds."""
    typed: str | None = None
    """What the asker wrote, where `prompt` is a translation of it: both have to pass."""
    references: Sequence[str] = ()
    """Keys of the parameters that pictures put in are sent as."""
    images: Sequence[ImageFacts] | None = None
    """Pictures that are put in; None: all that go along with the job. Addresses in the prompt are found there."""
    number: int = 1
    """How many pictures one call is paid for, where it is paid by the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """On which terms a job may begin; what is used up already is checked when it is inserted."""

    allowance: Allowance
    units: int = 1
    limits: ServerLimits | None = None
    """What is checked of the server in the same transaction; None where no server's settings were asked."""
    notes: tuple[str, ...] = ()
    """Ids of sentences for the card. `note.spoiler` also means that its picture is to be hidden behind a spoiler."""
    locale: str | None = None
    """Language of the public card, where the server chose one."""
    prompt: str | None = None
    """The prompt with what the server adds; None: as it was asked for."""


class Policy(Protocol):
    """Decides who may use which pool."""

    async def shown(self, guild_id: int | None) -> tuple[Pool, ...]:
        """The pools that a server sees, open or not."""

    async def default_pool(self, asker: Asker) -> Pool:
        """The pool of a chain whose requester named none."""

    async def allowance(self, asker: Asker, pool: Pool, *, in_chain: bool) -> Allowance:
        """What the asker may do there.

        Raises `UserError` if the pool is closed to them; `in_chain` says that the chain cannot move to another.
        """

    async def admit(self, asker: Asker, request: Request) -> Admission:
        """Check all that a server's moderators decided, and say on which terms the job may begin.

        Raises `UserError` naming the rule that refuses and what would help.
        """

    async def check(self, asker: Asker, request: Request) -> None:
        """Raise what `admit` would raise whatever is used up, before anything is asked for: nothing is noted down."""

    async def check_words(self, asker: Asker, request: Request) -> None:
        """Raise what `admit` would raise of a prompt, words too, before a model is asked about it; a strike counts."""

    async def shaped(self, asker: Asker, request: Request) -> tuple[str, Charge]:
        """The prompt with what the server adds, and what it is paid as; raises what `admit` would raise of its parameters."""

    async def treatment(self, asker: Asker) -> tuple[str, ...]:
        """What the asker's place makes of pictures that are shown there, as notes; raises `UserError` where they may not be."""

    def forget(self, asker: Asker) -> None:
        """What was read of the asker's server has changed: read it anew next time."""

    def refused(self, asker: Asker, refusal: UserError) -> None:
        """A job was refused after it had been admitted: a limit is used up."""


@dataclass(frozen=True, slots=True)
class DeploymentPolicy:
    """The same for every server: `EASEL_DEFAULT_RULES` and `EASEL_DEFAULT_POOL` (design §8)."""

    rules: Mapping[Pool, Allowance]
    preferred: Pool

    @property
    def default(self) -> Pool:
        """The configured default, or the only pool that is on."""
        if self.preferred in self.rules:
            return self.preferred
        return next((pool for pool in self.rules if pool in MIDJOURNEY_POOLS), self.preferred)

    async def shown(self, guild_id: int | None) -> tuple[Pool, ...]:  # noqa: ARG002 - it knows no accounts
        """The usual ones."""
        return USUAL_POOLS

    async def default_pool(self, asker: Asker) -> Pool:  # noqa: ARG002 - the same for every asker, by this policy
        """The configured default."""
        return self.default

    async def allowance(self, asker: Asker, pool: Pool, *, in_chain: bool) -> Allowance:  # noqa: ARG002 - as above
        """The configured allowance of everyone."""
        found = self.rules.get(pool)
        if found is not None:
            return found
        raise closed(pool, [p for p in MIDJOURNEY_POOLS if p in self.rules], in_chain=in_chain)

    async def admit(self, asker: Asker, request: Request) -> Admission:
        """The configured allowance, at the usual price of a job, or of a picture where those are paid singly."""
        allowance = await self.allowance(asker, request.pool, in_chain=request.in_chain)
        units = price_of((), request.pool, request.charge) * request.number
        return Admission(allowance=allowance, units=units)

    async def check(self, asker: Asker, request: Request) -> None:
        """Whether the pool is open."""
        await self.allowance(asker, request.pool, in_chain=request.in_chain)

    async def check_words(self, asker: Asker, request: Request) -> None:
        """Whether the pool is open: there are no words of servers here."""
        await self.check(asker, request)

    async def shaped(self, asker: Asker, request: Request) -> tuple[str, Charge]:  # noqa: ARG002 - as above
        """As it is: nothing is added."""
        return request.prompt or "", request.charge

    async def treatment(self, asker: Asker) -> tuple[str, ...]:  # noqa: ARG002 - as above
        """They are shown as they are."""
        return ()

    def offers(self, pool: Pool) -> Allowance | None:
        """What everyone has there by the deployment's defaults; None: switched off."""
        return self.rules.get(pool)

    def forget(self, asker: Asker) -> None:
        """Nothing was read."""

    def refused(self, asker: Asker, refusal: UserError) -> None:
        """There is nobody to tell."""


def closed(pool: Pool, others: list[Pool], *, in_chain: bool) -> UserError:
    """The refusal of a pool that is off, with the way that is left."""
    if pool is Pool.DRAW:
        return UserError(text("refused.draw_off"))
    if in_chain:
        return UserError(text("refused.pool_off_chain", pool=pool.value))
    if others:
        return UserError(text("refused.pool_off", pool=pool.value, other=others[0].value))
    return UserError(text("refused.all_pools_off"))
