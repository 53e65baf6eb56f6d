"""Which words of a prompt call for which subject, backdrop and weather.
Never here: drawing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures import buildings, creatures, objects, swimmers_and_flyers

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.sandbox.upstream.pictures.pen import Pen


class Place(StrEnum):
    """Where a subject belongs."""

    GROUND = "ground"
    SEA = "sea"
    AIR = "air"
    SPACE = "space"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing that can be drawn: its height in the picture and where it belongs."""

    name: str
    draw: Callable[[Pen], None]
    height: float
    place: Place = Place.GROUND
    palettes: tuple[str, ...] = ()
    """What suits it when the words call for no palette; empty for any."""


_SUBJECTS: tuple[tuple[Subject, str], ...] = (
    (
        Subject("fox", creatures.fox, 0.56, palettes=("autumn", "dawn", "forest", "dusk")),
        "fox vixen wolf dog puppy shiba corgi coyote",
    ),
    (
        Subject("cat", creatures.cat, 0.56, palettes=("dusk", "night", "lilac", "dawn")),
        "cat kitten kitty tiger lion panther lynx",
    ),
    (Subject("owl", creatures.owl, 0.56, palettes=("night", "forest", "dusk")), "owl owlet"),
    (
        Subject("rabbit", creatures.rabbit, 0.52, palettes=("spring", "forest", "winter", "dawn")),
        "rabbit bunny hare",
    ),
    (
        Subject("bird", swimmers_and_flyers.bird, 0.46, Place.AIR),
        "bird crane swallow dove eagle raven crow phoenix sparrow birds",
    ),
    (Subject("butterfly", swimmers_and_flyers.butterfly, 0.52, Place.AIR), "butterfly moth butterflies"),
    (
        Subject("whale", swimmers_and_flyers.whale, 0.46, Place.SEA, palettes=("sea", "day", "dawn")),
        "whale dolphin orca",
    ),
    (
        Subject("fish", swimmers_and_flyers.fish, 0.46, Place.DEEP, palettes=("sea", "day", "lilac")),
        "fish koi goldfish carp shark",
    ),
    (Subject("ship", objects.ship, 0.5, Place.SEA), "ship boat sailboat galleon pirate sail vessel yacht"),
    (Subject("lighthouse", buildings.lighthouse, 0.72, Place.SEA), "lighthouse beacon"),
    (Subject("castle", buildings.castle, 0.58), "castle palace fortress tower kingdom"),
    (Subject("house", buildings.house, 0.42), "house cottage cabin hut home village barn"),
    (
        Subject("flower", objects.flower, 0.74),
        "flower rose tulip lotus dahlia peony sunflower blossom bouquet lily daisy poppy",
    ),
    (
        Subject("mushroom", objects.mushroom, 0.56, palettes=("forest", "autumn", "lilac")),
        "mushroom mushrooms toadstool fungus",
    ),
    (Subject("balloon", objects.balloon, 0.62, Place.AIR), "balloon balloons airship zeppelin"),
    (
        Subject("rocket", objects.rocket, 0.66, Place.SPACE, palettes=("night", "neon", "lilac")),
        "rocket spaceship spacecraft shuttle astronaut",
    ),
    (
        Subject("robot", objects.robot, 0.56, palettes=("neon", "sea", "day")),
        "robot android droid mech automaton",
    ),
    (
        Subject("tree", objects.tree, 0.66, palettes=("autumn", "spring", "dawn", "day")),
        "tree oak bonsai maple",
    ),
    (
        Subject("cup", objects.cup, 0.5, palettes=("autumn", "dawn", "spring")),
        "cup coffee tea mug teacup latte",
    ),
)
SUBJECT_OF: dict[str, Subject] = {word: subject for subject, words in _SUBJECTS for word in words.split()}

_BACKDROPS = {
    "mountain": "mountain mountains peak peaks alps himalaya summit volcano cliff valley",
    "city": "city skyline town metropolis skyscraper skyscrapers street downtown tokyo york paris london cyberpunk",
    "woods": "forest woods wood jungle pine pines fir trees grove taiga",
    "sea": "sea ocean lake beach coast waves wave bay harbor harbour river island water",
    "stars": "night stars star starry galaxy space cosmos cosmic universe milky constellation midnight",
    "moon": "moon moonlight lunar crescent",
    "planet": "planet saturn jupiter alien mars",
    "snow": "snow snowy winter snowfall blizzard christmas ice",
    "hills": "hill hills meadow field landscape desert dune dunes countryside sunset sunrise sky clouds cloud garden",
}
BACKDROP_OF = {word: name for name, words in _BACKDROPS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prompt wishes to see."""

    words: tuple[str, ...]
    subject: Subject | None
    companion: Subject | None
    backdrops: frozenset[str]

    @property
    def abstract(self) -> bool:
        """Whether no word of it is known."""
        return self.subject is None and not self.backdrops


def read_wish(text: str) -> Wish:
    """The known words of a prompt, in its order."""
    words = tuple(re.findall(r"[a-z]+", text.lower()))
    named: list[Subject] = []
    for word in words:
        subject = SUBJECT_OF.get(word) or SUBJECT_OF.get(word.removesuffix("s"))
        if subject is not None and subject not in named:
            named.append(subject)
    backdrops = frozenset(BACKDROP_OF[word] for word in words if word in BACKDROP_OF)
    return Wish(words, named[0] if named else None, named[1] if len(named) > 1 else None, backdrops)
