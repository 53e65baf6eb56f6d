"""Custom_ids survive a round trip, what could not be read back is not drawn, and every form ever released is still answered.
Never here: what a control does."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.intake.masks import Cells
from bot.domain.keys import JobKey, key_from_bits
from bot.domain.pools import Pool
from bot.domain.tenancy import LARGEST_ID
from bot.ui.accounts.owners import Answer
from bot.ui.kit.controls import COMPONENTS, MODALS
from bot.ui.kit.custom_ids import (
    KEY,
    LIMIT,
    NUMBER,
    REST,
    SNOWFLAKE,
    encode_custom_id,
    key_on,
    kind_of,
    maybe,
    one_of,
    read_fields,
    renewed,
)
from bot.ui.pools.panel import Verb
from bot.ui.preferences.card import Menu
from bot.ui.preferences.card import Verb as Prefer

KEYS = st.integers(0, (1 << 60) - 1).map(key_from_bits)
JOB = JobKey("7h2m9k4qxw3c")
MEMBER = 123456789012345678

BUTTONS: dict[str, tuple[str, tuple[Any, ...]]] = {
    f"easel:1:{JOB}:0": ("press", (JOB, 0)),
    f"easel:1:{JOB}:12": ("press", (JOB, 12)),
    **{
        f"easel:1:{JOB}:{word}": (word, (JOB,))
        for word in [
            "remix",
            "edit",
            "draft",
            "improve",
            "improve-draft",
            "batch",
            "batch-no",
            "start",
            "again",
            "idea0",
            "idea1",
            "idea2",
            "idea3",
            "ideas",
            "describe",
            "info",
            "show",
            "send",
            "star",
            "zoom",
            "cancel",
            "delete",
        ]
    },
    "easel-list:0": ("list", (0,)),
    "easel-list:41": ("list", (41,)),
    "easel-list:star:7": ("stars", (7,)),
    f"easel-drop:{JOB}:200:300": ("drop", (JOB, 200, 300)),
    f"easel-region:{JOB}:4": ("region", (JOB, 4)),
    **{
        f"easel-cells:{JOB}:4:00ff:{act}": ("cells", (JOB, 4, Cells(0xFF), act))
        for act in ("0", "15", "go", "clear", "upload")
    },
    **{f"easel-prefer:1:{verb}": ("prefer", (verb,)) for verb in Prefer},
    **{f"easel-prefer-menu:1:{menu}": ("prefer-menu", (menu,)) for menu in Menu},
    **{f"easel-pool:1:{verb}:{pool}": ("pool", (verb, pool)) for verb in Verb for pool in Pool},
    **{f"easel-pool:1:{verb}:-": ("pool", (verb, None)) for verb in Verb},
    **{f"easel-server:1:{answer}:100": ("server", (answer, 100)) for answer in Answer},
    **{
        f"easelmod:1:{word}:{MEMBER}": (f"mod-{word}", (MEMBER,))
        for word in [
            "member",
            "unblock",
            "forgive",
            "cancel_all",
            "cancel_all_now",
            "export",
            "erase",
            "erase_now",
        ]
    },
    **{
        f"easelmod:1:{word}:{JOB}": (f"mod-{word}", (JOB,))
        for word in ["job", "cancel_job", "remove", "remove_now"]
    },
    **{f"easelmod:1:{word}:3": (f"mod-{word}", (3,)) for word in ["jobs", "blocks", "words", "prompts"]},
    **{f"easelmod:1:{word}:": (f"mod-{word}", (0,)) for word in ["jobs", "blocks", "words", "prompts"]},
    f"easelmod:1:cancel:{JOB}-2": ("mod-cancel", (JOB, 2)),
    f"easelmod:1:lift:{MEMBER}-2": ("mod-lift", (MEMBER, 2)),
    "easelmod:1:clear:": ("mod-clear", ()),
    "easelmod:1:clear_now:": ("mod-clear_now", ()),
    "easelmod:1:audit:": ("mod-audit", (None,)),
    "easel:2:mod-audit": ("mod-audit", (None,)),
    "easelmod:1:audit:77": ("mod-audit", (77,)),
    "easelmod:1:undo:77": ("mod-undo", (77,)),
    "easelmod:1:undo_now:77": ("mod-undo_now", (77,)),
    "easelmod:1:retention:30": ("mod-retention", (30, None)),
    "easel:2:mod-retention:30": ("mod-retention", (30, None)),
    "easel:2:mod-retention:0:5": ("mod-retention", (0, 5)),
}
"""Every form of a button or menu that a release has drawn, and where it leads. Nothing leaves this list."""

WINDOWS: dict[str, tuple[str, tuple[Any, ...]]] = {
    **{
        f"easel:1:{JOB}:{word}": (word, (JOB,))
        for word in ["remix", "draft", "idea0", "idea1", "idea2", "idea3", "usecard", "usefile"]
    },
    f"easel:1:{JOB}:mask-4": ("mask", (JOB, 4)),
    "easel:2:mod-channels": ("mod-channels", (None,)),
    "easel:2:mod-prompts": ("mod-prompts", (None,)),
    "easel:2:mod-setup": ("mod-setup", ()),
    "easel:2:mod-set:strikes:panel": ("mod-set", ("strikes", "panel")),
}
"""The same of modals, which may stand open for days."""


@pytest.mark.parametrize(("custom_id", "meant"), BUTTONS.items())
def test_a_button_of_every_release_leads_where_it_led(custom_id: str, meant: tuple[str, Any]) -> None:
    kind, values = meant

    assert kind_of(renewed(custom_id)) == kind
    assert read_fields(renewed(custom_id), COMPONENTS[kind].fields) == values


@pytest.mark.parametrize(("custom_id", "meant"), WINDOWS.items())
def test_a_modal_of_every_release_leads_where_it_led(custom_id: str, meant: tuple[str, Any]) -> None:
    kind, values = meant

    assert kind_of(renewed(custom_id)) == kind
    assert read_fields(renewed(custom_id), MODALS[kind].fields) == values


def test_every_kind_that_has_an_earlier_form_is_listed_above() -> None:
    shortened = {f"short{n}" for n in range(5)}
    new = {
        *("prefer-shape", "prefer-set", "usemsg", "window", "cells-words", "region-again", "redraw"),
        *shortened,
        *(kind for kind in MODALS if kind.startswith(("pool-", "mod-"))),
    }
    new_buttons = (
        {"pool-menu", "pool-key-remove"}
        | {
            f"mod-{word}"
            for word in ("not_found", "panel", "panel_export", "panel_new", "set", "setup", "welcome")
        }
        | {"mod-take_back", "mod-take_back_now"}
        | {
            "prefer-set",
            "upstream-key",
            "vary",
            "rewrite",
            "cells-rewrite",
            "region-rewrite",
            "draw",
            "drawdraft",
            "midjourney",
        }
        | shortened
    )

    assert {kind for kind, _ in BUTTONS.values()} == set(COMPONENTS) - new_buttons
    assert {kind for kind, _ in WINDOWS.values() if not kind.startswith("mod-")} == set(MODALS) - new


def test_who_may_use_a_control_is_asked_where_it_is_registered() -> None:
    everything = [*COMPONENTS.values(), *MODALS.values()]

    assert {c.kind for c in everything if c.owners} == {"server", "upstream-key"}
    assert {c.kind for c in everything if c.moderators} == {
        c.kind for c in everything if c.kind.startswith(("mod-", "pool"))
    }


@given(st.text() | st.text().map("easel:{}".format) | st.text().map("easelmod:1:{}".format))
def test_what_nobody_drew_is_read_by_nobody(custom_id: str) -> None:
    control = COMPONENTS.get(kind_of(renewed(custom_id)) or "")
    values = None if control is None else read_fields(renewed(custom_id), control.fields)

    assert values is None or control is None or control.id(*values) == renewed(custom_id)


@pytest.mark.parametrize(
    "custom_id",
    [
        f"easel:1:{JOB}:\u0663",
        f"easel:1:{JOB}:1000",
        f"easel:1:{JOB}:4\n",
        f"easel:1:{JOB[:-1]}:4",
        f"easel:3:press:{JOB}:4",
        f"easel:2:press:{JOB}",
        f"easel:2:press:{JOB}:4:5",
        "easel-list:\u0663",
        "easel-list:star:",
        f"easel-cells:{JOB}:4:00ff:16",
        "easel-pool:1:rule:NORMAL:",
        "easelmod:1:member:-",
        "easelmod:1:audit:" + "9" * 40,
        f"easel:2:mod-member:{2**63}",
        "1f2e3d4c5b6a",
        "",
    ],
)
def test_near_misses_are_read_by_nobody(custom_id: str) -> None:
    control = COMPONENTS.get(kind_of(renewed(custom_id)) or "")

    assert control is None or read_fields(renewed(custom_id), control.fields) is None


EVERY = [*COMPONENTS.values(), *MODALS.values()]
OTHER_DIGITS = ("\u0660", "\u06f0", "\uff10", "\u09e6")
"""Zeros of Arabic, Persian, fullwidth and Bengali digits."""


def drawn(control: Any) -> st.SearchStrategy[list[str]]:
    """How a control's fields could be spelled, by their patterns alone."""
    fields = [st.from_regex(re.compile(field.pattern, re.ASCII), fullmatch=True) for field in control.fields]
    return st.tuples(*fields).map(list)


