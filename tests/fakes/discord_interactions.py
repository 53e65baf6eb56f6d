"""What people do in the wire double: each act becomes an interaction, checked as Discord's own client would.
Never here: how the bot answers; an interaction only keeps the answers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.discord_messages import Attachment
from tests.fakes.discord_rules import copied, walk
from tests.fakes.discord_world import Channel, Role, User

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.fakes.discord_messages import Message
    from tests.fakes.discord_traffic import Changes
    from tests.fakes.discord_world import Guild, Json, World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(
    1, 12
)
TOKEN_SECONDS: Final = 15 * 60
NATIVE: Final[dict[int, tuple[type, ...]]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    USER: (User,),
    CHANNEL: (Channel,),
    ROLE: (Role,),
    MENTIONABLE: (User, Role),
    NUMBER: (int, float),
    ATTACHMENT: (Attachment,),
}


class Impossible(AssertionError):
    """No person could do this in Discord's client: the command is not there, or the button greyed out."""


@dataclass(eq=False, slots=True)
class Interaction:
    """One act of a person, and what the bot made of it."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    guild: Guild | None
    at: float
    payload: Json
    changes: Changes
    source: Message | None = None
    """The message whose component was used."""
    trigger: Interaction | None = None
    """For a submitted modal: the interaction that opened it."""
    delivered: int = 0
    """How many open gateway connections it was sent to."""
    callback: Json | None = None
    """The first answer's body; None before there is one."""
    answered_at: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    expired: bool = False

    def token_lives(self, now: float) -> bool:
        """Whether the token is still valid."""
        return not self.expired and now - self.at < TOKEN_SECONDS

    async def acknowledged(self, timeout: float = 10.0) -> int:  # noqa: ASYNC109 - the tests' word for it
        """Wait for the first answer; returns its type (4 message, 5 thinking, 6 silent, 7 update, 8 choices, 9 modal)."""
        await self.changes.until(
            lambda: self.callback is not None, timeout, explain=lambda: f"no answer to {self.payload['data']}"
        )
        return self.answer_type

    async def answered(self, timeout: float = 10.0) -> Message:  # noqa: ASYNC109 - the tests' word for it
        """Wait until there is a message that no longer says "thinking"."""

        def finished() -> Message | None:
            message = self.message()
            return message if message is not None and not message.loading else None

        return await self.changes.until(
            finished, timeout, explain=lambda: f"no message for {self.payload['data']}"
        )

    def metadata(self) -> Json:
        """How a message that answers this is marked."""
        shown: Json = {
            "id": str(self.id),
            "type": self.kind,
            "user": self.user.payload(),
            "authorizing_integration_owners": self.payload["authorizing_integration_owners"],
        }
        if self.kind == COMPONENT and self.source is not None:
            shown["interacted_message_id"] = str(self.source.id)
        if self.trigger is not None:
            shown["triggering_interaction_metadata"] = self.trigger.metadata()
        return shown

    @property
    def answer_type(self) -> int:
        """The type of the first answer, 0 before there is one."""
        return 0 if self.callback is None else int(self.callback["type"])

    def message(self) -> Message | None:
        """The original response; for types 6 and 7 the message that was pressed."""
        return self.original

    @property
    def modal(self) -> Json | None:
        """The modal that was opened."""
        return self.callback["data"] if self.callback is not None and self.answer_type == 9 else None

    @property
    def choices(self) -> list[Json]:
        """What autocomplete offers."""
        return list((self.callback or {}).get("data", {}).get("choices") or [])


