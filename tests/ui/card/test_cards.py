"""Cards: whatever a job holds, Discord takes its card, and nothing in it acts that should not.
Never here: sending."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.failures import MENDED_BY_TIME, MENDED_BY_WORDS, Failure, FailureKind
from bot.domain.jobs import LIVE, Ancestor, JobKind, JobState, Press
from bot.domain.pools import Pool
from bot.domain.ports import Showing
from bot.domain.tasks import RemoteAction
from bot.errors import RouteClosed
from bot.services.history.jobs import Relatives
from bot.texts import text
from bot.ui.card.card_buttons import DetailLevel
from bot.ui.card.cards import Cards
from bot.ui.jobs.job_info import info_view
from bot.ui.kit.bars import progress_bar
from bot.ui.kit.controls import COMPONENTS
from bot.ui.kit.custom_ids import key_on, kind_of, read_fields
from tests.fakes.discord_rules import load_oracle
from tests.ui.builders import (
    KEY,
    NOW,
    PARENT,
    UUID,
    a_job,
    a_picture,
    a_press,
    a_reply,
    single_actions,
    walk,
    words,
)
from tests.ui.client_harness import CATALOGUES

if TYPE_CHECKING:
    from bot.domain.jobs import Job, ReplyTarget

HOSTILE = "<@1> @everyone [x](https://evil.example) `code` **b** # h \u202eevil"


def drawn(job: Job, *, ahead: int | None = None, **options: Any) -> list[dict[str, Any]]:
    """A card's components, as they go to Discord."""
    view = Cards(CATALOGUES).draw(Showing(job, NOW, ahead), **options)
    return view.to_components()


def labels(components: list[dict[str, Any]]) -> list[str]:
    return [c.get("label") or c["emoji"]["name"] for c in walk(components) if c["type"] == 2]


# -- any job -----------------------------------------------------------------------------------------------

ids = st.sampled_from(
    [
        *(action.custom_id for action in single_actions()),
        f"MJ::JOB::upsample::1::{UUID}",
        f"MJ::JOB::reroll::0::{UUID}::SOLO",
        "MJ::Something::new",
        "",
    ]
)
emojis = st.sampled_from(["", "🔄", "🪄", "❤️", "upscale_1", "<:x:1>", "\u200b", "not an emoji"])
actions = st.builds(RemoteAction, custom_id=ids, label=st.text(max_size=120), emoji=emojis)
failures = st.builds(Failure, kind=st.sampled_from(FailureKind), words=st.none() | st.text(max_size=3000))
jobs = st.builds(
    a_job,
    st.sampled_from(JobState),
    prompt=st.text(max_size=5000) | st.just(HOSTILE * 60) | st.just("👩\u200d🚀*" * 900),
    pool=st.sampled_from(Pool),
    actions=st.lists(actions, max_size=40).map(tuple),
    failure=failures,
    press=st.none() | st.text(max_size=200).map(lambda label: a_press(label=label)),
    notes=st.lists(st.sampled_from(["note.picture_too_large", "note.picture_unreachable"]), max_size=4).map(
        tuple
    ),
    hold=st.none() | st.sampled_from(["hold.busy", "hold.checking"]),
    progress=st.none() | st.integers(0, 100),
    unwanted=st.booleans(),
    locale=st.sampled_from(["en-US", "de", "zh-TW"]),
)


