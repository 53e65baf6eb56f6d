"""Addresses: origins of the configuration, hosts that pictures may come from, and the sources to try (contract §4).
Never here: I/O; and no address is built by joining text that was not percent-encoded."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpx

from bot.domain.intake.drawing import DRAWN
from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STORAGE_ORIGIN: Final = "https://pi.ohmygpt.com"
PUBLIC_HOSTS: Final = ("cdn.discordapp.com", "media.discordapp.net", "pi.ohmygpt.com", "wsrv.nl")
LONGEST_ADDRESS: Final = 4096
LONGEST_HOST: Final = 253
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"(?!.*\.\.|.*[^.]{64})[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|[0-9a-f:.]*:[0-9a-f:.]*")
"""No part of a name is empty, nor longer than 63: the resolver raises `UnicodeError` for such, which nobody expects."""
_LARGEST_PORT: Final = 65_535


def origin_of(written: str) -> str | None:
    """Return `scheme://host[:port][/path]` of http or https without a trailing slash; None: it is no such address."""
    try:
        url = httpx.URL(written.strip())
        scheme, host, port = _place(url)
    except (httpx.InvalidURL, UnicodeError):
        return None
    plain = not (url.userinfo or url.query or url.fragment)
    if (
        scheme not in _DEFAULT_PORTS
        or not _HOST.fullmatch(host)
        or not 0 < port <= _LARGEST_PORT
        or not plain
    ):
        return None
    return str(url.copy_with(host=host)).rstrip("/")


def checked_origin(written: str, setting: str) -> str:
    """The same, or raise `StartupError` naming the setting."""
    origin = origin_of(written)
    if origin is None:
        raise StartupError(f"{setting} must be an address like https://api.example.com")
    return origin


class AllowedHosts:
    """Which addresses may be fetched: exact scheme, host and port, nothing else; so an address of a result, a
    webhook or a redirect can lead nowhere that the operator did not name.
    """

    def __init__(self, *, origins: Iterable[str] = (), hosts: Iterable[str] = ()) -> None:
        """Allow the public hosts, checked origins as they stand, and entries `host` or `host:port`.

        An entry means https, and plain http besides only for this machine itself; a plain-http store elsewhere must
        be named with its scheme. Raises `StartupError` for an entry that cannot be read.
        """
        self._places = {("https", host, 443) for host in PUBLIC_HOSTS}
        for written in origins:
            self._places.add(_place(httpx.URL(written)))
        for written in hosts:
            self._places |= set(_places_of_entry(written.strip()))

    def check(self, address: str | httpx.URL) -> httpx.URL | None:
        """Return the address in the spelling that was checked and must be used, or None if it is not allowed."""
        if len(str(address)) > LONGEST_ADDRESS:
            return None
        try:
            url = httpx.URL(address)
            place = _place(url)
            if url.userinfo or place not in self._places:
                return None
            return url.copy_with(host=place[1], fragment=None)
        except (httpx.InvalidURL, UnicodeError):
            return None


def entry_for(address: str | httpx.URL) -> str | None:
    """What `EASEL_IMAGE_HOSTS` must name so that an address may be fetched; None for one that nothing allows."""
    try:
        url = httpx.URL(address)
        scheme, host, port = _place(url)
    except (httpx.InvalidURL, UnicodeError):
        return None
    if scheme not in _DEFAULT_PORTS or url.userinfo or len(host) > LONGEST_HOST or not _HOST.fullmatch(host):
        return None
    where = f"[{host}]" if ":" in host else host
    if port != _DEFAULT_PORTS[scheme]:
        where += f":{port}"
    return where if scheme == "https" or is_loopback(host) else f"http://{where}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _place(url: httpx.URL) -> tuple[str, str, int]:
    """Scheme, host and port in one spelling: lower case, IDNA, no dot at the end, no default left out."""
    host = url.raw_host.decode("ascii").lower()
    port = _DEFAULT_PORTS.get(url.scheme, 0) if url.port is None else url.port
    return url.scheme, host.removesuffix("."), port


def _places_of_entry(written: str) -> Iterator[tuple[str, str, int]]:
    origin = checked_origin(written if "://" in written else f"https://{written}", "IMAGE_HOSTS")
    scheme, host, port = _place(httpx.URL(origin))
    yield scheme, host, port
    if "://" not in written and is_loopback(host):
        yield "http", host, httpx.URL(origin).port or _DEFAULT_PORTS["http"]


@dataclass(frozen=True, slots=True)
class Source:
    """One place to try."""

    name: str
    """For logs and meters: `storage`, `discord`, `wsrv_storage`, `wsrv_discord`."""
    url: httpx.URL
    public: str | None = None
    """The full-size file's address, if it lasts and may be shown to people. Discord's are signed and expire."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The sources to try in order."""

    sources: tuple[Source, ...]
    refused: int
    """How many addresses were there but are not allowed."""
    foreign: tuple[str, ...] = ()
    """What the allow-list would have to name for those of them that it could."""


def plan_sources(
    *, storage_key: str | None, discord_url: str | None, storage: str, wsrv: str | None, hosts: AllowedHosts
) -> Plan:
    """Object storage, then Discord, then wsrv of either, the allowed ones only."""
    wanted = {"storage": _storage_address(storage_key, storage), "discord": discord_url or None}
    if storage_key and "://" in storage_key:
        # Documented under a name that promises an address, though it holds a key (contract §2.1): take either.
        wanted["storage"] = storage_key
    checked = {name: hosts.check(address) for name, address in wanted.items() if address}
    refused = sum(url is None for url in checked.values()) + (bool(storage_key) and wanted["storage"] is None)
    direct = [
        Source(name, url, _shown(url) if name == "storage" and str(url).startswith(storage) else None)
        for name, url in checked.items()
        if url is not None
    ]
    foreign = [entry_for(address) for name, address in wanted.items() if address and checked[name] is None]
    return Plan(
        (*direct, *_through_wsrv(direct, wsrv, hosts)), refused, tuple(entry for entry in foreign if entry)
    )


def _storage_address(key: str | None, storage: str) -> str | None:
    if not key or key.startswith(DRAWN):  # the engine's pictures lie nowhere but here
        return None
    segments = key.strip("/").split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        return None
    path = "/".join(quote(segment, safe="") for segment in segments)
    return f"{storage}/api/v1/content/mj-generated/{path}"


def _shown(url: httpx.URL) -> str | None:
    """A link for people: public, or this machine's own in the sandbox; never the name of somebody's inner host."""
    return str(url) if url.scheme == "https" or is_loopback(url.host) else None


def _through_wsrv(direct: list[Source], wsrv: str | None, hosts: AllowedHosts) -> Iterator[Source]:
    if wsrv is None:
        return
    for source in direct:
        url = hosts.check(f"{wsrv}/?url={quote(str(source.url), safe='')}")
        if url is not None:
            yield Source(f"wsrv_{source.name}", url, source.public)