class People:
    """Builds the payloads of what people do."""

    def __init__(self, world: World, changes: Changes) -> None:
        self._world = world
        self._changes = changes

    def interaction(
        self, kind: int, data: Json, *, user: User, channel: Channel, source: Message | None = None
    ) -> Interaction:
        """An interaction with everything Discord sends along."""
        world, guild = self._world, channel.guild
        key, token = world.snowflake(), secrets.token_urlsafe(40)
        mine = user_permissions(user, channel)
        payload: Json = {
            "id": str(key),
            "application_id": str(world.application_id),
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": channel.payload() | {"permissions": str(mine)},
            "locale": user.locale,
            "app_permissions": str(world.bot_permissions(channel)),
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": "0" if guild is None else str(guild.id)},
            "context": 1 if guild is None else 0,
            "attachment_size_limit": upload_limit(channel),
        }
        if guild is None:
            payload["user"] = user.payload()
        else:
            payload |= {
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
                "guild_locale": guild.locale,
                "member": guild.members[user.id].payload() | {"permissions": str(mine)},
            }
        if source is not None:
            payload["message"] = source.payload()
        return Interaction(
            key, token, kind, user, channel, guild, world.clock.now(), payload, self._changes, source
        )

    def command_data(
        self,
        definition: Json,
        path: Sequence[str],
        options: Mapping[str, Any],
        *,
        guild: Guild | None,
        focused: str | None = None,
    ) -> Json:
        """The data of a slash command by its synced definition."""
        node, nest = definition, []
        for part in path:
            inner = [one for one in node.get("options") or [] if one["name"] == part and one["type"] <= GROUP]
            if not inner:
                raise Impossible(f"/{definition['name']} has no subcommand {part!r}")
            node = inner[0]
            nest.append(node)
        if any(one["type"] <= GROUP for one in node.get("options") or []):
            raise Impossible(f"/{definition['name']} {' '.join(path)} needs a subcommand")
        resolved: Json = {}
        filled = self._options(node, options, resolved, guild, focused)
        for step in reversed(nest):
            filled = [{"name": step["name"], "type": step["type"], "options": filled}]
        data: Json = {"id": definition["id"], "name": definition["name"], "type": 1, "options": filled}
        if resolved:
            data["resolved"] = resolved
        if "guild_id" in definition:
            data["guild_id"] = definition["guild_id"]
        return data

    def _options(
        self, node: Json, options: Mapping[str, Any], resolved: Json, guild: Guild | None, focused: str | None
    ) -> list[Json]:
        known = {one["name"]: one for one in node.get("options") or []}
        for name in options:
            if name not in known:
                raise Impossible(f"{node['name']} has no option {name!r}; it has {sorted(known)}")
        missing = [name for name, one in known.items() if one.get("required") and name not in options]
        if missing and focused is None:
            raise Impossible(f"{node['name']} requires {missing}")
        if focused is not None and not known.get(focused, {}).get("autocomplete"):
            raise Impossible(f"{node['name']} has no option {focused!r} with autocomplete")
        filled = []
        for name, value in options.items():
            typed = name == focused
            if not typed:
                check_value(known[name], value)
            entry: Json = {
                "name": name,
                "type": known[name]["type"],
                "value": self._resolve(value, resolved, guild),
            }
            if typed:
                entry["focused"] = True
            filled.append(entry)
        return filled

    def _resolve(self, value: Any, resolved: Json, guild: Guild | None) -> Any:
        if not isinstance(value, (User, Role, Channel, Attachment)):
            return value
        key = str(value.id)
        if isinstance(value, User):
            resolved.setdefault("users", {})[key] = value.payload()
            if guild is not None and value.id in guild.members:
                member = guild.members[value.id].payload()
                for known in ("user", "mute", "deaf"):
                    del member[known]
                member["permissions"] = str(guild.permissions(value))
                resolved.setdefault("members", {})[key] = member
        elif isinstance(value, Role):
            resolved.setdefault("roles", {})[key] = value.payload()
        elif isinstance(value, Channel):
            shown = value.payload() | {"permissions": "0"}
            resolved.setdefault("channels", {})[key] = shown
        else:
            resolved.setdefault("attachments", {})[key] = value.payload()
        return key

    def values(self, component: Json, values: Sequence[Any], guild: Guild | None) -> Json:
        """The data of a select by what was chosen."""
        least, most = component.get("min_values", 1), component.get("max_values", 1)
        if not least <= len(values) <= most:
            raise Impossible(f"{len(values)} values, where {least} to {most} can be chosen")
        resolved: Json = {}
        if component["type"] == STRING:
            offered = {one["value"] for one in component["options"]}
            by_label = {one["label"]: one["value"] for one in component["options"]}
            chosen = [value if value in offered else by_label.get(value) for value in values]
            if None in chosen:
                raise Impossible(f"{values} are not all among {sorted(offered)}")
        else:
            chosen = [self._resolve(value, resolved, guild) for value in values]
        return {"values": chosen} | ({"resolved": resolved} if resolved else {})

    def modal_data(self, modal: Json, filled: Mapping[str, Any], guild: Guild | None) -> Json:
        """The data of a submitted modal; fields are named by label or custom id."""
        rest, shown = dict(filled), []
        resolved: Json = {}
        for index, top in enumerate(copied(modal["components"]), start=1):
            if top["type"] == 10:
                shown.append({"type": 10, "id": top.get("id") or index, "content": top["content"]})
                continue
            fields = [top["component"]] if top["type"] == 18 else top["components"]
            parts = []
            for part in fields:
                label = top.get("label") or part.get("label") or ""
                name = next((key for key in (label, part["custom_id"]) if key in rest), None)
                given = rest.pop(name) if name is not None else None
                parts.append(self._field(part, label, given, resolved, guild) | {"id": 100 + index})
            place = {"type": top["type"], "id": index}
            shown.append(place | ({"component": parts[0]} if top["type"] == 18 else {"components": parts}))
        if rest:
            raise Impossible(f"the modal has no field {sorted(rest)}")
        data: Json = {"custom_id": modal["custom_id"], "components": shown}
        return data | ({"resolved": resolved} if resolved else {})

    def _field(self, part: Json, label: str, given: Any, resolved: Json, guild: Guild | None) -> Json:
        kind, required = int(part["type"]), part.get("required", True)
        entry: Json = {"type": kind, "custom_id": part["custom_id"]}
        if kind == 4:
            text = part.get("value") or "" if given is None else str(given)
            if required and not text:
                raise Impossible(f"{label!r} must be filled in")
            if text and not (part.get("min_length") or 0) <= len(text) <= (part.get("max_length") or 4000):
                raise Impossible(f"{label!r} does not take {len(text)} characters")
            return entry | {"value": text}
        if kind == 23:
            return entry | {"value": bool(part.get("default") if given is None else given)}
        if kind == 21:
            options = [one["value"] for one in part["options"]]
            if given is None:
                given = next((one["value"] for one in part["options"] if one.get("default")), None)
            if (given is None and required) or (given is not None and given not in options):
                raise Impossible(f"{label!r} offers {options}")
            return entry | {"value": given}
        values = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
        if given is None:
            values = [one["value"] for one in part.get("options") or [] if one.get("default")]
        least, most = part.get("min_values", 1) if required else 0, part.get("max_values", 1)
        if kind in (19, 22):
            if not least <= len(values) <= most:
                raise Impossible(f"{label!r} takes {least} to {most}, not {len(values)}")
            return entry | {"values": [self._resolve(value, resolved, guild) for value in values]}
        chosen = self.values(part | {"min_values": least}, values, guild)
        for group, entries in chosen.pop("resolved", {}).items():
            resolved.setdefault(group, {}).update(entries)
        return entry | chosen


