"""What a member may do in a pool of a server, by the deployment's defaults.
Never here: counting; the store does that inside the transaction that inserts the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.domain.pools import Pool
from bot.errors import UserError
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.pools import Allowance
    from bot.services.asking import Asker


class Policy(Protocol):
    """Decides who may use which pool."""

    async def default_pool(self, asker: Asker) -> Pool:
        """The pool of a chain whose requester named none."""

    async def allowance(self, asker: Asker, pool: Pool, *, in_chain: bool) -> Allowance:
        """What the asker may do there.

        Raises `UserError` if the pool is closed to them; `in_chain` says that the chain cannot move to another.
        """


class DeploymentPolicy:
    """The same for every server: `EASEL_DEFAULT_RULES` and `EASEL_DEFAULT_POOL` (design §8)."""

    def __init__(self, rules: Mapping[Pool, Allowance], default: Pool) -> None:
        self._rules = rules
        self._default = default

    async def default_pool(self, asker: Asker) -> Pool:  # noqa: ARG002 - the same for every asker, by this policy
        """The configured default, or the only pool that is on."""
        if self._default in self._rules or not self._rules:
            return self._default
        return next(iter(self._rules))

    async def allowance(self, asker: Asker, pool: Pool, *, in_chain: bool) -> Allowance:  # noqa: ARG002 - as above
        """The configured allowance of everyone."""
        found = self._rules.get(pool)
        if found is not None:
            return found
        if in_chain:
            raise UserError(text("refused.pool_off_chain", pool=pool.value))
        others = [p for p in Pool if p in self._rules]
        if others:
            raise UserError(text("refused.pool_off", pool=pool.value, other=others[0].value))
        raise UserError(text("refused.all_pools_off"))
