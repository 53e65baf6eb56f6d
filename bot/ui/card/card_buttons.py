"""The buttons below a card: upstream's, which of ours stand beside them, and how each is dressed.
Never here: what a press does, and the card above them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.actions import ROW_LENGTH, ROWS, Family, Layout, Need, classify, lay_out, need_of
from bot.domain.capabilities import OHMYGPT, Capabilities
from bot.domain.failures import MENDED_BY_TIME, MENDED_BY_WORDS, FailureKind
from bot.domain.intake.window_words import WindowKind, window_of_action
from bot.domain.jobs import NOTE_REMOVED, JobKind, JobState
from bot.domain.pools import Pool
from bot.services.intake.drawing import may_be_drawn
from bot.texts import text
from bot.ui.card.description import idea_rows
from bot.ui.card.parts import button as button_part
from bot.ui.card.press import press
from bot.ui.card.shortened import shorter_buttons
from bot.ui.card.titles import engine_action
from bot.ui.kit.controls import custom_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.actions import ActionButton
    from bot.domain.jobs import Job
    from bot.texts import Localize, Text
    from bot.ui.card.description import Own
    from bot.ui.card.parts import Part


class DetailLevel(StrEnum):
    """How much of a card is shown: less each time Discord refuses one (peers F30)."""

    FULL = "full"
    NO_EMOJI = "no_emoji"
    NO_BUTTONS = "no_buttons"
    NEUTRAL = "neutral"
    """With its buttons again, and without a word that a person or upstream wrote."""
    BARE = "bare"
    """Neutral, and no buttons either."""

    @property
    def has_words(self) -> bool:
        """Whether what people and upstream wrote is on it."""
        return self not in {DetailLevel.NEUTRAL, DetailLevel.BARE}

    @property
    def has_buttons(self) -> bool:
        """Whether anything can be pressed."""
        return self not in {DetailLevel.NO_BUTTONS, DetailLevel.BARE}


_CANCEL: Final = ("cancel", "✖️", discord.ButtonStyle.secondary)
_REMIX: Final = ("remix", "🔁", discord.ButtonStyle.secondary)
_IMPROVE: Final = ("improve", "✨", discord.ButtonStyle.secondary)
EDIT: Final = "edit"
"""The word of the button under what failed for its words."""
_EDIT: Final = (EDIT, "✏️", discord.ButtonStyle.primary)
_INFO: Final = ("info", "ℹ️", discord.ButtonStyle.secondary)  # noqa: RUF001 - Discord's emoji of that name
_SEND: Final = ("send", "✉️", discord.ButtonStyle.secondary)
_DELETE: Final = ("delete", "🗑️", discord.ButtonStyle.secondary)
_STAR: Final = ("star", "⭐", discord.ButtonStyle.secondary)
AGAIN: Final = "again"
_AGAIN: Final = (AGAIN, "🔄", discord.ButtonStyle.primary)
_START: Final = ("start", "🖼️", discord.ButtonStyle.secondary)
_MIDJOURNEY: Final = ("midjourney", "⛵", discord.ButtonStyle.secondary)
_DRAW: Final = ("draw", "🎨", discord.ButtonStyle.secondary)
FINISHED: Final = (_REMIX, _INFO, _SEND, _STAR, _DELETE)
"""Our own buttons under a picture, in a row of their own;"""
ROOMY: Final = ((_REMIX, _IMPROVE, _START), (_INFO, _SEND, _STAR, _DELETE))
"""in two, where upstream's leave room for them;"""
CROWDED: Final = (_REMIX, _INFO)
"""and where upstream's leave no such row, behind those; also under a prompt that failed."""


ZOOM: Final = "zoom"
"""The word of Custom Zoom's button: it opens a window where the account can, else it explains."""
VARY: Final = "vary"
"""The word of a button that asks for other words first if its presser wants that: V, reroll, pan."""


