"""The ten things: what to type, and by what one knows that it was done.
Never here: printing, and where scenes come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.actions import Family
from bot.domain.jobs import JobKind, JobState
from bot.domain.pools import Pool
from bot.sandbox.tour.witness import family_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.jobs import Job
    from bot.sandbox.tour.witness import Scene

VARIED: Final = frozenset(
    {
        Family.VARIATION,
        Family.REROLL,
        Family.VARY_SUBTLE,
        Family.VARY_STRONG,
        Family.ZOOM_OUT,
        Family.PAN,
    }
)


@dataclass(frozen=True, slots=True)
class Done:
    """It was done; `job` tells more, where there is one."""

    said: str
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    title: str
    how: tuple[str, ...]
    done: Callable[[Scene], Done | None]


def _first(scene: Scene, said: str, suits: Callable[[Job], bool]) -> Done | None:
    job = next((job for job in scene.jobs if job.is_delivered and suits(job)), None)
    return None if job is None else Done(said, job)


def _shown(job: Job) -> bool:
    return job.state is JobState.SUCCEEDED


def _imagined(scene: Scene) -> Done | None:
    return _first(
        scene,
        "Four pictures from your words. The job was a row in the database before anything was sent.",
        lambda job: _shown(job) and job.kind is JobKind.IMAGINE,
    )


def _pressed(scene: Scene) -> Done | None:
    taken = any(job.is_delivered and _shown(job) and family_of(job) is Family.UPSAMPLE for job in scene.jobs)
    if not taken:
        return None
    return _first(
        scene,
        "Each press began a job in the pool of its chain. Pressed buttons stay blue; the same U again only links to its picture.",
        lambda job: _shown(job) and family_of(job) in VARIED,
    )


def _region(scene: Scene) -> Done | None:
    return _first(
        scene,
        "Only what you marked was painted anew; the mask went along with the call.",
        lambda job: _shown(job) and family_of(job) is Family.VARY_REGION,
    )


def _described(scene: Scene) -> Done | None:
    return _first(
        scene,
        "Four prompts for a picture, each with a button that imagines it.",
        lambda job: _shown(job) and job.kind is JobKind.DESCRIBE,
    )


def _pinged(scene: Scene) -> Done | None:
    if not scene.pings:
        return None
    return Done("The picture came as a new message that called you, and the old card became a link to it.")


def _fast(scene: Scene) -> Done | None:
    if "quota" not in scene.commands:
        return None
    return _first(
        scene,
        "FAST is a pool with an allowance of its own; whatever you press below this picture stays in it.",
        lambda job: _shown(job) and job.pool is Pool.FAST,
    )


def _ruled(scene: Scene) -> Done | None:
    if not (scene.rules and scene.refused):
        return None
    return Done(
        "The prompt was refused before anything was sent or charged, and #easel-log tells who wanted it and why it was stopped."
    )


def _panel(scene: Scene) -> Done | None:
    if not scene.panel:
        return None
    return Done(
        "Everything that is set here, in words, with buttons to change it. Each change can be undone."
    )


def _copied(scene: Scene) -> Done | None:
    if not scene.copies:
        return None
    return Done("The picture lies in the direct messages, too: they are on the left of the page.")


def _cancelled(scene: Scene) -> Done | None:
    job = next((job for job in scene.jobs if job.state is JobState.CANCELLED or job.unwanted), None)
    if job is None:
        return None
    if job.unwanted:
        return Done(
            "It ran already and cannot be stopped there, but it is not posted. Cancel sooner to pay nothing.",
            job,
        )
    return Done("It was withdrawn before anything was sent: nothing was charged.", job)


STEPS: Final = (
    Step("Make a picture", ("/imagine prompt: a paper fox", "and press Enter."), _imagined),
    Step(
        "Go on from it",
        (
            "Press U2 under the four pictures: it takes one out.",
            "Then V1, or 🪄 Vary (Subtle) under the one: it makes it another way.",
        ),
        _pressed,
    ),
    Step(
        "Repaint a region",
        (
            "Press 🖌️ Vary (Region) under the single picture, choose some squares and press the button that sends them;",
            "or open the page to paint on.",
        ),
        _region,
    ),
    Step(
        "Have it described",
        ("Right-click a picture and choose Apps → Describe picture; or /describe with a file of yours.",),
        _described,
    ),
    Step(
        "Be called for a slow picture",
        (
            "/prefer show, and choose “Always ping me with a new message” where it says “Slow pictures”.",
            "Then /imagine prompt: a lighthouse at night",
        ),
        _pinged,
    ),
    Step(
        "The other pool, and what is left",
        ("/imagine prompt: a red kite pool: FAST", "and when it is there: /quota"),
        _fast,
    ),
    Step(
        "Stop a word, as a moderator",
        (
            "Choose “Robin, moderator” under Viewing as, and: /mod words add pattern: spider",
            "Be Mia again and try: /imagine prompt: a spider",
            "Then look into #easel-log, as Robin.",
        ),
        _ruled,
    ),
    Step("See all that is set", ("As Robin: /mod panel or /pool panel",), _panel),
    Step(
        "Have copies sent to you",
        (
            "As Mia: /prefer show, press “Send me pictures”, and make another picture.",
            "Then look into Direct messages.",
        ),
        _copied,
    ),
    Step(
        "Change your mind",
        ("/imagine once more, and press ✖️ Cancel at once; or /jobs cancel.",),
        _cancelled,
    ),
)
