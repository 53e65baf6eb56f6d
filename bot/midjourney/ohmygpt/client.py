"""`MidjourneyApi`: the ImageApi port over HTTP, and the account's own calls (contract §1, §5).
Never here: retries of paid calls, decisions about jobs, and the key in any repr, log or error."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from aiolimiter import AsyncLimiter
from pydantic import ValidationError

from bot.domain.capabilities import OHMYGPT
from bot.domain.ports import unguarded
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.addresses import STORAGE_ORIGIN, checked_origin
from bot.midjourney.ohmygpt import account, wire
from bot.midjourney.ohmygpt.caller import Caller
from bot.midjourney.ohmygpt.envelope import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from bot.domain.capabilities import Capabilities
    from bot.domain.inputs import Shape
    from bot.domain.intake.drawing import ListedEngine
    from bot.domain.pools import Pool
    from bot.domain.ports import Guard, Metrics
    from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot
    from bot.midjourney.calls import Reader
    from bot.midjourney.transport import HttpClients

    EngineOpener = Callable[[Caller, str], ListedEngine]
    """Makes the second engine of a key."""

T = TypeVar("T")

DIRECT_ORIGIN: Final = "https://api.ohmygpt.com"

_PREFIX: Final = "/api/v1/ai/draw/mj/"
_UPLOAD_PURPOSE: Final = "3"  # LLM_TMP, as a known client does (contract §5.5)


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the service is, who pays, and how long we wait."""

    key: str = field(repr=False)
    origin: str = DIRECT_ORIGIN
    storage: str = STORAGE_ORIGIN
    admin_key: str | None = field(default=None, repr=False)
    """For balance and prices; without it the ordinary key is tried."""
    submit_seconds: float = 60.0
    query_seconds: float = 15.0
    reads_per_second: float = 5.0
    """Budget of queries and pages together; no limit is documented (contract §7)."""
    form: bool = False
    """Send forms instead of JSON (contract §8 row 4)."""
    bare_mask: bool = False
    """Send a mask as bare base64, without its data-URL prefix (contract §8 row 15)."""