@settings(deadline=None, max_examples=150)
@given(
    jobs,
    st.none() | st.integers(0, 500),
    st.none() | st.just("easel.png"),
    st.sampled_from(DetailLevel),
    st.booleans(),
)
def test_discord_takes_the_card_of_any_job(
    job: Job,
    ahead: int | None,
    attachment: str | None,
    detail: DetailLevel,
    elsewhere: bool,  # noqa: FBT001 - hypothesis passes it
) -> None:
    because = text("card.direct", channel="<#1>") if elsewhere else None
    picture = a_picture(reduced=True, source="https://pi.example/x.png") if attachment else None
    components = drawn(
        job,
        ahead=ahead,
        media=attachment and f"attachment://{attachment}",
        picture=picture,
        detail=detail,
        because=because,
    )
    parts = list(walk(components))

    rows = [part for part in parts if part["type"] == discord.ComponentType.action_row.value]
    buttons = [part for part in parts if part["type"] == discord.ComponentType.button.value]
    assert len(parts) <= 40
    assert len(words(components).encode("utf-16-le")) // 2 <= 4000
    assert len(rows) <= 5
    assert all(1 <= len(row["components"]) <= 5 for row in rows)
    assert len({button["custom_id"] for button in buttons}) == len(buttons)
    for button in buttons:
        assert key_on(button["custom_id"]) == job.key
        assert kind_of(button["custom_id"]) in COMPONENTS
        assert len(button.get("label") or "x") <= 80
        assert button.get("label") or button.get("emoji")
    assert_discord_agrees(components, attachment)


def assert_discord_agrees(components: list[dict[str, Any]], attachment: str | None) -> None:
    oracle, _ = load_oracle()
    if oracle is None:
        return
    body: dict[str, Any] = {"flags": 1 << 15, "components": components}
    if attachment is not None:
        body["attachments"] = [{"id": 0, "filename": attachment}]
    for method, path in (("POST", "/channels/1/messages"), ("PATCH", "/webhooks/1/token/messages/@original")):
        found = oracle.check_request(method, path, body=body, unknown=False)
        assert [str(f) for f in found if f.level in {"error", "rule"}] == []


def test_the_oracle_is_there_or_says_why_not() -> None:
    oracle, why = load_oracle()
    if oracle is None:
        pytest.skip(why or "no oracle")

    found = oracle.check_request("POST", "/channels/1/messages", body={"flags": 1 << 15, "content": "x"})

    assert [f.level for f in found] == ["rule"]


# -- what people read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "ahead", "said"),
    [
        (a_job(), 0, "next in line"),
        (a_job(), 2, "2 ahead of you"),
        (a_job(), None, "Queued"),
        (a_job(hold="hold.unreachable"), 0, "cannot be reached"),
        (a_job(JobState.SUBMITTING), None, "On its way"),
        (a_job(JobState.UNCLEAR, hold="hold.checking"), None, "not paid twice"),
        (a_job(JobState.SUBMITTED), None, "begins soon"),
        (a_job(JobState.RUNNING), None, "▰▰▰▰▰▱▱▱▱▱▱▱ **46 %**"),
        (a_job(JobState.RUNNING, progress=None), None, "at work"),
        (a_job(JobState.CANCELLED), None, "Cancelled"),
        (a_job(JobState.SUCCEEDED, unwanted=True), None, f"/jobs show {KEY}"),
        (a_job(JobState.RUNNING, unwanted=True), None, "Cancelled"),
        (a_job(JobState.SUCCEEDED), None, "42 s"),
        (a_job(JobState.SUCCEEDED, finished_at=NOW + 125_000), None, "2 min 5 s"),
        (a_job(JobState.SUCCEEDED, notes=("note.picture_unreachable",)), None, "could not be fetched"),
    ],
)
def test_a_card_says_where_its_job_is(job: Job, ahead: int | None, said: str) -> None:
    assert said in words(drawn(job, ahead=ahead))


def test_every_card_names_pool_requester_and_key_in_its_last_line() -> None:
    for state in JobState:
        last = words(drawn(a_job(state))).splitlines()[-1]

        assert last.startswith("-# ⚡ FAST · <@500> · ")
        assert last.endswith(f"`{KEY}`")


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failed_card_says_why_and_what_to_do_next(kind: FailureKind) -> None:
    said = words(drawn(a_job(JobState.FAILED, failure=Failure(kind, "oh @everyone `no`"))))

    assert f"⚠️ **{CATALOGUES.render(text(f'failure.{kind.value}'), 'en')}**" in said
    assert CATALOGUES.render(text(f"advice.{kind.value}"), "en") in said
    assert r"oh \@everyone \`no\`" in said
    assert "Nothing was taken" in said


