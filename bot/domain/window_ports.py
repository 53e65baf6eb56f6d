"""The port of an image API with windows and tags, beside `ImageApi`: what the family of proxies can do.
Never here: implementations, and which account can do what (`capabilities`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.domain.answers import Accepted, Answer, TagSearchResult
    from bot.domain.capabilities import Capabilities
    from bot.domain.inputs import Shape
    from bot.domain.pools import Pool
    from bot.domain.tasks import RemoteTaskId, TaskSnapshot


@runtime_checkable
class ProbedAccount(Protocol):
    """An account whose abilities depend on which program answers at its address."""

    @property
    def is_known(self) -> bool:
        """Whether the server showed what it can do, or the owner said it; else `check` asks."""

    async def check(self) -> None:
        """Ask, by calls that cost nothing. Raises `RemoteError`."""


@runtime_checkable
class WindowApi(Protocol):
    """Every method raises `RemoteError` and nothing else on trouble.

    Submissions are paid and not idempotent: a caller never repeats one whose error says UNCLEAR. `tag` is the job's
    random text, which comes back with the task on servers that echo one; `find` looks for it.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this account can do; a call beyond it is REFUSED before anything is sent."""

    async def submit_imagine(
        self, *, prompt: str, pool: Pool, webhook: str | None, tag: str | None, images: Sequence[str] = ()
    ) -> Answer:
        """Begin a chain."""

    async def submit_blend(
        self, *, images: Sequence[str], dimensions: Shape, pool: Pool, webhook: str | None, tag: str | None
    ) -> Answer:
        """Mix two to five pictures."""

    async def submit_describe(
        self, *, image: str, pool: Pool, webhook: str | None, tag: str | None
    ) -> Answer:
        """Ask for prompts that would give such a picture."""

    async def shorten(self, *, prompt: str, pool: Pool, webhook: str | None, tag: str | None) -> Answer:
        """Ask for shorter prompts."""

    async def animate(
        self, *, image: str, prompt: str, motion: str, pool: Pool, webhook: str | None, tag: str | None
    ) -> Answer:
        """Make clips of a picture, given as an address; `motion` is `low` or `high`."""

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
        """Press a button of a finished task; `remix` asks for a window with the prompt."""

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
        """Fill a window, once and never again, with words, a mask (a PNG's data URL) or both.

        The window's id is stored before this is called. An UNCLEAR one is settled by reading the window's task:
        not MODAL any more, or `started_at` set, means that it arrived.
        """

    async def upload_input(self, data: bytes, *, filename: str, media_type: str, until: int) -> str:
        """Leave a file with the server; returns its public address. A gateway charges for it, everybody else does not."""

    async def query_many(self, task_ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        """Read many tasks; one that the server does not know is missing."""

    async def find(self, tag: str) -> TagSearchResult:
        """Look for the task that was submitted with a tag."""

    async def seed(self, task_id: RemoteTaskId) -> str | None:
        """A finished task's seed; None if there is none to be had. It may take a minute."""

    async def cancel(self, task_id: RemoteTaskId) -> bool:
        """Ask the server to stop following a task; True if it says so. Nothing is paid back."""

    async def check(self) -> None:
        """Prove address and key by a call that costs nothing."""
