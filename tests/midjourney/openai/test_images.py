"""The second engine's adapter against the simulated endpoints: what it sends, and what it makes of every fault.
Never here: jobs."""

from __future__ import annotations

import io
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from bot.domain.engine_models import engine_model
from bot.domain.failures import FailureKind, failure_of
from bot.domain.intake.drawing import MOST_KEPT_BYTES, Order
from bot.domain.ports import unguarded
from bot.errors import RemoteError, RemoteFault
from bot.midjourney.ohmygpt.caller import Caller
from bot.midjourney.openai.images import ImagesApi, _checked, _items, _made
from bot.midjourney.transport import open_clients
from bot.sandbox.upstream import SANDBOX_KEY, Fault, SimulatedUpstream
from tests.fixtures.leaps import leap_in_silence
from tests.services.harness import Meters

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def engine_and_upstream(
    model: str = "gpt-image-1.5", *, key: str = SANDBOX_KEY, seconds: float = 20.0
) -> AsyncIterator[tuple[ImagesApi, SimulatedUpstream, Meters]]:
    known, meters = engine_model(model), Meters()
    assert known is not None
    async with (
        SimulatedUpstream(manual=True, canvas=64) as upstream,
        open_clients(trust_env=False) as clients,
    ):

        async def guard(call: Any, _why: str) -> Any:
            return await call

        caller = Caller(clients=clients, origin=upstream.origin, guard=guard, metrics=meters, seconds=10.0)
        yield ImagesApi(caller, key, known, seconds), upstream, meters


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


async def refused(api: ImagesApi, order: Order | None = None) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        await api.draw(order or Order("a paper fox"))
    return caught.value


async def test_an_order_says_what_was_asked_for_and_brings_that_many_pictures() -> None:
    async with engine_and_upstream() as (api, upstream, meters):
        drawn = await api.draw(Order("a paper fox", "1536x1024", "high", 3))

        (call,) = upstream.drawn
        assert call.fields == {
            "model": "gpt-image-1.5",
            "prompt": "a paper fox",
            "size": "1536x1024",
            "quality": "high",
            "n": 3,
        }
        assert [one.media_type for one in drawn] == ["image/png"] * 3
        assert tuple(one.data for one in drawn) == call.drawn
        assert meters.counts["upstream_calls endpoint=draw outcome=ok"] == 1


async def test_the_models_own_defaults_go_without_saying() -> None:
    async with engine_and_upstream() as (api, upstream, _):
        await api.draw(Order("a paper fox"))

        assert upstream.drawn[0].fields == {"model": "gpt-image-1.5", "prompt": "a paper fox", "n": 1}


async def test_an_older_model_is_asked_for_pictures_instead_of_addresses() -> None:
    async with engine_and_upstream("dall-e-3") as (api, upstream, _):
        (drawn,) = await api.draw(Order("a paper fox", "1792x1024", "hd"))

        assert upstream.drawn[0].fields["response_format"] == "b64_json"
        assert opened(drawn.data).width > opened(drawn.data).height


async def test_pictures_to_start_from_go_along_as_files() -> None:
    async with engine_and_upstream() as (api, upstream, _):
        first = await api.draw(Order("a paper fox"))
        given = [(first[0].data, "image/png")]
        await api.draw(Order("make it blue", number=2), images=given)
        await api.draw(Order("both"), images=[*given, *given])

        _, one, two = upstream.drawn
        assert one.pictures == (first[0].data,)
        assert one.fields["n"] == "2"
        assert len(one.drawn) == 2
        assert two.pictures == (first[0].data,) * 2
        assert {name for name in two.fields if name.startswith("image")} == {"image[]"}


async def test_a_model_that_takes_no_pictures_is_not_asked() -> None:
    async with engine_and_upstream("dall-e-3") as (api, upstream, _):
        with pytest.raises(RemoteError) as caught:
            await api.draw(Order("a paper fox"), images=[(b"x", "image/png")])

        assert caught.value.fault is RemoteFault.REFUSED
        assert not upstream.calls