@pytest.mark.parametrize("kind", sorted(MENDED_BY_WORDS | {FailureKind.INVALID_IMAGE}))
@pytest.mark.parametrize(
    "made",
    [
        {"kind": JobKind.BLEND, "inputs": 3},
        {"kind": JobKind.DESCRIBE, "inputs": 1},
        {"kind": JobKind.ACTION, "press": a_press()},
    ],
)
def test_pictures_without_words_that_were_refused_are_told_nothing_of_words(
    kind: FailureKind, made: dict[str, Any]
) -> None:
    card = drawn(a_job(JobState.FAILED, failure=Failure(kind), prompt="", **made))

    assert "pictures" in words(card)
    assert not any(word in words(card) for word in ("words", "prompt", "parameter"))
    assert "Edit prompt" not in labels(card)


@pytest.mark.parametrize("press", [a_press(), a_press(remix=True), a_press(zoom="1.4")])
@pytest.mark.parametrize("kind", FailureKind)
def test_no_press_that_failed_is_without_buttons(press: Press, kind: FailureKind) -> None:
    offered = labels(drawn(a_job(JobState.FAILED, press=press, failure=Failure(kind))))

    assert offered[-1] == "Info"
    assert ("Edit prompt" in offered) == (kind in MENDED_BY_WORDS)


def test_a_failed_prompt_that_was_erased_since_is_no_matter_of_pictures() -> None:
    card = drawn(a_job(JobState.FAILED, prompt=""))

    assert "word filter" in words(card)
    assert "Edit prompt" not in labels(card)


def test_a_child_tells_what_was_pressed_and_links_to_where() -> None:
    said = words(drawn(a_job(JobState.RUNNING, press=a_press())))

    assert "U2" in said.splitlines()[0]
    assert "(https://discord.com/channels/100/200/390)" in said.splitlines()[0]


def test_a_child_in_a_direct_message_links_there() -> None:
    job = a_job(press=a_press())

    said = words(drawn(replace(job, reply=replace(job.reply, guild_id=None))))

    assert "https://discord.com/channels/@me/200/390" in said


SERVER, DIRECT = a_reply(), a_reply(guild_id=None, channel_id=9_000)


@pytest.mark.parametrize(
    ("reply", "channel", "link"),
    [
        (SERVER, 200, "channels/100/200/390"),
        (SERVER, 210, "channels/100/210/390"),  # in which the chain began
        (SERVER, 9_000, None),  # another channel, or somebody's direct messages
        (DIRECT, 9_000, "channels/@me/9000/390"),
        (DIRECT, 200, "channels/100/200/390"),
    ],
)
def test_a_link_to_where_a_card_came_from_leads_there_or_is_none(
    reply: ReplyTarget, channel: int, link: str | None
) -> None:
    moved: dict[str, Any] = {"reply": reply, "home": 100, "home_channel": 210}
    child = a_job(press=a_press(channel_id=channel), **moved)
    edited = a_job(ancestor=Ancestor(PARENT, channel, 390), **moved)
    info, _ = info_view(Relatives(edited, None, ()), lambda said: CATALOGUES.render(said, "en"))

    for said in (drawn(child), drawn(edited), info.to_components()):  # type: ignore[no-untyped-call]  # discord.py leaves it bare
        assert (f"https://discord.com/{link}" if link else f"`{PARENT}`") in words(said)
        assert ("https://discord.com" in words(said)) == (link is not None)


def test_nothing_in_a_hostile_prompt_acts() -> None:
    said = words(drawn(a_job(JobState.SUCCEEDED, prompt=HOSTILE)))
    headline = said.splitlines()[0]

    assert "<@1>" not in headline
    assert "[x](" not in headline
    assert "\u202e" not in headline
    assert r"\@everyone" in headline


