"""The seams of the program: what services need from storage, the image API, Discord, the clock and the meters.
Never here: implementations; adapters hold to these without importing each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, runtime_checkable

from bot.domain.tenancy import NO_CEILING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from bot.domain.claims import Claim
    from bot.domain.inputs import Input, Shape
    from bot.domain.jobs import Job, ReplyTarget, Route
    from bot.domain.keys import JobKey
    from bot.domain.pools import Allowance, Pool, ServerLimits
    from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
    from bot.domain.tenancy import Budget, Ceiling
    from bot.texts import Text

T = TypeVar("T")

MOST_AHEAD: Final = 20
"""So many that stand before a waiting job are counted; who is further back hears that they are more. Counting all of
them would cost the more, the longer the line is, for every card."""


class Clock(Protocol):
    """Time as the program knows it. Every long wait of the bot goes through here, so that tests can turn it."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""

    async def pause(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Wait until `wake` is set (True, and it is left set) or the time has passed (False)."""


class Guard(Protocol):
    """Awaits what may take long on the outside's account: a simulated Discord must know of it (design §7)."""

    def __call__(self, awaitable: Awaitable[T], reason: str, /) -> Awaitable[T]:
        """Await it, and return or raise what it does."""


def unguarded(awaitable: Awaitable[T], _reason: str, /) -> Awaitable[T]:
    """The guard of production: nothing around the call."""
    return awaitable


class Metrics(Protocol):
    """Meters. Names are stable: dashboards rely on them (`bot.metrics` lists each)."""

    def count(self, name: str, n: int = 1, /, **labels: str) -> None:
        """Something happened."""

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Something took this long, or was this large."""


class Readings(Protocol):
    """The part of the Midjourney side that follows tasks; raises `RemoteError`."""

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """Read one task; None if the service does not know it."""

    async def page(self, number: int, *, size: int) -> TaskPage:
        """Read a page of all the account's tasks; number ≥ 1, size 5 to 20."""


class Uploads(Protocol):
    """Where files can be left; raises `RemoteError`."""

    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        """Leave a file with the service for all to read until then; returns its public address. Gateways charge for it."""


class ImageApi(Protocol):
    """The Midjourney side (contract §1). Every method raises `RemoteError` and nothing else on trouble.

    The four submissions are paid and have no idempotency key: a caller never repeats one whose error says UNCLEAR.
    `pool` has no default anywhere. `images` and `mask` are data URLs.
    """

    async def imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, images: Sequence[str] = ()
    ) -> RemoteTaskId:
        """Begin a chain."""

    async def act(
        self,
        *,
        task_id: RemoteTaskId,
        custom_id: str,
        pool: Pool,
        webhook: str | None,
        mask: str | None = None,
    ) -> RemoteTaskId:
        """Press a button of a finished task."""

    async def blend(
        self, *, images: Sequence[str], dimensions: Shape, pool: Pool, webhook: str | None
    ) -> RemoteTaskId:
        """Mix two to five pictures."""

    async def describe(self, *, image: str, pool: Pool, webhook: str | None) -> RemoteTaskId:
        """Ask for prompts that would give such a picture."""

    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        """Leave a file with the service for all to read until then; returns its public address. Costs nothing."""

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """Read one task; None if the service does not know it."""

    async def page(self, number: int, *, size: int) -> TaskPage:
        """Read a page of all the account's tasks; number ≥ 1, size 5 to 20."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be attached: bytes that fit the limit they were asked for."""

    data: bytes
    filename: str
    media_type: str
    width: int
    height: int
    """Both 0 where nobody has asked."""
    reduced: bool = False
    """Whether it was re-encoded or made smaller to fit."""
    source: str | None = None
    """An address of the full-size file that may be shown to people."""
    more: tuple[Picture, ...] = ()
    number: int = 1
    """What is shown beside it where one job brought several files, and which of them it is, counted from 1."""
    lacking: Exception | None = None
    """Why another of them is not there (`RetryLater`, `RouteClosed`), if one is not."""


PREVIEW_NAME: Final = "easel-preview-"
"""How a preview's file is called, so that no message's preview is ever taken for its result."""


class Pictures(Protocol):
    """Fetches results: from allowed hosts only, through redirects too, with a byte cap (contract §4)."""

    async def fetch(self, *, storage_key: str | None, discord_url: str | None, limit: int) -> Picture:
        """Try each source in order and fit the bytes to `limit`.

        Raises `RetryLater` if no source could give it for the moment, `RouteClosed` if none ever will (no source at
        all, or every source is at a host that is not allowed).
        """


@runtime_checkable
class AddressedPictures(Protocol):
    """Fetches what somebody names by its address; where that is not to be had, pictures are attached."""

    async def fetch_address(self, address: str, *, limit: int) -> Picture:
        """Fetch a picture from where it is said to lie, if that is public. Raises as `Pictures.fetch`."""


