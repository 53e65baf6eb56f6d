"""The paid calls of the family: what goes along with each, and by which way of its pool (family §1, §5, §6).
Never here: readings, retries, and decisions about jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import ValidationError

from bot.domain.capabilities import BY_SERVER, Capabilities, ServerKind, Windows, speed_of
from bot.domain.ports import unguarded
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy import answers, requests
from bot.midjourney.mjproxy.routes import Auth, PoolRoute, checked_base, usual_routes
from bot.midjourney.mjproxy.sending import Sender, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.answers import Accepted, Answer
    from bot.domain.capabilities import Speed
    from bot.domain.inputs import Shape
    from bot.domain.pools import Pool
    from bot.domain.ports import Guard, Metrics
    from bot.domain.tasks import RemoteTaskId
    from bot.midjourney.transport import Lines

T = TypeVar("T")
Reader = Callable[[int, Mapping[str, str], bytes], T]
"""Makes sense of status, headers and body, or raises `RemoteError`."""

_NIJI: Final = "--niji"


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """Where the server is, who pays, what it can do, and how long we wait."""

    key: str = field(repr=False)
    url: str
    """Origin and path before `/mj`."""
    auth: Auth = Auth.SECRET
    capabilities: Capabilities = BY_SERVER[ServerKind.RESELLER]
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
        lines: Lines,
        settings: ProxySettings,
        *,
        guard: Guard = unguarded,
        metrics: Metrics | None = None,
    ) -> None:
        self._settings = replace(settings, url=checked_base(settings.url, "EASEL_API_URL"))
        self._routes = settings.routes or usual_routes(settings.capabilities.server)
        self._out = Sender(
            lines,
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
        return self._settings.capabilities.only(self._routes)

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

    @staticmethod
    def need(able: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition and its sentence, as in assert
        """Refuse before anything is sent what this account cannot do."""
        if not able:
            raise RemoteError(RemoteFault.REFUSED, otherwise)


def _bot(prompt: str) -> str:
    return "NIJI_JOURNEY" if _NIJI in prompt.split() else "MID_JOURNEY"


def _complaint(error: ValidationError) -> str:
    """What is wrong with a body, without the body: it may hold megabytes."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