def test_the_picture_is_described_for_those_who_cannot_see_it() -> None:
    components = drawn(a_job(JobState.SUCCEEDED, prompt="a fox " * 200), media="attachment://easel.png")

    (gallery,) = [part for part in walk(components) if part["type"] == 12]
    (item,) = gallery["items"]
    assert item["media"]["url"] == "attachment://easel.png"
    assert item["description"].startswith("Midjourney's picture for: a fox")
    assert len(item["description"]) <= 256


def test_a_smaller_picture_says_so_and_links_the_full_one() -> None:
    picture = a_picture(reduced=True, source="https://pi.example/a b(1).png")

    said = words(drawn(a_job(JobState.SUCCEEDED), media="attachment://x.webp", picture=picture))

    assert "[full size](https://pi.example/a%20b%281%29.png)" in said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://pi.example/x.png", "[full size](https://pi.example/x.png)"),
        (None, "Made smaller to fit here."),
    ],
)
def test_a_card_drawn_anew_beside_its_smaller_picture_still_says_so_once(
    address: str | None, said: str
) -> None:
    job = a_job(JobState.SUCCEEDED, notes=("card.reduced",))
    cards = Cards(CATALOGUES, address_of=lambda _job: address)

    for picture in (None, a_picture(reduced=True, source=address)):
        card = words(cards.draw(Showing(job, NOW), picture=picture).to_components())
        assert card.count("Made smaller") == card.count(said) == 1
    assert "Made smaller" not in words(cards.draw(Showing(job, NOW), picture=a_picture()).to_components())


def test_a_card_drawn_anew_beside_some_of_its_pictures_still_says_that_others_are_missing() -> None:
    cards = Cards(CATALOGUES)
    job = a_job(JobState.SUCCEEDED, notes=("note.pictures_lacking",))

    for picture in (None, a_picture(lacking=RouteClosed("no_picture"))):
        assert words(cards.draw(Showing(job, NOW), picture=picture).to_components()).count("Not all") == 1
    assert "Not all" not in words(cards.draw(Showing(job, NOW), picture=a_picture()).to_components())


def test_a_note_that_only_the_worker_reads_is_not_on_the_card() -> None:
    plain_card, noted = (a_job(JobState.QUEUED, notes=notes) for notes in ((), ("upload unclear",)))

    assert words(drawn(noted)) == words(drawn(plain_card))


def an_order(state: JobState, **changes: Any) -> Job:
    return a_job(state, kind=JobKind.DRAW, pool=Pool.DRAW, prompt="a paper fox", **changes)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (an_order(JobState.QUEUED, hold="hold.busy"), "The second engine is full"),
        (an_order(JobState.QUEUED, hold="hold.unreachable"), "The second engine cannot be reached"),
        (an_order(JobState.RUNNING, unwanted=True), "The second engine can no longer be stopped"),
        *(
            (an_order(JobState.FAILED, failure=Failure(kind)), "The second engine")
            for kind in sorted(MENDED_BY_WORDS | {FailureKind.INVALID_IMAGE, FailureKind.UNKNOWN})
        ),
    ],
)
def test_an_order_of_the_second_engines_speaks_of_it_and_not_of_midjourney(job: Job, said: str) -> None:
    card = words(drawn(job))

    assert said in card
    assert "Midjourney" not in card


def test_a_hold_that_both_share_is_told_of_an_order_too() -> None:
    assert "not paid twice" in words(drawn(an_order(JobState.UNCLEAR, hold="hold.checking")))


@pytest.mark.parametrize("detail", [DetailLevel.FULL, DetailLevel.NEUTRAL])
def test_the_second_engines_picture_is_described_as_its_own(detail: DetailLevel) -> None:
    order = an_order(JobState.SUCCEEDED)

    assert Cards(CATALOGUES).description(order, detail).startswith("The second engine's picture")


# -- buttons -----------------------------------------------------------------------------------------------


