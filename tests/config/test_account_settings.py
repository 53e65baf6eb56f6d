"""Settings of the image API: today's names and earlier ones, kinds of server, ways to ask for a pool, adapters made of them.
Never here: what an adapter says to its server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
import pytest

from bot import config
from bot.config import load
from bot.domain.accounts import ApiKind
from bot.domain.capabilities import Speed
from bot.domain.pools import Pool
from bot.errors import StartupError
from bot.image_accounts import open_accounts, picture_settings
from bot.midjourney.mjproxy.client import MjProxyApi
from bot.midjourney.mjproxy.routes import Auth, PoolRoute
from bot.midjourney.ohmygpt.client import MidjourneyApi
from bot.midjourney.transport import open_clients

if TYPE_CHECKING:
    from pathlib import Path

TOKEN: Final = {"EASEL_DISCORD_TOKEN": "MTIz.abc.def"}
OHMYGPT: Final = {**TOKEN, "EASEL_API_KEY": "sk-own-123456"}
PROXY: Final = {
    **TOKEN,
    "EASEL_API_KIND": "mj-proxy",
    "EASEL_API_URL": "https://mj.example:8080/sub",
    "EASEL_API_KEY": "proxy-secret",
}


def refusal(given: dict[str, str]) -> str:
    with pytest.raises(StartupError) as caught:
        load(given)
    return str(caught.value)


# -- names ----------------------------------------------------------------------------------------------


def test_the_old_names_say_the_same_as_the_new_ones() -> None:
    old = load(
        {
            **TOKEN,
            "EASEL_OHMYGPT_KEY": "sk-own-123456",
            "EASEL_OHMYGPT_ADMIN_KEY": "sk-admin-123456",
            "EASEL_OHMYGPT_ORIGIN": "https://mirror.example",
            "EASEL_OHMYGPT_STORAGE": "https://store.example",
        }
    )
    new = load(
        {
            **TOKEN,
            "EASEL_API_KEY": "sk-own-123456",
            "EASEL_API_ADMIN_KEY": "sk-admin-123456",
            "EASEL_API_URL": "https://mirror.example",
            "EASEL_API_STORAGE": "https://store.example",
        }
    )

    assert old == new
    assert old.api_kind is ApiKind.OHMYGPT


def test_a_wrong_value_is_named_as_it_was_written() -> None:
    assert refusal({**OHMYGPT, "EASEL_OHMYGPT_ORIGIN": "nowhere"}).startswith("EASEL_OHMYGPT_ORIGIN must be")
    assert refusal({**OHMYGPT, "EASEL_API_URL": "nowhere"}).startswith("EASEL_API_URL must be")


def test_two_names_of_one_setting_may_repeat_but_not_contradict_each_other() -> None:
    assert (
        load({**OHMYGPT, "EASEL_OHMYGPT_KEY": "sk-own-123456"}).api_key.get_secret_value() == "sk-own-123456"
    )

    said = refusal({**OHMYGPT, "EASEL_OHMYGPT_KEY": "sk-other-123456"})

    assert "EASEL_API_KEY and EASEL_OHMYGPT_KEY are one setting" in said
    assert "sk-" not in said


def test_the_more_particular_source_wins_under_whichever_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "SECRETS_DIRECTORY", tmp_path / "none")
    (tmp_path / ".env").write_text("EASEL_DISCORD_TOKEN=a.b.c\nEASEL_API_KEY=sk-of-the-file\n")
    monkeypatch.setenv("EASEL_OHMYGPT_KEY", "sk-of-the-environment")

    assert load().api_key.get_secret_value() == "sk-of-the-environment"


def test_an_old_name_is_no_misspelling() -> None:
    assert config.unknown_names({"EASEL_OHMYGPT_KEY": "x", "EASEL_OHMYGPT_STORAGE": "x"}) == []


# -- kinds ----------------------------------------------------------------------------------------------


def test_a_server_of_the_family_needs_its_address() -> None:
    given = dict(PROXY)
    del given["EASEL_API_URL"]

    assert "EASEL_API_URL is not set" in refusal(given)
    assert "ohmygpt" in refusal({**OHMYGPT, "EASEL_API_KIND": "midjourney"})


async def test_the_kind_decides_which_adapter_is_made_and_what_its_jobs_carry() -> None:
    async with open_clients(trust_env=False) as clients:
        ohmygpt = open_accounts(load(OHMYGPT), clients)
        proxy = open_accounts(load(PROXY), clients)

    assert (ohmygpt.own_name, type(ohmygpt.own)) == ("default", MidjourneyApi)
    # A chain that began at OhMyGPT is never continued at a server that gives its ids to other pictures.
    assert (proxy.own_name, type(proxy.own)) == ("mj-proxy", MjProxyApi)
    assert "mj.example:8080" in picture_settings(load(PROXY)).hosts
    assert picture_settings(load(OHMYGPT)).hosts == ()


def test_forms_that_no_account_is_sent_are_warned_of_and_keep_no_bot_from_starting() -> None:
    forms = {"EASEL_FORM_ENCODING": "true"}
    old = {"EASEL_ACCOUNTS": "default=ohmygpt:https://api.ohmygpt.com|sk-old-1234"}

    assert [said.partition(" ")[0] for said in load({**PROXY, **forms}).idle] == ["EASEL_FORM_ENCODING"]
    assert load({**PROXY, **forms, **old}).idle == load({**OHMYGPT, **forms}).idle == load(PROXY).idle == []


def test_the_map_of_servers_may_name_the_default_account_by_the_name_that_its_jobs_carry() -> None:
    assert load({**PROXY, "EASEL_ACCOUNT_OF": "123456789012345678=mj-proxy"}).account_of
    assert load({**PROXY, "EASEL_ACCOUNT_OF": "123456789012345678=default"}).account_of
    assert "names mj-proxy, which is none" in refusal(
        {**OHMYGPT, "EASEL_ACCOUNT_OF": "123456789012345678=mj-proxy"}
    )


@pytest.mark.parametrize("url", ["http://mj_proxy:8080/sub", "https://mj.example", "http://localhost:8080"])
def test_pictures_at_a_servers_own_address_may_be_fetched_whatever_it_speaks(url: str) -> None:
    settings = load({**PROXY, "EASEL_API_URL": url})

    assert picture_settings(settings).allowed.check(f"{url}/mj/image/1") is not None


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({**OHMYGPT, "EASEL_API_URL": "https://mirror.example"}, "mirror.example"),
        ({**OHMYGPT, "EASEL_API_URL": "https://mirror.example", "EASEL_HELPER_URL": "https://chat.example"}, "chat.example"),
        (OHMYGPT, "api.ohmygpt.com"),
        (PROXY, "api.ohmygpt.com"),
    ],
)  # fmt: skip
async def test_a_key_for_the_chat_model_goes_where_the_api_is_unless_it_has_an_address_of_its_own(
    given: dict[str, str], asked: str
) -> None:
    hosts: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(200, stream=httpx.ByteStream(b'{"data": []}'))

    async with open_clients(transport=httpx.MockTransport(answer)) as clients:
        chat = open_accounts(load({**given, "EASEL_HELPER_KEY": "sk-helper-1234"}), clients).chat
        assert chat is not None
        await chat.models()

    assert hosts == [asked]


async def test_accounts_may_be_of_another_kind_than_the_default() -> None:
    settings = load(
        {
            **OHMYGPT,
            "EASEL_ACCOUNTS": "studio=sk-studio-1234,Home=mj-proxy+bearer:http://127.0.0.1:8080/mj|a|b:c",
            "EASEL_IMAGE_HOSTS": "cdn.example",
        }
    )
    async with open_clients(trust_env=False) as clients:
        made = open_accounts(settings, clients)

    home = settings.accounts["home"]
    assert (home.kind, home.url, home.auth) == (ApiKind.MJ_PROXY, "http://127.0.0.1:8080/mj", Auth.BEARER)
    assert home.key.get_secret_value() == "a|b:c"
    assert [type(api) for api in made.apis.values()] == [MidjourneyApi, MidjourneyApi, MjProxyApi]
    assert picture_settings(settings).hosts == ("cdn.example", "127.0.0.1:8080")
    assert {"sk-studio-1234", "a|b:c"} < set(settings.secrets())
    assert "a|b:c" not in repr(settings)


async def test_who_changed_the_kind_keeps_earlier_chains_under_their_old_name() -> None:
    settings = load({**PROXY, "EASEL_ACCOUNTS": "default=ohmygpt:https://api.ohmygpt.com|sk-own-123456"})
    async with open_clients(trust_env=False) as clients:
        made = open_accounts(settings, clients)

    assert {name: type(api) for name, api in made.apis.items()} == {
        "mj-proxy": MjProxyApi,
        "default": MidjourneyApi,
    }
    assert "twice" in refusal({**PROXY, "EASEL_ACCOUNTS": "mj-proxy=another-secret"})


@pytest.mark.parametrize(
    "written",
    [
        "home=mj-proxy:https://mj.example",
        "home=mj-proxy:mj.example|key",
        "home=mj-proxy+basic:https://mj.example|key",
        "home=ohmygpt+bearer:https://api.example|key",
        "home=mj-proxy:|key",
    ],
)
def test_an_account_that_cannot_be_read_is_one_sentence_without_its_key(written: str) -> None:
    said = refusal({**OHMYGPT, "EASEL_ACCOUNTS": written})

    assert said.startswith("EASEL_ACCOUNTS must be")
    assert "key|" not in said.replace("sk-…", "")


# -- pools ----------------------------------------------------------------------------------------------


async def test_an_account_offers_the_pools_that_its_owner_told_how_to_ask_for() -> None:
    settings = load(
        {
            **PROXY,
            "EASEL_ACCOUNTS": "home=mj-proxy:https://home.example|secret",
            "EASEL_POOL_ROUTES": "normal=prefix:mj-relax|filter,home/FAST=key:sk-fast|instance:77",
        }
    )
    async with open_clients(trust_env=False) as clients:
        made = open_accounts(settings, clients)

    own, home = made.apis["mj-proxy"], made.apis["home"]
    assert isinstance(own, MjProxyApi)
    assert isinstance(home, MjProxyApi)
    assert own.capabilities.speeds == {Speed.RELAX}
    assert home.capabilities.speeds == {Speed.FAST}
    assert settings.pool_routes[None, Pool.NORMAL].route == PoolRoute("mj-relax", filtered=True)
    assert "sk-fast" in settings.secrets()
    assert "sk-fast" not in repr(settings)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("NORMAL", "must be pools"),
        ("SLOW=filter", "must be pools"),
        ("NORMAL=filter:yes", "must be pools"),
        ("NORMAL=prefix:mj/relax", "must be pools"),
        ("NORMAL=prefix:", "must be pools"),
        ("NORMAL=plain|filter", "must be pools"),
        ("NORMAL=filter,normal=plain", "names a pool of an account twice"),
        ("studio/NORMAL=filter", "names studio, which is none of EASEL_ACCOUNTS"),
    ],
)
def test_a_way_that_cannot_be_read_is_one_sentence(written: str, hint: str) -> None:
    said = refusal({**PROXY, "EASEL_POOL_ROUTES": written})

    assert hint in said
    assert said.count("\n") == 0
