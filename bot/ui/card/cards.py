"""The card of a job: what everyone in the channel sees of it, from “queued” to the picture and its buttons.
Never here: sending it, and what a button does."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import discord

from bot.domain.capabilities import OHMYGPT
from bot.domain.jobs import Job, JobKind, JobState
from bot.domain.pools import Pool
from bot.domain.ports import MOST_AHEAD
from bot.domain.settling import WINDOW_OPENED
from bot.services.intake.describe import FROM_DESCRIPTION
from bot.services.intake.shorten import FROM_SHORTENED
from bot.services.worker.delivery import LACKING, REDUCED
from bot.services.worker.submission import UPLOAD_UNCLEAR
from bot.texts import Text, text
from bot.ui.card.card_buttons import CardButtons, DetailLevel
from bot.ui.card.description import idea_lines
from bot.ui.card.failures import sentences_of
from bot.ui.card.parts import CardView, box, gallery, row, words, words_beside
from bot.ui.card.shortened import shorter_lines
from bot.ui.card.titles import is_forgotten, plain_title, press_name, title_of
from bot.ui.kit.bars import progress_bar
from bot.ui.kit.escape import plain, quoted
from bot.ui.kit.links import clickable, message_link, source_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.domain.capabilities import Capabilities
    from bot.domain.jobs import Ancestor
    from bot.domain.ports import CardLocation, Picture, Showing
    from bot.i18n import Catalogues
    from bot.ui.card.parts import Part

PROMPT_LIMIT: Final = 700
"""A root's prompt: enough to know it again. All texts of a message have 4,000 characters together (facts §3.5)."""
HEADLINE_LIMIT: Final = 160
"""A short prompt is the card's headline; a long one in bold would be a wall."""
CHILD_PROMPT_LIMIT: Final = 200
"""A child's prompt is its root's, which stands above: a reminder is enough."""
WORDS_LIMIT: Final = 500
LABEL_LIMIT: Final = 80
ALT_LIMIT: Final = 256

ENGINES_HOLDS: Final = MappingProxyType(
    {"hold.busy": "draw.hold_busy", "hold.unreachable": "draw.hold_unreachable"}
)
"""Why an order of the second engine's waits."""

TOO_LARGE: Final = "note.picture_too_large"
"""The note of a picture or clip that was not attached: what was paid for is shown by its address."""

POOL_COLOUR: Final = {
    Pool.NORMAL: discord.Colour(0x3BA55D),
    Pool.FAST: discord.Colour(0xF0A132),
    Pool.TURBO: discord.Colour(0xB06CF2),
    Pool.DRAW: discord.Colour(0x2BA8BD),
}
WAITING_COLOUR: Final = discord.Colour(0x5C6370)
FAILED_COLOUR: Final = discord.Colour(0xD83C3E)


class Cards:
    """Draws cards. Each drawing is a new view with nothing clickable but registered controls."""

    def __init__(
        self,
        catalogues: Catalogues,
        *,
        video: bool = False,
        address_of: Callable[[Job], str | None] = lambda _job: None,
        capabilities: Callable[[str], Capabilities] = lambda _account: OHMYGPT,
        helps: bool = False,
    ) -> None:
        """`address_of` tells where a job's file lies for all to see, if it does; `capabilities` what an account can do.

        `helps` says that a chat model improves prompts.
        """
        self._catalogues = catalogues
        self._video = video
        self._address_of = address_of
        self._capabilities = capabilities
        self._helps = helps

    def draw(
        self,
        showing: Showing,
        *,
        media: str | None = None,
        more: Sequence[str] = (),
        picture: Picture | None = None,
        detail: DetailLevel = DetailLevel.FULL,
        because: Text | None = None,
    ) -> CardView:
        """Draw a job as it stands.

        `media` is where the picture is (`attachment://name` for one that is sent along), `more` where others are,
        `picture` what is known of a new one, `because` why the card is somewhere unexpected.
        """
        address = self._address_of(showing.job)
        capabilities = self._capabilities(showing.job.account)
        drawing = _Drawing(
            self._catalogues,
            showing,
            detail,
            video=self._video,
            address=address,
            capabilities=capabilities,
            helps=self._helps,
        )
        return drawing.view(media=media, more=more, picture=picture, because=because)

    def render(self, words: Text, locale: str) -> str:
        """Say something in a language."""
        return self._catalogues.render(words, locale)

    def description(self, job: Job, detail: DetailLevel = DetailLevel.FULL) -> str:
        """What the picture's description says to those who cannot see it."""
        return _description(self._catalogues, job, detail)


SPOILER: Final = "note.spoiler"
"""The note of a job whose picture is to be hidden until somebody looks."""


