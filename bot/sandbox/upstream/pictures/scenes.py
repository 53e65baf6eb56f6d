"""A whole scene: sky, light, land or water, the subject, what stands in front; and the abstract that replaces it.
Never here: single motifs, grids, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.sandbox.upstream.pictures import backdrops, peaks, skies
from bot.sandbox.upstream.pictures.brush import Brush
from bot.sandbox.upstream.pictures.chance import Dice, lattice
from bot.sandbox.upstream.pictures.colours import choose_palette, mix, shift, tinted
from bot.sandbox.upstream.pictures.extras import World, put_inside, scatter_extras
from bot.sandbox.upstream.pictures.other_worlds import paint_abstract, paint_deep
from bot.sandbox.upstream.pictures.pen import deep, light
from bot.sandbox.upstream.pictures.stage import AHEAD, Stage, hill, paint_subject, snowfall
from bot.sandbox.upstream.pictures.vocabulary import Place, read_wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from bot.sandbox.upstream.pictures.colours import Colour
    from bot.sandbox.upstream.pictures.plan import Scene

_WORLDS = {Place.SEA: World.WATER, Place.DEEP: World.DEEP}
LOUD = 0.9
"""From this strength on a variation gets other colours, too."""


def paint_scene(
    scene: Scene, size: tuple[int, int], *, detail: int, sharpness: float, mood: Sequence[Colour] = ()
) -> Image.Image:
    """Paint the framed part of a scene."""
    wish, dice = read_wish(scene.words), Dice(scene.seed, scene.drift)
    palette = tinted(
        choose_palette(wish.words, dice, wish.subject.palettes if wish.subject is not None else ()), mood
    )
    for seed, strength in scene.drift:
        if strength >= LOUD:
            palette = shift(palette, 0.12 + 0.5 * lattice(seed, 3))
    for seed, _ in scene.inside:
        palette = shift(palette, 0.02 + 0.03 * lattice(seed, 4))
    stage = Stage(Brush(size, scene.frame, sharpness=sharpness), palette, dice, wish, detail)
    if wish.abstract:
        paint_abstract(stage)
    elif stage.place is Place.DEEP:
        paint_deep(stage)
    else:
        _paint_outdoors(stage)
    world = World.ABSTRACT if wish.abstract else _WORLDS.get(stage.place, World.LAND)
    for seed, inner in scene.extras:
        scatter_extras(stage.brush, palette, Dice(seed), inner, world=world)
    for seed, place in scene.inside:
        put_inside(stage.brush, palette, Dice(seed), place, world=world)
    stage.brush.vignette(0.32)
    return stage.brush.finished()


def _paint_outdoors(stage: Stage) -> None:
    brush, palette, dice = stage.brush, stage.palette, stage.dice
    horizon = dice.at("horizon", 0.5, 0.6)
    _paint_sky(stage, horizon)
    light_x = dice.at("light-x", -0.34, 0.34)
    light_y = dice.at("light-y", 0.16, 0.36)
    radius = dice.at("light-r", 0.07, 0.13)
    if "planet" in stage.wish.backdrops or (stage.place is Place.SPACE and dice.chance("planet", 0.7)):
        skies.planet(brush, palette, (light_x, light_y), radius)
    elif "moon" in stage.wish.backdrops or (stage.starry and dice.chance("moon", 0.6)):
        skies.moon(brush, palette, (light_x, light_y), radius * 1.05)
    else:
        skies.sun(brush, palette, (light_x, light_y), radius)
    cloud = mix(palette.light, palette.sky[-1], 0.3)
    seed = int(dice.at("clouds", 0, 1e9))
    brush.haze(
        seed, 2.2, cloud, low=0.5, high=0.8, alpha=0.5 if stage.starry else 0.75, band=(-0.2, horizon + 0.08)
    )
    if stage.place is Place.SEA:
        _paint_sea(stage, horizon, light_x)
    else:
        _paint_land(stage, horizon)


def _paint_sky(stage: Stage, horizon: float) -> None:
    palette = stage.palette
    stops = [
        (-0.1 + (horizon + 0.12) * index / (len(palette.sky) - 1), shade)
        for index, shade in enumerate(palette.sky)
    ]
    stage.brush.wash([(-1.6, deep(palette.sky[0], 0.35)), *stops])
    if stage.starry:
        skies.stars(stage.brush, palette, int(stage.dice.at("stars", 0, 1e9)), density=0.5, bottom=horizon)


def _paint_land(stage: Stage, horizon: float) -> None:
    brush, palette, dice, names = stage.brush, stage.palette, stage.dice, stage.wish.backdrops
    if "mountain" in names or (not names and dice.chance("far-peaks", 0.35)):
        _peaks(stage, horizon + 0.17, 0.5 if "mountain" in names else 0.3)
    else:
        hill(stage, "far", horizon + 0.02, 0.09, mix(palette.far, palette.sky[-1], 0.3))
    if "city" in names:
        for row, (share, tall) in enumerate(((0.15, 0.5), (0.45, 0.38), (0.72, 0.24))):
            shade = mix(palette.far, palette.near, share)
            backdrops.city(brush, palette, dice.child(f"c{row}"), base=horizon + 0.12 + row * 0.07, tall=tall, shade=shade,
                           cell=0.07 + row * 0.02, lit=0.42 if palette.dark else 0.24)  # fmt: skip
        brush.haze(
            int(dice.at("mist", 0, 1e9)),
            1.6,
            palette.sky[-1],
            low=0.3,
            high=0.8,
            alpha=0.5,
            band=(horizon - 0.05, horizon + 0.3),
        )
    wooded = "woods" in names or (not names & {"city", "hills"} and dice.chance("wooded", 0.55))
    steps = ((0.1, 0.075, 0.3), (0.18, 0.07, 0.5), (0.27, 0.06, 0.7))
    for index, (down, rough, share) in enumerate(steps):
        if "city" in names and index < 2:  # noqa: PLR2004 - the town stands on the nearer hills
            continue
        shade = mix(palette.far, palette.near, share)
        top = hill(stage, f"hill{index}", horizon + down, rough, shade)
        if wooded:
            backdrops.woods(
                brush,
                dice.child(f"w{index}"),
                top,
                shade=mix(shade, palette.near, 0.3),
                high=0.09 + 0.05 * index,
                cell=0.028 + 0.012 * index,
            )
        brush.haze(int(dice.at(f"mist{index}", 0, 1e9)), 1.4, mix(palette.sky[-1], shade, 0.25), low=0.35, high=0.85, alpha=0.45,
                   band=(horizon + down - 0.02, horizon + down + 0.17))  # fmt: skip
    stand = hill(stage, "stand", 0.87, 0.03, mix(palette.far, palette.near, 0.84))
    paint_subject(stage, stand)
    _paint_front(stage)


def _peaks(stage: Stage, base: float, height: float) -> None:
    """Two ranges, the farther one in the haze."""
    palette, dice = stage.palette, stage.dice
    for index, (tall, share, cell) in enumerate(((1.0, 0.2, 0.36), (0.6, 0.45, 0.27))):
        shade = mix(palette.far, palette.near, share)
        peaks.mountains(
            stage.brush,
            palette,
            dice.child(f"range{index}"),
            base=base,
            height=height * tall,
            shade=shade,
            cell=cell,
        )
    haze = mix(palette.sky[-1], palette.light, 0.3)
    stage.brush.haze(
        int(dice.at("peak-mist", 0, 1e9)),
        1.5,
        haze,
        low=0.3,
        high=0.8,
        alpha=0.6,
        band=(base - 0.16, base + 0.12),
    )


def _paint_front(stage: Stage) -> None:
    """What is nearer than the subject, down to where only a zoom out looks."""
    palette, dice = stage.palette, stage.dice
    shade = mix(palette.far, palette.near, 0.94)
    front = hill(stage, "front", 0.955, 0.035, shade)
    seed = int(dice.at("grass", 0, 1e9))
    backdrops.grass(stage.brush, seed, front, shade=light(shade, 0.07), high=0.075, cell=0.012)
    for index, y in enumerate(AHEAD):
        tone = deep(palette.near, 0.08 * index)
        edge = hill(stage, f"ahead{index}", y, 0.04 + 0.02 * index, tone)
        if index:
            firs = dice.child(f"firs{index}")
            backdrops.woods(
                stage.brush,
                firs,
                edge,
                shade=light(tone, 0.05),
                high=0.85 * (y - 1.03),
                cell=0.2 + 0.16 * index,
            )
        backdrops.grass(
            stage.brush, seed + index, edge, shade=light(tone, 0.06), high=0.1 + 0.03 * index, cell=0.02
        )
    if "snow" in stage.wish.backdrops:
        snowfall(stage)


def _paint_sea(stage: Stage, horizon: float, light_x: float) -> None:
    brush, palette, dice = stage.brush, stage.palette, stage.dice
    if "mountain" in stage.wish.backdrops:
        _peaks(stage, horizon + 0.02, 0.36)
    elif dice.chance("shore", 0.5):
        hill(stage, "shore", horizon - 0.015, 0.07, mix(palette.far, palette.sky[-1], 0.15))
    if "city" in stage.wish.backdrops:
        backdrops.city(
            brush,
            palette,
            dice.child("c"),
            base=horizon,
            tall=0.3,
            shade=mix(palette.far, palette.near, 0.3),
            cell=0.06,
            lit=0.4,
        )
    backdrops.water(brush, palette, dice, level=horizon, glitter=light_x)
    rows = ((0.66, 0.012, 0.3), (0.73, 0.017, 0.45), (0.81, 0.022, 0.6))
    for index, (y, high, share) in enumerate(rows):
        shade = mix(palette.far, palette.near, share)
        backdrops.swell(
            brush, dice, f"swell{index}", y=y, high=high, shade=shade, crest=mix(shade, palette.paper, 0.4)
        )
    paint_subject(stage, lambda _x: 0.85)
    nearer = (
        (0.87, 0.028, 0.75),
        (0.95, 0.034, 0.9),
        *((y, 0.04 + 0.02 * index, 1.0) for index, y in enumerate(AHEAD)),
    )
    for index, (y, high, share) in enumerate(nearer):
        shade = deep(mix(palette.far, palette.near, min(1.0, share)), 0.05 * max(0, index - 1))
        backdrops.swell(
            brush, dice, f"near{index}", y=y, high=high, shade=shade, crest=mix(shade, palette.paper, 0.32)
        )
    if "snow" in stage.wish.backdrops:
        snowfall(stage)
