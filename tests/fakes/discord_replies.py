"""The routes of the wire double that an interaction's own token opens: the first answer, its edits, follow-ups.
Never here: anything that the bot's token is needed for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.discord_interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from tests.fakes.discord_rest import Routes
from tests.fakes.discord_rules import EPHEMERAL, Refused, bad_form
from tests.fakes.discord_writing import Origin

if TYPE_CHECKING:
    from tests.fakes.discord_interactions import Interaction
    from tests.fakes.discord_messages import Message
    from tests.fakes.discord_rest import Answer, Call
    from tests.fakes.discord_world import Json, World
    from tests.fakes.discord_writing import Writer

MESSAGE, THINKING, SILENT, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
SLASH_REPLY, MENU_REPLY, REPLY = 20, 23, 19
ALLOWED: Final[dict[int, frozenset[int]]] = {
    COMMAND: frozenset({MESSAGE, THINKING, MODAL}),
    COMPONENT: frozenset({MESSAGE, THINKING, SILENT, UPDATE, MODAL}),
    AUTOCOMPLETE: frozenset({CHOICES}),
    MODAL_SUBMIT: frozenset({MESSAGE, THINKING, SILENT, UPDATE}),
}


class Replies:
    """Interactions that were sent to the bot, and what their tokens open."""

    def __init__(self, world: World, writer: Writer, *, patience: float) -> None:
        self.routes = Routes()
        self.interactions: dict[int, Interaction] = {}
        self.patience = patience
        """Seconds within which the first answer must come (discord.py facts §3.5)."""
        self._world = world
        self._writer = writer
        message = "/webhooks/{}/{token}/messages/{token}"
        for method, template, handler in (
            ("POST", "/interactions/{}/{token}/callback", self._callback),
            ("POST", "/webhooks/{}/{token}", self._follow_up),
            ("GET", message, lambda call: (200, self._message(call).payload())),
            ("PATCH", message, self._edit),
            ("DELETE", message, self._delete),
        ):
            self.routes.add(method, template, handler)

    def remember(self, interaction: Interaction) -> None:
        """Know an interaction from now on."""
        self.interactions[interaction.id] = interaction

    # -- the first answer ----------------------------------------------------------------------------------

    def _callback(self, call: Call) -> Answer:
        interaction = self.interactions.get(int(call.parts[0]))
        now = self._world.clock.now()
        if interaction is None or interaction.token != call.parts[1] or interaction.expired:
            raise Refused(10062)
        if interaction.callback is not None:
            raise Refused(40060)
        if now - interaction.at > self.patience:
            raise Refused(10062)
        kind = int(call.form.get("type") or 0)
        from_component = interaction.source is not None
        if kind not in ALLOWED[interaction.kind] or (kind in (SILENT, UPDATE) and not from_component):
            raise bad_form({"/type": f"Interactions of type {interaction.kind} are not answered with {kind}"})
        self._answer(interaction, kind, call)
        interaction.callback = call.form
        interaction.answered_at = now
        if call.query.get("with_response", "").lower() not in ("1", "true"):
            return 204, None
        return 200, _told(interaction, kind)

    def _answer(self, interaction: Interaction, kind: int, call: Call) -> None:
        data: Json = call.form.get("data") or {}
        origin = Origin(interaction, self._reply_kind(interaction), interaction.source)
        if kind == MESSAGE:
            interaction.original = self._writer.create(interaction.channel, data, call.files, origin=origin)
        elif kind == THINKING:
            hidden = bool(int(data.get("flags") or 0) & EPHEMERAL)
            interaction.original = self._writer.think(origin, ephemeral=hidden)
        elif kind in (SILENT, UPDATE):
            source = interaction.source
            if source is None or source.deleted:
                raise Refused(10008)
            if kind == UPDATE:
                self._writer.edit(source, data, call.files)
            interaction.original = source

    @staticmethod
    def _reply_kind(interaction: Interaction) -> int:
        if interaction.kind == COMMAND:
            return SLASH_REPLY if interaction.payload["data"]["type"] == 1 else MENU_REPLY
        return REPLY if interaction.source is not None else SLASH_REPLY

    # -- afterwards ----------------------------------------------------------------------------------------

    def _interaction(self, call: Call) -> Interaction:
        if int(call.parts[0]) != self._world.application_id:
            raise Refused(10015)
        found = next((one for one in self.interactions.values() if one.token == call.parts[1]), None)
        if found is None or not found.token_lives(self._world.clock.now()):
            raise Refused(50027)
        if found.callback is None:
            raise Refused(10015)
        if found.channel.id not in self._world.channels:
            raise Refused(10003)
        return found

    def _message(self, call: Call) -> Message:
        interaction, wanted = self._interaction(call), call.parts[2]
        mine = [interaction.original, *interaction.followups]
        if wanted == "@original":
            message = interaction.original
        else:
            message = next((one for one in mine if one is not None and str(one.id) == wanted), None)
        if message is None or message.deleted:
            raise Refused(10008)
        return message

    def _edit(self, call: Call) -> Answer:
        message = self._message(call)
        if message.channel.archived:
            raise Refused(50083)
        return 200, self._writer.edit(message, call.form, call.files).payload()

    def _delete(self, call: Call) -> Answer:
        self._writer.delete(self._message(call))
        return 204, None

    def _follow_up(self, call: Call) -> Answer:
        interaction = self._interaction(call)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            # deprecated, but it is what happens: the follow-up takes the place of "thinking" (discord.py facts §3.5)
            return 200, self._writer.edit(original, call.form, call.files).payload()
        origin = Origin(interaction, REPLY, original)
        message = self._writer.create(interaction.channel, call.form, call.files, origin=origin)
        interaction.followups.append(message)
        return 200, message.payload()


def _told(interaction: Interaction, kind: int) -> Json:
    shown: Json = {"id": str(interaction.id), "type": interaction.kind}
    shown["channel_id"] = str(interaction.channel.id)
    if interaction.guild is not None:
        shown["guild_id"] = str(interaction.guild.id)
    answer: Json = {"interaction": shown}
    message = interaction.original
    if message is not None:
        shown |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        if kind in (MESSAGE, UPDATE):
            answer["resource"] = {"type": kind, "message": message.payload()}
    return answer
