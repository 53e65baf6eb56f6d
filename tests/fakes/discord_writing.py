"""Writing messages in the wire double: forms checked, files kept, versions added, events sent.
Never here: who may write, and through which route."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.discord_messages import (
    Attachment,
    Message,
    Version,
    finished_components,
    finished_embeds,
    looked_at,
    missing_references,
    pings_of,
    safe_name,
)
from tests.fakes.discord_rules import EPHEMERAL, LOADING, V2, Refused, bad_form, form_problems
from tests.fakes.discord_world import MIB

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.fakes.discord_gateway import Gateway
    from tests.fakes.discord_interactions import Interaction
    from tests.fakes.discord_world import Channel, Guild, Json, User, World

REQUEST_LIMIT: Final = 25 * MIB
SETTABLE: Final = (1 << 2) | (1 << 12) | V2
SIGNED_SECONDS: Final = 24 * 3600
"""How long an attachment's address opens; afterwards it is fetched anew with its message."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a request."""

    part: str
    filename: str
    data: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message comes from, if not from a plain POST to the channel."""

    interaction: Interaction
    kind: int
    reference: Message | None = None


class Writer:
    """All messages and all files, and how they come about."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.base = ""
        """The address under which files are served."""
        self.messages: dict[int, Message] = {}
        self.files: dict[tuple[int, int, str], Attachment] = {}
        self._world = world
        self._gateway = gateway

    def create(
        self,
        channel: Channel,
        body: Json,
        files: Sequence[Upload] = (),
        *,
        author: User | None = None,
        origin: Origin | None = None,
        attached: Sequence[Attachment] = (),
    ) -> Message:
        """Post a message; `attached` are files that are here already."""
        flags = int(body.get("flags") or 0) & (SETTABLE | (EPHEMERAL if origin is not None else 0))
        attachments = self._attachments(channel, body, files, (), ephemeral=bool(flags & EPHEMERAL))
        attachments += tuple(attached)
        self._check(body, attachments, v2=bool(flags & V2))
        message_id = self._world.snowflake()
        version = self._version(body, Version(0.0, flags=flags), attachments)
        if not (
            version.content or version.embeds or version.components or version.attachments or body.get("poll")
        ):
            raise Refused(50006)
        message = Message(message_id, channel, author or self._world.bot, [version])
        message.nonce = body.get("nonce")
        message.pings = pings_of(version.text, body.get("allowed_mentions"))
        return self._enter(message, origin)

    def think(self, origin: Origin, *, ephemeral: bool) -> Message:
        """Post the "is thinking" message of a deferred answer."""
        flags = LOADING | (EPHEMERAL if ephemeral else 0)
        message_id = self._world.snowflake()
        version = Version(self._world.clock.now(), flags=flags)
        return self._enter(
            Message(message_id, origin.interaction.channel, self._world.bot, [version]), origin
        )

    def edit(self, message: Message, body: Json, files: Sequence[Upload] = ()) -> Message:
        """Add a version; what the body does not name stays."""
        before = message.now
        flags = before.flags & ~LOADING
        if body.get("flags") is not None:
            flags = flags & ~(SETTABLE & ~V2) | int(body["flags"]) & SETTABLE
        attachments = self._attachments(
            message.channel, body, files, before.attachments, ephemeral=message.ephemeral
        )
        after: Json = {
            "content": body.get("content", before.content),
            "embeds": body.get("embeds", list(before.embeds)),
            "components": body.get("components", list(before.components)),
        }
        if flags & V2 and not message.v2 and before.attachments and body.get("attachments") is None:
            raise bad_form(
                {"/attachments": "Must be cleared when IS_COMPONENTS_V2 is set on an older message"}
            )
        self._check(after if not message.v2 else {**after, **body}, attachments, v2=bool(flags & V2))
        message.versions.append(self._version(after, replace(before, flags=flags), attachments))
        self._tell("MESSAGE_UPDATE", message)
        return message

    def delete(self, message: Message) -> None:
        """Take a message away."""
        message.deleted = True
        guild = message.channel.guild
        event: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
        if guild is not None:
            event["guild_id"] = str(guild.id)
        if message.only_for is None:
            self._gateway.dispatch("MESSAGE_DELETE", event, guild_id=None if guild is None else guild.id)

    def upload(self, channel: Channel, filename: str, data: bytes, *, ephemeral: bool = False) -> Attachment:
        """Keep a file."""
        kind, width, height = looked_at(data, filename)
        key, name = self._world.snowflake(), safe_name(filename)
        folder = "ephemeral-attachments" if ephemeral else "attachments"
        expires = int(self._world.clock.now() + SIGNED_SECONDS)
        url = f"{self.base}/{folder}/{channel.id}/{key}/{name}?ex={expires:x}&is=0&hm=0"
        kept = Attachment(key, name, data, kind, url, width, height, ephemeral=ephemeral)
        self.files[channel.id, key, name] = kept
        return kept

    def in_channel(self, channel: Channel, *, ephemeral: bool = True) -> list[Message]:
        """The messages of a channel that are still there, the oldest first."""
        return [
            one
            for one in self.messages.values()
            if one.channel is channel and not one.deleted and (ephemeral or not one.ephemeral)
        ]

    # -- inside --------------------------------------------------------------------------------------------

    def _enter(self, message: Message, origin: Origin | None) -> Message:
        if origin is not None:
            message.kind = origin.kind
            message.application_id = self._world.application_id
            message.metadata = origin.interaction.metadata()
            message.reference = origin.reference
            message.only_for = origin.interaction.user if message.ephemeral else None
        self.messages[message.id] = message
        message.channel.last_message = message.id
        self._tell("MESSAGE_CREATE", message)
        return message

    def _tell(self, event: str, message: Message) -> None:
        if message.only_for is not None:
            return
        guild: Guild | None = message.channel.guild
        shown = message.payload()
        if guild is not None:
            member = guild.members.get(message.author.id)
            shown["guild_id"] = str(guild.id)
            if member is not None:
                shown["member"] = {key: value for key, value in member.payload().items() if key != "user"}
        self._gateway.dispatch(event, shown, guild_id=None if guild is None else guild.id)

    def _version(self, body: Json, before: Version, attachments: tuple[Attachment, ...]) -> Version:
        return Version(
            self._world.clock.now(),
            body.get("content") or "",
            before.flags,
            finished_embeds(body.get("embeds"), attachments),
            finished_components(body.get("components"), attachments, self._world.snowflake),
            attachments,
        )

    @staticmethod
    def _check(body: Json, attachments: Sequence[Attachment], *, v2: bool) -> None:
        problems = form_problems(body, v2=v2) | missing_references(body, attachments)
        if problems:
            raise bad_form(problems)

    def _attachments(
        self,
        channel: Channel,
        body: Json,
        files: Sequence[Upload],
        current: Iterable[Attachment],
        *,
        ephemeral: bool,
    ) -> tuple[Attachment, ...]:
        limit = 10 * MIB if channel.guild is None else channel.guild.upload_limit
        sizes = [len(file.data) for file in files]
        if any(size > limit for size in sizes) or sum(sizes) > max(REQUEST_LIMIT, limit):
            raise Refused(40005)
        listed: Any = body.get("attachments")
        known = {str(one.id): one for one in current}
        if listed is None:
            # since v10 new files without a list replace the old ones (discord-api-docs issue 5170)
            listed = [{"id": file.part[6:-1]} for file in files] or [{"id": key} for key in known]
        parts = {file.part: file for file in files}
        kept: list[Attachment] = []
        problems: dict[str, str] = {}
        for index, entry in enumerate(listed):
            key, words = str(entry.get("id")), entry.get("description")
            if (file := parts.pop(f"files[{key}]", None)) is not None:
                name = entry.get("filename") or file.filename
                kept.append(
                    replace(self.upload(channel, name, file.data, ephemeral=ephemeral), description=words)
                )
            elif key in known:
                kept.append(replace(known[key], description=words) if words is not None else known[key])
            else:
                problems[f"/attachments/{index}/id"] = (
                    f"The attachment {key} is not known, and no part carries it"
                )
        problems |= {f"/{part}": "The part is not among the attachments" for part in parts}
        if len(kept) > 10:
            problems["/attachments"] = "Must be 10 or fewer in length."
        if problems:
            raise bad_form(problems)
        return tuple(kept)
