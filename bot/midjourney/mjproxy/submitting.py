"""The paid calls of the family: what goes along with each, and by which way of its pool (family §1, §5, §6).
Never here: readings, retries, and decisions about jobs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from bot.domain.capabilities import BY_SERVER, Capabilities, ServerKind, Windows, speed_of
from bot.domain.pools import USUAL_POOLS
from bot.domain.ports import unguarded
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy import answers, readings, requests
from bot.midjourney.mjproxy.looking import Looks, look
from bot.midjourney.mjproxy.routes import ROOT, Auth, PoolRoute, checked_base, usual_routes
from bot.midjourney.mjproxy.sending import Sender, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.domain.answers import Accepted, Answer
    from bot.domain.capabilities import Speed
    from bot.domain.inputs import Shape
    from bot.domain.pools import Pool
    from bot.domain.ports import Guard, Metrics
    from bot.domain.tasks import RemoteTaskId
    from bot.midjourney.calls import Reader, T
    from bot.midjourney.mjproxy.probing import ProbeResult
    from bot.midjourney.transport import HttpClients


_NIJI: Final = "--niji"
_NOBODY_OF_THE_FAMILY: Final = "nothing of the /mj family answers here: the address or its path is wrong"
_THE_OTHER_KIND: Final = "this looks like OhMyGPT's own API: choose the kind ohmygpt"


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Where the server is, who pays, what it can do, and how long we wait."""

    key: str = field(repr=False)
    url: str
    """Origin and path before `/mj`."""
    auth: Auth = Auth.SECRET
    capabilities: Capabilities = BY_SERVER[ServerKind.RESELLER]
    asks_server: bool = False
    """Whether the server is asked first which program it is; `capabilities` hold until it has answered."""
    routes: Mapping[Speed, PoolRoute] | None = None
    """How each speed is asked for; None: as usual for such a server."""
    submit_seconds: float = 90.0
    """A gateway waits 60 s for its proxy, and then says so."""
    query_seconds: float = 15.0
    seed_seconds: float = 75.0
    """One proxy asks Midjourney in a conversation, for up to a minute."""
    reads_per_second: float = 5.0


