"""Answered means stored: that somebody is shown “thinking…” is written first, and whoever a dead process left so is told.
Never here: what is answered when all goes well, and Discord.

Where there is a journal it is written there, at once; only what outlives its handler, or a job of another number answers, gets
a row then."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.open_answers import AnswerKind
from bot.domain.servers.guild_ports import EventKind, ModEvent
from bot.errors import RetryLater, RouteClosed, StorageTrouble
from bot.services.intake.noted_answers import NotedAnswers, Row
from bot.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.intake.prompt_help import HelpBooks
    from bot.domain.open_answers import AnswerJournal, AnswerStore, AnswerWriter, OpenAnswer
    from bot.domain.ports import Clock, Metrics
    from bot.services.modlog.dispatcher import Dispatcher

log = logging.getLogger(__name__)

PATIENCE_S: Final = 1.5
"""How long an answer waits to be written. Discord gives three seconds in all; then it is refused, honestly."""
LEASE_MS: Final = 30_000
"""A process that was not heard of for so long is dead, as for jobs."""
EVERY_S: Final = 10
BATCH: Final = 50
CLOSE_LATER_S: Final = 0.05
"""Closed answers wait so long for an open one to share a transaction with. Whoever dies in between leaves words on disk as
unsaid, and its heir says "interrupted" over them: so it is short."""
POSTED_WITHIN_MS: Final = 6 * 3_600_000
"""Whoever asked longer ago than this is not written to in the channel any more."""

INTERRUPTED: Final = {
    AnswerKind.PUBLIC: "answer.interrupted",
    AnswerKind.PRIVATE: "answer.interrupted_private",
    AnswerKind.UPDATE: "answer.interrupted_update",
}
"""What is said instead of an answer. One press may begin several jobs, and nobody knows how many of them had begun."""
RECOVERED_KEPT_MS: Final = 24 * 3_600_000
"""A process that slept longer than this has long lost Discord, and its interactions with it."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class OpenAnswers:
    """Writes open answers in groups: all that come while one transaction runs share the next one."""

    owner: str
    store: AnswerStore
    writer: AnswerWriter
    clock: Clock
    metrics: Metrics
    dispatcher: Dispatcher
    help_books: HelpBooks
    """Where a question to a chat model may have been booked for somebody who never had the answer."""
    journal: AnswerJournal | None = None
    """None: every answer waits for its row."""
    _noted: NotedAnswers = field(init=False)
    _opening: list[tuple[OpenAnswer, asyncio.Future[None]]] = field(init=False, default_factory=list)
    _open: Counter[int] = field(init=False, default_factory=Counter)
    """Answers that this process opened, until it closes them: by how many handlers, for Discord may deliver one twice."""
    _owing: dict[int, bool] = field(init=False, default_factory=dict)
    """Where it was said that nothing was charged, but a question may be in the books; true when its handler has ended."""
    _begun: set[int] = field(init=False, default_factory=set)
    """Where a job has begun, until its handler ends: nobody may be told that nothing did."""
    _closing: set[int] = field(init=False, default_factory=set)
    _disowned: set[int] = field(init=False, default_factory=set)
    """Not answered by this process: deleted as `_closing` is, unless another process opened them, too."""
    _abandoned: set[int] = field(init=False, default_factory=set)
    """Held here and not told: given back at the next look, for whoever takes them up."""
    _flushing: asyncio.Task[None] | None = field(init=False, default=None)
    _later: asyncio.TimerHandle | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._noted = NotedAnswers(
            owner=self.owner, store=self.store, clock=self.clock, journal=self.journal, lease_ms=LEASE_MS
        )

    # -- before the answer, and after ----------------------------------------------------------------------

    async def open(self, answer: OpenAnswer) -> None:
        """Return when it outlives this process; raises `StorageTrouble` if that cannot be in time: then nothing may be promised."""
        id_ = answer.interaction_id
        if self._noted.note(answer, has_row=id_ in self._open):
            self._open[id_] += 1
            return
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opening.append((answer, written))
        self._open[answer.interaction_id] += 1
        self._flush()
        try:
            done, _ = await asyncio.wait({written}, timeout=PATIENCE_S)
        except asyncio.CancelledError:  # the process stops; whether it is written will show
            written.add_done_callback(asyncio.Future.exception)
            self.abandon(answer.interaction_id)
            raise
        if not done:
            self.disown(answer.interaction_id)  # refused; it may still come onto disk
            written.add_done_callback(asyncio.Future.exception)
            self.metrics.count("answers_refused")
            raise StorageTrouble("the database was too slow for an answer")
        try:
            written.result()
        except BaseException:  # it was never open
            self._let_go(answer.interaction_id)
            raise

    async def as_row(self, interaction_id: int) -> None:
        """Have a row of it that a transaction can see, and take back; raises `StorageTrouble`."""
        found = await self._noted.as_row(interaction_id)
        if found is Row.STANDS:
            return
        (self._closing if found is Row.CLOSED else self._disowned).add(interaction_id)
        self._close_later()

    def close(self, interaction_id: int) -> None:
        """It has its words, or a job that will answer. Returns at once; raises nothing."""
        self._begun.discard(interaction_id)
        if interaction_id in self._owing:
            self._owing[interaction_id] = True  # it stays ours until the question is let off
        elif interaction_id in self._open:
            self._delete(interaction_id)

    def owe(self, interaction_id: int) -> None:
        """Its person is told of trouble, and that nothing was charged: so let off what its questions cost.

        Done soon after its handler has ended, by an heir if this process dies. Returns at once; raises nothing.
        """
        self._owing[interaction_id] = interaction_id not in self._open

    def disown(self, interaction_id: int) -> None:
        """This handler does not answer it: another may, here or in another process. Returns at once; raises nothing."""
        if interaction_id not in self._open or not self._let_go(interaction_id):
            return
        if not self._noted.is_over(interaction_id, disowned=True):
            self._disowned.add(interaction_id)
            self._close_later()

    def _let_go(self, interaction_id: int) -> bool:
        """One handler less; whether it was the last."""
        self._open[interaction_id] -= 1
        if self._open[interaction_id] > 0:
            return False
        del self._open[interaction_id]
        return True

    def note_begun(self, interaction_id: int) -> None:
        """A job has begun, of perhaps several, and not always as the interaction's answer. Raises nothing."""
        if interaction_id in self._open:
            self._begun.add(interaction_id)

    def has_begun(self, interaction_id: int) -> bool:
        """Whether a job has begun in an interaction whose handler has not ended."""
        return interaction_id in self._begun

    def taken_over(self, interaction_id: int) -> None:
        """A job answers in its place: the transaction that inserted it has deleted the row. Raises nothing."""
        self._open.pop(interaction_id, None)
        self._noted.is_over(interaction_id)
        if interaction_id in self._owing:
            self._owing[interaction_id] = True

    async def _let_off(self, now: int) -> None:
        """Give back what their questions cost, then close them. Raises `StorageTrouble`: the rest is tried again."""
        for id_ in [id_ for id_, ended in self._owing.items() if ended]:
            await self.as_row(id_)  # which leads to the books
            await self.help_books.waive(id_, now)
            self._owing.pop(id_, None)
            self._delete(id_)

    def _delete(self, interaction_id: int) -> None:
        self._open.pop(interaction_id, None)
        if not self._noted.is_over(interaction_id):
            self._closing.add(interaction_id)
            self._close_later()

    def abandon(self, interaction_id: int) -> None:
        """This process cannot say the words: somebody tells the person later. Returns at once; raises nothing.

        Also where some of several jobs have begun: their cards do not tell that the rest never will.
        """
        self._begun.discard(interaction_id)
        self._owing.pop(interaction_id, None)  # whoever tells them lets them off
        self._open.pop(interaction_id, None)
        self._abandoned.add(interaction_id)

    def _flush(self) -> asyncio.Task[None]:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._write(), name="open answers")
        return self._flushing

    async def _write(self) -> None:
        try:
            while True:
                opening, self._opening = self._opening, []
                closing, self._closing = self._closing, set()
                disowned, self._disowned = self._disowned, set()
                try:
                    await self.store.write(
                        [answer for answer, _ in opening],
                        closing,
                        disowned,
                        owner=self.owner,
                        until=self.clock.now() + LEASE_MS,
                    )
                except BaseException as trouble:
                    self._disowned |= disowned
                    self._closing |= closing  # tried again with the next answer, or when leases are kept
                    for _, written in opening:
                        written.set_exception(trouble)
                    if not isinstance(trouble, StorageTrouble):
                        raise
                    log.warning("answers_not_written", extra={"reason": str(trouble)})
                    return
                for _, written in opening:
                    written.set_result(None)
                if not self._opening:
                    break
        finally:
            self._flushing = None
            if self._opening:
                self._flush()
        self._close_later()

    def _close_later(self) -> None:
        if (self._closing or self._disowned) and self._later is None and self._flushing is None:
            self._later = asyncio.get_running_loop().call_later(CLOSE_LATER_S, self._flush)

    async def settle(self) -> None:
        """Let off who is owed it and write what is still to be written; wait for both. Raises nothing."""
        try:
            await self._let_off(self.clock.now())
        except StorageTrouble as trouble:  # tried again at the next look, or by an heir
            log.warning("questions_not_let_off", extra={"reason": str(trouble)})
        if self._flushing is not None or self._opening or self._closing or self._disowned:
            await asyncio.wait([self._flush()])

    async def stop(self) -> None:
        """Leave rows of what is still open, for whoever takes it up, and write the rest. Raises nothing."""
        try:
            for id_ in self._noted.stop():
                await self.as_row(id_)
        except StorageTrouble as trouble:  # the journal keeps them
            log.warning("answers_not_written", extra={"reason": str(trouble)})
        await self.settle()
        self._noted.close()

    # -- those whom a dead process left waiting ------------------------------------------------------------

    async def run(self) -> None:
        """Keep our leases, and tell whom others left waiting, until cancelled."""
        while True:
            try:
                await self.recover()
            except StorageTrouble as trouble:
                log.warning("answers_not_recovered", extra={"reason": str(trouble)})
            await self.clock.pause(EVERY_S)

    async def recover(self) -> None:
        """Do what is due now. Raises `StorageTrouble`."""
        now = self.clock.now()
        await self._renew(now)
        await self._noted.take_up(now, but=self._open)
        if self._abandoned:
            given_up = frozenset(self._abandoned)
            for id_ in given_up:
                await self.as_row(id_)
            await self.store.release(given_up, owner=self.owner, until=now)
            self._abandoned -= given_up
        if self._closing or self._disowned or self._owing:
            await self.settle()
        await self.store.forget_tokens(now)
        await self.store.forget_recovered(now - RECOVERED_KEPT_MS)
        found: Sequence[OpenAnswer] = await self.store.claim(
            self.owner, now, until=now + LEASE_MS, limit=BATCH, but=self._open.keys()
        )
        self._abandoned.update(answer.interaction_id for answer in found)  # each of them until it is told
        for answer in found:
            if self._noted.was_lately(answer.interaction_id):  # a row of a process that did not answer it
                self._abandoned.discard(answer.interaction_id)
                self._delete(answer.interaction_id)
                continue
            try:
                if self.clock.now() - now >= EVERY_S * 1_000:
                    now = self.clock.now()
                    await self._renew(now)
                await self._recover(answer)
            except StorageTrouble as trouble:
                more = {"interaction": answer.interaction_id, "reason": str(trouble)}
                log.warning("answer_not_recovered", extra=more)
            else:
                self._abandoned.discard(answer.interaction_id)

    async def _renew(self, now: int) -> None:
        """Keep what this process knows that it holds; what it was given by a claim without an answer lapses."""
        for id_ in self._noted.keep(now):
            await self.as_row(id_)
        held = {*self._open, *self._closing, *self._disowned, *self._abandoned}.difference(
            self._noted.without_row()
        )
        if held:
            await self.store.renew(held, now, owner=self.owner, until=now + LEASE_MS)

    async def _recover(self, answer: OpenAnswer) -> None:
        # First: what is said next is that nothing was charged.
        await self.help_books.waive(answer.interaction_id, self.clock.now())
        try:
            how = await self._reply(answer)
        except RetryLater as later:
            until = self.clock.now() + int(max(EVERY_S, later.delay or 0) * 1_000)
            await self.store.release([answer.interaction_id], owner=self.owner, until=until)
            return
        self.metrics.count("answers_recovered", way=how)
        log.info("answer_recovered", extra={"interaction": answer.interaction_id, "way": how})
        if how == "silent":
            self.dispatcher.notify(answer.guild_id, _not_delivered(answer))
        self._delete(answer.interaction_id)

    async def _reply(self, answer: OpenAnswer) -> str:
        """By which way the person heard: `reply`, `post`, or `silent`; `unseen` if they were shown nothing before."""
        now = self.clock.now()
        if answer.token is not None and now < answer.token_until:
            try:
                await self.writer.answer(answer, text(INTERRUPTED[answer.kind]))
            except RouteClosed as closed:
                # A living token and no reply: the answer never left, so Discord itself said so; or it was deleted.
                log.info("answer_gone", extra={"interaction": answer.interaction_id, "reason": closed.reason})
                return "unseen"
            return "reply"
        if answer.kind is not AnswerKind.PUBLIC or now - answer.at > POSTED_WITHIN_MS:
            return "silent"
        try:
            await self.writer.post(
                answer, text("answer.interrupted_post", user=str(answer.user_id), at=answer.at // 1_000)
            )
        except RouteClosed as closed:
            log.warning(
                "answer_not_told", extra={"interaction": answer.interaction_id, "reason": closed.reason}
            )
            return "silent"
        return "post"


def _not_delivered(answer: OpenAnswer) -> ModEvent:
    said = text("log.answer_untold", user=str(answer.user_id), channel=str(answer.channel_id))
    return ModEvent(EventKind.ERROR, f"answer/{answer.channel_id}", said, subject=answer.user_id)
