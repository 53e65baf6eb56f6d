"""What an account of the image API can do, as one value: what cards show, what `/help` says, what workers may call.
Never here: asking a server (that is the adapter's), and anything that depends on one job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, Self, runtime_checkable

from bot.domain.pools import MIDJOURNEY_POOLS, Pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.engine_models import EngineModel


class Speed(StrEnum):
    """How fast Midjourney runs a job, by Midjourney's own words (`--relax`, `--fast`, `--turbo`)."""

    RELAX = "RELAX"
    FAST = "FAST"
    TURBO = "TURBO"


_SPEED_OF_POOL: Final[Mapping[str, Speed]] = MappingProxyType(
    {"NORMAL": Speed.RELAX, "FAST": Speed.FAST, "TURBO": Speed.TURBO}
)


def speed_of(pool: Pool) -> Speed:
    """The speed that a pool stands for: NORMAL is relax."""
    return _SPEED_OF_POOL[pool.value]


@cache
def _pools_at(speeds: frozenset[Speed], *, draws: bool) -> tuple[Pool, ...]:
    served = tuple(pool for pool in MIDJOURNEY_POOLS if speed_of(pool) in speeds)
    return (*served, Pool.DRAW) if draws else served


class ServerKind(StrEnum):
    """Which program answers at the API's address; a value of its own where programs of a family differ."""

    OHMYGPT = "ohmygpt"
    NOVI = "novicezk/midjourney-proxy"
    """The first open proxy: no buttons, no windows; U, V and reroll only."""
    PLUS = "midjourney-proxy-plus"
    TRUEAI = "trueai-org/midjourney-proxy"
    NEW_API = "new-api"
    """A gateway: sells a proxy on, with its own lazy copy of every task."""
    ONE_HUB = "one-hub"
    """A gateway too, with path prefixes that mean something."""
    RESELLER = "a reseller of the family"
    """Speaks the family's language, and fits none of the programs whose source is known."""

    @property
    def is_gateway(self) -> bool:
        """Whether it sells a proxy on: each call has a price and a row there, of which two may have one task's id."""
        return self in {ServerKind.NEW_API, ServerKind.ONE_HUB}


class Windows(StrEnum):
    """Which windows a press may open (a second call fills them)."""

    NONE = "none"
    ZOOM_AND_REGION = "zoom_and_region"
    """Custom Zoom and Vary (Region): all that gateways carry."""
    ALL = "all"


class Lookup(StrEnum):
    """How a submission that nobody answered can be found again by its tag."""

    NEVER = "never"
    SCAN = "scan"
    """By reading a list that may be too short: what is not in it may exist all the same."""
    EXACT = "exact"


