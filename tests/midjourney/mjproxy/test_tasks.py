"""The family's task objects and lists, prompts as they are sent, and the ways of a pool.
Never here: HTTP, and answers to paid calls."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.capabilities import BY_SERVER, ServerKind, Speed
from bot.domain.tasks import RemoteAction, RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.mjproxy.probing import Probe, Seen, recognise
from bot.midjourney.mjproxy.prompts import plain, speed_in
from bot.midjourney.mjproxy.readings import (
    _LONGEST_ENTRY,
    _PIECE,
    read_hint,
    read_many,
    read_one,
    read_page,
    read_whole,
    require_list,
)
from bot.midjourney.mjproxy.requests import LONGEST_TAG, Action, Imagine, Modal
from bot.midjourney.mjproxy.routes import PoolRoute, usual_routes
from bot.midjourney.mjproxy.tasks import placed, read_task
from tests.midjourney.test_envelope import json_values

BASE = "https://mj.example/proxy"
FINISHED: dict[str, Any] = {
    "id": "0767225600123456",
    "action": "IMAGINE",
    "status": "SUCCESS",
    "progress": "100%",
    "prompt": "a paper fox",
    "description": "/imagine a paper fox",
    "state": "ez-7Q",
    "submitTime": 1_893_837_600_000,
    "startTime": 1_893_837_604_000,
    "finishTime": 1_893_837_651_000,
    "imageUrl": "https://cdn.discordapp.com/attachments/1/2/fox.png",
    "failReason": None,
    "mode": "RELAX",
    "seed": 77,
    "properties": {"finalPrompt": "a paper fox --v 7 --relax", "notifyHook": "https://bot.example/hook/t"},
    "buttons": [
        {"customId": "MJ::JOB::upsample::1::x", "emoji": "", "label": "U1", "type": 2, "style": 2},
        {"label": "Web", "url": "https://example.com"},
    ],
}
SNAPSHOT = TaskSnapshot(
    task_id=RemoteTaskId("0767225600123456"),
    status=TaskStatus.SUCCESS,
    action="IMAGINE",
    progress=100,
    prompt="a paper fox",
    description="/imagine a paper fox",
    submitted_at=1_893_837_600_000,
    webhook_url="https://bot.example/hook/t",
    discord_url="https://cdn.discordapp.com/attachments/1/2/fox.png",
    actions=(RemoteAction("MJ::JOB::upsample::1::x", "U1", ""),),
    tag="ez-7Q",
    final_prompt="a paper fox --v 7 --relax",
    ran_at=Speed.RELAX,
    started_at=1_893_837_604_000,
    seed="77",
)


def read(**changes: Any) -> TaskSnapshot:
    task = read_task({**FINISHED, **changes}, base=BASE)
    assert task is not None
    return task


def test_a_finished_task_is_read_whole() -> None:
    assert read() == SNAPSHOT
    assert read_one(200, {}, json.dumps(FINISHED).encode(), base=BASE) == SNAPSHOT


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("", TaskStatus.NOT_START),
        (None, TaskStatus.NOT_START),
        ("NOT_START", TaskStatus.NOT_START),
        ("SUBMITTED", TaskStatus.SUBMITTED),
        ("MODAL", TaskStatus.MODAL),
        ("in_progress", TaskStatus.IN_PROGRESS),
        ("CANCELLED", TaskStatus.CANCEL),
        ("FAILED", TaskStatus.FAILURE),
        ("PONDERING", TaskStatus.UNKNOWN),
        (7, TaskStatus.NOT_START),
    ],
)
def test_a_status_is_read_with_patience(written: object, status: TaskStatus) -> None:
    assert read(status=written).status is status


@pytest.mark.parametrize(
    ("written", "percent"),
    [
        ("46%", 46),
        ("46", 46),
        (46, 46),
        (46.9, 46),
        ("", None),
        (None, None),
        ("Waiting to start", None),
        ("999%", 100),
        (True, None),
    ],
)
def test_progress_is_a_percent_or_nothing(written: object, percent: int | None) -> None:
    assert read(progress=written).progress == percent


def test_nothing_yet_is_zero_or_null() -> None:
    for nothing in (0, None, "", "soon"):
        seen = read(
            submitTime=nothing, startTime=nothing, failReason="", buttons=None, properties=None, state=""
        )
        assert (seen.submitted_at, seen.started_at, seen.fail_reason, seen.actions, seen.tag) == (
            None,
            None,
            None,
            (),
            None,
        )


@pytest.mark.parametrize("nothing", ["null", "None", "0", "无", "success", " OK "])
def test_an_empty_reason_or_address_that_is_written_as_a_word_is_none(nothing: str) -> None:
    seen = read(failReason=nothing, imageUrl=nothing)

    assert not seen.has_failed
    assert (seen.fail_reason, seen.discord_url) == (None, None)
    assert read(status="FAILURE", failReason=nothing).has_failed
    assert read(failReason="success rate too low").has_failed


@pytest.mark.parametrize(
    ("mode", "final", "speed"),
    [
        ("FAST", "a fox --relax", Speed.FAST),
        (None, "a fox --relax", Speed.RELAX),
        (None, "a fox --turbo --v 7", Speed.TURBO),
        (None, "a fox --fast --relax", Speed.RELAX),
        (None, "a fox", None),
        ("WARP", "a fox", None),
        (None, None, None),
    ],
)
def test_the_speed_is_told_or_printed(mode: str | None, final: str | None, speed: Speed | None) -> None:
    assert read(mode=mode, properties={"finalPrompt": final}).ran_at is speed


def test_the_text_of_a_description_stands_where_a_prompt_does() -> None:
    lines = "1\ufe0f\u20e3 a fox --ar 3:2\n\n2\ufe0f\u20e3 a wolf"
    assert read(action="DESCRIBE", prompt="https://x", properties={"finalPrompt": lines}).prompt == lines
    assert read(action="DESCRIBE", prompt=lines, properties=None).prompt == lines


@pytest.mark.parametrize("broken", [None, 5, [], "x", {}, {"id": 0}, {"id": "a,b"}, {"id": True}])
def test_what_has_no_id_is_no_task(broken: object) -> None:
    assert read_task(broken, base=BASE) is None


def test_a_panels_own_number_is_not_the_id() -> None:
    assert read(id=12, mj_id="0767225600123456").task_id == "0767225600123456"


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ("http://localhost:3000/mj/image/0123?rand=7", f"{BASE}/mj/image/0123?rand=7"),
        ("https://other.example/mj/image/0123", f"{BASE}/mj/image/0123"),
        ("/mj/image/0123", f"{BASE}/mj/image/0123"),
        ("attachments/a.png", f"{BASE}/attachments/a.png"),
        ("http://localhost:3000/a.png", "http://localhost:3000/a.png"),
        ("https://cdn.example/a.png", "https://cdn.example/a.png"),
        ("http://[broken", None),
        (None, None),
    ],
)
def test_a_picture_is_placed(written: str | None, where: str | None) -> None:
    assert placed(written, base=BASE) == where


# -- readings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"null"),
        (204, b""),
        (400, b'{"code":4,"description":"task_no_found ","result":""}'),
        (404, '{"code":3,"description":"目标任务不存在"}'.encode()),
    ],
)
def test_an_unknown_task_is_none(status: int, body: bytes) -> None:
    assert read_one(status, {}, body, base=BASE) is None


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (404, b"404 page not found", RemoteFault.REFUSED),
        (200, b"<html>", RemoteFault.UNCLEAR),
        (200, b"[]", RemoteFault.UNCLEAR),
        (502, b"", RemoteFault.UNCLEAR),
        (401, b"", RemoteFault.KEY),
        (429, b"", RemoteFault.THROTTLED),
    ],
)
def test_trouble_is_not_an_unknown_task(status: int, body: bytes, fault: RemoteFault) -> None:
    with pytest.raises(RemoteError) as caught:
        read_one(status, {}, body, base=BASE)
    assert caught.value.fault is fault


def test_of_two_rows_with_one_id_the_more_advanced_counts() -> None:
    rows = [{**FINISHED, "status": status} for status in ("", "MODAL", "IN_PROGRESS", "SUCCESS", "SUBMITTED")]
    for order in (rows, rows[::-1]):
        (seen,) = read_many(200, {}, json.dumps([*order, {"id": None}]).encode(), base=BASE)
        assert seen.status is TaskStatus.SUCCESS


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"content":[]}', b"<html>"])
def test_no_list_is_never_an_empty_list(body: bytes) -> None:
    with pytest.raises(RemoteError):
        read_many(200, {}, body, base=BASE)
    with pytest.raises(RemoteError):
        require_list(200, {}, body)


def test_a_page_tells_its_total() -> None:
    page = read_page(200, {}, json.dumps({"content": [FINISHED], "totalElements": 41}).encode(), base=BASE)
    assert (page.total, page.tasks) == (41, (SNAPSHOT,))
    for body in (b"[]", b"{}", b'{"content":5}'):
        with pytest.raises(RemoteError):
            read_page(200, {}, body, base=BASE)


def test_a_hint_names_its_task_and_believes_nothing_else() -> None:
    hint = read_hint(json.dumps(FINISHED).encode())
    assert hint is not None
    assert (hint.task_id, hint.status) == (RemoteTaskId("0767225600123456"), TaskStatus.SUCCESS)
    assert read_hint(b"[" * 9_999) is None
    assert read_hint(b" " * 2_000_000) is None


@given(st.integers(100, 999), st.binary() | json_values.map(lambda v: json.dumps(v).encode()))
@settings(deadline=None)
def test_no_bytes_make_a_reading_raise_anything_but_a_remote_error(status: int, body: bytes) -> None:
    read_hint(body)
    for reader in (read_one, read_many, read_page):
        with contextlib.suppress(RemoteError):
            reader(status, {}, body, base=BASE)
    with contextlib.suppress(RemoteError):
        require_list(status, {}, body)


@given(
    st.fixed_dictionaries(
        {"id": st.just("1")}, optional=dict.fromkeys([*FINISHED.keys() - {"id"}], json_values)
    )
)
@settings(deadline=None)
def test_no_odd_field_makes_a_task_unreadable(task: dict[str, Any]) -> None:
    seen = read_task(task, base=BASE)
    assert seen is not None
    assert seen.task_id == "1"


# -- prompts and bodies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a  paper\n fox", "a paper fox"),
        ("a fox \u2014ar 3:2", "a fox --ar 3:2"),
        ("a \u201cred\u201d fox\u2019s den", 'a "red" fox\'s den'),
        ("a fox --fast --ar 3:2 --RELAX", "a fox --ar 3:2"),
        ("--turbo", ""),
        ("well \u2014 a fox", "well \u2014 a fox"),
        ("a fox --fastest", "a fox --fastest"),
        ("a\0 fox\ud800", "a fox?"),
    ],
)
def test_a_prompt_is_sent_in_its_plainest_form(written: str, sent: str) -> None:
    assert plain(written) == sent


@given(st.text())
@settings(deadline=None)
def test_a_plain_prompt_stays_as_it_is_and_names_no_speed(prompt: str) -> None:
    once = plain(prompt)
    assert plain(once) == once
    assert speed_in(once) is None


def test_bodies_are_written_strictly() -> None:
    imagine = Imagine(prompt="a fox", state="t", account_filter={"modes": ["RELAX"]})
    action = Action(task_id="01", custom_id="MJ::x", remix=True)
    modal = Modal(task_id="01", prompt="füchse 狐", mask="data:image/png;base64,AA")
    assert json.loads(imagine.as_json()) == {
        "prompt": "a fox",
        "botType": "MID_JOURNEY",
        "state": "t",
        "accountFilter": {"modes": ["RELAX"]},
    }
    assert json.loads(action.as_json()) == {
        "taskId": "01",
        "customId": "MJ::x",
        "chooseSameChannel": True,
        "enableRemix": True,
    }
    assert json.loads(modal.as_json())["prompt"] == "füchse 狐"
    for wrong in ({"prompt": " --fast "}, {"prompt": "x", "state": "t" * (LONGEST_TAG + 1)}):
        with pytest.raises(ValueError, match=r"at (?:least|most)"):
            Imagine(**wrong)


# -- all that a server keeps --------------------------------------------------------------------------------------------


def whole(body: bytes, tag: str | None = None) -> list[str | None]:
    return [task.prompt for task in read_whole(200, {}, body, base="https://mj.example", tag=tag)]


def kept(number: int, **fields: object) -> dict[str, object]:
    return {
        "id": f"{number}",
        "prompt": f'füchse 狐 {number} \N{FOX FACE} "], [{{',
        "state": f"tag-{number}",
    } | fields


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_long_list_is_read_entry_by_entry_whatever_stands_in_it(
    indent: int | None, *, escaped: bool
) -> None:
    tasks = [kept(number, padding="狐" * (number % 97)) for number in range(1, 6001)]
    body = json.dumps(tasks, ensure_ascii=escaped, indent=indent).encode()
    assert len(body) > 3 * _PIECE

    assert whole(body) == [task["prompt"] for task in tasks]
    assert whole(b"\xef\xbb\xbf " + body + b" \n", tag="tag-6000") == [tasks[-1]["prompt"]]
    assert whole(body, tag="tag-6001") == []


@given(st.lists(json_values), st.integers(0, 3))
@settings(deadline=None)
def test_a_list_of_anything_is_read_as_a_short_one_is(listed: list[object], indent: int) -> None:
    body = json.dumps(listed, indent=indent).encode()
    assert read_whole(200, {}, body, base="", tag=None) == read_many(200, {}, body, base="")


@pytest.mark.parametrize(
    "body",
    [
        b"[", b"[{}", b"[{},", b"[{},]", b"[{}]]", b"[{}] x", b"[{} {}]", b"[1,,2]", b"[tru]", b'[{"id":"\xff"}]',
        b"[" * 100_000, b'["' + b"x" * (2 * _LONGEST_ENTRY) + b'"', b"[{}" + b" " * _PIECE + b"x]", b"", b"{}", b"null", b"<html>",
    ],
)  # fmt: skip
def test_what_is_no_list_of_tasks_is_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        read_whole(200, {}, body, base="", tag=None)
    assert caught.value.fault is RemoteFault.UNCLEAR


def test_a_refusal_in_place_of_a_list_is_told_as_that() -> None:
    body = json.dumps({"error": {"message": "无效的令牌"}}).encode()
    with pytest.raises(RemoteError) as caught:
        read_whole(401, {}, body, base="", tag="tag")
    assert caught.value.fault is RemoteFault.KEY
    with pytest.raises(RemoteError):
        read_whole(500, {}, b"[]", base="", tag=None)


# -- ways --------------------------------------------------------------------------------------------------------------


def test_a_speed_is_asked_for_by_one_path_and_one_word() -> None:
    for server in (*ServerKind,):
        for speed, route in usual_routes(server).items():
            asked = route.account_filter(speed)
            assert asked is None or asked["modes"] == [speed.value]
    route = usual_routes(ServerKind.TRUEAI)[Speed.RELAX]
    assert route.root == "/mj-relax/mj"
    pinned = PoolRoute(instance="1", remark="slow")
    assert (pinned.root, pinned.account_filter(Speed.FAST)) == ("/mj", {"instanceId": "1", "remark": "slow"})
    with pytest.raises(ValueError, match="no path prefix"):
        PoolRoute("a/../b")
    assert "sk-x" not in repr(PoolRoute(key="sk-x"))


def test_a_look_at_nothing_tells_nothing() -> None:
    assert recognise({}).server is None
    reseller = recognise({Probe.BATCH: Seen(200, b"[]")})
    assert reseller.server is ServerKind.RESELLER
    assert reseller.capabilities == BY_SERVER[ServerKind.RESELLER]


UNKNOWN = {"code": 4, "description": "task_no_found (request id: 7)", "type": "upstream_error"}


@pytest.mark.parametrize(
    ("prefixed", "odd", "server", "relaxed"),
    [
        # Any word is a prefix there: stock ones drop it, forks may price by it.
        ((400, UNKNOWN), (400, UNKNOWN), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN | {"description": "task_no_found (request id: 8)"}), (400, UNKNOWN), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), (500, {"code": 4, "description": "?"}), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), None, ServerKind.NEW_API, "/mj-relax/mj"),
        # What stands before it knows few paths, or lets none through that looks odd.
        ((400, UNKNOWN), (404, {"error": {"message": "Not Found"}}), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), (404, "<html>"), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), (403, "<html>"), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), (200, "<html>"), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), (404, ""), ServerKind.NEW_API, "/mj-relax/mj"),
        ((400, UNKNOWN), (403, {"code": 403, "message": "blocked"}), ServerKind.NEW_API, "/mj-relax/mj"),
        # The oldest have no such paths.
        ((404, {"error": {"message": "Invalid URL"}}), (404, {"error": {"message": "Invalid URL"}}), ServerKind.NEW_API, "/mj"),
        ((200, "<html>"), (200, "<html>"), ServerKind.NEW_API, "/mj"),
        (None, None, ServerKind.NEW_API, "/mj"),
        # Only words that mean something are.
        ((400, UNKNOWN), (400, {"code": 4, "description": "无效的加速模式"}), ServerKind.ONE_HUB, "/mj-relax/mj"),
        ((400, UNKNOWN), (400, {"code": 4, "description": "Invalid speed mode"}), ServerKind.ONE_HUB, "/mj-relax/mj"),
        (None, (400, {"code": 4, "description": "Invalid speed mode"}), ServerKind.ONE_HUB, "/mj-relax/mj"),
        ((400, UNKNOWN), (400, {"code": 4, "description": "mode not supported"}), ServerKind.ONE_HUB, "/mj-relax/mj"),
    ],
)  # fmt: skip
def test_a_gateway_is_told_by_what_it_does_with_a_prefix_and_not_by_its_words_alone(
    prefixed: tuple[int, object] | None, odd: tuple[int, object] | None, server: ServerKind, relaxed: str
) -> None:
    given: dict[Probe, tuple[int, object]] = {Probe.BATCH: (200, []), Probe.UNKNOWN_TASK: (400, UNKNOWN)}
    given |= {Probe.PREFIXED: prefixed} if prefixed else {}
    given |= {Probe.ODD_PREFIX: odd} if odd else {}

    look = recognise(
        {probe: Seen(status, json.dumps(body).encode()) for probe, (status, body) in given.items()}
    )

    assert look.server is server
    assert usual_routes(server, prefixed=look.prefixed)[Speed.RELAX].root == relaxed


@pytest.mark.parametrize(
    ("words", "server"),
    [("mode not supported", ServerKind.NEW_API), ("Invalid speed mode", ServerKind.ONE_HUB)],
)
def test_a_gateway_that_tells_what_its_key_has_left_is_new_api_unless_it_says_otherwise(
    words: str, server: ServerKind
) -> None:
    given: dict[Probe, tuple[int, object]] = {
        Probe.BATCH: (200, []),
        Probe.UNKNOWN_TASK: (400, UNKNOWN),
        Probe.PREFIXED: (400, UNKNOWN),
        Probe.ODD_PREFIX: (400, {"code": 4, "description": words}),
        Probe.USAGE: (200, {"code": True, "data": {"total_available": 1}}),
    }
    look = recognise(
        {probe: Seen(status, json.dumps(body).encode()) for probe, (status, body) in given.items()}
    )
    assert look.server is server


@given(
    st.dictionaries(
        st.sampled_from(list(Probe)),
        st.builds(
            Seen, st.integers(100, 599), st.binary() | json_values.map(lambda v: json.dumps(v).encode())
        ),
    )
)
@settings(deadline=None)
def test_any_look_ends(seen: dict[Probe, Seen]) -> None:
    look = recognise(seen)
    assert (look.server is None) is (look.capabilities is None)