def near_misses(kind: str, parts: list[str]) -> list[str]:
    """The custom_id and what is almost it."""
    whole = ":".join([f"easel:2:{kind}", *parts])
    others = [":1", ":", "\n", "9" * LIMIT]
    near = [whole, *(whole + end for end in others), " " + whole, whole.rpartition(":")[0], whole.upper()]
    near += [whole.replace("easel:2:", start, 1) for start in ("easel:3:", "easel:02:", "other:2:", "")]
    for n, part in enumerate(parts):
        digits = [
            "".join(chr(ord(zero) + int(c)) if c in "0123456789" else c for c in part)
            for zero in OTHER_DIGITS
        ]
        for other in ("", *digits):
            near.append(":".join([f"easel:2:{kind}", *parts[:n], other, *parts[n + 1 :]]))
    return near


@pytest.mark.parametrize("control", EVERY, ids=lambda control: control.kind)
@settings(max_examples=5, deadline=None)
@given(st.data())
def test_what_is_almost_a_custom_id_is_read_as_it_is_spelled_or_not_at_all(control: Any, data: Any) -> None:
    for almost in near_misses(control.kind, data.draw(drawn(control))):
        known = renewed(almost)
        values = read_fields(known, control.fields) if kind_of(known) == control.kind else None
        if values is not None:
            spelled = [field.write(value) for field, value in zip(control.fields, values, strict=True)]
            zeros = re.compile(r"(?<=:)0+(?=[0-9]+(:|$))")
            meant = zeros.sub("", known) if REST not in control.fields else known
            assert zeros.sub("", ":".join([f"easel:2:{control.kind}", *spelled])) == meant