def user_permissions(user: User, channel: Channel) -> int:
    """What the user may do in the channel."""
    if channel.guild is None:
        return 0
    if user.id not in channel.guild.members:
        raise Impossible(f"{user.name} is not a member of {channel.guild.name}")
    return channel.guild.permissions(user, channel)


def upload_limit(channel: Channel) -> int:
    """How many bytes a file may have here."""
    return 10 * 1024 * 1024 if channel.guild is None else channel.guild.upload_limit


def check_value(option: Json, value: Any) -> None:
    """Refuse what Discord's client would not let a person enter."""
    name, kind = option["name"], int(option["type"])
    if not isinstance(value, NATIVE[kind]) or (isinstance(value, bool) and kind != BOOLEAN):
        raise Impossible(f"{name} does not take {value!r}")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise Impossible(f"{name} offers {choices}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    if kind not in (STRING, INTEGER, NUMBER):
        return
    least = option.get("min_length") if kind == STRING else option.get("min_value")
    most = option.get("max_length") if kind == STRING else option.get("max_value")
    if (least is not None and size < least) or (most is not None and size > most):
        raise Impossible(f"{name} takes {least} to {most}, not {size}")


def find_component(message: Message, wanted: str, kinds: tuple[int, ...]) -> Json:
    """The component by custom id or label (for a select: placeholder), wherever it hangs."""
    if message.deleted:
        raise Impossible("the message is gone")
    for _, one in walk(list(message.components)):
        names = (
            one.get("custom_id"),
            one.get("label"),
            (one.get("emoji") or {}).get("name"),
            one.get("placeholder"),
        )
        if one.get("type") in kinds and wanted in names:
            if one.get("disabled"):
                raise Impossible(f"{wanted!r} is greyed out")
            if one.get("custom_id") is None:
                raise Impossible(f"{wanted!r} is a link")
            return one
    raise Impossible(f"no {wanted!r} among {[button.label or button.emoji for button in message.buttons]}")