class Submitting:
    """The half that pays. Every method raises `RemoteError`, and a caller never repeats one whose error is UNCLEAR."""

    def __init__(
        self,
        clients: HttpClients,
        settings: ProxySettings,
        *,
        guard: Guard = unguarded,
        metrics: Metrics | None = None,
    ) -> None:
        self._settings = replace(settings, url=checked_base(settings.url, "EASEL_API_URL"))
        self._capabilities = settings.capabilities
        self._known = not settings.asks_server
        self._prefixed = True
        self._learning = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._looks = Looks()
        self._out = Sender(
            clients,
            base=self._settings.url,
            auth=settings.auth,
            key=settings.key,
            reads_per_second=settings.reads_per_second,
            guard=guard,
            meters=metrics,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do."""
        capabilities = self._capabilities.only(self._routes)
        if self._known or self._settings.routes is not None:
            return capabilities
        # Nobody may choose what a server that was not asked yet may not have.
        return capabilities.only(map(speed_of, USUAL_POOLS))

    @property
    def is_known(self) -> bool:
        """Whether that is what the server itself showed, or the owner said."""
        return self._known

    @property
    def _routes(self) -> Mapping[Speed, PoolRoute]:
        return self._settings.routes or usual_routes(self._capabilities.server, prefixed=self._prefixed)

    async def probe(self) -> ProbeResult:
        """Find out by free calls which program answers and what follows."""
        return await look(self._out, seconds=self._settings.query_seconds)

    async def learn(self) -> None:
        """Ask the server once which program it is: paths and abilities follow from it.

        Raises `RemoteError`; by none of them can anything have been accepted.
        """
        async with self._learning:
            if self._known:
                return
            await self.prove()
            seen = await self._looks.look(self._out, seconds=self._settings.query_seconds)
            if seen.server is None or seen.capabilities is None:
                raise RemoteError(RemoteFault.UNREACHED, _NOBODY_OF_THE_FAMILY)
            if seen.server is ServerKind.OHMYGPT:
                raise RemoteError(RemoteFault.UNREACHED, _THE_OTHER_KIND)
            self._capabilities, self._prefixed, self._known = seen.capabilities, seen.prefixed, True

    async def prove(self) -> None:
        """Prove address and key by the one call that costs nothing and every member has."""
        way = Way("POST", f"{ROOT}/task/list-by-condition", requests.Ids(ids=()).as_json())
        await self._out.call("mj_check", way, readings.require_list, seconds=self._settings.query_seconds)

    # -- submissions: paid, never repeated here ----------------------------------------------------------------------

    async def submit_imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, tag: str | None, images: Sequence[str] = ()
    ) -> Answer:
        """Begin a chain (family §1.1); `images` are data URLs or addresses."""
        return await self._submit(
            "imagine",
            pool,
            lambda common: requests.Imagine(
                prompt=prompt, images=tuple(images) or None, bot=_bot(prompt), **common
            ),
            webhook=webhook,
            tag=tag,
            read=answers.read_submission,
        )

    async def submit_blend(
        self, *, images: Sequence[str], dimensions: Shape, pool: Pool, webhook: str | None, tag: str | None
    ) -> Answer:
        """Mix two to five pictures, given as data URLs (family §1.4)."""
        return await self._submit(
            "blend",
            pool,
            lambda common: requests.Blend(images=tuple(images), dimensions=dimensions, **common),
            webhook=webhook,
            tag=tag,
            read=answers.read_submission,
        )

    async def submit_describe(
        self, *, image: str, pool: Pool, webhook: str | None, tag: str | None
    ) -> Answer:
        """Ask for prompts that would give such a picture, a data URL (family §1.5)."""
        return await self._submit(
            "describe",
            pool,
            lambda common: requests.Describe(image=image, **common),
            webhook=webhook,
            tag=tag,
            read=answers.read_submission,
        )

    async def shorten(self, *, prompt: str, pool: Pool, webhook: str | None, tag: str | None) -> Answer:
        """Ask which words of a prompt count, and for shorter ones (family §1.6)."""
        await self._learn_first()
        self.need(self.capabilities.shorten, "this server does not shorten prompts")
        return await self._submit(
            "shorten",
            pool,
            lambda common: requests.Shorten(prompt=prompt, **common),
            webhook=webhook,
            tag=tag,
            read=answers.read_submission,
        )

    async def animate(
        self, *, image: str, prompt: str, motion: str, pool: Pool, webhook: str | None, tag: str | None
    ) -> Answer:
        """Make clips of a picture, given as an address (family §1.10); `motion` is `low` or `high`."""
        await self._learn_first()
        self.need(self.capabilities.video, "this server makes no clips")
        return await self._submit(
            "video",
            pool,
            lambda common: requests.Video(image=image, prompt=prompt, motion=motion, **common),
            webhook=webhook,
            tag=tag,
            read=answers.read_submission,
        )

    async def press(
        self,
        *,
        task_id: RemoteTaskId,
        custom_id: str,
        pool: Pool,
        webhook: str | None,
        tag: str | None,
        remix: bool = False,
    ) -> Answer:
        """Press a button of a finished task (family §1.2); `remix` asks for a window where one is offered."""
        if remix:
            await self._learn_first()
            self.need(self.capabilities.remix, "this server opens no window for other words")
        return await self._submit(
            "action",
            pool,
            lambda common: requests.Action(
                task_id=task_id, custom_id=custom_id, remix=True if remix else None, **common
            ),
            webhook=webhook,
            tag=tag,
            read=answers.read_submission,
        )

    async def fill(
        self,
        *,
        window: RemoteTaskId,
        prompt: str,
        mask: str | None,
        pool: Pool,
        webhook: str | None,
        tag: str | None,
    ) -> Accepted:
        """Fill the window that a press opened, once (family §1.3, §5); `mask` is a PNG's data URL.

        A second answer to the same window is a second paid job, and nothing on the server prevents it. The id of the
        result, which may be a new one, is followed from now on.
        """
        self.need(self.capabilities.windows is not Windows.NONE, "this server opens no windows")
        return await self._submit(
            "modal",
            pool,
            lambda common: requests.Modal(task_id=window, prompt=prompt, mask=mask, **common),
            webhook=webhook,
            tag=tag,
            read=answers.read_filled,
        )

    async def _submit(
        self,
        endpoint: str,
        pool: Pool,
        build: Callable[[dict[str, Any]], requests.Submission],
        *,
        webhook: str | None,
        tag: str | None,
        read: Reader[T],
    ) -> T:
        await self._learn_first()
        speed = speed_of(pool)
        route = self._routes.get(speed)
        if route is None:
            raise RemoteError(RemoteFault.REFUSED, f"this account has no {speed.value} jobs")
        common = {
            "state": tag,
            "notify_hook": webhook if self.capabilities.webhook else None,
            "account_filter": route.account_filter(speed),
        }
        try:
            body = build(common)
        except ValidationError as error:
            raise RemoteError(RemoteFault.REFUSED, _complaint(error)) from error
        return await self._out.call(
            f"mj_{endpoint}",
            Way("POST", f"{route.root}/submit/{endpoint}", body.as_json(), key=route.key),
            read,
            seconds=self._settings.submit_seconds,
            paid=True,
        )

    async def _learn_first(self) -> None:
        """A paid call by a path that the server does not know would be lost work; nothing is sent before.

        Nor is anything refused, or not looked for, before: until then we know only what every member of the family has.
        """
        try:
            await self.learn()
        except RemoteError as error:
            if error.fault in {RemoteFault.UNCLEAR, RemoteFault.REFUSED}:
                # That is said of a free call: the paid one was not made, and may be once the address is mended.
                raise RemoteError(RemoteFault.UNREACHED, error.message) from error
            raise

    @staticmethod
    def need(capabilities: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition and its sentence, as in assert
        """Refuse before anything is sent what this account cannot do."""
        if not capabilities:
            raise RemoteError(RemoteFault.REFUSED, otherwise)


def _bot(prompt: str) -> str:
    return "NIJI_JOURNEY" if _NIJI in prompt.split() else "MID_JOURNEY"


def _complaint(error: ValidationError) -> str:
    """What is wrong with a body, without the body: it may hold megabytes."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