def test_a_grid_has_its_buttons_in_upstreams_order() -> None:
    components = drawn(a_job(JobState.SUCCEEDED))

    rows = [labels(row["components"]) for row in walk(components) if row["type"] == 1]
    assert rows == [
        ["U1", "U2", "U3", "U4", "🔄"],
        ["V1", "V2", "V3", "V4"],
        ["Edit prompt", "Start from this picture"],
        ["Info", "Send me", "Favourite", "Delete"],
    ]


def test_pressed_buttons_are_blurple_and_no_others_of_upstreams() -> None:
    view = Cards(CATALOGUES).draw(Showing(a_job(JobState.SUCCEEDED), NOW, pressed=frozenset({1, 5})))
    components = view.to_components()
    parts = [part for part in walk(components) if part["type"] == 2]

    blurple = [part["label"] for part in parts if part["style"] == discord.ButtonStyle.primary.value]
    assert blurple == ["U2", "V1"]


@pytest.mark.parametrize("kind", FailureKind)
def test_try_again_is_offered_where_it_helps(kind: FailureKind) -> None:
    root = drawn(a_job(JobState.FAILED, failure=Failure(kind)))
    child = drawn(a_job(JobState.FAILED, failure=Failure(kind), press=a_press()))

    helps = kind in MENDED_BY_TIME
    assert ("Try again" in labels(root), "Try again" in labels(child)) == (helps, helps)


def test_blends_descriptions_and_regions_may_be_tried_again_too() -> None:
    failure = Failure(FailureKind.UNKNOWN)
    region = replace(a_press(), custom_id="MJ::Inpaint::1::11111111-2222-4333-8444-555555555555::SOLO")

    for job in (
        a_job(JobState.FAILED, failure=failure, kind=JobKind.BLEND, prompt=""),
        a_job(JobState.FAILED, failure=failure, kind=JobKind.DESCRIBE, prompt=""),
        a_job(JobState.FAILED, failure=failure, kind=JobKind.ACTION, press=region),
    ):
        assert "Try again" in labels(drawn(job))


def test_without_emoji_every_button_has_a_name() -> None:
    plain = drawn(a_job(JobState.SUCCEEDED, actions=single_actions()), detail=DetailLevel.NO_EMOJI)

    assert all("emoji" not in part for part in walk(plain) if part["type"] == 2)
    assert "Pan left" in labels(plain)


def test_without_buttons_the_card_says_how_to_get_them() -> None:
    bare = drawn(a_job(JobState.SUCCEEDED), detail=DetailLevel.NO_BUTTONS)

    assert labels(bare) == []
    assert f"`/jobs show {KEY}`" in words(bare)


def test_more_actions_than_fit_are_owned_up_to() -> None:
    many = tuple(RemoteAction(f"MJ::JOB::variation::{n}::{UUID}", f"V{n}", "") for n in range(1, 28))

    components = drawn(a_job(JobState.SUCCEEDED, actions=many))

    assert len(labels(components)) == 25
    assert labels(components)[-2:] == ["Edit prompt", "Info"]
    assert "4 more actions do not fit" in words(components)


@pytest.mark.parametrize("n", range(30))
def test_our_own_buttons_find_a_place_beside_any_number_of_upstreams(n: int) -> None:
    several = tuple(RemoteAction(f"MJ::JOB::variation::{i}::{UUID}", f"V{i}", "") for i in range(n))

    rows = [
        labels(row["components"])
        for row in walk(drawn(a_job(JobState.SUCCEEDED, actions=several)))
        if row["type"] == 1
    ]

    ours = {"Edit prompt", "Info"} if n > 20 else {"Edit prompt", "Info", "Send me", "Favourite", "Delete"}
    if n < 20:
        ours |= {"Start from this picture"}
    flat = [label for row in rows for label in row]
    assert {label for label in flat if not label.startswith("V")} == ours
    assert len(flat) == len(set(flat))
    assert len(rows) <= 5
    assert all(len(row) <= 5 for row in rows)
    assert sum(label.startswith("V") for label in flat) == min(n, 20 if n <= 20 else 23)


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        *((state, ["Cancel"]) for state in sorted(LIVE)),
        (JobState.FAILED, ["Edit prompt", "Info"]),
        (JobState.CANCELLED, []),
    ],
)
def test_a_card_without_a_picture_offers_what_can_be_done(state: JobState, buttons: list[str]) -> None:
    assert labels(drawn(a_job(state, actions=single_actions()))) == buttons
    if state in LIVE:
        assert labels(drawn(a_job(state, unwanted=True))) == []


