"""What our script on the page asks for: which channels there are, and the menus of a message.
Never here: the script itself, and how a page is served."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

import simcord
from simcord.backend.errors import BackendError
from simcord.results import ResponseMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simcord.actors import MemberActor
    from simcord.preview import Preview

    from bot.sandbox.pages import Pages
    from bot.sandbox.stage import Place

MESSAGE_MENU: Final = 3
"""Discord's type of a command in a message's menu."""
REFUSED: Final[dict[str, Any]] = {"error": "This cannot be done here."}


class Extras:
    """Answers for people on the page, as the person they look as."""

    def __init__(self, pages: Pages, place: Place) -> None:
        self._pages = pages
        self._place = place

    async def answer(self, page: Preview, looked_at: Any, body: Mapping[str, Any]) -> dict[str, Any]:
        """One question of the script; `looked_at` is SimCord's own page of that browser."""
        person = next(one for one in self._place.people if one.id == looked_at.viewer.id)
        try:
            match body.get("kind"):
                case "easel-tabs":
                    return {"tabs": self._tabs(page, person)}
                case "easel-go":
                    return {"url": await self._go(str(body.get("to")), person)}
                case "easel-menus":
                    return {"names": self._menus(page, person)}
                case "easel-menu":
                    return await self._choose(page, looked_at, person, body)
        except (simcord.SetupError, BackendError, ValueError) as error:
            return {"error": str(error) or REFUSED["error"]}
        return REFUSED

    def _tabs(self, page: Preview, person: MemberActor) -> list[dict[str, Any]]:
        place = self._place
        tabs = {"art": ("#art", place.channel.id)}
        if person in (place.moderator, place.owner):
            tabs["log"] = ("#easel-log", place.log.id)
        tabs["direct"] = ("Direct messages", person.user.dm_channel.id)
        return [
            {"to": to, "name": name, "here": channel == page.channel.id}
            for to, (name, channel) in tabs.items()
        ]

    async def _go(self, to: str, person: MemberActor) -> str:
        """The address of a channel's page, on which the same person looks."""
        place = self._place
        if to == "direct":
            return (await self._pages.serve(person.user.dm_channel, [person.user])).url
        if to == "log":
            if person not in (place.moderator, place.owner):
                raise ValueError("Only moderators see this channel.")
            channel, viewers = place.log, [place.moderator, place.owner]
        else:
            channel, viewers = place.channel, list(place.people)
        self._pages.look_as(channel, person.id)
        return (await self._pages.serve(channel, viewers)).url

    def _menus(self, page: Preview, person: MemberActor) -> list[str]:
        if page.channel.guild is None:
            return []
        commands = page.env.backend.visible_commands(
            user_id=person.id, channel_id=page.channel.id, type=MESSAGE_MENU
        )
        return [command["name"] for command in commands]

    async def _choose(
        self, page: Preview, looked_at: Any, person: MemberActor, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Choose an entry of a message's menu; a form that it opens opens on that browser's page."""
        message = page.env.backend.get_message(page.channel.id, int(str(body.get("message"))))
        target = ResponseMessage(page.env, message)
        result = await person.context_menu(page.channel, str(body.get("name")), target)
        if result.modal is not None:
            looked_at.modal = result
            looked_at.modal_handle = f"m_{secrets.token_urlsafe(12)}"
        await self._pages.show()
        return {}
