"""Messages of the wire double: their attachments, their components as Discord gives them back, and each version.
Never here: permissions, HTTP, deciding whether a message may be written."""

from __future__ import annotations

import io
import mimetypes
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, UnidentifiedImageError

from tests.fakes.discord_rules import EPHEMERAL, LOADING, V2, copied, walk
from tests.fakes.discord_world import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.fakes.discord_world import Channel, Json, User

REFERENCE: Final = "attachment://"
SELECTS: Final = (3, 5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that Discord keeps: its bytes and what it found out about them."""

    id: int
    filename: str
    data: bytes = field(repr=False)
    content_type: str
    url: str
    width: int | None = None
    height: int | None = None
    description: str | None = None
    ephemeral: bool = False

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.data)

    def payload(self) -> Json:
        """The attachment as the API shows it."""
        shown: Json = {
            "id": str(self.id),
            "filename": self.filename,
            "size": self.size,
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        }
        if self.width is not None:
            shown |= {"width": self.width, "height": self.height}
        if self.description is not None:
            shown["description"] = self.description
        if self.ephemeral:
            shown["ephemeral"] = True
        return shown


def safe_name(filename: str) -> str:
    """The name under which Discord keeps a file."""
    return re.sub(r"[^\w.\-]", "_", filename)


def looked_at(data: bytes, filename: str) -> tuple[str, int | None, int | None]:
    """Content type by the first bytes, and the size of a picture. A broken picture is only a stream of bytes."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            kind = Image.MIME.get(picture.format or "", "application/octet-stream")
            return kind, picture.width, picture.height
    except (UnidentifiedImageError, OSError, ValueError):
        guess = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        return ("application/octet-stream" if guess.startswith("image/") else guess), None, None


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a person sees it."""

    label: str
    custom_id: str | None
    style: int
    disabled: bool
    url: str | None
    emoji: str | None


@dataclass(frozen=True)
class Version:
    """What a message showed from `at` on. It never changes, and tests look again and again: each view is made once."""

    at: float
    content: str = ""
    flags: int = 0
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @cached_property
    def text(self) -> str:
        """Content and all text displays, a line each."""
        texts = [str(one["content"]) for _, one in walk(self.components) if one.get("type") == 10]
        return "\n".join(filter(None, [self.content, *texts]))

    @cached_property
    def embedded(self) -> tuple[Attachment, ...]:
        """The files that its components and embeds show."""
        urls = {medium.get("url") for _, medium in references(self.components, self.embeds)}
        return tuple(one for one in self.attachments if one.url in urls)

    @property
    def shown(self) -> tuple[Attachment, ...]:
        """The files that a person sees: with components V2 only those that a component names."""
        return self.embedded if self.flags & V2 else self.attachments

    @cached_property
    def buttons(self) -> list[Button]:
        """All its buttons, wherever they hang, in reading order."""
        return [
            Button(
                label=one.get("label") or "",
                custom_id=one.get("custom_id"),
                style=int(one["style"]),
                disabled=bool(one.get("disabled")),
                url=one.get("url"),
                emoji=(one.get("emoji") or {}).get("name"),
            )
            for _, one in walk(self.components)
            if one.get("type") == 2
        ]


@dataclass(eq=False, slots=True)
class Message:
    """A message with its whole history."""

    id: int
    channel: Channel
    author: User
    versions: list[Version]
    kind: int = 0
    nonce: str | int | None = None
    application_id: int | None = None
    """Set when it was posted through an interaction's webhook."""
    metadata: Json | None = None
    reference: Message | None = None
    only_for: User | None = None
    """The one person who sees an ephemeral message."""
    pings: frozenset[str] = frozenset()
    """What it notified when it was posted: user and role ids, `everyone`."""
    deleted: bool = False

    @property
    def now(self) -> Version:
        """What it shows now."""
        return self.versions[-1]

    @property
    def content(self) -> str:
        """Its plain content."""
        return self.now.content

    @property
    def text(self) -> str:
        """Content and all text displays, a line each."""
        return self.now.text

    @property
    def flags(self) -> int:
        """Its flag bits."""
        return self.now.flags

    @property
    def embeds(self) -> Sequence[Json]:
        """Its embeds."""
        return self.now.embeds

    @property
    def components(self) -> Sequence[Json]:
        """Its components as the API gives them back."""
        return self.now.components

    @property
    def attachments(self) -> Sequence[Attachment]:
        """All its files. The API's own list leaves out those that components and embeds show.

        That is so on purpose (discord-api-docs issue 8277): whoever fetches a card finds its picture in the
        components' media, not under `attachments`.
        """
        return self.now.attachments

    @property
    def shown(self) -> Sequence[Attachment]:
        """The files that a person sees."""
        return self.now.shown

    @property
    def buttons(self) -> list[Button]:
        """All its buttons in reading order."""
        return self.now.buttons

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still says that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def v2(self) -> bool:
        """Whether it is made of components only."""
        return bool(self.flags & V2)

    @property
    def edits(self) -> int:
        """How often it was edited; turning "thinking" into the answer counts."""
        return len(self.versions) - 1

    def payload(self) -> Json:
        """The message as the API shows it."""
        version, first = self.now, self.versions[0]
        shown: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.kind,
            "author": self.author.payload(),
            "content": version.content,
            "timestamp": iso(first.at),
            "edited_timestamp": iso(version.at) if self.edits and not self.loading else None,
            "flags": version.flags,
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
            "attachments": [one.payload() for one in version.attachments if one not in version.embedded],
            "embeds": copied(list(version.embeds)),
            "components": copied(list(version.components)),
        }
        if self.nonce is not None:
            shown["nonce"] = self.nonce
        if self.application_id is not None:
            shown |= {"application_id": str(self.application_id), "webhook_id": str(self.application_id)}
        if self.metadata is not None:
            shown["interaction_metadata"] = copied(self.metadata)
        if self.reference is not None:
            shown["message_reference"] = {
                "type": 0,
                "message_id": str(self.reference.id),
                "channel_id": str(self.reference.channel.id),
            }
        return shown


