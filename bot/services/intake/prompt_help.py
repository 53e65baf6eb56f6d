"""Asking the chat model: whether it is there, who pays, booked first, asked once, and what became of it as one sentence.
Never here: what is done with its words (`improving`, `translating`), and calls."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.domain.accounts import is_own
from bot.domain.intake.prompt_frame import framed
from bot.domain.intake.prompt_help import (
    PATIENCE_S,
    Help,
    HelpCall,
    UnusableAnswer,
    asked_words,
    instructions_for,
    key_of,
    read_answer,
)
from bot.domain.prices import Charge
from bot.domain.schedule import MINUTE, is_recent
from bot.errors import RemoteError, RemoteFault, SettingsChanged, StorageTrouble, UserError
from bot.services.admission.rate_limits import RateLimit
from bot.services.admission.terms import Request
from bot.texts import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.domain.intake.prompt_help import ChatApi, HelpBooks
    from bot.domain.pools import Pool
    from bot.domain.ports import Clock, ImageApi, Metrics
    from bot.services.accounts.accounts import Accounts
    from bot.services.accounts.owner_policy import OwnerPolicy
    from bot.services.admission.asker import Asker
    from bot.services.admission.terms import Policy
    from bot.services.intake.open_answers import OpenAnswers

log = logging.getLogger(__name__)

MOST_ASKED: Final = 20
ASKED_WITHIN_MS: Final = 10 * MINUTE
"""So often a member may ask in so long a time."""
OFF_MS: Final = 15 * MINUTE
"""A key that may not use the model is not tried again for so long."""
ATTEMPTS: Final = 5
UNPAID: Final = frozenset(RemoteFault) - {RemoteFault.UNCLEAR}
"""Faults after which nothing can have been paid."""
_SENTENCES: Final = MappingProxyType(
    {
        RemoteFault.KEY: "helper.key",
        RemoteFault.BALANCE: "helper.balance",
        RemoteFault.THROTTLED: "helper.busy",
        RemoteFault.REFUSED: "helper.refused",
        RemoteFault.UNREACHED: "helper.unreachable",
        RemoteFault.UNCLEAR: "helper.unclear",
    }
)


class Answer(NamedTuple):
    """What came of a question."""

    call: HelpCall
    """As it is in the books."""
    said: str | Text
    """The prompt in the model's words, with its links, weights and parameters as they were; or why there is none."""

    def prompt(self) -> str:
        """The words. Raises `UserError` with why there are none; the prompt is as it was then."""
        if isinstance(self.said, Text):
            raise UserError(self.said)
        return self.said


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class PromptHelper:
    """The one way to the model."""

    model: str | None
    """None: there is no such help."""
    own_api: ChatApi | None
    """The owner's other address or key for it; None: each account is asked with its own key."""
    chat_of: Callable[[ImageApi], ChatApi | None]
    """The way to it with an account's own key."""
    books: HelpBooks
    policy: Policy
    accounts: Accounts
    owner: OwnerPolicy
    clock: Clock
    metrics: Metrics
    answers: OpenAnswers
    _ration: RateLimit = field(init=False)
    _off: dict[str, int] = field(init=False, default_factory=dict)
    """Accounts whose key was refused, and when: for a while they are not tried."""

    def __post_init__(self) -> None:
        self._ration = RateLimit(self.clock, MOST_ASKED, ASKED_WITHIN_MS, "helper.too_often")

    @property
    def offered(self) -> bool:
        """Whether there is anything to show: a model, and an account or a key that may reach it."""
        if self.model is None:
            return False
        apis = self.accounts.fixed.values()
        return self.own_api is not None or any(self.chat_of(api) is not None for api in apis)

    async def ask(
        self,
        asker: Asker,
        what: Help,
        prompt: str,
        *,
        pool: Pool,
        account: str,
        call: int | None = None,
        beside: int | None = None,
        refused: bool = False,
    ) -> Answer:
        """Book a question, and ask it once.

        `call` names the question where it is not the only one of its interaction, `beside` is what the picture costs
        that it is asked for. Raises `UserError` with what stands in the way: nothing was booked then.
        """
        frame = framed(prompt, unwanted=what is Help.TRANSLATE)
        if not frame.runs:
            raise UserError(text("helper.no_words"))
        api = await self._reach(account)
        self._ration.take(asker.user_id)
        try:
            booked = await self._book(asker, pool, account, call, beside)
        except UserError:
            self._ration.count(asker.user_id, -1)  # nobody is asked
            raise
        try:
            answer = await api.chat(
                self.model or "",
                instructions=instructions_for(what, frame, refused=refused),
                words=asked_words(frame),
                seconds=PATIENCE_S[what],
            )
        except RemoteError as error:
            await self._failed(booked, asker.interaction_id, what, error)
            return Answer(booked, text(_SENTENCES[error.fault]))
        read = await asyncio.to_thread(read_answer, what, frame, answer)
        outcome = read.value if isinstance(read, UnusableAnswer) else "ok"
        self.metrics.count("prompt_help", what=what.value, outcome=outcome)
        return Answer(
            booked, text(f"helper.answer_{read.value}") if isinstance(read, UnusableAnswer) else read
        )

    async def let_off(self, asker: Asker, call: HelpCall) -> None:
        """The picture that a question was for did not begin with its words, so who asked does not pay for them; raises nothing."""
        try:
            await self.books.let_off(call, self.clock.now())
        except StorageTrouble as trouble:
            self._owe(asker.interaction_id, call, trouble)

    @contextmanager
    def nothing_charged_in_trouble(self, asker: Asker) -> Iterator[None]:
        """What follows a question ends in words that nothing was charged where it ends in `StorageTrouble`: then that is so."""
        try:
            yield
        except StorageTrouble:
            self.answers.owe(asker.interaction_id)
            raise

    async def _reach(self, account: str) -> ChatApi:
        """The way to the model for an account. A server with a key of its own pays with that, at OhMyGPT, or has no help: the
        owner's other key does not pay for it.
        """
        if is_recent(self._off.get(account, 0), self.clock.now(), OFF_MS):
            raise UserError(text("helper.key"))
        api = self.own_api
        if api is None or is_own(account):
            of_account = None if api is not None else await self.accounts.find(account)
            api = None if of_account is None else self.chat_of(of_account)
        if self.model is None or api is None:
            raise UserError(text("helper.off"))
        return api

    async def _book(
        self, asker: Asker, pool: Pool, account: str, call: int | None, beside: int | None
    ) -> HelpCall:
        """Write it down before it is asked: what may have been paid is in the books whatever happens."""
        if asker.server is None:
            raise UserError(text("helper.off"))
        await self.answers.as_row(asker.interaction_id)  # what is booked below is given back by way of it
        request = Request(pool=pool, charge=Charge.HELP)
        for _ in range(ATTEMPTS):
            terms = await self.policy.admit(asker, request)
            booking = HelpCall(
                key=key_of(asker.interaction_id, call),
                home=asker.server,
                user_id=asker.user_id,
                pool=pool,
                account=account,
                units=terms.units,
                created_at=self.clock.now(),
                beside=beside,
            )
            budget = self.owner.budget_of(asker.server, account)
            try:
                if not await self.books.book(booking, terms.allowance, terms.limits, budget):
                    raise UserError(text("helper.asked"))
            except SettingsChanged:
                self.policy.forget(asker)
                await self.policy.check(asker, request)
            else:
                return booking
        raise StorageTrouble("the server's settings change too often")

    async def _failed(self, booked: HelpCall, asked_by: int, what: Help, error: RemoteError) -> None:
        self.metrics.count("prompt_help", what=what.value, outcome=error.fault.value)
        log.info("prompt_help_failed", extra={"what": what.value, "fault": error.fault.value})
        now = self.clock.now()
        if error.fault is RemoteFault.KEY:
            self._off[booked.account] = now
        if error.fault in UNPAID:
            try:
                await self.books.give_back(booked, now)
            except StorageTrouble as trouble:
                self._owe(asked_by, booked, trouble)

    def _owe(self, asked_by: int, booked: HelpCall, trouble: StorageTrouble) -> None:
        self.answers.owe(asked_by)
        log.warning("help_not_given_back", extra={"key": booked.key, "reason": str(trouble)})
