"""The HTTP clients to the outside: how every call leaves this room, how long it may take and how much it may bring back.
Never here: what is called, and what an answer means."""

from __future__ import annotations

import asyncio
import logging
import zlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Final, TypeVar

import httpx

from bot.errors import RemoteError, RemoteFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

T = TypeVar("T")

USER_AGENT: Final = "Easel (a Discord bot for Midjourney)"
MAX_ANSWER: Final = 4 * 1024 * 1024
"""An answer is a few kilobytes, a page of 20 tasks less than 100."""
_SHORT: Final = 1024 * 1024
"""So much is put together in a moment."""
_PACKINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_UNBOUNDED: Final = frozenset({"br", "zstd"})
"""Packings that cannot be unfolded step by step here. Other names stand in the header, too, and pack nothing."""

NEVER_LEFT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""Troubles of getting a connection: not a byte of the request was sent. TLS handshakes fail as ConnectError too."""


CONNECT_S: Final = 10.0
KEPT: Final = 10
"""Idle connections that are kept for the next call."""


@dataclass(frozen=True, slots=True)
class HttpClients:
    """Three clients: a paid call needs a connection of its own, and slow pictures must not hold up reads."""

    paid: httpx.AsyncClient
    """Keeps no idle connection. A server may close one at the very moment of its reuse, and we could not tell
    whether the call had arrived; a handshake costs less than a job that nobody can settle."""
    free: httpx.AsyncClient
    """Calls of the API that may be repeated: reads, balance, uploads."""
    pictures: httpx.AsyncClient


@asynccontextmanager
async def open_clients(
    *,
    connections: int = 20,
    trust_env: bool = True,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[HttpClients]:
    """Open the clients and close them at the end. A transport replaces the network (tests)."""
    # httpx writes each address at INFO, and a picture's address carries its signature.
    logger = logging.getLogger("httpx")
    logger.setLevel(max(logger.level, logging.WARNING))

    # Certificates are read once for all three; it takes longer than everything else here.
    tls = httpx.create_ssl_context(trust_env=trust_env)

    def client(*, idle: int) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            # What can be unfolded step by step (see `read_up_to`).
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
            verify=tls,
            follow_redirects=False,
            # Reading and writing are bounded by each call's own total (see `ask`).
            timeout=httpx.Timeout(None, connect=CONNECT_S, pool=CONNECT_S),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=idle),
            # A proxy of the environment must not come between us and this machine itself.
            mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")}
            if trust_env
            else None,
            transport=transport,
            trust_env=trust_env and transport is None,
            # No cookie is kept: several accounts share these clients.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    async with client(idle=0) as paid, client(idle=KEPT) as free, client(idle=KEPT) as pictures:
        yield HttpClients(paid=paid, free=free, pictures=pictures)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What came back, whole."""

    status: int
    headers: httpx.Headers
    body: bytes


async def ask(
    client: httpx.AsyncClient, request: httpx.Request, *, seconds: float, most: int = MAX_ANSWER
) -> HttpResponse:
    """Send a request and read its whole answer within `seconds`; no redirect is followed.

    Raises `RemoteError`: UNREACHED if nothing can have left, UNCLEAR for everything that goes wrong later.
    """
    try:
        async with asyncio.timeout(seconds):
            response = await send(client, request, seconds=seconds)
            try:
                body = await read_up_to(response, most, _too_long)
            finally:
                await response.aclose()
            return HttpResponse(response.status_code, response.headers, body)
    except NEVER_LEFT as error:
        raise RemoteError(RemoteFault.UNREACHED, f"no connection ({type(error).__name__})") from error
    except TimeoutError as error:
        raise RemoteError(RemoteFault.UNCLEAR, f"no answer within {seconds:g} s") from error
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        raise RemoteError(RemoteFault.UNCLEAR, f"the connection broke ({type(error).__name__})") from error


async def send(client: httpx.AsyncClient, request: httpx.Request, *, seconds: float) -> httpx.Response:
    """Send within a total that the caller keeps, following no redirect; the caller reads and closes the answer.

    Getting a connection has three steps (a free place, TCP, TLS). Each is held to a third of the total, so that a
    failure there is told as such, with the socket closed, instead of being cut off by the total.
    """
    connect = min(client.timeout.connect or seconds, seconds / 3)
    request.extensions["timeout"] = httpx.Timeout(None, connect=connect, pool=connect).as_dict()
    return await client.send(request, stream=True, follow_redirects=False)


def _too_long() -> RemoteError:
    return RemoteError(RemoteFault.UNCLEAR, "the answer is far too long")


async def read_up_to(response: httpx.Response, most: int, too_long: Callable[[], Exception]) -> bytes:
    """Read a streamed body; a longer one is not read to its end, and one that says so beforehand not at all.

    Packed ones unfold no further than `most`: a kilobyte can stand for gigabytes. What follows the end of one is
    passed over. Raises `httpx.DecodingError` for packings that cannot be bounded, and for broken ones.
    """
    announced = response.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:18]) > most:
        raise too_long()
    named = (name.strip().lower() for name in response.headers.get("content-encoding", "").split(","))
    packings = [name for name in named if name in _PACKINGS | _UNBOUNDED]
    if len(packings) > 1 or not _PACKINGS.issuperset(packings):
        raise httpx.DecodingError(f"an answer in {', '.join(packings)[:40]}")
    pieces: list[bytes] = []
    size, head, packed = 0, b"", None
    async for chunk in response.aiter_raw():
        if packed is not None and packed.eof:
            continue  # zlib would keep it
        if not packings:
            pieces.append(chunk)
        elif packed is not None or len(head := head + chunk) >= 2:  # noqa: PLR2004 - a head of zlib
            given, head = head or chunk, b""
            packed = packed or zlib.decompressobj(_window(packings[0], given))
            try:
                pieces.append(packed.decompress(given, most + 1 - size))
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from error
        else:
            continue  # no more than the first byte of a head
        size += len(pieces[-1])
        if size > most:
            raise too_long()
    # To join is to copy: a long answer would hold up the loop, and Python lets others run beside it.
    return b"".join(pieces) if size <= _SHORT else await asyncio.to_thread(b"".join, pieces)


def _window(packing: str, head: bytes) -> int:
    """What zlib must be told to unfold this: some servers send “deflate” without the two bytes before it."""
    has_none = packing == "deflate" and (head[0] & 15 != zlib.DEFLATED or int.from_bytes(head[:2]) % 31)
    return -zlib.MAX_WBITS if has_none else 32 + zlib.MAX_WBITS  # 32: gzip or zlib, by its head
