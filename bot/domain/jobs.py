"""The life of a job: its row, its states, the transitions between them and the rule that a child inherits its chain.
Never here: I/O, clocks (every transition is told the time) and how a job is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from bot.domain.failures import Failure, FailureKind
from bot.domain.server_side import HOLD_BUSY, HOLD_WEIGHTS, NOT_REPORTED, ServerSide
from bot.domain.task_words import words_of
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import IllegalTransition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.inputs import Shape
    from bot.domain.keys import JobKey
    from bot.domain.pools import Pool

# Times in this file are whole milliseconds since 1970, UTC, and always come from the Clock port.

TOKEN_LIFE_MS: Final = 15 * 60_000
"""How long Discord honours an interaction token (discord.py facts §3.5)."""
TOKEN_MARGIN_MS: Final = 20_000
"""We stop trusting a token a little earlier: an upload that starts in time must also end in time."""
CHEAP_EDITS_MS: Final = 60 * 60_000
"""A message older than an hour has a much tighter edit limit, error 30046 (peers F34)."""

NOTE_REMOVED: Final = "note.removed"


class JobKind(StrEnum):
    """Which endpoint a job calls."""

    IMAGINE = "imagine"
    BLEND = "blend"
    DESCRIBE = "describe"
    ACTION = "action"
    SHORTEN = "shorten"
    DRAW = "draw"
    """The second engine's, whose answer is the picture."""


class JobState(StrEnum):
    """Where a job is in its life (design §4)."""

    QUEUED = "queued"
    """Accepted and stored; nothing was sent."""
    SUBMITTING = "submitting"
    """A worker is about to send it, or died while sending."""
    UNCLEAR = "unclear"
    """It may have been accepted upstream; it is looked for in the task list and never sent again."""
    SUBMITTED = "submitted"
    """Accepted upstream; the task id is stored."""
    RUNNING = "running"
    """Upstream reports work on it."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Withdrawn before anything was sent."""


TERMINAL: Final = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
LIVE: Final = frozenset(JobState) - TERMINAL
UPSTREAM: Final = frozenset({JobState.SUBMITTING, JobState.UNCLEAR, JobState.SUBMITTED, JobState.RUNNING})
"""States that take one of the account's running places."""

LEGAL: Final[Mapping[JobState, frozenset[JobState]]] = MappingProxyType(
    {
        JobState.QUEUED: frozenset({JobState.SUBMITTING, JobState.CANCELLED, JobState.FAILED}),
        JobState.SUBMITTING: frozenset(
            {JobState.SUBMITTED, JobState.UNCLEAR, JobState.QUEUED, JobState.FAILED}
        ),
        JobState.UNCLEAR: frozenset({JobState.SUBMITTED, JobState.FAILED}),
        JobState.SUBMITTED: frozenset(
            {JobState.RUNNING, JobState.SUCCEEDED, JobState.FAILED, JobState.QUEUED}
        ),
        JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.QUEUED}),
        JobState.SUCCEEDED: frozenset(),
        # Only a job that *we* gave up on may still succeed: see `Job.is_watched`.
        JobState.FAILED: frozenset({JobState.SUCCEEDED}),
        JobState.CANCELLED: frozenset(),
    }
)
"""Where each state may lead. SUBMITTING goes back to QUEUED only if the server certainly took nothing; a task goes
back only if upstream itself ended it because its queue was full."""


class Route(StrEnum):
    """A way to show a job to people, in the order in which delivery tries them (design §4)."""

    REPLY = "reply"
    """Edit the interaction's reply with its token."""
    EDIT = "edit"
    """Edit the message with the bot's own token."""
    POST = "post"
    """A new message in the channel, with the job's key as its nonce."""
    DIRECT = "direct"
    """A direct message to the requester."""
    KEPT = "kept"
    """Nobody could be reached; the job waits for `/jobs show`."""


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """Where a job's card is, or can go: one interaction's reply and the channel around it."""

    channel_id: int
    guild_id: int | None
    application_id: int
    token: str | None
    """The interaction's token: a secret for 15 minutes, never logged."""
    token_until: int
    message_id: int | None
    """The card's message, once there is one."""
    message_at: int | None = None
    """When that message was posted."""
    upload_limit: int = 10 * 1024 * 1024
    """Bytes that one file may have there: the interaction's own figure (facts §3.5)."""

    def open_routes(self, now: int) -> tuple[Route, ...]:
        """Which ways may still work, the best first; the last is always KEPT."""
        routes: list[Route] = []
        if self.token is not None and now < self.token_until - TOKEN_MARGIN_MS:
            routes.append(Route.REPLY)
        if self.message_id is not None:
            routes.append(Route.EDIT)
        routes += [Route.POST, Route.DIRECT, Route.KEPT]
        return tuple(routes)

    def edits_are_cheap(self, now: int) -> bool:
        """Whether progress may still be edited in; results always are."""
        return self.message_at is None or now - self.message_at < CHEAP_EDITS_MS


