"""What went over the wire and what gets in its way: the transcript, faults on demand, rate limits, change events.
Never here: what a request means."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fakes.discord_world import Clock

T = TypeVar("T")

SLOW_MACHINE = 4
"""How much longer than on an idle machine anything may take that is sure to come."""
FIRST_ANSWER_S = 3.0
"""What Discord gives a bot that has a machine of its own; a double gives it longer by the same measure."""


@dataclass(frozen=True, slots=True)
class FileMeta:
    """A file of a multipart request, without its bytes."""

    part: str
    filename: str
    size: int
    content_type: str


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it was received, and how it was answered."""

    at: float
    method: str
    path: str
    """Without the API's prefix and the query."""
    query: dict[str, str]
    json: Any
    files: tuple[FileMeta, ...]
    status: int | None
    """None when no answer was given."""
    code: int | None = None
    """Discord's own error code."""
    faulted: bool = False
    """Whether a fault that the test asked for touched it."""

    @property
    def line(self) -> str:
        """One line for a transcript."""
        parts = [
            f"{self.at:.3f}",
            self.method,
            self.path,
            "lost" if self.status is None else str(self.status),
        ]
        if self.code:
            parts.append(f"code {self.code}")
        parts += [f"<{one.filename} {one.size} B>" for one in self.files]
        if self.json is not None:
            parts.append(json.dumps(self.json, ensure_ascii=False, separators=(",", ":")))
        return " ".join(parts)


class Changes:
    """Wakes whoever waits for something to become true. There is no polling."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Something changed."""
        self._event.set()
        self._event = asyncio.Event()

    async def until(
        self,
        predicate: Callable[[], T | None],
        timeout: float = 10.0,  # noqa: ASYNC109 - the tests' word for it
        *,
        explain: Callable[[], str] = str,
    ) -> T:
        """The predicate's first true value; AssertionError when it does not come in time."""
        try:
            async with asyncio.timeout(timeout * SLOW_MACHINE):
                while not (seen := predicate()):
                    await self._event.wait()
        except TimeoutError:
            raise AssertionError(f"not within {timeout * SLOW_MACHINE} s\n{explain()}") from None
        return seen


# -- faults ------------------------------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Fault:
    """Something that goes wrong with the next matching requests."""

    method: str
    pattern: re.Pattern[str]
    status: int | None = None
    """None drops the connection instead of answering."""
    code: int = 0
    message: str = "made to fail"
    times: int = 1
    via: bool = True
    before_effect: bool = True
    retry_after: float = 0.05
    delay: float = 0.0
    refuses: bool = True
    """False only slows the answer down or holds it."""
    hold: bool = False
    uploads: bool = False
    """True leaves alone what brings no file."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let held requests go on."""
        self.times = 0
        self.released.set()

    async def wait(self) -> None:
        """Keep a request for as long as the fault says."""
        self.reached.set()
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.hold:
            await self.released.wait()

    def body(self) -> dict[str, Any]:
        """What it answers."""
        shown: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.status == 429:
            shown |= {"retry_after": self.retry_after, "global": False}
        return shown


class Faults:
    """The faults that wait for their request, the earliest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Plan one."""
        self._waiting.append(fault)
        return fault

    def take(self, method: str, path: str, *, uploads: bool) -> Fault | None:
        """The fault that strikes this request."""
        for fault in self._waiting:
            if (
                fault.times > 0
                and fault.method in (method, "*")
                and fault.pattern.fullmatch(path)
                and (uploads or not fault.uploads)
            ):
                fault.times -= 1
                return fault
        return None

    def release_all(self) -> None:
        """Let everything go (shutdown)."""
        for fault in self._waiting:
            fault.release()

    @property
    def unused(self) -> Sequence[Fault]:
        """Faults that still wait."""
        return [fault for fault in self._waiting if fault.times > 0]


# -- rate limits -------------------------------------------------------------------------------------------

MESSAGES: Final = re.compile(r"/channels/(\d+)/messages(/\d+)?")
EXEMPT: Final = re.compile(r"/(interactions|webhooks)/")


@dataclass(slots=True)
class Window:
    """A fixed window: so many requests until it ends."""

    limit: int
    seconds: float
    ends: float = 0.0
    used: int = 0

    def hit(self, now: float) -> bool:
        """Count a request; False when it is one too many."""
        if now >= self.ends:
            self.ends, self.used = now + self.seconds, 0
        self.used += 1
        return self.used <= self.limit

    def headers(self, now: float, bucket: str) -> dict[str, str]:
        """The X-RateLimit headers."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": f"{self.ends:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, self.ends - now):.3f}",
            "X-RateLimit-Bucket": bucket,
        }


@dataclass(frozen=True, slots=True)
class Limited:
    """A request over a limit."""

    retry_after: float
    everywhere: bool
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much Discord bears: messages and edits per channel in a time, and requests of all kinds in a second."""

    posts: int = 5
    edits: int = 5
    seconds: float = 5.0
    whole: int = 50


class RateLimits:
    """Discord's limits as far as a bot that posts and edits meets them (discord.py facts §3.6)."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = {"POST": limits.posts, "PATCH": limits.edits}
        self._seconds = limits.seconds
        self._global = Window(limits.whole, 1.0)
        self._windows: dict[tuple[str, str], Window] = {}

    def hit(self, method: str, path: str) -> Limited | dict[str, str]:
        """Count a request: the headers of its answer, or the refusal."""
        now = self._clock.now()
        if not EXEMPT.match(path) and not self._global.hit(now):
            wait = self._global.ends - now
            return Limited(
                wait, everywhere=True, headers={"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
            )
        found = MESSAGES.fullmatch(path)
        limit = self._limits.get(method)
        if found is None or limit is None:
            return {}
        window = self._windows.setdefault((method, found[1]), Window(limit, self._seconds))
        allowed = window.hit(now)
        headers = window.headers(now, f"{method.lower()}-message")
        if allowed:
            return headers
        return Limited(window.ends - now, everywhere=False, headers=headers | {"X-RateLimit-Scope": "user"})