class Cancel(StrEnum):
    """What the server's own cancel does."""

    NONE = "none"
    FORGET = "forget"
    """It stops to follow the task. Midjourney runs on, and the job is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One account's abilities. Nothing here is a promise of the server's: a call may still be refused."""

    server: ServerKind
    speeds: frozenset[Speed]
    """What can be asked for; pools that stand for anything else are not offered on this account."""
    buttons: bool = True
    """Whether a finished task lists its buttons."""
    windows: Windows = Windows.NONE
    region_mask: bool = True
    """Whether a region can be repainted at all, with or without words."""
    remix: bool = False
    """Whether V, reroll and pan can be asked to open a window for other words."""
    shorten: bool = False
    seed: bool = False
    cancel: Cancel = Cancel.NONE
    batch: bool = False
    """Whether many tasks can be read in one call."""
    tag: bool = False
    """Whether a text of ours comes back with the task (`state`)."""
    lookup: Lookup = Lookup.NEVER
    pages: bool = False
    """Whether the account's tasks can be listed."""
    webhook: bool = False
    """Whether an address sent along is posted to; where it is unsure this is False, and polling does."""
    upload: bool = False
    """Whether a file can be left with the service before a prompt names it."""
    video: bool = False
    balance: bool = False
    keeps_pool: bool = False
    """Whether what is made from a picture runs at its speed without being asked anew."""
    engine: EngineModel | None = None
    """The second engine that its key opens; None where its owner named none."""

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools that this account can serve."""
        return _pools_at(self.speeds, draws=self.engine is not None)

    @property
    def custom_zoom(self) -> bool:
        """Whether Custom Zoom can be given its zoom and its words."""
        return self.windows is not Windows.NONE

    @property
    def region_words(self) -> bool:
        """Whether a region can be given words of its own."""
        return self.windows is not Windows.NONE

    def only(self, speeds: Iterable[Speed]) -> Self:
        """The same for an account whose owner configured fewer speeds."""
        return replace(self, speeds=self.speeds & frozenset(speeds))


_EVERY_SPEED: Final = frozenset(Speed)
_OLD_SPEEDS: Final = frozenset({Speed.RELAX, Speed.FAST})

# From the sources of the programs named (family §10, §1.2, §3, §6.3); a reseller gets
# what every member has.
BY_SERVER: Final[Mapping[ServerKind, Capabilities]] = MappingProxyType(
    {
        kind.server: kind
        for kind in (
            Capabilities(
                server=ServerKind.OHMYGPT,
                speeds=_OLD_SPEEDS,
                webhook=True,
                upload=True,
                pages=True,
                balance=True,
                keeps_pool=True,
            ),
            Capabilities(
                server=ServerKind.NOVI,
                # It hands no speed on: the account's own setting decides.
                speeds=_OLD_SPEEDS,
                buttons=False,
                region_mask=False,
                batch=True,
                tag=True,
                lookup=Lookup.SCAN,
                pages=True,
                webhook=True,
                keeps_pool=True,
            ),
            Capabilities(
                server=ServerKind.PLUS,
                speeds=_EVERY_SPEED,
                windows=Windows.ALL,
                shorten=True,
                seed=True,
                cancel=Cancel.FORGET,
                batch=True,
                tag=True,
                lookup=Lookup.EXACT,
                pages=True,
                webhook=True,
                upload=True,
                keeps_pool=True,
            ),
            Capabilities(
                server=ServerKind.TRUEAI,
                speeds=_EVERY_SPEED,
                windows=Windows.ALL,
                remix=True,
                shorten=True,
                seed=True,
                batch=True,
                tag=True,
                lookup=Lookup.SCAN,
                pages=True,
                webhook=True,
                upload=True,
                video=True,
            ),
            Capabilities(
                server=ServerKind.NEW_API,
                # Stock ones drop a path prefix: which channel, and so which speed, is the key's own affair.
                speeds=_EVERY_SPEED,
                windows=Windows.ZOOM_AND_REGION,
                shorten=True,
                seed=True,
                batch=True,
                tag=True,
                upload=True,
                balance=True,
            ),
            Capabilities(
                server=ServerKind.ONE_HUB,
                speeds=_EVERY_SPEED,
                windows=Windows.ZOOM_AND_REGION,
                shorten=True,
                seed=True,
                batch=True,
                tag=True,
                upload=True,
                keeps_pool=True,
            ),
            Capabilities(
                server=ServerKind.RESELLER,
                speeds=_EVERY_SPEED,
                windows=Windows.ZOOM_AND_REGION,
                batch=True,
            ),
        )
    }
)
"""What each kind of server can do as far as its source or its documents say; the adapter narrows it by asking."""


OHMYGPT: Final = BY_SERVER[ServerKind.OHMYGPT]


def capabilities_of(account: object) -> Capabilities:
    """What an account can do; one that does not say is OhMyGPT's."""
    # Not `isinstance` of a protocol: it looks at every member each time, and this is asked ten times for a command.
    found: Capabilities = getattr(account, "capabilities", OHMYGPT)
    return found


@runtime_checkable
class Asked(Protocol):
    """An account whose server is asked what it is."""

    @property
    def is_known(self) -> bool:
        """Whether it has answered."""


def known_capabilities(account: object) -> Capabilities | None:
    """What an account can do; None while its server was not asked yet."""
    return None if isinstance(account, Asked) and not account.is_known else capabilities_of(account)