@runtime_checkable
class PreviewPictures(Protocol):
    """Fetches what a service shows of a picture that is still being made."""

    async def fetch_preview(self, address: str, *, limit: int) -> Picture:
        """Fetch it from its own host, if that is allowed, in no place of a result's; its name begins with `PREVIEW_NAME`.

        Raises `RouteClosed` whatever is in the way: the next reading brings another.
        """


@dataclass(frozen=True, slots=True)
class Showing:
    """What a card is drawn from: the job, and what is not in its row."""

    job: Job
    now: int
    ahead: int | None = None
    """How many jobs wait before it in its pool, MOST_AHEAD + 1 for any more; None when it does not wait in line."""
    pressed: frozenset[int] = frozenset()
    """Positions of its buttons that have begun something: everybody sees which."""
    is_news: bool = False
    """Whether a new message tells whoever asked, and nobody else, that it is there."""
    media: Sequence[str] = ()
    """Where the pictures are that its message shows, if somebody has just seen it; else the message is read again."""
    moved_to: CardLocation | None = None
    """Where its result is by now: this card is only to lead there."""


@dataclass(frozen=True, slots=True)
class CardLocation:
    """Where a card was put."""

    channel_id: int
    message_id: int | None
    at: int
    """When that message was posted or edited."""


class Publisher(Protocol):
    """The Discord side. Every method raises `RouteClosed` (try the next route) or `RetryLater`, and nothing else."""

    async def show(self, showing: Showing, route: Route, *, picture: Picture | None) -> CardLocation:
        """Put the job's card where `route` leads. POST and DIRECT carry the job's key as nonce.

        Without a picture an edit keeps the attachment that is there. KEPT is never asked for.
        """

    async def find(self, job: Job) -> CardLocation | None:
        """Look in the channel's recent messages for a card of this job that a crash left unrecorded."""

    async def send_dm(
        self, user_id: int, words: Text, *, locale: str, job: Job, picture: Picture, nonce: str
    ) -> None:
        """Give somebody the picture of a job in a direct message; raises `TooLarge` besides. Twice with one nonce is once."""

    async def send_ephemeral(self, reply: ReplyTarget, words: Text, *, locale: str) -> None:
        """Say something to whoever asked, and to nobody else; closed once the interaction's token is dead."""

    async def picture_url(self, channel_id: int, message_id: int) -> str | None:
        """Where the picture is that a message of the bot's shows: an address that ends; None if it shows none."""

    async def picture_urls(self, channel_id: int, message_id: int) -> Mapping[int, str]:
        """The same for all that it shows, by the number of each (`Picture.number`). Raises as the others."""

    async def take_down(self, channel_id: int, message_id: int) -> None:
        """Delete a message of the bot's. Raises `RouteClosed("message_gone")` if it was not there any more."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits and runs in one account's pool."""

    waiting: int
    running: int