def test_a_remix_leads_to_its_ancestor() -> None:
    shown = words(drawn(a_job(ancestor=Ancestor(PARENT, 200, 390))))
    unseen = words(drawn(a_job(ancestor=Ancestor(PARENT, 200, None))))

    assert "From the prompt of [this picture](https://discord.com/channels/100/200/390)" in shown
    assert f"From the prompt of `{PARENT}`" in unseen


def test_a_child_pressed_where_one_person_sees_it_names_its_parent() -> None:
    assert f"**\u2068U2\u2069** of `{PARENT}`" in words(drawn(a_job(press=a_press(message_id=0))))


def test_whatever_a_card_offers_is_answered_and_it_never_times_out() -> None:
    view = Cards(CATALOGUES).draw(Showing(a_job(JobState.SUCCEEDED), NOW), media="attachment://x.png")

    clickable = [part for part in walk(view.to_components()) if part["type"] == 2]
    assert clickable
    for custom_id in [part["custom_id"] for part in clickable]:
        assert read_fields(custom_id, COMPONENTS[kind_of(custom_id) or ""].fields) is not None
    assert view.timeout is None


@pytest.mark.parametrize(
    ("percent", "full"), [(0, 0), (1, 0), (50, 6), (99, 11), (100, 12), (140, 12), (-3, 0)]
)
def test_the_bar_is_full_only_at_the_end(percent: int, full: int) -> None:
    assert progress_bar(percent) == "▰" * full + "▱" * (12 - full)


# -- shorter prompts ---------------------------------------------------------------------------------------------


SHORTENED = """## Important tokens
**paper** fox in a ~~really~~ **forest**
## Shortened prompts
1️⃣ a paper fox, forest

2️⃣ paper fox
"""


def test_shorter_prompts_are_listed_with_a_button_each_and_the_words_that_counted() -> None:
    shown = drawn(a_job(JobState.SUCCEEDED, kind=JobKind.SHORTEN, result_text=SHORTENED))

    assert "a paper fox, forest" in words(shown)
    assert "really" in words(shown)
    assert [label for label in labels(shown) if label.startswith("Imagine")] == ["Imagine 1", "Imagine 2"]


@pytest.mark.parametrize("language", CATALOGUES.languages)
def test_long_shorter_prompts_fit_into_one_message_with_all_that_a_card_says(language: str) -> None:
    long = "*_fox 👩\u200d🚀" * 400
    told = " ".join(f"**word{n}** ~~other{n}~~" for n in range(90))
    listed = "\n\n".join(f"{n}\ufe0f\u20e3 {long}" for n in range(1, 6))
    job = a_job(
        JobState.SUCCEEDED,
        kind=JobKind.SHORTEN,
        prompt=long,
        result_text=f"## Important tokens\n{told}\n## Shortened prompts\n{listed}",
        notes=("note.words_warned", "note.nearly_used_FAST", "note.server_added"),
        locale=language,
    )

    shown = drawn(job, because=text("card.direct", channel="<#1234567890123456789>"))

    assert len([label for label in labels(shown) if label.endswith(("1", "2", "3", "4", "5"))]) == 5
    assert len(words(shown).encode("utf-16-le")) // 2 <= 4000


def test_where_nothing_could_be_shortened_the_card_says_so() -> None:
    shown = drawn(a_job(JobState.SUCCEEDED, kind=JobKind.SHORTEN, result_text=""))

    assert not [label for label in labels(shown) if label.startswith("Imagine")]
    assert words(shown) != words(
        drawn(a_job(JobState.SUCCEEDED, kind=JobKind.SHORTEN, result_text=SHORTENED))
    )