class _Drawing:
    """One card in the making."""

    def __init__(
        self,
        catalogues: Catalogues,
        showing: Showing,
        detail: DetailLevel,
        *,
        video: bool,
        address: str | None,
        capabilities: Capabilities,
        helps: bool,
    ) -> None:
        self._catalogues = catalogues
        self._showing = showing
        self._job = showing.job
        self._detail = detail
        self._buttons = CardButtons(
            showing.job,
            self._localize,
            video=video,
            pressed=showing.pressed,
            capabilities=capabilities,
            helps=helps,
        )
        self._address = address

    def view(
        self, *, media: str | None, more: Sequence[str], picture: Picture | None, because: Text | None
    ) -> CardView:
        job, detail = self._job, self._detail
        if self._showing.moved_to is not None:
            return self._folded(self._showing.moved_to)
        offered = self._buttons.offered()
        drawn = [] if because is None else [words(self._localize(because))]
        drawn.append(self._top(media))
        if media is not None and job.kind is not JobKind.DESCRIBE:
            drawn.append(gallery([media, *more], self._described(), veiled=self._is_veiled))
        below = [*self._status(media), *self._remarks(picture)]
        if offered.rows and not detail.has_buttons:
            below.append(self._small(text("card.no_buttons", key=job.key)))
        elif offered.overflow:
            below.append(self._small(text("card.more_buttons", n=len(offered.overflow))))
        drawn.append(words("\n".join([*below, self._footer()])))
        if detail.has_buttons:
            drawn += [row(buttons) for buttons in self._buttons.rows(offered, detail)]
        return CardView(box(self._colour(), drawn))

    def _folded(self, shown: CardLocation) -> CardView:
        """All that is left of a card whose result came as a new message."""
        link = message_link(self._job.reply.guild_id, shown.channel_id, shown.message_id or 0)
        of_words = self._job.kind in {JobKind.DESCRIBE, JobKind.SHORTEN}
        said = text("card.folded_words" if of_words else "card.folded", link=link)
        return CardView(box(WAITING_COLOUR, [words(f"{self._localize(said)}\n{self._footer()}")]))

    # -- the parts ---------------------------------------------------------------------------------------

    def _top(self, media: str | None) -> Part:
        """The headline; a description has its picture beside it, small, and its prompts below."""
        said = words("\n".join([self._headline(), *self._ideas()]))
        if media is None or self._job.kind is not JobKind.DESCRIBE:
            return said
        return words_beside(said, media, self._described(), veiled=self._is_veiled)

    def _described(self) -> str:
        return _description(self._catalogues, self._job, self._detail)

    @property
    def _is_veiled(self) -> bool:
        """Whether moderators want its picture behind a spoiler."""
        return SPOILER in self._job.notes

    def _ideas(self) -> Iterable[str]:
        job = self._job
        if job.state is not JobState.SUCCEEDED or not self._detail.has_words:
            return []
        if job.kind is JobKind.SHORTEN:
            return shorter_lines(job, self._localize)
        if job.kind is not JobKind.DESCRIBE:
            return []
        return idea_lines(job) or [self._localize(text("describe.nothing"))]

    def _headline(self) -> str:
        """The prompt, or what stands for it; for a child, first what was pressed and where."""
        job = self._job
        if not self._detail.has_words:
            return self._localize(text("card.neutral"))
        if job.press is None:
            title = title_of(job)
            written = job.prompt if job.typed is None else job.typed
            prompt = quoted(written, PROMPT_LIMIT) if title is None else self._localize(title)
            headline = f"**{prompt}**" if len(prompt) <= HEADLINE_LIMIT else prompt
            if job.kind is JobKind.SHORTEN:
                headline = self._localize(text("shorten.headline", prompt=headline))
            if title is None and job.typed is not None:
                sent = text("card.translated", prompt=quoted(job.prompt, PROMPT_LIMIT))
                headline += f"\n{self._small(sent)}"
            if title is None and job.inputs:
                headline += f"\n{self._small(text('card.with_pictures', n=job.inputs))}"
            return headline if job.ancestor is None else f"{headline}\n{self._origin(job.ancestor)}"
        button = press_name(job.press, self._localize, LABEL_LIMIT)
        link = source_link(job, job.press.channel_id, job.press.message_id)
        if link is None:
            pressed = text("card.pressed_elsewhere", button=button, key=job.press.parent)
        else:
            pressed = text("card.pressed", button=button, link=link)
        if not job.prompt:
            return self._localize(pressed)
        return f"{self._localize(pressed)}\n-# {quoted(job.prompt, CHILD_PROMPT_LIMIT)}"

    def _origin(self, ancestor: Ancestor) -> str:
        """What a prompt was remixed from, or a picture described before."""
        how = "remixed"
        if self._job.kind is JobKind.DESCRIBE:
            how = "described_again"
        elif FROM_DESCRIPTION in self._job.notes:
            how = "from_description"
        elif FROM_SHORTENED in self._job.notes:
            how = "from_shortened"
        link = source_link(self._job, ancestor.channel_id, ancestor.message_id)
        if link is None:
            return self._small(text(f"card.{how}_elsewhere", key=ancestor.key))
        return self._small(text(f"card.{how}", link=link))

    def _status(self, media: str | None) -> Iterable[str]:
        """What happens, or why nothing will."""
        job = self._job
        if job.state is JobState.FAILED:
            yield from self._failure()
        elif job.state is JobState.CANCELLED:
            yield self._localize(text("card.cancelled"))
        elif job.unwanted and media is None:
            said = "draw.card_unwanted" if job.pool is Pool.DRAW else "card.unwanted"
            yield self._localize(text(said, key=job.key))
        elif not job.is_terminal:
            yield self._localize(self._progress())
            if job.hold is not None:
                hold = ENGINES_HOLDS.get(job.hold) if job.pool is Pool.DRAW else None
                yield self._small(text(hold or job.hold))

    def _progress(self) -> Text:
        job, ahead = self._job, self._showing.ahead
        since = f"<t:{(job.submitted_at or job.created_at) // 1000}:R>"
        match job.state:
            case JobState.QUEUED:
                return _waiting(ahead, since)
            case JobState.RUNNING if job.progress is not None:
                return text(
                    "card.progress", bar=progress_bar(job.progress), percent=job.progress, since=since
                )
            case JobState.RUNNING:
                return text("card.running", since=since)
            case JobState.SUBMITTED if job.server.ahead:
                return text("card.submitted_behind", n=job.server.ahead, since=since)
            case JobState.SUBMITTED:
                return text("card.submitted", since=since)
            case _ if job.pool is Pool.DRAW and job.sent_at is not None:
                return text("draw.card_drawing", since=f"<t:{job.sent_at // 1000}:R>")
            case _:
                return text("card.sending", since=since)

    def _failure(self) -> Iterable[str]:
        failure = self._job.failure
        if failure is None:
            return
        kind = sentences_of(self._job, failure.kind)
        yield self._localize(text("card.failed", why=text(f"failure.{kind}")))
        yield self._localize(text(f"advice.{kind}"))
        if failure.words and self._detail.has_words:
            said = "draw.card_words" if self._job.pool is Pool.DRAW else "card.words"
            yield self._small(text(said, words=quoted(failure.words, WORDS_LIMIT)))
        yield self._small(text("card.refunded"))

    def _remarks(self, picture: Picture | None) -> Iterable[str]:
        notes = self._job.notes
        for note in notes:
            if note == TOO_LARGE and (link := clickable(self._address)) is not None:
                yield self._small(text("card.too_large_link", link=link))
            elif note not in {
                FROM_DESCRIPTION,
                FROM_SHORTENED,
                LACKING,
                REDUCED,
                UPLOAD_UNCLEAR,
                WINDOW_OPENED,
            }:  # said elsewhere, with a link, or a matter of the worker's
                yield self._small(text(note))
        is_reduced, is_lacking, address = REDUCED in notes, LACKING in notes, self._address
        if picture is not None:
            is_reduced, is_lacking, address = picture.reduced, picture.lacking is not None, picture.source
        if is_lacking:
            yield self._small(text(LACKING))
        if is_reduced:
            link = clickable(address)
            yield self._small(text(REDUCED) if link is None else text("card.reduced_link", link=link))

    def _footer(self) -> str:
        """Pool, requester, time and key: small, and the same on every card."""
        job = self._job
        parts: dict[str, str | Text] = {
            "pool": text(f"pool.{job.pool.value}"),
            "who": f"<@{job.user_id}>",
            "key": job.key,
        }
        if job.state is JobState.SUCCEEDED and job.finished_at is not None:
            seconds = max(0, job.finished_at - job.created_at) // 1000
            minutes, rest = divmod(seconds, 60)
            took = (
                text("took.minutes", minutes=minutes, seconds=rest)
                if minutes
                else text("took.seconds", seconds=rest)
            )
            return self._small(text("card.footer_took", took=took, **parts))
        return self._small(text("card.footer", **parts))

    def _colour(self) -> discord.Colour:
        job = self._job
        if job.state is JobState.FAILED:
            return FAILED_COLOUR
        if job.state in {JobState.QUEUED, JobState.CANCELLED} or job.unwanted:
            return WAITING_COLOUR
        return POOL_COLOUR[job.pool]

    def _localize(self, sentence: Text) -> str:
        return self._catalogues.render(sentence, self._job.locale)

    def _small(self, sentence: Text) -> str:
        return f"-# {self._localize(sentence)}"


def _description(catalogues: Catalogues, job: Job, detail: DetailLevel) -> str:
    def localize(sentence: Text) -> str:
        return catalogues.render(sentence, job.locale)

    drawn = job.pool is Pool.DRAW
    if not detail.has_words or is_forgotten(job):
        return plain(localize(text("draw.card_neutral_alt" if drawn else "card.neutral_alt")), ALT_LIMIT)
    if job.kind is JobKind.DESCRIBE:
        return plain(plain_title(job, localize), ALT_LIMIT)
    said = "draw.card_alt" if drawn else "card.alt" if job.is_terminal else "card.preview_alt"
    return plain(localize(text(said, prompt=plain_title(job, localize))), ALT_LIMIT)


def _waiting(ahead: int | None, since: str) -> Text:
    """Where in line it stands, as far as that is counted."""
    match ahead:
        case None:
            return text("card.queued", since=since)
        case 0:
            return text("card.queued_next", since=since)
        case _ if ahead > MOST_AHEAD:
            return text("card.queued_far", n=MOST_AHEAD, since=since)
        case _:
            return text("card.queued_behind", n=ahead, since=since)
