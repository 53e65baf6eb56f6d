"""The family's client against simulated proxies and gateways over loopback: chains, windows, tags, lists, speeds.
Never here: faults (`test_client_on_faults`), and the wire alone."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.answers import Accepted, Answer, WindowOpen
from bot.domain.capabilities import BY_SERVER, Capabilities, ServerKind, Speed
from bot.domain.inputs import Shape
from bot.domain.pools import Pool
from bot.domain.tasks import RemoteTaskId, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault, StartupError
from bot.midjourney.mjproxy.client import MjProxyApi, ProxySettings
from bot.midjourney.mjproxy.readings import read_hint
from bot.midjourney.mjproxy.routes import Auth, PoolRoute
from bot.midjourney.transport import open_clients
from bot.sandbox.mjproxy import Flavour, ProxyFault, SimulatedProxy
from bot.sandbox.upstream import SANDBOX_KEY, Key, Pace
from tests.midjourney.mjproxy.proxies import GATEWAYS, KINDS, PROXIES, api_and_proxy, mask_url, picture_url

if TYPE_CHECKING:
    from bot.domain.ports import ImageApi
    from bot.domain.window_ports import WindowApi

NORMAL: dict[str, Any] = {"pool": Pool.NORMAL, "webhook": None}
BOTH = (*PROXIES, *GATEWAYS)


async def finished(api: MjProxyApi, proxy: SimulatedProxy, answer: Answer) -> TaskSnapshot:
    """End what was accepted, and read it."""
    assert isinstance(answer, Accepted)
    proxy.finish(answer.task_id)
    seen = await api.query(answer.task_id)
    assert seen is not None
    return seen


def button(seen: TaskSnapshot, label: str) -> str:
    return next(action.custom_id for action in seen.actions if action.label == label)


async def single(
    api: MjProxyApi, proxy: SimulatedProxy, prompt: str = "a paper fox --ar 3:2"
) -> TaskSnapshot:
    """A grid, and one picture out of it."""
    grid = await finished(api, proxy, await api.submit_imagine(prompt=prompt, tag="t1", **NORMAL))
    return await finished(
        api,
        proxy,
        await api.press(task_id=grid.task_id, custom_id=button(grid, "U1"), tag="t2", **NORMAL),
    )


def test_it_fits_both_ports() -> None:
    def old(api: ImageApi) -> ImageApi:
        return api

    def new(api: WindowApi) -> WindowApi:
        return api

    api = MjProxyApi.__new__(MjProxyApi)
    assert old(api) is api
    assert new(api) is api


@pytest.mark.parametrize("flavour", BOTH)
async def test_a_chain_of_depth_four_goes_through_a_zoom_and_a_region_with_words(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        picture = await single(api, proxy)
        window = await api.press(
            task_id=picture.task_id, custom_id=button(picture, "Custom Zoom"), tag="t3", **NORMAL
        )
        assert isinstance(window, WindowOpen)
        waiting = await api.query(window.task_id)
        paid_before = proxy.paid
        zoomed = await finished(
            api,
            proxy,
            await api.fill(
                window=window.task_id,
                prompt="a paper fox in a snowy wood --ar 1:1 --zoom 1.4",
                mask=None,
                tag="t3",
                **NORMAL,
            ),
        )
        one = await finished(
            api,
            proxy,
            await api.press(task_id=zoomed.task_id, custom_id=button(zoomed, "U2"), tag="t4", **NORMAL),
        )
        region = await api.press(
            task_id=one.task_id, custom_id=button(one, "Vary (Region)"), tag="t5", **NORMAL
        )
        assert isinstance(region, WindowOpen)
        repainted = await finished(
            api,
            proxy,
            await api.fill(
                window=region.task_id, prompt="a red balloon", mask=mask_url(), tag="t5", **NORMAL
            ),
        )

        assert waiting is not None
        assert (waiting.status, waiting.started_at, waiting.tag) == (TaskStatus.MODAL, None, "t3")
        assert proxy.paid == paid_before + 3, "a window costs nothing until it is filled"
        assert zoomed.task_id == window.task_id
        assert zoomed.final_prompt is not None
        assert zoomed.final_prompt.startswith("a paper fox in a snowy wood")
        assert (repainted.task_id, repainted.status, repainted.tag) == (
            region.task_id,
            TaskStatus.SUCCESS,
            "t5",
        )
        assert repainted.prompt == "a red balloon"
        assert repainted.discord_url is not None
        assert not proxy.broken_rules


async def test_words_in_a_window_change_the_picture() -> None:
    async with api_and_proxy() as (api, proxy):
        picture = await single(api, proxy, "a paper fox")
        drawn = []
        for words in ("a red balloon", "a stone bridge"):
            window = await api.press(
                task_id=picture.task_id, custom_id=button(picture, "Vary (Region)"), tag=None, **NORMAL
            )
            filled = await api.fill(window=window.task_id, prompt=words, mask=mask_url(), tag=None, **NORMAL)
            seen, task = await finished(api, proxy, filled), proxy.record(window.task_id).task
            assert seen.status is TaskStatus.SUCCESS
            assert task is not None
            assert task.picture is not None
            drawn.append(task.picture.singles[0])
        assert drawn[0] != drawn[1]


@pytest.mark.parametrize("flavour", BOTH)
async def test_ids_are_text_and_keep_their_zeros(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        ids = [(await api.submit_imagine(prompt=f"fox {n}", tag=None, **NORMAL)).task_id for n in range(30)]
        assert any(task_id.startswith("0") for task_id in ids)
        assert set(await api.query_many(ids)) == set(ids)
    async with api_and_proxy(flavour, server={"id_prefix": "task_"}) as (api, proxy):
        grid = await finished(api, proxy, await api.submit_imagine(prompt="fox", tag=None, **NORMAL))
        assert grid.task_id.startswith("task_")


@pytest.mark.parametrize("flavour", list(Flavour))
async def test_blend_and_describe_run_on_every_flavour(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        blended = await api.submit_blend(
            images=[picture_url(), picture_url("red")], dimensions=Shape.PORTRAIT, tag="b", **NORMAL
        )
        described = await finished(
            api, proxy, await api.submit_describe(image=picture_url(), tag="d", **NORMAL)
        )
        assert (await finished(api, proxy, blended)).status is TaskStatus.SUCCESS
        assert described.prompt is not None
        assert described.prompt.startswith("1\ufe0f\u20e3 ")
        assert described.prompt.count("\ufe0f\u20e3") == 4


@pytest.mark.parametrize("flavour", BOTH)
async def test_a_prompt_is_shortened(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        answer = await api.shorten(
            prompt="a very long prompt about a paper fox in the snow", tag="s", **NORMAL
        )
        seen = await finished(api, proxy, answer)
        assert seen.prompt is not None
        assert "## Shortened prompts" in seen.prompt
        assert seen.final_prompt == seen.prompt
        assert seen.actions[0].custom_id == "MJ::Job::PromptAnalyzer::1"


async def test_remix_opens_a_window_where_it_is_asked_for() -> None:
    async with api_and_proxy(Flavour.TRUEAI) as (api, proxy):
        grid = await finished(api, proxy, await api.submit_imagine(prompt="a fox", tag=None, **NORMAL))
        plain = await api.press(task_id=grid.task_id, custom_id=button(grid, "V1"), tag=None, **NORMAL)
        remixed = await api.press(
            task_id=grid.task_id, custom_id=button(grid, "V1"), tag="r", remix=True, **NORMAL
        )
        assert isinstance(plain, Accepted)
        assert remixed == WindowOpen(remixed.task_id, "a fox")
        seen = await finished(
            api,
            proxy,
            await api.fill(window=remixed.task_id, prompt="a wolf", mask=None, tag="r", **NORMAL),
        )
        assert seen.prompt == "a wolf"
    async with api_and_proxy(Flavour.PLUS) as (api, _):
        with pytest.raises(RemoteError, match="no window") as refused:
            await api.press(
                task_id=RemoteTaskId("1"),
                custom_id="MJ::JOB::variation::1::x",
                tag=None,
                remix=True,
                **NORMAL,
            )
        assert refused.value.fault is RemoteFault.REFUSED


async def test_a_gateway_hides_a_remix_window_behind_code_1_and_is_seen_through() -> None:
    async with api_and_proxy(Flavour.NEW_API, server={"remix": True}) as (api, proxy):
        grid = await finished(api, proxy, await api.submit_imagine(prompt="a fox", tag=None, **NORMAL))
        answer = await api.press(task_id=grid.task_id, custom_id=button(grid, "V1"), tag=None, **NORMAL)
        assert answer == WindowOpen(answer.task_id, "a fox")


@pytest.mark.parametrize("flavour", PROXIES)
async def test_the_old_port_fills_a_region_with_the_words_it_shows(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        grid = await api.imagine(prompt="a fox", images=[picture_url()], **NORMAL)
        proxy.finish(grid)
        seen = await api.query(grid)
        assert seen is not None
        one = await api.act(task_id=grid, custom_id=button(seen, "U1"), **NORMAL)
        proxy.finish(one)
        picture = await api.query(one)
        assert picture is not None
        region = await api.act(
            task_id=one, custom_id=button(picture, "Vary (Region)"), mask=mask_url(), **NORMAL
        )
        assert str(proxy.record(region).prompt).endswith(" a fox")
        assert proxy.record(region).prompt == proxy.record(grid).prompt
        assert proxy.record(region).fills == 1
        blended = await api.blend(images=[picture_url()] * 2, dimensions=Shape.SQUARE, **NORMAL)
        described = await api.describe(image=picture_url(), **NORMAL)
        assert len({grid, one, region, blended, described}) == 5


async def test_the_old_port_takes_the_parents_words_for_a_window_that_shows_none() -> None:
    async with api_and_proxy(Flavour.TRUEAI) as (api, proxy):
        picture = await single(api, proxy, "a quiet harbour")
        region = await api.act(
            task_id=picture.task_id, custom_id=button(picture, "Vary (Region)"), mask=mask_url(), **NORMAL
        )
        assert proxy.record(region).prompt == "a quiet harbour"
        blind = await api.press(
            task_id=picture.task_id, custom_id=button(picture, "Vary (Region)"), tag=None, **NORMAL
        )
        assert blind == WindowOpen(blind.task_id, None)


# -- tags, lists, pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flavour", "found", "complete"),
    [
        (Flavour.PLUS, True, True),
        (Flavour.TRUEAI, True, False),
        (Flavour.NOVI, True, False),
        (Flavour.NEW_API, False, False),
        (Flavour.ONE_HUB, False, False),
    ],
)
async def test_a_tag_finds_its_task_where_the_server_can_be_asked(
    flavour: Flavour,
    *,
    found: bool,
    complete: bool,
) -> None:
    async with api_and_proxy(flavour) as (api, _):
        answers = [await api.submit_imagine(prompt="the same", tag=f"tag-{n}", **NORMAL) for n in range(3)]
        finding = await api.find("tag-2")
        nothing = await api.find("tag-9")
        assert (finding.task is not None, finding.complete) == (found, complete)
        assert finding.task is None or finding.task.task_id == answers[2].task_id
        assert (nothing.task, nothing.complete) == (None, complete)


@pytest.mark.parametrize("flavour", [Flavour.PLUS, Flavour.TRUEAI, Flavour.NOVI])
async def test_pages_cut_the_whole_list(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, _):
        ids = {(await api.imagine(prompt=f"fox {n}", **NORMAL)) for n in range(7)}
        first, second = await api.page(1, size=5), await api.page(2, size=5)
        assert (first.total, second.total) == (7, 7)
        assert {task.task_id for task in (*first.tasks, *second.tasks)} == ids


@pytest.mark.parametrize("flavour", GATEWAYS)
async def test_a_gateway_has_no_page_and_does_not_pretend_an_empty_one(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, _):
        with pytest.raises(RemoteError, match="lists no tasks") as refused:
            await api.page(1, size=20)
        assert refused.value.fault is RemoteFault.REFUSED


@pytest.mark.parametrize("flavour", BOTH)
async def test_a_hundred_tasks_are_read_in_two_calls(flavour: Flavour) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        ids = [await api.imagine(prompt=f"fox {n}", **NORMAL) for n in range(100)]
        seen = await api.query_many([*ids, RemoteTaskId("404")])
        assert set(seen) == set(ids)
        assert proxy.counts["list-by-condition"] == 3
        assert proxy.counts["fetch"] == 0


async def test_without_lists_tasks_are_read_one_by_one() -> None:
    alone = BY_SERVER[ServerKind.RESELLER]
    without = Capabilities(server=alone.server, speeds=alone.speeds)
    async with api_and_proxy(Flavour.ONE_HUB, server={"batch": False}, capabilities=without) as (api, proxy):
        ids = [await api.imagine(prompt=f"fox {n}", **NORMAL) for n in range(4)]
        assert set(await api.query_many([*ids, RemoteTaskId("404")])) == set(ids)
        assert (proxy.counts["fetch"], proxy.counts["list-by-condition"]) == (5, 0)


async def test_a_gateways_copy_is_old_until_its_next_poll() -> None:
    now = 1_900_000_000.0
    async with api_and_proxy(
        Flavour.NEW_API, server={"clock": lambda: now, "lag": 15.0, "manual": False}
    ) as (api, proxy):
        task_id = await api.imagine(prompt="a fox", **NORMAL)
        proxy.finish(task_id)
        early = await api.query(task_id)
        now += 15.0
        late = await api.query(task_id)
        assert early is not None
        assert (early.status, early.tag, early.actions, early.discord_url) == (
            TaskStatus.NOT_START,
            None,
            (),
            None,
        )
        assert late is not None
        assert (late.status, len(late.actions)) == (TaskStatus.SUCCESS, 9)


# -- speeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flavour", "root", "child"),
    [
        (Flavour.TRUEAI, "RELAX", "FAST"),
        (Flavour.PLUS, "RELAX", "RELAX"),
        (Flavour.ONE_HUB, "RELAX", "RELAX"),
        (Flavour.NEW_API, "FAST", "FAST"),
    ],
)
async def test_the_speed_is_asked_for_and_what_ran_is_told(flavour: Flavour, root: str, child: str) -> None:
    async with api_and_proxy(flavour) as (api, proxy):
        grid = await finished(api, proxy, await api.submit_imagine(prompt="a fox", tag=None, **NORMAL))
        below = await finished(
            api,
            proxy,
            await api.press(task_id=grid.task_id, custom_id=button(grid, "V1"), tag=None, **NORMAL),
        )
        assert (grid.ran_at, below.ran_at) == (Speed(root), Speed(child))
        assert (child == root) or not api.capabilities.keeps_pool
        assert not proxy.broken_rules


async def test_a_key_of_its_own_chooses_the_channel_where_nothing_else_does() -> None:
    routes = {Speed.RELAX: PoolRoute(key="sk-relax-key"), Speed.FAST: PoolRoute()}
    server = {
        "keys": {SANDBOX_KEY: Key(), "sk-relax-key": Key()},
        "speeds_of_keys": {"sk-relax-key": "RELAX", SANDBOX_KEY: "FAST"},
    }
    async with api_and_proxy(Flavour.NEW_API, server=server, routes=routes) as (api, proxy):
        slow = await finished(api, proxy, await api.submit_imagine(prompt="a fox", tag=None, **NORMAL))
        fast = await finished(
            api,
            proxy,
            await api.submit_imagine(prompt="a fox", tag=None, pool=Pool.FAST, webhook=None),
        )
        assert (slow.ran_at, fast.ran_at) == (Speed.RELAX, Speed.FAST)
        assert api.capabilities.speeds == {Speed.RELAX, Speed.FAST}


async def test_a_speed_that_is_not_configured_is_refused_before_anything_is_sent() -> None:
    async with api_and_proxy(routes={Speed.FAST: PoolRoute()}) as (api, proxy):
        assert api.capabilities.pools == (Pool.FAST,)
        with pytest.raises(RemoteError, match="RELAX") as refused:
            await api.imagine(prompt="a fox", **NORMAL)
        assert refused.value.fault is RemoteFault.REFUSED
        assert proxy.calls == []


# -- keys and addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flavour", "auth", "good"),
    [
        (Flavour.PLUS, Auth.SECRET, True),
        (Flavour.TRUEAI, Auth.SECRET, True),
        (Flavour.TRUEAI, Auth.RAW, True),
        (Flavour.TRUEAI, Auth.BEARER, False),
        (Flavour.NEW_API, Auth.SECRET, True),
        (Flavour.NEW_API, Auth.BEARER, True),
        (Flavour.ONE_HUB, Auth.SECRET, True),
        (Flavour.ONE_HUB, Auth.BEARER, False),
    ],
)
async def test_one_header_carries_the_key(flavour: Flavour, auth: Auth, *, good: bool) -> None:
    async with api_and_proxy(flavour, auth=auth) as (api, proxy):
        if good:
            await api.check()
        else:
            with pytest.raises(RemoteError) as refused:
                await api.check()
            assert refused.value.fault is RemoteFault.KEY
        assert not proxy.broken_rules


@pytest.mark.parametrize("tail", ["", "/", "/mj", "/mj/"])
async def test_the_address_may_end_as_people_paste_it(tail: str) -> None:
    async with api_and_proxy() as (_, proxy), api_and_proxy(url=f"{proxy.origin}{tail}") as (api, _):
        await api.check()
        assert proxy.counts["list-by-condition"] == 1


async def test_an_address_that_is_none_names_the_setting() -> None:
    with pytest.raises(StartupError, match="EASEL_API_URL"):
        async with api_and_proxy(url="ftp://example.com"):
            pass


@pytest.mark.parametrize("key", ["", "a b", "schlüssel", "a\nb"])
async def test_a_key_that_no_header_holds_is_refused_without_being_shown(key: str) -> None:
    async with api_and_proxy(key=key) as (api, proxy):
        with pytest.raises(RemoteError) as refused:
            await api.check()
        assert refused.value.fault is RemoteFault.KEY
        assert not key.strip() or key not in str(refused.value)
        assert proxy.calls == []


async def test_the_key_is_in_no_repr() -> None:
    async with api_and_proxy(routes={Speed.RELAX: PoolRoute(key="sk-other-key")}) as (api, _):
        assert SANDBOX_KEY not in repr(vars(api))
        assert "sk-other-key" not in repr(vars(api))


@pytest.mark.parametrize("flavour", list(Flavour))
@pytest.mark.parametrize("guest", [False, True])
async def test_a_look_tells_which_server_it_is_and_whether_any_key_will_do(
    flavour: Flavour, *, guest: bool
) -> None:
    async with api_and_proxy(
        flavour, server={"guest": guest}, capabilities=BY_SERVER[ServerKind.RESELLER]
    ) as (
        api,
        proxy,
    ):
        look = await api.probe()
        assert (look.server, look.takes_any_key) == (KINDS[flavour], guest)
        assert look.capabilities == BY_SERVER[KINDS[flavour]]
        assert proxy.paid == 0


async def test_a_look_without_lists_says_so() -> None:
    async with api_and_proxy(Flavour.ONE_HUB, server={"batch": False}) as (api, _):
        look = await api.probe()
        assert look.server is ServerKind.ONE_HUB
        assert look.capabilities is not None
        assert not look.capabilities.batch


# -- the rest ----------------------------------------------------------------------------------------------------------


async def test_a_seed_is_told_once_there_is_one() -> None:
    async with api_and_proxy() as (api, proxy):
        running = await api.imagine(prompt="a fox", **NORMAL)
        early = await api.seed(running)
        proxy.finish(running)
        task = proxy.record(running).task
        assert task is not None
        assert early is None
        assert await api.seed(running) == str(task.seed % 2**32)
        assert await api.seed(RemoteTaskId("404")) is None
    async with api_and_proxy(Flavour.NOVI) as (api, proxy):
        assert await api.seed(RemoteTaskId("1")) is None
        assert proxy.calls == []


@pytest.mark.parametrize(
    ("flavour", "real"), [(Flavour.PLUS, True), (Flavour.TRUEAI, False), (Flavour.NEW_API, False)]
)
async def test_a_cancel_is_believed_only_where_it_is_real(flavour: Flavour, *, real: bool) -> None:
    async with api_and_proxy(flavour) as (api, _):
        running = await api.imagine(prompt="a fox", **NORMAL)
        assert await api.cancel(running) is real
        seen = await api.query(running)
        assert seen is not None
        assert seen.has_failed is real


async def test_a_file_is_left_where_uploads_are_allowed() -> None:
    async with api_and_proxy() as (api, _):
        address = await api.upload_input(b"\x89PNG", filename="x.png", media_type="image/png", until=0)
        assert address.startswith("http://127.0.0.1")
    async with api_and_proxy(server={"uploads": False}) as (api, _):
        with pytest.raises(RemoteError, match="禁止上传") as refused:
            await api.upload_input(b"\x89PNG", filename="x.png", media_type="image/png", until=0)
        assert refused.value.fault is RemoteFault.REFUSED
    async with api_and_proxy(Flavour.NOVI) as (api, _):
        with pytest.raises(RemoteError, match="keeps no files"):
            await api.upload_input(b"\x89PNG", filename="x.png", media_type="image/png", until=0)


async def test_a_gateway_tells_its_balance() -> None:
    async with api_and_proxy(Flavour.NEW_API) as (api, _):
        usage = await api.balance()
        assert usage.available == 3_400_000
    async with api_and_proxy(Flavour.PLUS) as (api, _):
        with pytest.raises(RemoteError, match="no balance"):
            await api.balance()


async def test_the_queue_place_is_told_with_the_answer() -> None:
    async with api_and_proxy(server={"slots": 1, "manual": False, "pace": Pace(lag=0)}) as (api, _):
        places = []
        for _n in range(3):
            answer = await api.submit_imagine(prompt="a fox", tag=None, **NORMAL)
            assert isinstance(answer, Accepted)
            places.append(answer.ahead)
        assert places == [None, None, 1]


async def test_a_webhook_goes_along_only_where_it_is_posted_to() -> None:
    hook = "http://127.0.0.1:9/hook/token"
    async with api_and_proxy(Flavour.PLUS) as (api, proxy):
        answer = await api.submit_imagine(prompt="a fox", pool=Pool.NORMAL, webhook=hook, tag="t")
        proxy.finish(answer.task_id)
        await proxy.flush_webhooks()
        address, body = proxy.webhooks_sent[-1]
        hint = read_hint(json.dumps(body).encode())
        assert address == hook
        assert hint is not None
        assert (hint.task_id, hint.status) == (answer.task_id, TaskStatus.SUCCESS)
    async with api_and_proxy(Flavour.NEW_API) as (api, proxy):
        await api.submit_imagine(prompt="a fox", pool=Pool.NORMAL, webhook=hook, tag="t")
        assert "notifyHook" not in proxy.calls[-1].body


async def test_clips_are_asked_for_where_they_are_made() -> None:
    async with api_and_proxy(Flavour.TRUEAI) as (api, proxy):
        with pytest.raises(RemoteError):  # this stand-in makes none: only what is sent is looked at
            await api.animate(
                image="https://example.com/a.png", prompt="wind", motion="high", tag="t", **NORMAL
            )
        body = proxy.calls[-1].body
        assert (body["image"], body["motion"], body["prompt"]) == (
            "https://example.com/a.png",
            "high",
            "wind",
        )


async def test_every_call_is_counted_and_timed() -> None:
    counted: list[tuple[str, dict[str, str]]] = []

    class Meters:
        def count(self, name: str, _n: int = 1, /, **labels: str) -> None:
            counted.append((name, labels))

        def observe(self, name: str, _value: float, /, **labels: str) -> None:
            counted.append((name, labels))

    async with SimulatedProxy(Flavour.PLUS) as proxy, open_clients(trust_env=False) as clients:
        settings = ProxySettings(
            key=SANDBOX_KEY, url=proxy.origin, capabilities=BY_SERVER[ServerKind.PLUS], reads_per_second=0.5
        )
        api = MjProxyApi(clients, settings, metrics=Meters())
        await api.check()
        proxy.fault(ProxyFault.NO_ACCOUNT)
        with pytest.raises(RemoteError):
            await api.imagine(prompt="a fox", **NORMAL)
    assert counted == [
        ("upstream_calls", {"endpoint": "mj_check", "outcome": "ok"}),
        ("upstream_seconds", {"endpoint": "mj_check"}),
        ("upstream_calls", {"endpoint": "mj_imagine", "outcome": "throttled"}),
        ("upstream_seconds", {"endpoint": "mj_imagine"}),
    ]


async def test_clips_are_refused_where_they_are_not_made() -> None:
    async with api_and_proxy(Flavour.PLUS) as (api, proxy):
        with pytest.raises(RemoteError, match="no clips"):
            await api.animate(image="https://example.com/a.png", prompt="", motion="low", tag=None, **NORMAL)
        assert proxy.calls == []


async def test_a_body_that_cannot_be_built_is_refused_without_its_content() -> None:
    async with api_and_proxy() as (api, proxy):
        with pytest.raises(RemoteError, match="images") as refused:
            await api.submit_blend(images=["data:secret"], dimensions=Shape.SQUARE, tag=None, **NORMAL)
        assert refused.value.fault is RemoteFault.REFUSED
        assert "secret" not in str(refused.value)
        with pytest.raises(RemoteError, match="mask"):
            await api.fill(
                window=RemoteTaskId("1"), prompt="x", mask="data:image/webp;base64,AA", tag=None, **NORMAL
            )
        assert proxy.calls == []


async def test_neither_prompt_nor_key_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with api_and_proxy() as (api, _):
            await api.imagine(prompt="a very secret fox", **NORMAL)
    assert "secret" not in caplog.text
    assert SANDBOX_KEY not in caplog.text