@dataclass(frozen=True, slots=True)
class Press:
    """Which button of which job began an action: everything the call needs, copied from the parent's row."""

    parent: JobKey
    position: int
    custom_id: str
    """Upstream's customId, verbatim."""
    label: str
    """What the presser read on the button, for the child's card."""
    parent_task: RemoteTaskId
    channel_id: int
    message_id: int
    """The message in which the button was pressed: the child's card links to it."""
    remix: bool = False
    zoom: str | None = None
    """What its window is for: other words where a press alone would do; how far Custom Zoom goes (`--zoom`)."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The job whose prompt a root was remixed from. It gives nothing but its pool: the root begins a chain of its own."""

    key: JobKey
    channel_id: int
    message_id: int | None
    """Where its card was when somebody pressed Remix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One paid call to the image API, from the command to the picture on the screen.

    Immutable: each transition returns the next value, and storage writes it only if the fence still holds.
    """

    key: JobKey
    kind: JobKind
    root: JobKey
    """The chain's first job; its own key for a root."""
    pool: Pool
    """Decided once, at the root. There is no default anywhere."""
    prompt: str
    """The full prompt with its parameters; an action carries its parent's."""
    typed: str | None = None
    """What its member wrote, where `prompt` is a translation of it."""
    account: str
    """Whose key pays: `default`, or an account of the owner's configuration."""
    home: int | None
    """The server in which the chain began: its rules hold, wherever a card is shown. None: it began nowhere we know."""
    home_channel: int | None = None
    """The channel in which the chain began, whose rules hold where there is no channel of that server."""
    user_id: int
    user_name: str
    locale: str
    """Language of the public card (the server's own)."""
    interaction_id: int
    """Unique: the gateway may deliver an interaction twice."""
    reply: ReplyTarget
    created_at: int
    press: Press | None = None
    ancestor: Ancestor | None = None
    notes: tuple[str, ...] = ()
    """Ids of sentences the card says besides, such as `note.speed_flag_removed`."""
    units: int = 1
    """What the job costs its member's allowance."""
    inputs: int = 0
    """How many pictures and masks go along with it; they are kept beside its row."""
    shape: Shape | None = None
    """The form of a blend; None for every other kind."""
    subject: str | None = None
    """What its member calls the picture that it describes: a file name."""

    state: JobState = JobState.QUEUED
    sent_at: int | None = None
    """When a worker set out to send it (the window for reconciling)."""
    submitted_at: int | None = None
    changed_at: int
    """When upstream last showed a change: deadlines count from here."""
    finished_at: int | None = None
    webhook_token: str
    """Random, one per job: names the job in the webhook's address."""
    task_id: RemoteTaskId | None = None
    progress: int | None = None
    discord_url: str | None = None
    storage_key: str | None = None
    result_text: str | None = None
    """What upstream wrote instead of, or besides, a picture."""
    server: ServerSide = NOT_REPORTED
    actions: tuple[RemoteAction, ...] = ()
    failure: Failure | None = None
    hold: str | None = None
    """Id of the sentence that says why it waits longer than usual, such as `hold.unreachable`."""
    unwanted: bool = False
    """Its requester cancelled after submission: finish it, keep it, post nothing."""

    due_at: int
    """No worker touches the job before this."""
    tries: int = 0
    """Failed attempts at the present step, which for a submission ends with the job; grows the delay of the next."""
    delivered_at: int | None = None
    route: Route | None = None
    """How it was delivered."""
    posting_at: int | None = None
    """Set before a *new* message is posted, be it a card or an outcome: after a crash, look for it before posting again."""

    owner: str | None = None
    lease_until: int = 0
    fence: int = 0
    """Grows with each claim; every write names it."""

    # -- questions ---------------------------------------------------------------------------------------

    @property
    def is_terminal(self) -> bool:
        """Whether its outcome stands."""
        return self.state in TERMINAL

    @property
    def is_delivered(self) -> bool:
        """Whether people have been shown its outcome, or it is kept for them."""
        return self.delivered_at is not None

    @property
    def refund_due(self) -> bool:
        """Whether its units go back: there is no picture and none is expected."""
        return self.state in {JobState.FAILED, JobState.CANCELLED}

    def is_watched(self, now: int) -> bool:
        """Whether a failed job may still surprise us: only our own giving-up can be wrong, and not for ever."""
        return (
            self.state is JobState.FAILED
            and self.failure is not None
            and self.failure.kind is FailureKind.TIMED_OUT
            and self.task_id is not None
            and self.finished_at is not None
            and now - self.finished_at < LATE_WATCH_MS
        )

    # -- transitions -------------------------------------------------------------------------------------

    def _to(self, state: JobState, **changes: object) -> Self:
        if state not in LEGAL[self.state]:
            raise IllegalTransition(f"{self.key}: {self.state} cannot become {state}")
        return replace(self, state=state, **changes)  # type: ignore[arg-type]  # field names are ours, two lines below each

    def submitting(self, now: int) -> Self:
        """A worker is about to send it. Stored before anything leaves this machine."""
        return self._to(JobState.SUBMITTING, sent_at=now, changed_at=now)

    def refusals(self, hold: str) -> int:
        """How often upstream took nothing of it, in refusals of this kind: those of any kind count, each by its weight."""
        return 0 if self.hold == "hold.checking" else self.tries // HOLD_WEIGHTS.get(hold, 1)

    def requeued(self, hold: str, *, due_at: int) -> Self:
        """Upstream certainly works on nothing of it: wait and try again; `hold` says why."""
        return self._to(
            JobState.QUEUED,
            due_at=due_at,
            tries=self.refusals(HOLD_BUSY) + HOLD_WEIGHTS.get(hold, 1),
            hold=hold,
            sent_at=None,
            submitted_at=None,
            task_id=None,
            progress=None,
            server=NOT_REPORTED,
        )

    def unclear(self, *, due_at: int) -> Self:
        """Nobody can say whether the server took it."""
        return self._to(JobState.UNCLEAR, due_at=due_at, changed_at=due_at, tries=0, hold="hold.checking")

    def submitted(self, task_id: RemoteTaskId, now: int, *, ahead: int | None = None) -> Self:
        """The server took it, `ahead` others before it, or it was found in the task list.
        How often it took nothing before is kept: its queue may yet turn out to be full, and that must end some time."""
        times = {"submitted_at": now, "changed_at": now, "due_at": now}
        server, tries = ServerSide(ahead), self.refusals(HOLD_BUSY)
        return self._to(JobState.SUBMITTED, task_id=task_id, tries=tries, hold=None, server=server, **times)

    def failed(self, failure: Failure, now: int) -> Self:
        """It will bring no picture, as far as we know."""
        return self._to(JobState.FAILED, failure=failure, finished_at=now, tries=0, due_at=now, progress=None)

    def cancelled(self, now: int) -> Self:
        """Withdrawn while it waited."""
        return self._to(JobState.CANCELLED, finished_at=now, tries=0, due_at=now)

    def observed(self, seen: TaskSnapshot, now: int) -> Self:
        """Take in one reading of its task; progress never runs backwards (peers F23).

        A reading without news returns an equal job. Terminal failure of the task is *not* handled here, because
        what it means (failed for good, or back into the queue) is the tracker's decision.
        """
        if self.state in {JobState.SUCCEEDED, JobState.CANCELLED}:
            return self
        if seen.status is TaskStatus.SUCCESS:
            return self._to(
                JobState.SUCCEEDED,
                progress=100,
                finished_at=now,
                changed_at=now,
                due_at=now,
                tries=0,
                failure=None,
                delivered_at=None,
                route=None,
                posting_at=None if self.state is JobState.FAILED else self.posting_at,
                discord_url=None if self.kind is JobKind.SHORTEN else seen.discord_url,
                storage_key=None if self.kind is JobKind.SHORTEN else seen.storage_key,
                actions=seen.actions,
                result_text=words_of(self.kind, seen),
                server=self.server.ended(seen),
            )
        if self.state is JobState.FAILED:
            return self
        progress = max(self.progress or 0, seen.progress or 0) or None
        started = seen.status is TaskStatus.IN_PROGRESS
        if started and self.state is JobState.SUBMITTED:
            return self._to(JobState.RUNNING, progress=progress, changed_at=now)
        if progress != self.progress:
            return replace(self, progress=progress, changed_at=now)
        return self

    def delivered(self, route: Route, now: int, *, reply: ReplyTarget | None = None) -> Self:
        """People were shown the outcome, at `reply` if that is a new place."""
        if not self.is_terminal:
            raise IllegalTransition(f"{self.key}: {self.state} cannot be delivered")
        at = reply or self.reply
        return replace(self, delivered_at=now, route=route, reply=at, tries=0, posting_at=None, due_at=now)

    def removed(self) -> Self:
        """A moderator took its result away: nothing of it can be shown, sent or pressed again."""
        if self.state is not JobState.SUCCEEDED:
            raise IllegalTransition(f"{self.key}: {self.state} has no result to remove")
        return replace(
            self,
            discord_url=None,
            storage_key=None,
            result_text=None,
            actions=(),
            unwanted=True,
            notes=(*(note for note in self.notes if note != NOTE_REMOVED), NOTE_REMOVED),
            reply=replace(self.reply, token=None, message_id=None, message_at=None),
        )

    def unwatched(self) -> Self:
        """Nothing more will come of a job that timed out: nobody claims it again."""
        return replace(self, due_at=(self.finished_at or 0) + LATE_WATCH_MS)

    def put_off(self, *, due_at: int) -> Self:
        """Its present step failed for the moment; try again later."""
        return replace(self, due_at=due_at, tries=self.tries + 1)


LATE_WATCH_MS: Final = 6 * 3_600_000
"""How long a job that timed out with us is still looked at, now and then, for a late success."""


def inherit_chain(parent: Job) -> tuple[JobKey, Pool, str, str, int | None, int | None]:
    """The rule of the chain: a child takes it from its parent's row, whatever is set today (contract §1.2, §7)."""
    return parent.root, parent.pool, parent.account, parent.prompt, parent.home, parent.home_channel