class JobStore(Protocol):
    """Jobs as rows. Every method raises `StorageTrouble` if the database cannot be used.

    Each write is one transaction. A method that takes a job names its fence and raises `LeaseLost` if the row
    has moved on.
    """

    async def insert(
        self,
        job: Job,
        allowance: Allowance,
        limits: ServerLimits | None = None,
        *,
        inputs: Sequence[Input] = (),
        budget: Budget | None = None,
        credits_: int | None = None,
        answers: int | None = None,
    ) -> Job:
        """Insert the intent with its inputs, reserving its units, in one transaction that also reads what is used up.

        Returns the stored job: an *earlier* one if this interaction was already accepted, or if the same button
        has a live child. Raises `UserError` naming the limit that refused (the member's day with unexpired grants,
        the server's day, at once), and `SettingsChanged` if `limits` rest on settings that are not the server's now or the
        member is blocked there.
        Without `limits` a day is UTC's and the server has no total; without a `budget` it costs the owner nothing. `credits_` is what it costs at the image service; None: nobody knows.
        `answers` is the interaction whose answer its card becomes, where the job has a number of its own.
        """

    async def get(self, key: JobKey) -> Job | None:
        """Read a job with its actions."""

    async def by_interaction(self, interaction_id: int) -> Job | None:
        """Read the job that an interaction began, or what stands for one."""

    async def inputs(self, key: JobKey) -> Sequence[Input]:
        """Read what goes along with a job, in order; empty once it was forgotten."""

    async def address_inputs(self, job: Job, inputs: Sequence[Input]) -> None:
        """Write the addresses of a job's inputs, in order, before they are sent; raises `LeaseLost` if it was taken over."""

    async def by_webhook_token(self, token: str) -> JobKey | None:
        """Which unfinished job a webhook's token names; the comparison is constant-time."""

    async def child_of(self, parent: JobKey, position: int) -> Job | None:
        """The live child of a button, or else its latest one that succeeded."""

    async def pressed(self, parent: JobKey) -> frozenset[int]:
        """Positions of the buttons whose child lives or succeeded."""

    async def with_pressed(self, key: JobKey) -> tuple[Job | None, frozenset[int]]:
        """A job with its actions, and which of them were `pressed`."""

    async def with_child(self, key: JobKey, position: int) -> tuple[Job | None, Job | None]:
        """A job with its actions, and what `child_of` finds of one of them."""

    async def claim(
        self,
        owner: str,
        now: int,
        *,
        lease_ms: int,
        limit: int,
        places: int,
        max_running: int,
        usual: Ceiling = NO_CEILING,
    ) -> Claim:
        """Take what is due: at most `limit` jobs past the queue, and so many queued ones as the caller has `places` for.

        Past the queue: unclear, tracked, watched, and finished but undelivered, if nobody holds them. A SUBMITTING job
        whose lease ran out comes back too: its worker died, and the caller settles it as unclear.
        Queued ones are due and have a free place in their account's pool, and are marked SUBMITTING. Fair between
        users: those with fewer jobs upstream first, then the oldest. On the owner's accounts no server goes beyond its
        ceiling; `usual` is that of servers without one of their own.
        If that fails, what was taken past the queue is returned with the trouble. Whenever a claim fails, rows may
        have been taken all the same, as the answer to a commit may be lost: `held` tells.
        """

    async def rivals(self, job: Job, since: int) -> Sequence[Job]:
        """Other jobs sent without a task id, of any account and pool: SUBMITTING, UNCLEAR, or lost after `since`."""

    async def save(self, job: Job, *, brought: Sequence[Input] = ()) -> None:
        """Write every mutable field if the fence holds, with the refund in the same transaction when one is due.

        So are pictures that it brought, which `inputs` reads behind what went along with it.
        Raises `TaskTaken` if another job of its account already owns its task id.
        """

    async def adopt(self, job: Job) -> None:
        """`save` it with a task that was found in a list; `TaskTaken` also if a job of another account owns that."""

    async def release(self, job: Job) -> None:
        """Write it and give the lease back."""

    async def renew(self, owner: str, until: int) -> int:
        """Prolong all leases of this worker; returns how many it still holds."""

    async def held(self, owner: str) -> set[JobKey]:
        """The jobs that this worker has leases of."""

    async def disown(self, owner: str, keys: Collection[JobKey]) -> None:
        """Give back this worker's leases of these jobs, whatever state they are in, so that they are claimed anew."""

    async def abandon(self, owner: str) -> int:
        """Give back every lease of this worker (shutdown); jobs marked SUBMITTING are left for settling."""

    async def cancel(self, key: JobKey, now: int, *, only_queued: bool = False) -> Job | None:
        """Withdraw a queued job, or (unless `only_queued`) mark a sent one unwanted and take its lease; else None."""

    async def ahead(self, keys: Collection[JobKey]) -> dict[JobKey, int]:
        """How many stand before each of these in line; MOST_AHEAD + 1 stands for any more.

        Those that are put off, or not queued any more, stand in no line and are left out.
        """

    async def front(
        self, account: str, pool: Pool, *, also: JobKey | None = None
    ) -> tuple[Sequence[JobKey], bool]:
        """Those who stand first in line, in the order in which places are given: MOST_AHEAD of them, and one more.

        And whether another one stands in line at all, which is told of one that is put off, or sent meanwhile.
        """

    async def known_tasks(
        self, task_ids: Collection[RemoteTaskId], *, account: str | None = None
    ) -> set[RemoteTaskId]:
        """Which of these upstream ids already belong to jobs of ours: of one account here, or (None) of any."""

    async def keep_seed(self, key: JobKey, seed: str) -> None:
        """Store a finished job's seed, beside whatever else happens to the row."""

    async def remove_result(self, key: JobKey) -> Job | None:
        """Forget a result: picture, text, buttons, where its card was, and what was put in. The books stay.

        Returns the job as it is then; None if there is none or it brought nothing.
        """

    async def move_card(
        self,
        key: JobKey,
        reply: ReplyTarget,
        *,
        notes: Sequence[str] = (),
        without: Collection[str] = (),
        unless: Callable[[Job], bool] | None = None,
    ) -> bool:
        """Record where a job's card was shown by request, with notes it got, `without` some; False: not, by `unless`."""

    async def keep_place(self, key: JobKey, reply: ReplyTarget) -> None:
        """Note a message in which a job is about to be shown besides its card: removal and erasure have to reach it."""

    async def load(self, account: str | None = None) -> dict[Pool, Load]:
        """What waits and runs in each pool of an account; None: of all together."""


class Wakeup(Protocol):
    """Tells workers that there is something to do; losing a wake-up only costs time, never a job."""

    def wake(self) -> None:
        """There is work."""
