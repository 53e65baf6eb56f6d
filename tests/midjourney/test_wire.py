"""The wire of the Midjourney endpoints: bodies out, ids and snapshots in.
Never here: HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.inputs import Shape
from bot.domain.pools import USUAL_POOLS, Pool
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskPage, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt import wire
from bot.midjourney.ohmygpt.remote_actions import word_if_any
from tests.midjourney.test_envelope import json_values

UUID = "11111111-2222-4333-8444-555555555555"
FINISHED: dict[str, Any] = {
    "taskId": 90210,
    "taskType": "NORMAL",
    "status": "SUCCESS",
    "action": "IMAGINE",
    "progress": "100%",
    "description": "/imagine a paper fox --v 6.1",
    "prompt": "a paper fox --v 6.1",
    "failReason": None,
    "submitTime": "2030-01-05T10:00:00.000Z",
    "startTime": "2030-01-05T10:00:01.200Z",
    "finishTime": "2030-01-05T10:00:37.900Z",
    "webhookUrl": "https://bot.example/hook/4f1c",
    "imageDcUrl": "https://cdn.discordapp.com/attachments/1/2/fox.png?ex=aa&is=bb&hm=cc",
    "imageS3Url": "mj/2030/01/05/90210.png",
    "actions": [
        {"customId": f"MJ::JOB::upsample::1::{UUID}", "emoji": "", "label": "U1"},
        {"customId": f"MJ::JOB::reroll::0::{UUID}::SOLO", "emoji": "🔄", "label": ""},
    ],
}
SNAPSHOT = TaskSnapshot(
    task_id=RemoteTaskId("90210"),
    status=TaskStatus.SUCCESS,
    pool=Pool.NORMAL,
    action="IMAGINE",
    progress=100,
    prompt="a paper fox --v 6.1",
    description="/imagine a paper fox --v 6.1",
    submitted_at=1_893_837_600_000,
    webhook_url="https://bot.example/hook/4f1c",
    discord_url="https://cdn.discordapp.com/attachments/1/2/fox.png?ex=aa&is=bb&hm=cc",
    storage_key="mj/2030/01/05/90210.png",
    actions=(
        RemoteAction(f"MJ::JOB::upsample::1::{UUID}", "U1", ""),
        RemoteAction(f"MJ::JOB::reroll::0::{UUID}::SOLO", "", "🔄"),
    ),
)


def success(data: object) -> bytes:
    return json.dumps({"statusCode": 200, "message": "Success", "data": data}).encode()


def read(**changes: object) -> TaskSnapshot:
    snapshot = wire.read_task(200, {}, success(FINISHED | changes))
    assert snapshot is not None
    return snapshot


# -- out ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_model", [wire.ImagineRequest, wire.ActionRequest, wire.BlendRequest, wire.DescribeRequest]
)
def test_the_pool_has_no_default_in_any_submission(request_model: type[wire.Submission]) -> None:
    assert request_model.model_fields["type"].is_required()
    assert request_model.model_fields["type"].is_required()


def test_each_body_carries_the_model_its_pool_and_upstreams_names() -> None:
    pool = Pool.NORMAL
    images = ("data:image/png;base64,aa", "data:image/png;base64,bb")

    bodies = [
        wire.ImagineRequest(type=pool, prompt="a fox", webhook="https://bot.example/hook/4f"),
        wire.ImagineRequest(type=pool, prompt="a fox", images=images[:1]),
        wire.ActionRequest(type=pool, task_id="90210", custom_id="MJ::X", mask=images[0]),
        wire.BlendRequest(type=Pool.FAST, images=images, dimensions=Shape.SQUARE),
        wire.DescribeRequest(type=pool, image=images[0]),
        wire.QueryRequest(task_id="90210"),
        wire.PageRequest(),
    ]

    common = {"model": "midjourney", "type": "NORMAL"}
    assert [body.fields() for body in bodies] == [
        common | {"prompt": "a fox", "webhook": "https://bot.example/hook/4f"},
        common | {"prompt": "a fox", "base64Array": [images[0]]},
        common | {"taskId": "90210", "customId": "MJ::X", "base64Mask": images[0]},
        common | {"type": "FAST", "base64Array": list(images), "dimensions": "SQUARE"},
        common | {"base64": images[0]},
        {"model": "midjourney", "taskId": "90210"},
        {"model": "midjourney"},
    ]


@pytest.mark.parametrize("count", [0, 1, 6])
def test_a_blend_takes_two_to_five_pictures(count: int) -> None:
    with pytest.raises(ValidationError):
        wire.BlendRequest(type=Pool.FAST, images=("x",) * count, dimensions=Shape.SQUARE)


@given(st.text(), st.lists(st.text(st.characters(codec="utf-8")), max_size=3))
def test_json_and_form_bodies_say_the_same(prompt: str, images: list[str]) -> None:
    body = wire.ImagineRequest(type=Pool.FAST, prompt=prompt, images=tuple(images))

    as_json = json.loads(body.as_json())
    as_form = {
        name: values[0] for name, values in parse_qs(body.as_form().decode(), keep_blank_values=True).items()
    }

    as_form["base64Array"] = json.loads(as_form["base64Array"])
    assert as_json == as_form == body.fields()


def test_a_lone_surrogate_in_a_prompt_does_not_stop_it() -> None:
    assert b'"prompt":"a ? fox"' in wire.ImagineRequest(type=Pool.FAST, prompt="a \ud83d fox").as_json()


# -- submissions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [90210, "90210", 90210.0, " 90210 ", {"taskId": "90210"}])
def test_a_task_id_may_be_a_number_or_digits(data: object) -> None:
    assert wire.read_submission(200, {}, success(data)) == "90210"


@pytest.mark.parametrize(
    "data", [0, "0", -1, None, "", "abc", [], [5], {}, {"id": 5}, True, 1.5, "٩", 10**19, "9" * 5000]
)
def test_an_accepted_submission_without_a_usable_id_is_unclear(data: object) -> None:
    with pytest.raises(RemoteError) as caught:
        wire.read_submission(200, {}, success(data))

    assert caught.value.fault is RemoteFault.UNCLEAR


@given(st.integers(1, 10**18))
def test_every_task_id_survives_the_round_trip(number: int) -> None:
    task_id = wire.read_submission(200, {}, success(number))

    body = json.loads(wire.QueryRequest(task_id=task_id).as_json())

    assert body["taskId"] == str(number)


# -- tasks -------------------------------------------------------------------------------------------------------------


def test_a_finished_task_is_read_whole() -> None:
    assert wire.read_task(200, {}, success(FINISHED)) == SNAPSHOT


def test_a_task_may_consist_of_its_id_and_status() -> None:
    snapshot = wire.read_task(200, {}, success({"taskId": "5", "status": "SUBMITTED"}))

    assert snapshot == TaskSnapshot(RemoteTaskId("5"), TaskStatus.SUBMITTED)


@pytest.mark.parametrize(
    "odd",
    [None, "", 0, 1.5, True, [], {}, [None], {"a": 1}, "\ud800", "x" * 9000, 10**400],
    ids=lambda value: repr(value)[:12],
)
def test_no_field_of_an_odd_type_spoils_the_rest(odd: object) -> None:
    for name in FINISHED.keys() - {"taskId"}:
        snapshot = read(**{name: odd, "somethingNew": odd})

        assert snapshot.task_id == "90210"
        assert "\ud800" not in repr(snapshot)


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("FAILED", TaskStatus.FAILURE),
        ("FAILURE", TaskStatus.FAILURE),
        ("CANCELLED", TaskStatus.CANCEL),
        ("CANCEL", TaskStatus.CANCEL),
        ("success", TaskStatus.SUCCESS),
        ("MODAL", TaskStatus.MODAL),
        ("PONDERING", TaskStatus.UNKNOWN),
        (None, TaskStatus.UNKNOWN),
        (7, TaskStatus.UNKNOWN),
    ],
)
def test_every_spelling_of_a_status_is_understood(written: object, status: TaskStatus) -> None:
    assert read(status=written).status is status


@pytest.mark.parametrize(
    ("written", "percent"),
    [
        ("46%", 46),
        ("46", 46),
        (" 46.9 % ", 46),
        (46, 46),
        (46.9, 46),
        ("0%", 0),
        ("250%", 100),
        (-3, 0),
        (float("inf"), 100),
        (float("nan"), None),
        ("", None),
        ("abc", None),
        ("-5%", None),
        ("٤٦%", None),
        (True, None),
    ],
)
def test_progress_is_a_percentage_or_nothing(written: object, percent: int | None) -> None:
    assert read(progress=written).progress == percent


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("2030-01-05T10:00:00.000Z", 1_893_837_600_000),
        ("2030-01-05T10:00:00", 1_893_837_600_000),
        ("2030-01-05T12:00:00+02:00", 1_893_837_600_000),
        (1_893_837_600_000, 1_893_837_600_000),
        ("1893837600000", 1_893_837_600_000),
        ("yesterday", None),
        (5, None),
        ("0001-01-01T00:00:00+23:59", None),
        (10**30, None),
    ],
)
def test_times_are_milliseconds(written: object, ms: int | None) -> None:
    seen = read(submitTime=written).submitted_at

    assert seen == ms or (ms is None and seen is not None and seen < 0)


def test_a_reason_means_failure_whatever_the_status_says() -> None:
    assert read(failReason="[Banned prompt detected] no").has_failed
    assert not read(failReason="  ").has_failed


@pytest.mark.parametrize("nothing", ["null", "None", "0", "无", "success", " OK "])
def test_an_empty_reason_or_address_that_is_written_as_a_word_is_none(nothing: str) -> None:
    seen = read(status="SUCCESS", failReason=nothing, imageDcUrl=nothing, imageS3Url=nothing, prompt=nothing)

    assert not seen.has_failed
    assert (seen.fail_reason, seen.discord_url, seen.storage_key) == (None, None, None)
    assert seen.prompt == nothing.strip()  # a prompt may be any word
    assert read(status="FAILURE", failReason=nothing).has_failed


@pytest.mark.parametrize("pool", ["TURBO", "", None, 5])
def test_an_unknown_pool_is_no_pool(pool: object) -> None:
    assert read(taskType=pool).pool is None


def test_buttons_without_a_usable_id_are_left_out_and_the_others_keep_their_order() -> None:
    good = {"customId": " MJ::odd::id ", "label": None}
    bad: list[Any] = [
        None,
        5,
        {},
        {"label": "\u200b"},
        {"customId": ""},
        {"customId": 5},
        {"customId": "a\ud800"},
    ]

    snapshot = read(actions=[*bad, good, *bad, FINISHED["actions"][0]])

    assert snapshot.actions == (RemoteAction(" MJ::odd::id ", "", ""), SNAPSHOT.actions[0])


def test_an_unknown_task_is_none() -> None:
    refusal = {"statusCode": 400, "message": "the related task 5 does not exist or has expired", "data": None}

    assert wire.read_task(200, {}, success(None)) is None
    assert wire.read_task(200, {}, json.dumps(refusal).encode()) is None
    assert wire.read_task(200, {}, '{"statusCode":400,"message":"任务不存在"}'.encode()) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>not found</html>"),
        (404, b'{"statusCode":404,"message":"Cannot POST /api/v1/ai/draw/mj/query","error":"Not Found"}'),
        (200, b'{"statusCode":400,"message":"model is required"}'),
        (500, b'{"statusCode":500,"message":"task not found"}'),
        (200, success({})),
        (200, success([])),
        (200, success({"taskId": 0, "status": "SUCCESS"})),
    ],
)
def test_trouble_is_never_taken_for_an_unknown_task(status: int, body: bytes) -> None:
    with pytest.raises(RemoteError):
        wire.read_task(status, {}, body)


# -- pages -------------------------------------------------------------------------------------------------------------


def test_a_page_is_read_and_entries_without_an_id_are_left_out() -> None:
    page = wire.read_page(200, {}, success({"total": "31", "tasks": [FINISHED, None, {"status": "SUCCESS"}]}))

    assert page == TaskPage(total=31, tasks=(SNAPSHOT,))


def test_an_empty_account_has_an_empty_page() -> None:
    empty = TaskPage(total=0, tasks=())

    assert wire.read_page(200, {}, success({"total": 0, "tasks": []})) == empty
    assert wire.read_page(200, {}, success({"total": 0, "tasks": None})) == empty


@pytest.mark.parametrize(
    "data", [None, 5, {}, {"total": 0}, {"total": 9, "tasks": None}, {"tasks": "x"}, FINISHED]
)
def test_a_page_without_a_list_is_never_taken_for_an_empty_one(data: object) -> None:
    with pytest.raises(RemoteError):
        wire.read_page(200, {}, success(data))


# -- whatever comes ----------------------------------------------------------------------------------------------------

READERS = (wire.read_submission, wire.read_task, wire.read_page)


@given(st.integers(100, 599), st.binary())
@settings(deadline=None)
def test_no_bytes_make_a_reader_raise_anything_but_a_remote_error(status: int, body: bytes) -> None:
    for reader in READERS:
        with pytest.raises(RemoteError):
            reader(status, {}, body)


odd_tasks = st.fixed_dictionaries(
    {"taskId": st.integers(1) | json_values},
    optional={name: json_values for name in FINISHED if name != "taskId"},
)


@given(json_values | odd_tasks | st.fixed_dictionaries({"total": json_values, "tasks": st.lists(odd_tasks)}))
@settings(deadline=None)
def test_no_json_makes_a_reader_raise_anything_but_a_remote_error(data: object) -> None:
    for reader in READERS:
        try:
            result = reader(200, {}, success(data))
        except RemoteError:
            continue
        repr(result).encode()


texts = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(
    str.strip
).filter(bool)
meaningful = texts.filter(lambda written: word_if_any(written) == written)


@given(
    st.builds(
        TaskSnapshot,
        task_id=st.integers(1, 10**15).map(lambda n: RemoteTaskId(str(n))),
        status=st.sampled_from([s for s in TaskStatus if s is not TaskStatus.UNKNOWN]),
        pool=st.none() | st.sampled_from(USUAL_POOLS),
        action=texts,
        progress=st.none() | st.integers(0, 100),
        prompt=texts,
        description=texts,
        fail_reason=meaningful,
        submitted_at=st.none() | st.integers(10**12, 2 * 10**12),
        webhook_url=texts,
        discord_url=meaningful,
        storage_key=meaningful,
    )
)
@settings(deadline=None)
def test_a_snapshot_survives_the_wire(snapshot: TaskSnapshot) -> None:
    written = {
        "taskId": int(snapshot.task_id),
        "taskType": snapshot.pool,
        "status": snapshot.status,
        "action": snapshot.action,
        "progress": None if snapshot.progress is None else f"{snapshot.progress}%",
        "prompt": snapshot.prompt,
        "description": snapshot.description,
        "failReason": snapshot.fail_reason,
        "submitTime": snapshot.submitted_at,
        "webhookUrl": snapshot.webhook_url,
        "imageDcUrl": snapshot.discord_url,
        "imageS3Url": snapshot.storage_key,
        "actions": [{"customId": a.custom_id, "label": a.label, "emoji": a.emoji} for a in SNAPSHOT.actions],
    }

    assert wire.read_task(200, {}, success(written)) == replace(snapshot, actions=SNAPSHOT.actions)
