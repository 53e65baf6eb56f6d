"""An open answer: somebody was shown “thinking…” and waits for words. What is on disk of it, and its ports.
Never here: the words, when somebody is told them (services), and how (ui)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.texts import Text


class AnswerKind(StrEnum):
    """What the person sees meanwhile."""

    PUBLIC = "public"
    """“thinking…”, for all to see."""
    PRIVATE = "private"
    """“thinking…”, for this person only."""
    UPDATE = "update"
    """The pressed message as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAnswer:
    """An interaction that was answered, and has neither its words nor a job yet."""

    interaction_id: int
    application_id: int
    token: str | None = field(repr=False)
    """A secret while it lives, and cleared when it is dead."""
    token_until: int
    channel_id: int
    guild_id: int | None
    user_id: int
    locale: str
    """The person's language."""
    kind: AnswerKind
    at: int
    """When it was answered."""


class AnswerStore(Protocol):
    """Open answers as rows. Every method is one transaction and raises `StorageTrouble`."""

    async def write(
        self,
        opened: Sequence[OpenAnswer],
        closed: Collection[int],
        disowned: Collection[int] = (),
        *,
        owner: str,
        until: int,
    ) -> None:
        """Keep answers under this process's lease, and delete those that are closed or disowned (interaction ids).

        What two processes opened belongs to neither: whoever closes it deletes it, who disowns it leaves it to the other.
        """

    async def adopt(self, answers: Sequence[OpenAnswer], *, owner: str | None, until: int) -> None:
        """Keep as rows what stands in a journal, but for those whose person was told by a process that took them up."""

    async def renew(self, ids: Collection[int], now: int, *, owner: str, until: int) -> None:
        """Prolong the leases on these answers, if their tokens live: of this process, and of two in common."""

    async def release(self, ids: Collection[int], *, owner: str, until: int) -> None:
        """Give up leases; from `until` on anybody may take the answers up."""

    async def claim(
        self, owner: str, now: int, *, until: int, limit: int, but: Collection[int] = ()
    ) -> Sequence[OpenAnswer]:
        """Take answers whose lease ran out, `but` not these; those whose interaction has a job are deleted, for the job answers them.

        Of what is taken no job can begin any more: `JobStore.insert` refuses it, whichever process is quicker.
        """

    async def forget_recovered(self, before: int) -> int:
        """Forget which were taken before a moment; returns how many."""

    async def forget_tokens(self, now: int) -> int:
        """Clear the tokens that are dead; returns how many."""


class AnswerJournal(Protocol):
    """Open answers of this process in a place that it need not wait for. What is written there outlives the process.

    Nothing raises: what cannot be on it gets a row.
    """

    def write(self, answer: OpenAnswer, now: int) -> bool:
        """Keep it; whether it is on it. False before `keep`, where the last one is too long ago, and beside another process."""

    def erase(self, interaction_id: int, now: int) -> bool:
        """It is over, or has a row. False if another process may have found it meanwhile."""

    def keep(self, now: int, until: int) -> bool:
        """Count as living until then; False if that ran out: others may have taken what stood on it, and it begins anew."""

    def close(self) -> None:
        """Leave nothing behind; what still stands on it others may take at once."""

    def left(self, now: int) -> Iterable[tuple[str, Sequence[OpenAnswer]]]:
        """What processes left that count as dead, by the journal's name."""

    def discard(self, name: str) -> None:
        """What stood in that journal has rows."""


class AnswerWriter(Protocol):
    """Says words to whoever waits. Raises `RouteClosed` and `RetryLater`, and nothing else."""

    async def answer(self, open_: OpenAnswer, words: Text) -> None:
        """Put the words in the place of “thinking…” with the interaction's token, which has to live."""

    async def post(self, open_: OpenAnswer, words: Text) -> None:
        """Say them in the channel with the bot's own token, pinging nobody. Twice is once for some minutes."""