class CardButtons:
    """The buttons of one card in the making."""

    def __init__(
        self,
        job: Job,
        localize: Localize,
        *,
        video: bool,
        pressed: frozenset[int] = frozenset(),
        capabilities: Capabilities = OHMYGPT,
        helps: bool = False,
    ) -> None:
        self._job = job
        self._pressed = pressed
        self._localize = localize
        self._video = video
        self._capabilities = capabilities
        self._helps = helps

    def offered(self) -> Layout:
        """Upstream's buttons; the last row is kept for ours, unless that many find no place then."""
        # A text's own are all replaced by ours (contract §6.3).
        if self._job.state is not JobState.SUCCEEDED or self._job.kind in {JobKind.DESCRIBE, JobKind.SHORTEN}:
            return Layout(rows=())
        allow = {Family.CUSTOM_ZOOM} if self._capabilities.custom_zoom else set()
        layout = lay_out(self._job.actions, video=self._video, allow=allow, rows=ROWS - 1)
        if not layout.overflow:
            return layout
        layout = lay_out(self._job.actions, video=self._video, allow=allow)
        room = ROW_LENGTH - len(CROWDED)
        *rows, last = layout.rows
        return Layout((*rows, last[:room]), (*last[room:], *layout.overflow))

    def rows(self, offered: Layout, detail: DetailLevel) -> Iterable[list[Part]]:
        """Upstream's rows, then our own."""
        rows = [[self._action(button, detail) for button in row] for row in _one_free_zoom(offered.rows)]
        job = self._job
        if job.state is JobState.SUCCEEDED and job.kind is JobKind.DESCRIBE:
            rows += [self._own(row, detail) for row in idea_rows(job, (_INFO, _DELETE))]
        elif job.state is JobState.SUCCEEDED and job.kind is JobKind.SHORTEN:
            rows += [row for row in (shorter_buttons(job, self._localize),) if row]
            rows.append(self._own(self._fitting((_REMIX, _IMPROVE, _INFO, _DELETE)), detail))
        elif job.state is JobState.SUCCEEDED and len(rows) == ROWS:
            rows[-1] += self._own(self._fitting(CROWDED), detail)
        elif job.state is JobState.SUCCEEDED:
            ours = ROOMY if len(rows) + len(ROOMY) <= ROWS else (FINISHED,)
            if ours is not ROOMY:  # a row of upstream's takes it in, if there is one with a place
                for own in self._fitting((_START, _IMPROVE)):
                    for row in [row for row in rows if len(row) < ROW_LENGTH][-1:]:
                        row.extend(self._own((own,), detail))
            rows += [self._own(fitting, detail) for own in ours if (fitting := self._fitting(own))]
        elif job.state is JobState.FAILED:
            # What failed for its words is sent again with others.
            edit = (_EDIT,) if self._is_for_its_words else (_REMIX,) if job.press is None else ()
            improve = (_IMPROVE,) if job.press is None else ()
            again = (_AGAIN,) if self._may_try_again else ()
            rows.append(
                self._own((*again, *self._fitting((*edit, *improve, _INFO)), *self._instead()), detail)
            )
        elif not job.is_terminal and not job.unwanted:
            rows.append(self._own((_CANCEL,), detail))
        return rows

    @property
    def _is_for_its_words(self) -> bool:
        return self._job.failure is not None and self._job.failure.kind in MENDED_BY_WORDS

    def _instead(self) -> tuple[Own, ...]:
        """Drawing with the second engine what Midjourney did not; an account without credit would refuse that too."""
        failure = self._job.failure
        could = failure is not None and failure.kind is not FailureKind.BALANCE
        could = could and self._job.kind is JobKind.IMAGINE and may_be_drawn(self._job)
        return (_DRAW,) if could and self._capabilities.engine is not None else ()

    @property
    def _may_try_again(self) -> bool:
        """Whether the same may succeed when it is sent once more; pictures and masks are kept for a week after its end."""
        job = self._job
        if job.failure is None or job.failure.kind not in MENDED_BY_TIME:
            return False
        if job.press is not None:
            needs = need_of(classify(job.press.custom_id))
            return needs in {Need.NOTHING, Need.VIDEO, Need.MASK} or job.press.zoom is not None
        return job.kind is not JobKind.SHORTEN

    def _action(self, button: ActionButton, detail: DetailLevel) -> Part:
        label = (button.label if detail is DetailLevel.FULL else button.label or button.title) or None
        if own := engine_action(self._job.actions[button.position].custom_id, button.label):
            label = self._localize(own)
        emoji = button.emoji if detail is DetailLevel.FULL else None
        is_pressed = button.position in self._pressed
        style = discord.ButtonStyle.primary if is_pressed else discord.ButtonStyle.secondary
        key, custom_id = self._job.key, press.id(self._job.key, button.position)
        if button.need is Need.MASK:
            custom_id = custom_id_of("region", key, button.position)
        elif button.family is Family.CUSTOM_ZOOM:  # a press alone would only wait for a window
            custom_id = custom_id_of(ZOOM, key)
        elif window_of_action(self._job.actions, button.position, self._capabilities) is WindowKind.WORDS:
            custom_id = custom_id_of(VARY, key, button.position)
        return button_part(custom_id, label, emoji, style)

    def _fitting(self, offered: Iterable[Own]) -> list[Own]:
        """Without a prompt there is nothing to edit, and without a picture nothing to start from."""
        removed = NOTE_REMOVED in self._job.notes
        missing = {*(() if self._job.prompt else (_REMIX, _IMPROVE, _EDIT)), *((_START,) if removed else ())}
        drawn = self._job.pool is Pool.DRAW
        if drawn or not self._helps:
            missing.add(_IMPROVE)
        return [_MIDJOURNEY if drawn and own is _START else own for own in offered if own not in missing]

    def _own(self, words: Iterable[Own], detail: DetailLevel) -> list[Part]:
        return [
            button_part(
                custom_id_of(word, self._job.key),
                self._localize(self._label(word)),
                emoji if detail is DetailLevel.FULL else None,
                style,
            )
            for word, emoji, style in words
        ]

    def _label(self, word: str) -> Text:
        engine = self._capabilities.engine
        if word == _DRAW[0] and engine is not None:
            return text("button.draw", engine=engine.name)
        return text(f"button.{word}")


def _one_free_zoom(rows: Iterable[Sequence[ActionButton]]) -> Iterable[list[ActionButton]]:
    """Custom Zoom's button is the job's, not the action's, and Discord refuses two of one custom_id."""
    drawn = False
    for row in rows:
        kept = []
        for button in row:
            is_free = button.family is Family.CUSTOM_ZOOM
            if not (is_free and drawn):
                kept.append(button)
            drawn = drawn or is_free
        if kept:
            yield kept
