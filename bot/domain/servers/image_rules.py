"""Pictures that members put in, and addresses in prompts: what a server takes, from where, and how large.
Never here: fetching or reading pictures, and what becomes of the results."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bot.domain.inputs import MEGABYTE, displayed_name
from bot.domain.servers.declarations import MultipleChoice, Number, Switch, setting
from bot.errors import UserError
from bot.texts import listed, text

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZE_LIMIT: Final = 100
"""Megabytes."""
IMAGES: Final = "mod images set"
NAMED: Final = 5
"""How many hosts a refusal names as a way out."""
OFFERED: Final = 25
"""How many channels a refusal offers as a way out; of those that are there still, the first few are shown."""
NAME_LIMIT: Final = 60

_ADDRESS: Final = re.compile(
    r"https?:(?:[/\\]+([^\s<>/?#\\]*)|([^\s<>/?#\\:,]+\.[^\s<>/?#\\]*))", re.IGNORECASE
)
"""As parsers of addresses read them: one slash or three, or backslashes, are as good as two, and none will do."""
_NAME: Final = re.compile(r"\[[0-9a-f:.]+\]|[\w.-]*")
_SEPARATES: Final = re.compile(r"[\x00-\x20/\\?#@<>^|\x7f]")
_PORT: Final = re.compile(r":0*([0-9]{1,20})")
LARGEST_PORT: Final = 65_535
_NUMBER: Final = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*")
_DOTTED_QUAD: Final = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


class ImageKind(StrEnum):
    """Kinds of picture that may be put in, by their media types."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    GIF = "image/gif"
    """A still one."""
    AVIF = "image/avif"
    HEIC = "image/heic"
    BMP = "image/bmp"
    TIFF = "image/tiff"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A picture that somebody puts in, as far as rules look at it."""

    name: str
    media_type: str
    """Empty before anybody looked into it."""
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class ImagePolicy:
    """What a server takes in. An address in a prompt is a picture too: upstream fetches it."""

    on: bool = setting("images", "on", Switch(), default=True, path=IMAGES)
    most_mb: int | None = setting(
        "images", "most_mb", Number(1, SIZE_LIMIT), default=None, optional=True, path=IMAGES
    )
    """None: whatever the bot takes."""
    kinds: tuple[ImageKind, ...] = setting(
        "images", "kinds", MultipleChoice(ImageKind), default=(), path=IMAGES
    )
    """Empty: every kind that the bot takes."""
    channels: tuple[int, ...] = ()
    """Only there, and in what stands in them; empty: everywhere."""
    age_restricted: bool = setting("images", "age_restricted", Switch(), default=False, path=IMAGES)
    """Only in age-restricted channels."""
    links: bool = setting("images", "links", Switch(), default=True, path=IMAGES)
    """Whether prompts may hold addresses."""
    hosts_allowed: tuple[str, ...] = ()
    """With any allowed, others are refused. A host stands for those below it, too."""
    hosts_denied: tuple[str, ...] = ()


def check_inputs(
    policy: ImagePolicy,
    *,
    images: Sequence[ImageFacts],
    prompt: str | None,
    lineage: Sequence[int],
    age_restricted: bool,
) -> None:
    """Raise `UserError` for what the server does not take; nothing put in is always taken."""
    hosts = () if prompt is None else hosts_in(prompt)
    if not images and not hosts:
        return
    if not policy.on:
        raise UserError(text("refused.images_off"))
    if policy.channels and not any(place in policy.channels for place in lineage):
        named = [text("channel.named", channel=str(channel)) for channel in policy.channels[:OFFERED]]
        raise UserError(text("refused.images_channel", channels=listed(named)))
    if policy.age_restricted and not age_restricted:
        raise UserError(text("refused.images_age_restricted"))
    for image in images:
        _check_image(policy, image)
    for host in hosts:
        _check_host(policy, host)


def hosts_in(prompt: str) -> tuple[str, ...]:
    """The hosts of all addresses in a prompt, in small letters; empty for an address whose host cannot be read.

    They are read as the one who fetches reads them: wide letters, escapes and names of other scripts in their plain
    form (RFC 3490), what stands before an @ is no host.
    """
    plain = unicodedata.normalize("NFKC", prompt).replace("\u3002", ".")
    return tuple(_host(match[1] if match[1] is not None else match[2]) for match in _ADDRESS.finditer(plain))


def _host(authority: str) -> str:
    spelled = (
        unicodedata.normalize("NFKC", unquote(authority.rpartition("@")[2])).replace("\u3002", ".").lower()
    )
    if "%" in authority and _SEPARATES.search(spelled):
        return ""  # escaped, it would end a name for one reader and not for another
    found = _NAME.match(spelled)
    name = "" if found is None else found[0].rstrip(".")
    behind = spelled[len(name) :].lstrip(".")
    if behind and not re.match(r":[0-9]*(?![^\W_])|[^\w:%@]", behind):
        return ""
    port = _PORT.match(behind)
    if port is not None and int(port[1]) > LARGEST_PORT:
        return ""
    if _NUMBER.fullmatch(name) and not _DOTTED_QUAD.fullmatch(name):
        return ""  # 2130706433, 0x7f.1 and 0177.0.0.1 are an address for some readers, and another for others
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def read_host(typed: str) -> str:
    """A host as a moderator writes it, with or without what stands around it; raises `UserError` for other words."""
    spelled = typed.strip().lower()
    host = next(iter(hosts_in(spelled)), spelled).removeprefix("*.")
    if _HOST.fullmatch(host) is None:
        raise UserError(text("settings.no_host"))
    return host


def _check_image(policy: ImagePolicy, image: ImageFacts) -> None:
    name = displayed_name(image.name)
    if policy.kinds and image.media_type and image.media_type not in policy.kinds:
        kinds = ", ".join(kind.name for kind in policy.kinds)
        raise UserError(text("refused.image_kind", name=name, kinds=kinds))
    if policy.most_mb is not None and image.size > policy.most_mb * MEGABYTE:
        has = ceil(image.size * 10 / MEGABYTE) / 10  # more than the limit, also where it is little more
        raise UserError(text("refused.image_size", name=name, has=has, limit=policy.most_mb))


def _check_host(policy: ImagePolicy, host: str) -> None:
    if not policy.links:
        raise UserError(text("refused.links_off"))
    if not host:
        raise UserError(text("refused.link_unreadable"))
    denied = _is_among(host, policy.hosts_denied)
    if not denied and (not policy.hosts_allowed or _is_among(host, policy.hosts_allowed)):
        return
    shown = re.sub(r"[^a-z0-9.:\[\]-]", "", host)[:NAME_LIMIT] or "?"
    if policy.hosts_allowed:
        others = ", ".join(policy.hosts_allowed[:NAMED])
        raise UserError(text("refused.link_host_other", host=shown, hosts=others))
    raise UserError(text("refused.link_host", host=shown))


def _is_among(host: str, hosts: Sequence[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts)
