"""The allow-list and the plan of sources.
Never here: HTTP."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import load
from bot.errors import StartupError
from bot.midjourney.addresses import (
    PUBLIC_HOSTS,
    AllowedHosts,
    Plan,
    checked_origin,
    entry_for,
    plan_sources,
)

NEEDED = {"EASEL_DISCORD_TOKEN": "MTIz.abc.def", "EASEL_API_KEY": "sk-abcdef123456"}
STORAGE = "https://pi.ohmygpt.com"
DISCORD = "https://cdn.discordapp.com/attachments/1/2/fox.png?ex=aa&is=bb&hm=cc&"


def plan(
    key: str | None, discord: str | None, *, storage: str = STORAGE, wsrv: str | None = "https://wsrv.nl"
) -> Plan:
    hosts = AllowedHosts(origins=[storage])
    return plan_sources(storage_key=key, discord_url=discord, storage=storage, wsrv=wsrv, hosts=hosts)


@pytest.mark.parametrize(
    ("address", "used"),
    [
        (DISCORD, DISCORD),
        ("HTTPS://CDN.DiscordApp.com/x", "https://cdn.discordapp.com/x"),
        ("https://cdn.discordapp.com:443/x", "https://cdn.discordapp.com/x"),
        ("https://cdn.discordapp.com./x", "https://cdn.discordapp.com/x"),
        ("https://cdn\u3002discordapp\u3002com/x", "https://cdn.discordapp.com/x"),
        ("https://media.discordapp.net/x#part", "https://media.discordapp.net/x"),
    ],
)
def test_an_allowed_address_is_used_in_the_spelling_that_was_checked(address: str, used: str) -> None:
    assert str(AllowedHosts().check(address)) == used


@pytest.mark.parametrize(
    "address",
    [
        "",
        "cdn.discordapp.com/x",
        "http://cdn.discordapp.com/x",
        "ftp://cdn.discordapp.com/x",
        "file:///etc/passwd",
        "https://cdn.discordapp.com:8443/x",
        "https://cdn.discordapp.com.evil.example/x",
        "https://evil.example/cdn.discordapp.com",
        "https://evilcdn.discordapp.com/x",
        "https://discordapp.com/x",
        "https://cdn.discordapp.com..",
        "https://cdn.discordapp.com@evil.example/x",
        "https://user:pass@cdn.discordapp.com/x",
        "https://cdn.discordapp.com\\@evil.example/x",
        "https://evil.example\\@cdn.discordapp.com/x",
        "https://%63dn.discordapp.com/x",
        "https://cdn.discordapp.com%2eevil.example/x",
        "https://\uff43dn.discordapp.com.evil.example/x",
        "https://c\u0501n.discordapp.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/x",
        "https://[x",
        "https://cdn.discordapp.com:x/",
        " https://cdn.discordapp.com/x",
        "https://cdn.discordapp.com/" + "x" * 5000,
        "https://cdn.discordapp.com/\n",
        "https://\ud800/",
        "//cdn.discordapp.com/x",
    ],
)
def test_nothing_else_is_allowed(address: str) -> None:
    assert AllowedHosts().check(address) is None


def test_configured_places_are_allowed_exactly() -> None:
    hosts = AllowedHosts(
        origins=["http://minio.lan:9000"],
        hosts=(
            "Pictures.example",
            "pictures.example:8443",
            "127.0.0.1:8080",
            "[::1]:81",
            "localhost",
            "http://plain.lan",
        ),
    )

    allowed = {
        address
        for address in (
            "http://minio.lan:9000/x",
            "https://minio.lan:9000/x",
            "http://minio.lan/x",
            "https://pictures.example/x",
            "http://pictures.example/x",
            "https://pictures.example:8443/x",
            "http://pictures.example:8443/x",
            "http://127.0.0.1:8080/x",
            "https://127.0.0.1:8080/x",
            "http://127.0.0.1:8081/x",
            "http://127.0.0.1/x",
            "http://[::1]:81/x",
            "http://localhost/x",
            "http://localhost:99/x",
            "http://plain.lan/x",
            "https://plain.lan/x",
        )
        if hosts.check(address) is not None
    }

    assert allowed == {
        "http://minio.lan:9000/x",
        "https://pictures.example/x",
        "https://pictures.example:8443/x",
        "http://127.0.0.1:8080/x",
        "https://127.0.0.1:8080/x",
        "http://[::1]:81/x",
        "http://localhost/x",
        "http://plain.lan/x",
    }


@pytest.mark.parametrize(
    "entry", ["", "a b", "host:99999", "host:x", "host/path?x=1", "u@host", "ftp://host", "[x"]
)
def test_an_entry_that_is_no_host_is_one_clear_sentence(entry: str) -> None:
    with pytest.raises(StartupError, match="IMAGE_HOSTS"):
        AllowedHosts(hosts=[entry])


@given(
    st.text()
    | st.text().map("https://".__add__)
    | st.tuples(st.sampled_from(PUBLIC_HOSTS), st.text()).map("".join)
)
@settings(deadline=None)
def test_whatever_is_allowed_leads_to_an_allowed_host(address: str) -> None:
    for written in (address, f"https://{address}"):
        url = AllowedHosts().check(written)

        assert url is None or (url.scheme, url.host, url.port) in {
            ("https", host, None) for host in PUBLIC_HOSTS
        }


def test_the_sources_come_in_order_and_whole_addresses_are_encoded() -> None:
    found = plan("mj/2030/a b&c.png", DISCORD)

    stored = "https://pi.ohmygpt.com/api/v1/content/mj-generated/mj/2030/a%20b%26c.png"
    assert [(source.name, source.public) for source in found.sources] == [
        ("storage", stored),
        ("discord", None),
        ("wsrv_storage", stored),
        ("wsrv_discord", None),
    ]
    assert [str(source.url) for source in found.sources[:2]] == [stored, DISCORD]
    assert [str(source.url).partition("?url=")[0] for source in found.sources[2:]] == ["https://wsrv.nl/"] * 2
    assert [unquote(str(source.url).partition("?url=")[2]) for source in found.sources[2:]] == [
        stored,
        DISCORD,
    ]
    assert [dict(source.url.params) for source in found.sources[2:]] == [{"url": stored}, {"url": DISCORD}]


@pytest.mark.parametrize("key", ["..", "../x", "a/../../x", "a/./b", "a//b", "/../x", "/", "a/.."])
def test_a_key_that_climbs_is_refused(key: str) -> None:
    assert plan(key, None) == Plan((), refused=1)


@given(st.text(min_size=1))
@settings(deadline=None)
def test_no_key_leaves_its_folder(key: str) -> None:
    try:
        key.encode()
    except UnicodeEncodeError:
        return
    for source in plan(key, None, wsrv=None).sources:
        if "://" not in key:
            assert str(source.url).startswith(f"{STORAGE}/api/v1/content/mj-generated/")
            assert not {"..", "."} & set(source.url.path.split("/"))


def test_a_whole_address_where_a_key_should_be_is_checked_like_any_other() -> None:
    assert [source.public for source in plan(DISCORD, None).sources] == [None, None]
    assert plan("https://evil.example/x.png", None) == Plan((), refused=1, foreign=("evil.example",))


def test_nothing_at_all_is_told_apart_from_nothing_allowed() -> None:
    assert plan(None, None) == plan("", "") == Plan((), refused=0)
    assert plan(None, "https://evil.example/x.png") == Plan((), refused=1, foreign=("evil.example",))


def test_a_disallowed_address_is_not_fetched_through_wsrv_either() -> None:
    found = plan("key.png", "https://evil.example/x.png")

    assert [source.name for source in found.sources] == ["storage", "wsrv_storage"]
    assert found.refused == 1


def test_the_name_of_an_inner_store_is_not_shown_to_people() -> None:
    assert plan("k.png", None, storage="http://minio.lan:9000").sources[0].public is None
    assert plan("k.png", None, storage="http://127.0.0.1:9000").sources[0].public is not None


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        (" https://API.example.com/ ", "https://api.example.com"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://proxy.example/ohmygpt/", "https://proxy.example/ohmygpt"),
        ("http://my_container:80", "http://my_container"),
    ],
)
def test_an_origin_is_brought_into_one_spelling(written: str, origin: str) -> None:
    assert checked_origin(written, "X") == origin
    assert AllowedHosts(origins=[origin]).check(httpx.URL(f"{origin}/x")) is not None


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("https://cdn.example/a.png?sig=1", "cdn.example"),
        ("https://CDN.example.:8443/a.png", "cdn.example:8443"),
        ("http://localhost:8080/mj/a.png", "localhost:8080"),
        ("http://127.0.0.1/a.png", "127.0.0.1"),
        ("http://[::1]:9000/a.png", "[::1]:9000"),
        ("http://mj_proxy:8080/a.png", "http://mj_proxy:8080"),
        ("http://pictures.example/a.png", "http://pictures.example"),
    ],
)
def test_the_entry_for_an_address_allows_it_and_is_one_that_the_setting_takes(
    address: str, entry: str
) -> None:
    assert entry_for(address) == entry
    assert load(NEEDED | {"EASEL_IMAGE_HOSTS": entry}).image_hosts == (entry,)
    assert AllowedHosts().check(address) is None
    assert AllowedHosts(hosts=[entry]).check(address) is not None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/a.png",
        "ftp://a.example/x",
        "https://a:b@a.example/x",
        "https:///x",
        f"https://{'a.' * 200}b/x",
        "http://[",
        "data:image/png;base64,AA",
        "https://a.example:port/x",
        "https://\ud800.example/x",
    ],
)
def test_what_no_entry_could_allow_has_none(address: str) -> None:
    assert entry_for(address) is None