@pytest.mark.parametrize(
    ("fault", "expected", "kind"),
    [
        (Fault.DRAW_REFUSED, RemoteFault.REFUSED, FailureKind.BANNED_PROMPT),
        (Fault.DRAW_FORBIDDEN, RemoteFault.KEY, FailureKind.KEY),
        (Fault.DRAW_BAD_KEY, RemoteFault.KEY, FailureKind.KEY),
        (Fault.DRAW_LIMITED, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (Fault.DRAW_CAP, RemoteFault.BALANCE, FailureKind.BALANCE),
        (Fault.NO_BALANCE, RemoteFault.BALANCE, FailureKind.BALANCE),
        (Fault.BAD_KEY, RemoteFault.KEY, FailureKind.KEY),
        (Fault.RATE_LIMITED, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (Fault.UNAVAILABLE, RemoteFault.THROTTLED, FailureKind.QUEUE_FULL),
        (Fault.SERVER_ERROR, RemoteFault.UNCLEAR, FailureKind.LOST),
        (Fault.HTML_502_BEFORE, RemoteFault.UNCLEAR, FailureKind.LOST),
        (Fault.RESET_BEFORE, RemoteFault.UNCLEAR, FailureKind.LOST),
    ],
)
async def test_a_refusal_is_told_from_what_nobody_can_know_and_nothing_was_paid(
    fault: Fault, expected: RemoteFault, kind: FailureKind
) -> None:
    async with engine_and_upstream() as (api, upstream, _):
        upstream.fault(fault, endpoint="draw")

        error = await refused(api)

        assert (error.fault, failure_of(error).kind) == (expected, kind)
        assert not upstream.drawn
        assert SANDBOX_KEY not in str(error)
        assert "paper fox" not in str(error)


@pytest.mark.parametrize(
    "fault", [Fault.DRAW_HTML, Fault.RESET_AFTER, Fault.HTML_502_AFTER, Fault.NOT_JSON, Fault.EMPTY_BODY]
)
async def test_what_was_paid_and_cannot_be_read_is_unclear_and_asked_for_once(fault: Fault) -> None:
    async with engine_and_upstream() as (api, upstream, _):
        upstream.fault(fault, endpoint="draw")

        assert (await refused(api)).fault is RemoteFault.UNCLEAR
        assert len(upstream.drawn) == len(upstream.calls_to("draw")) == 1


async def test_silence_is_unclear_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    leap_in_silence(monkeypatch, 40)
    async with engine_and_upstream(seconds=40) as (api, upstream, _):
        upstream.fault(Fault.HANG_AFTER, endpoint="draw")

        assert (await refused(api)).fault is RemoteFault.UNCLEAR
        assert len(upstream.drawn) == 1


async def test_an_answer_without_a_picture_says_so() -> None:
    async with engine_and_upstream() as (api, upstream, _):
        upstream.fault(Fault.DRAW_NOTHING)

        assert (await refused(api)).kind is FailureKind.NO_PICTURE


async def test_an_answer_with_addresses_is_handed_on_as_they_are() -> None:
    async with engine_and_upstream() as (api, upstream, _):
        upstream.fault(Fault.DRAW_ADDRESS)

        (drawn,) = await api.draw(Order("a paper fox"))

        assert drawn.data == b""
        assert drawn.address is not None
        assert drawn.address.startswith(upstream.origin)


async def test_a_picture_of_twenty_megabytes_is_kept_in_less() -> None:
    async with engine_and_upstream(seconds=60) as (api, upstream, _):
        upstream.fault(Fault.DRAW_HUGE)

        (drawn,) = await api.draw(Order("a paper fox"))

        assert 0 < len(drawn.data) <= MOST_KEPT_BYTES
        assert opened(drawn.data).size[0] > 1000


async def test_what_the_models_list_does_not_name_is_not_offered() -> None:
    async with engine_and_upstream() as (api, _, _meters):
        assert await api.offered()
    async with engine_and_upstream("gpt-image-99") as (api, upstream, _meters):
        assert not await api.offered()
        error = await refused(api)
        assert error.fault is RemoteFault.KEY
        assert not upstream.drawn
    async with engine_and_upstream(key="sk-wrong") as (api, _, _meters):
        with pytest.raises(RemoteError) as caught:
            await api.offered()
        assert caught.value.fault is RemoteFault.KEY


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"data": [', RemoteFault.UNCLEAR),
        (b'{"data": null}', RemoteFault.UNCLEAR),
        (b'{"statusCode": 401, "message": "invalid token", "data": null}', RemoteFault.KEY),
        (
            b'{"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}',
            RemoteFault.UNCLEAR,
        ),
    ],
)
async def test_a_list_of_models_that_cannot_be_read_is_no_list_without_the_model(
    body: bytes, fault: RemoteFault
) -> None:
    transport, model = (
        httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(body))),
        engine_model("gpt-image-1"),
    )
    assert model is not None
    async with open_clients(trust_env=False, transport=transport) as clients:
        caller = Caller(
            clients=clients, origin="https://x.example", guard=unguarded, metrics=None, seconds=10.0
        )
        with pytest.raises(RemoteError) as caught:
            await ImagesApi(caller, SANDBOX_KEY, model).offered()

    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"data": null}',
        b'{"data": "x"}',
        b'{"data": [3]}',
        b'{"data": {"b64_json": "eA=="}}',
        b"[1, 2]",
        b'{"data": [',
        b"\xff\xfe{",
    ],
)
def test_an_answer_of_another_shape_is_unclear_and_raises_nothing_else(body: bytes) -> None:
    with pytest.raises(RemoteError) as caught:
        _items(_checked(200, {}, body))
    assert caught.value.fault is RemoteFault.UNCLEAR


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"statusCode": 401, "message": "Unauthorized"}', RemoteFault.KEY),
        (b'{"statusCode": 402, "message": "no"}', RemoteFault.BALANCE),
        (b'{"error": {"code": "moderation_blocked", "message": "no"}}', RemoteFault.REFUSED),
        (b'{"success": false, "message": "insufficient balance"}', RemoteFault.BALANCE),
        (b'{"code": 429, "message": "Too many requests", "data": null}', RemoteFault.THROTTLED),
        (b'{"code": 400, "msg": "bad size"}', RemoteFault.REFUSED),
    ],
)
def test_a_refusal_inside_a_success_is_a_refusal(body: bytes, fault: RemoteFault) -> None:
    with pytest.raises(RemoteError) as caught:
        _items(_checked(200, {}, body))
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Your request was flagged.", "code": "content_moderation"},
        {"message": "Your request was rejected by the safety system.", "code": None},
    ],
)
async def test_one_members_refused_prompt_closes_the_engine_to_nobody(error: dict[str, Any]) -> None:
    known = engine_model("gpt-image-1")
    assert known is not None
    answer = httpx.MockTransport(
        lambda _: httpx.Response(403, stream=httpx.ByteStream(json.dumps({"error": error}).encode()))
    )
    async with open_clients(trust_env=False, transport=answer) as clients:
        caller = Caller(
            clients=clients, origin="https://x.example", guard=unguarded, metrics=None, seconds=10.0
        )
        api = ImagesApi(caller, SANDBOX_KEY, known)

        said = await refused(api)

        assert (said.fault, said.kind) == (RemoteFault.REFUSED, FailureKind.BANNED_PROMPT)
        assert not api.is_refused


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [{"b64_json": "eA=="}], "error": {}}',
        b'{"data": [{"b64_json": "eA=="}], "error": {"code": null, "message": ""}}',
        b'{"data": [{"b64_json": "eA=="}, null]}',
        '{"data": [{"b64_json": "é"}, {"b64_json": "eA=="}]}'.encode(),
        b'{"data": [{"b64_json": "eA"}]}',
        b'{"data": [{"url": "data:image/png;base64,eA=="}]}',
        b'\xef\xbb\xbf{"data": [{"b64_json": "eA=="}]}',
        b'{"statusCode": 200, "data": {"data": [{"b64_json": "eA=="}]}}',
    ],
)
def test_a_picture_that_came_is_taken_whatever_else_stands_in_the_answer(body: bytes) -> None:
    assert [one.data for one in _items(_checked(200, {}, body))] == [b"x"]


def test_both_alphabets_of_base64_are_read() -> None:
    found = _items(b'{"data": [{"b64_json": "-_-_"}, {"b64_json": "+/+/"}]}')

    assert [one.data for one in found] == [b"\xfb\xff\xbf"] * 2


def test_an_answer_whose_pictures_were_all_filtered_out_holds_none() -> None:
    assert _items(b'{"data": [null]}') == []


async def test_what_is_no_picture_is_left_out_and_no_address_of_a_file_is_taken() -> None:
    found = _items(b'{"data": [{"b64_json": "eA=="}, {"url": "file:///etc/passwd"}, {"b64_json": 3}, {}]}')

    assert [await _made(one) for one in found] == [None]


async def test_a_key_that_may_not_draw_is_not_tried_again_for_a_while() -> None:
    async with engine_and_upstream() as (api, upstream, _):
        upstream.fault(Fault.DRAW_FORBIDDEN)
        assert not api.is_refused
        await refused(api)

        assert api.is_refused
        assert SANDBOX_KEY not in repr(api)