# -- components as Discord gives them back -----------------------------------------------------------------


def references(components: Any, embeds: Any) -> Iterator[tuple[str, Json]]:
    """Every place that names a medium, with the object whose `url` does."""
    for place, one in walk(components):
        if one.get("type") == 12:
            for index, item in enumerate(one.get("items") or []):
                yield f"{place}/items/{index}/media", item["media"]
        for key in ("media", "file"):
            if isinstance(one.get(key), dict):
                yield f"{place}/{key}", one[key]
    for index, embed in enumerate(embeds or []):
        for key in ("image", "thumbnail"):
            if isinstance(embed.get(key), dict):
                yield f"/embeds/{index}/{key}", embed[key]


def missing_references(body: Json, attachments: Sequence[Attachment]) -> dict[str, str]:
    """References to files that the message will not have."""
    names = {one.filename for one in attachments}
    return {
        f"{place}/url": f"The referenced attachment '{medium['url']}' was not found"
        for place, medium in references(body.get("components"), body.get("embeds"))
        if str(medium.get("url", "")).startswith(REFERENCE)
        and safe_name(medium["url"].removeprefix(REFERENCE)) not in names
    }


def _medium(medium: Json, attachments: Sequence[Attachment], new_id: Callable[[], int]) -> Json:
    url = str(medium.get("url", ""))
    name = safe_name(url.removeprefix(REFERENCE)) if url.startswith(REFERENCE) else None
    for one in attachments:
        if one.filename == name or url == one.url:
            return {
                "id": str(new_id()),
                "url": one.url,
                "proxy_url": one.url,
                "width": one.width,
                "height": one.height,
                "content_type": one.content_type,
                "attachment_id": str(one.id),
            }
    return {"id": str(new_id()), "url": url, "proxy_url": url}


ONE_CHOICE: Final = {"min_values": 1, "max_values": 1}
DEFAULTS: Final[dict[int, Json]] = {
    11: {"description": None, "spoiler": False},
    13: {"name": None, "size": None, "spoiler": False},
    14: {"spacing": 1, "divider": True},
    17: {"accent_color": None, "spoiler": False},
    **dict.fromkeys(SELECTS, ONE_CHOICE),
}


def finished_components(
    components: Any, attachments: Sequence[Attachment], new_id: Callable[[], int]
) -> tuple[Json, ...]:
    """The components with ids, defaults and resolved media."""
    tree: list[Json] = copied(list(components or []))
    flat = [one for _, one in walk(tree)]
    taken = {one["id"] for one in flat if one.get("id")}
    fresh = (number for number in range(1, 1000) if number not in taken)
    for one in flat:
        kind = int(one["type"])
        for key in [key for key, value in one.items() if value is None and key != "accent_color"]:
            del one[key]
        for holder in (one, *one.get("options", [])):
            if "emoji" in holder:
                holder["emoji"] = {key: value for key, value in holder["emoji"].items() if value is not None}
        one["id"] = one.get("id") or next(fresh)
        for key, value in DEFAULTS.get(kind, {}).items():
            one.setdefault(key, value)
        for item in one.get("items", []) if kind == 12 else []:
            item["media"] = _medium(item["media"], attachments, new_id)
            item.setdefault("description", None)
            item.setdefault("spoiler", False)
        for key in ("media", "file"):
            if isinstance(one.get(key), dict):
                one[key] = _medium(one[key], attachments, new_id)
    return tuple(tree)


def finished_embeds(embeds: Any, attachments: Sequence[Attachment]) -> tuple[Json, ...]:
    """The embeds with their type, and with their pictures' real addresses."""
    urls = {one.filename: one for one in attachments}
    tree: list[Json] = copied(list(embeds or []))
    for embed in tree:
        embed["type"] = "rich"
        for one in embed.get("fields") or []:
            one.setdefault("inline", False)
        for key in ("image", "thumbnail"):
            medium = embed.get(key)
            if not isinstance(medium, dict):
                continue
            url = str(medium.get("url", ""))
            file = urls.get(safe_name(url.removeprefix(REFERENCE))) if url.startswith(REFERENCE) else None
            embed[key] = {"url": url} if file is None else {"url": file.url, "proxy_url": file.url}
    return tuple(tree)


def pings_of(text: str, allowed: Any) -> frozenset[str]:
    """Whom a text notifies under `allowed_mentions` (None: everybody it names)."""
    users = set(re.findall(r"<@!?(\d+)>", text))
    roles = set(re.findall(r"<@&(\d+)>", text))
    everyone = {"everyone"} if re.search(r"@(everyone|here)\b", text) else set()
    if allowed is None:
        return frozenset(users | roles | everyone)
    parse = set(allowed.get("parse") or [])
    kept_users = users if "users" in parse else users & {str(one) for one in allowed.get("users") or []}
    kept_roles = roles if "roles" in parse else roles & {str(one) for one in allowed.get("roles") or []}
    return frozenset(kept_users | kept_roles | (everyone if "everyone" in parse else set()))