class Mood(StrEnum):
    """Something to choose from."""

    CALM = "calm"
    WILD = "wild"


FIELDS = (KEY, NUMBER, SNOWFLAKE, one_of(Mood), maybe(one_of(Mood)), REST)


@given(
    st.tuples(
        KEYS,
        st.integers(0, 999_999),
        st.integers(0, LARGEST_ID),
        st.sampled_from(Mood),
        st.sampled_from(Mood) | st.none(),
        st.text(max_size=24),
    )
)
def test_fields_read_back_as_they_were_written(values: tuple[Any, ...]) -> None:
    spelled = encode_custom_id("kind", FIELDS, values)

    assert len(spelled) <= LIMIT
    assert kind_of(spelled) == "kind"
    assert read_fields(spelled, FIELDS) == values
    assert key_on(spelled) == values[0]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("Kind", NUMBER, 1),
        ("", NUMBER, 1),
        ("a:b", NUMBER, 1),
        ("kind", NUMBER, -1),
        ("kind", NUMBER, 1_000_000),
        ("kind", KEY, "short"),
        ("kind", SNOWFLAKE, LARGEST_ID + 1),
        ("kind", SNOWFLAKE, 10**20),
    ],
)
def test_what_could_not_be_read_back_is_not_drawn(kind: str, field: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="read back"):
        encode_custom_id(kind, (field,), (value,))


def test_what_discord_would_refuse_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="at most 100"):
        encode_custom_id("kind", (REST,), ("x" * 100,))


@given(KEYS, st.from_regex(r"[a-z][a-z0-9_-]{0,30}|[0-9]{1,3}", fullmatch=True))
def test_the_job_on_an_earlier_button_is_known(key: str, position: str) -> None:
    assert key_on(f"easel:1:{key}:{position}") == key
