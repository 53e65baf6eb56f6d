"""The exception tree. Each class says what its catcher can do; none knows Discord, HTTP or SQL.
Never here: sentences for people (those are ids of the catalogues).

    EaselError
    ├── UserError             the person can do something about it: carries a Text
    ├── RemoteError           the image API said no, or nothing: carries a RemoteFault
    ├── RouteClosed           this way to show a job is shut for good: try the next one
    ├── RetryLater            the same call may well succeed later: carries a delay
    ├── TooLarge              Discord takes no upload of that size: fit the picture to less and offer it again
    ├── LeaseLost             another worker took this job over: stop, deliver nothing
    ├── SettingsChanged       a decision rests on settings that are not a server's any more: decide again
    ├── TaskTaken             that upstream task already belongs to another job of ours
    ├── StorageTrouble        the database is locked, full, read-only or broken
    │   └── WriteUnclear      its answer to a commit was lost: perhaps it is written
    ├── StartupError          one clear sentence for the operator, who alone can mend it: exit status 78
    │   ├── StartupDelayed    the same, but time may mend it: exit status 75
    │   └── PartLost          a part broke while the program ran: exit status 70
    └── IllegalTransition     a bug of ours: the job's life does not go that way
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.texts import Text


class EaselError(Exception):
    """The root of everything this bot raises on purpose."""


class UserError(EaselError):
    """Something the person can mend; `text` is the one clear sentence that says how."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.id)
        self.text = text


class RemoteFault(StrEnum):
    """What a failed call to the image API means for its caller (contract §0.4, §1.8, §8 row 2)."""

    KEY = "key"
    """401 or 403, in the HTTP status or in the body: the key is wrong or lacks a permission. Never retry."""
    BALANCE = "balance"
    """402, or a text about balance: the account has no credit."""
    THROTTLED = "throttled"
    """429 or "queue full": nothing was accepted, try again later."""
    UNREACHED = "unreached"
    """The request certainly never arrived (no connection, no free connection in the pool): safe to send again."""
    UNCLEAR = "unclear"
    """The request may have been accepted: time-out or broken connection after sending, 5xx, an answer that is no
    JSON, an accepted submission without a task id. A submission must not be sent again."""
    REFUSED = "refused"
    """The service understood and said no: the message says why."""


class RemoteError(EaselError):
    """A call to the image API failed; `fault` tells the caller what to do, `message` is upstream's own words."""

    def __init__(
        self,
        fault: RemoteFault,
        message: str,
        *,
        retry_after: float | None = None,
        kind: StrEnum | None = None,
    ) -> None:
        super().__init__(f"{fault.value}: {message}")
        self.fault = fault
        self.message = message
        self.kind = kind
        """What it means for the person, where the adapter knows; otherwise the words are read."""
        self.retry_after = retry_after
        """Seconds that the server asked us to wait, if it did."""


class RouteClosed(EaselError):
    """A way to show a job is shut for good (token dead, message or channel gone, no permission, DMs closed)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """A short code for logs and the moderators' channel, for example `token_expired` or `missing_permission`."""


class RetryLater(EaselError):
    """The other side is in trouble for the moment; the same call may succeed after `delay` seconds."""

    def __init__(self, reason: str, *, delay: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay = delay


class TooLarge(EaselError):
    """Discord refused an upload for its size, whatever limit it had named; nothing was shown."""


class LeaseLost(EaselError):
    """The row's fence has moved on: another worker owns the job, so this one must stop and deliver nothing."""


class SettingsChanged(EaselError):
    """A server's settings have changed since a job was decided on, or its member is blocked; nothing was written."""


class TaskTaken(EaselError):
    """Another job of ours already owns that upstream task; nothing was written."""


class StorageTrouble(EaselError):
    """The database cannot be used right now: locked, disk full, read-only or corrupt. Nothing was written.

    `said` is the id of the sentence for people.
    """

    said = "trouble.storage"


class WriteUnclear(StorageTrouble):
    """The database was told to commit, and its answer was lost: nobody may be promised that nothing was written."""

    said = "trouble.storage_unclear"


class ExitStatus(IntEnum):
    """What the program's exit status means to a supervisor (the numbers are those of sysexits.h)."""

    BROKEN = 70
    """A part of the program broke and could not be started again: start the program again."""
    LATER = 75
    """Something outside is in trouble (Discord, the database's server, a full disk): start it again, later."""
    OWNER = 78
    """Settings, token, key or database version: a restart cannot help, its owner has to do something."""
    INTERRUPTED = 130
    """Ctrl+C, or a second signal."""


class StartupError(EaselError):
    """The program cannot work until its owner mends something; the message is one sentence for them."""

    status = ExitStatus.OWNER


class StartupDelayed(StartupError):
    """The program cannot work for the moment: time may mend it, or somebody else."""

    status = ExitStatus.LATER


class PartLost(StartupError):
    """A part of the running program broke and did not come back; a new process may do better."""

    status = ExitStatus.BROKEN


class IllegalTransition(EaselError):
    """A job was asked to go where its life does not lead (design §4): a bug, never a user's doing."""