class MidjourneyApi:
    """Implements `ImageApi`. Every method raises `RemoteError` and nothing else on trouble.

    The clients belong to whoever opened them. `guard` is awaited around every call to the outside, and never around
    the wait for the read budget.
    """

    def __init__(
        self,
        clients: HttpClients,
        settings: ApiSettings,
        *,
        guard: Guard = unguarded,
        metrics: Metrics | None = None,
        open_engine: EngineOpener | None = None,
    ) -> None:
        self._clients = clients
        self._settings = replace(
            settings,
            origin=checked_origin(settings.origin, "EASEL_API_URL"),
            storage=checked_origin(settings.storage, "EASEL_API_STORAGE"),
        )
        self._guard = guard
        self._metrics = metrics
        self.caller: Final = Caller(
            clients=clients,
            origin=self._settings.origin,
            guard=guard,
            metrics=metrics,
            seconds=settings.query_seconds,
        )
        self._open_engine = open_engine
        self.engine: Final = None if open_engine is None else open_engine(self.caller, settings.key)
        """The second engine on the same key (see `Drawing`)."""
        per_second = settings.reads_per_second
        # A bucket must hold at least one call, so a budget below one a second stretches the period instead.
        self._reads = AsyncLimiter(max(per_second, 1.0), max(per_second, 1.0) / per_second)

    def with_key(self, key: str, *, origin: str | None = None) -> MidjourneyApi:
        """Make the same adapter for another account, over the same clients and with a read budget of its own."""
        there = origin or self._settings.origin
        settings = replace(self._settings, key=key, admin_key=None, origin=there)
        return MidjourneyApi(
            self._clients,
            settings,
            guard=self._guard,
            metrics=self._metrics,
            open_engine=self._open_engine,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as far as it is known by now."""
        return OHMYGPT if self.engine is None else replace(OHMYGPT, engine=self.engine.model)

    # -- submissions: paid, never repeated here ----------------------------------------------------------------------

    async def imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, images: Sequence[str] = ()
    ) -> RemoteTaskId:
        """Begin a chain (contract §1.1); `images` are data URLs."""
        return await self._submit(
            "imagine",
            lambda: wire.ImagineRequest(
                type=pool, prompt=prompt, webhook=webhook, images=tuple(images) if images else None
            ),
        )

    async def act(
        self,
        *,
        task_id: RemoteTaskId,
        custom_id: str,
        pool: Pool,
        webhook: str | None,
        mask: str | None = None,
    ) -> RemoteTaskId:
        """Press a button of a finished task (contract §1.2); `mask` is a data URL."""
        if mask is not None and self._settings.bare_mask:
            mask = mask.partition(",")[2] or mask
        return await self._submit(
            "action",
            lambda: wire.ActionRequest(
                type=pool, task_id=task_id, custom_id=custom_id, webhook=webhook, mask=mask
            ),
        )

    async def blend(
        self,
        *,
        images: Sequence[str],
        dimensions: Shape,
        pool: Pool,
        webhook: str | None,
    ) -> RemoteTaskId:
        """Mix two to five pictures, given as data URLs (contract §1.3)."""
        return await self._submit(
            "blend",
            lambda: wire.BlendRequest(
                type=pool, images=tuple(images), dimensions=dimensions, webhook=webhook
            ),
        )

    async def describe(self, *, image: str, pool: Pool, webhook: str | None) -> RemoteTaskId:
        """Ask for prompts that would give such a picture, a data URL (contract §1.4)."""
        return await self._submit(
            "describe", lambda: wire.DescribeRequest(type=pool, image=image, webhook=webhook)
        )

    async def _submit(self, endpoint: str, build: Callable[[], wire.Submission]) -> RemoteTaskId:
        try:
            body = build()
        except ValueError as error:  # pydantic's ValidationError is one
            raise RemoteError(RemoteFault.REFUSED, _complaint(error)) from error
        return await self.caller.call(
            endpoint,
            lambda: self._post(_PREFIX + endpoint, body),
            wire.read_submission,
            client=self._clients.paid,
            seconds=self._settings.submit_seconds,
        )

    # -- reads -------------------------------------------------------------------------------------------------------

    async def query(self, task_id: RemoteTaskId) -> TaskSnapshot | None:
        """Read one task (contract §1.5); None if the service does not know it."""
        seen = await self._read("query", "query", wire.QueryRequest(task_id=task_id), wire.read_task)
        if seen is not None and seen.task_id != task_id:
            # Nobody may be shown somebody else's picture because a cache on the way mixed two answers up.
            raise RemoteError(RemoteFault.UNCLEAR, "the answer is about another task")
        return seen

    async def page(self, number: int, *, size: int) -> TaskPage:
        """Read a page of all the account's tasks (contract §1.6); out-of-range arguments are moved into range."""
        where = f"query-mj-tasks?page={max(number, 1)}&pageSize={min(max(size, 5), 20)}"
        return await self._read("query-mj-tasks", where, wire.PageRequest(), wire.read_page)

    async def _read(self, endpoint: str, where: str, body: wire.RequestBody, read: Reader[T]) -> T:
        async with self._reads:
            pass  # a leaky bucket: to enter is to have paid
        return await self.caller.call(endpoint, lambda: self._post(_PREFIX + where, body), read)

    # -- the account -------------------------------------------------------------------------------------------------

    async def balance(self) -> account.Balance:
        """What the account has left (contract §5.1); wants a key with the admin permission."""
        return await self.caller.call(
            "balance",
            lambda: self.caller.build("POST", "/api/v1/user/admin/balance", key=self._admin_key, json={}),
            account.read_balance,
        )

    async def rates(self) -> tuple[account.Rate, ...]:
        """Whatever the price list says of Midjourney (contract §5.2)."""
        return await self.caller.call(
            "model-rates",
            lambda: self.caller.build("GET", "/api/v1/pay/model-rates", key=self._admin_key),
            account.read_rates,
        )

    async def upload(
        self, data: bytes, *, filename: str, media_type: str, public: bool, expires_at: datetime
    ) -> account.Uploaded:
        """Leave a file with the service until `expires_at`, at least an hour away (contract §5.5, §8 row 25)."""
        name = clean(filename)
        parts = {
            "filename": name,
            "purpose": _UPLOAD_PURPOSE,
            "is_public": "true" if public else "false",
            "expires_at": expires_at.isoformat(),
        }
        return await self.caller.call(
            "upload",
            lambda: self.caller.build(
                "POST",
                "/api/v1/user/files/upload",
                key=self._settings.key,
                data=parts,
                files={"file": (name, data, media_type)},
            ),
            partial(account.read_upload, storage=self._settings.storage),
            seconds=self._settings.submit_seconds,
        )

    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        """Upload a file for all to read until then (milliseconds since 1970); returns its address."""
        left = await self.upload(
            data,
            filename=filename,
            media_type=media_type,
            public=True,
            expires_at=datetime.fromtimestamp(until / 1000, UTC),
        )
        return left.address

    @property
    def key(self) -> str:
        """Its key, for adapters of other interfaces that the same key opens."""
        return self._settings.key

    def holds(self, key: str) -> bool:
        """Whether it pays with this key (see `KeyHolder`)."""
        return hmac.compare_digest(self._settings.key.encode(), key.encode())

    @property
    def _admin_key(self) -> str:
        return self._settings.admin_key or self._settings.key

    # -- the way out -------------------------------------------------------------------------------------------------

    def _post(self, where: str, body: wire.RequestBody) -> httpx.Request:
        form = self._settings.form
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        content = body.as_form() if form else body.as_json()
        return self.caller.build("POST", where, key=self._settings.key, content=content, kind=kind)


def _complaint(error: ValueError) -> str:
    """What is wrong with a body, without the body: it may hold megabytes."""
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)
        )
    return str(error)
