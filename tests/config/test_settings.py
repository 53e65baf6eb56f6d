"""What operators may write into settings, and what they are told when it is wrong.
Never here: the README's table (tests/architecture)."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from bot.config import load, load_local, unknown_names
from bot.domain.pools import Allowance, Pool
from bot.errors import StartupError
from bot.midjourney.addresses import origin_of
from bot.setting_tables import env_example, settings_table
from bot.setting_types import ListenAddress

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz-0123456789AB"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # nothing is opened here: settings are only read
NEEDED = {"EASEL_DISCORD_TOKEN": TOKEN, "EASEL_OHMYGPT_KEY": "sk-abcdef123456"}


def refusal(**more: str) -> str:
    """What the operator reads when these settings are added to the needed ones."""
    with pytest.raises(StartupError) as caught:
        load(NEEDED | {f"EASEL_{name}": value for name, value in more.items()})
    return str(caught.value)


def test_two_secrets_are_all_that_a_deployment_must_give() -> None:
    settings = load(NEEDED)

    assert settings.discord_token.get_secret_value() == TOKEN
    assert settings.api_key.get_secret_value() == "sk-abcdef123456"
    assert settings.api_url == "https://api.ohmygpt.com"
    assert settings.database == "sqlite+aiosqlite:///easel.db"
    assert settings.default_pool is Pool.NORMAL
    assert settings.default_rules == {
        Pool.NORMAL: Allowance(50, 3, 10),
        Pool.FAST: Allowance(10, 1, 5),
        Pool.TURBO: Allowance(5, 1, 3),
        Pool.DRAW: Allowance(10, 1, 3),
    }
    assert settings.web_listen is None
    assert settings.max_running == 3


def test_each_missing_secret_is_named_with_what_it_is() -> None:
    with pytest.raises(StartupError) as caught:
        load({})

    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("EASEL_DISCORD_TOKEN is not set: The bot's token")
    assert lines[1].startswith("EASEL_API_KEY is not set: Key of the image API")


@pytest.mark.parametrize("pasted", [f"Bot {TOKEN}", f"  {TOKEN}\n", f'"{TOKEN}"', f"bot  {TOKEN} "])
def test_what_people_paste_around_a_token_is_forgiven(pasted: str) -> None:
    settings = load(NEEDED | {"EASEL_DISCORD_TOKEN": pasted, "EASEL_OHMYGPT_KEY": "Bearer sk-abcdef123456"})

    assert settings.discord_token.get_secret_value() == TOKEN
    assert settings.api_key.get_secret_value() == "sk-abcdef123456"


def test_a_token_with_a_blank_inside_is_refused_without_showing_it() -> None:
    text = refusal(DISCORD_TOKEN="first-half second-half")

    assert text.startswith("EASEL_DISCORD_TOKEN holds a blank")
    assert "half" not in text


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("DISCORD_TOKEN", "Bot ", "is empty"),
        ("OHMYGPT_ORIGIN", "api.ohmygpt.com", "must be an address like http://… or https://…"),
        ("OHMYGPT_ORIGIN", "ftp://api.ohmygpt.com", "must be an address"),
        ("OHMYGPT_ORIGIN", "https://user:pass@host", "must not hold a user name or password"),
        ("OHMYGPT_ORIGIN", "https://host/?a=b", "must end before any ? or #"),
        ("OHMYGPT_ORIGIN", "https://host:99999", "must be an address"),
        ("OHMYGPT_ORIGIN", "https://host:0", "must be an address like http://… or https://…"),
        ("API_STORAGE", "https://.", "must be an address like http://… or https://…"),
        ("WSRV_ORIGIN", "https://a..b", "must be an address like http://… or https://…"),
        ("WSRV_ORIGIN", f"https://{'a' * 64}.example", "must be an address like http://… or https://…"),
        ("PUBLIC_URL", "https://-", "must be an address like http://… or https://…"),
        ("ACCOUNTS", f"home=mj-proxy:https://.|{TOKEN}", "must be an address like http://… or https://…"),
        ("DISCORD_GATEWAY", "wss://a..b", "must be an address like ws://… or wss://…"),
        ("DISCORD_GATEWAY", "https://host", "must be an address like ws://… or wss://…"),
        ("WEB_LISTEN", "localhost", "must be host:port"),
        ("WEB_LISTEN", "127.0.0.1:70000", "must be host:port"),
        (
            "DATABASE",
            "mysql://host/db",
            "must be sqlite+aiosqlite:///file.db or postgresql+asyncpg://user:password@host/name",
        ),
        ("DEFAULT_RULES", "SLOW=1/1/1", "does not name a pool"),
        ("DEFAULT_POOL", "SLOW", "it should be 'NORMAL', 'FAST', 'TURBO' or 'DRAW'"),
        ("DEFAULT_POOL", "DRAW", "should be 'NORMAL', 'FAST' or 'TURBO'"),
        ("ENGINE_MODEL", "midjourney", "must be an image model such as gpt-image-1.5, or dall-e-3"),
        ("OWNER_GUILD", "123456789012345678901234567890", "must be the id of a server"),
        ("OWNER_GUILD", "my server", "must be the id of a server"),
        ("MAX_RUNNING", "0", "greater than or equal to 1"),
        ("MAX_RUNNING", "many", "valid integer"),
        ("READS_PER_SECOND", "0", "greater than 0"),
        ("SHARD_IDS", "one", "must be numbers like 0,1,2 or a range"),
        ("IMAGE_HOSTS", "cdn.example:99999", "must be names like pictures.example"),
        ("IMAGE_HOSTS", "good.example,a..b", "must be names like pictures.example"),
        ("IMAGE_HOSTS", "https://pictures.example", "must be names like pictures.example"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
        ("LOG_LEVEL", "loud", "'DEBUG'"),
        ("ROLE", "boss", "'all', 'gateway' or 'worker'"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_its_name(name: str, value: str, hint: str) -> None:
    text = refusal(**{name: value})

    assert text.startswith(f"EASEL_{name} ")
    assert hint in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "written",
    [
        *("https://bücher.example/pfad", "http://MJ:8080", "https://a_b.example.", "http://[::1]:8080", "https://h:65535"),
        *("https://.", "https://a..b", "https://h:0", "https://h:65536", "https://-", "https://[::1", "https://a b"),
    ],
)  # fmt: skip
def test_what_is_read_as_an_address_is_one_to_whoever_uses_it(written: str) -> None:
    try:
        settings = load(NEEDED | {"EASEL_API_URL": written})
    except StartupError:
        assert origin_of(written) is None
    else:
        assert origin_of(settings.api_url) is not None


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = refusal(MAX_RUNNING="many", WEB_LISTEN="x", ROLE="boss")

    assert [line.split()[0] for line in text.splitlines()] == [
        "EASEL_MAX_RUNNING",
        "EASEL_WEB_LISTEN",
        "EASEL_ROLE",
    ]


@pytest.mark.parametrize("name", ["DEFAULT_RULES", "DATABASE", "OHMYGPT_ORIGIN", "WEB_LISTEN", "ROLE"])
def test_a_secret_in_the_wrong_place_stays_out_of_message_and_traceback(name: str) -> None:
    with pytest.raises(StartupError) as caught:
        load(NEEDED | {f"EASEL_{name}": TOKEN})

    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


def test_the_settings_do_not_show_secrets_when_they_are_printed() -> None:
    settings = load(
        NEEDED
        | {
            "EASEL_DATABASE": "postgresql://easel:hunter2@db/easel",
            "EASEL_OHMYGPT_ADMIN_KEY": "sk-admin-abcdef",
        }
    )

    shown = repr(settings) + str(settings)
    assert not [s for s in (*settings.secrets(), "hunter2") if s in shown]
    assert len(settings.secrets()) == 3


def test_addresses_lose_their_last_slash() -> None:
    settings = load(
        NEEDED
        | {
            "EASEL_OHMYGPT_ORIGIN": "https://mirror.example/",
            "EASEL_DISCORD_API": "http://127.0.0.1:8081/api/v10/",
            "EASEL_DISCORD_GATEWAY": "ws://127.0.0.1:8082/",
        }
    )

    assert settings.api_url == "https://mirror.example"
    assert settings.discord_api == "http://127.0.0.1:8081/api/v10"
    assert settings.discord_gateway == "ws://127.0.0.1:8082"


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/chat/completions/"])
def test_a_chat_models_address_is_written_with_or_without_its_path(path: str) -> None:
    settings = load(
        NEEDED | {"EASEL_HELPER_URL": f"https://chat.example/to{path}", "EASEL_HELPER_KEY": "sk-chat"}
    )

    assert settings.helper_url == "https://chat.example/to"


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("127.0.0.1:8080", ListenAddress("127.0.0.1", 8080)),
        (":8080", ListenAddress(EVERYWHERE, 8080)),
        ("8080", ListenAddress(EVERYWHERE, 8080)),
        ("[::1]:0", ListenAddress("::1", 0)),
    ],
)
def test_the_web_server_listens_where_it_is_told(spelled: str, meant: ListenAddress) -> None:
    assert load(NEEDED | {"EASEL_WEB_LISTEN": spelled}).web_listen == meant


@pytest.mark.parametrize(
    ("spelled", "driver"),
    [
        ("sqlite:///easel.db", "sqlite+aiosqlite:///easel.db"),
        ("postgres://easel@db/easel", "postgresql+asyncpg://easel@db/easel"),
        ("postgresql://easel@db/easel", "postgresql+asyncpg://easel@db/easel"),
    ],
)
def test_a_database_address_without_its_driver_gets_one(spelled: str, driver: str) -> None:
    assert load(NEEDED | {"EASEL_DATABASE": spelled}).database == driver


def test_lists_are_written_with_commas_or_as_a_range() -> None:
    settings = load(
        NEEDED
        | {
            "EASEL_IMAGE_HOSTS": "Pictures.example, 127.0.0.1:9000",
            "EASEL_SHARD_COUNT": "8",
            "EASEL_SHARD_IDS": "0-2,5",
        }
    )

    assert settings.image_hosts == ("pictures.example", "127.0.0.1:9000")
    assert settings.shard_ids == (0, 1, 2, 5)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"SHARD_IDS": "0,1"}, "EASEL_SHARD_IDS needs EASEL_SHARD_COUNT"),
        ({"SHARD_IDS": "0,4", "SHARD_COUNT": "4"}, "must be different numbers below"),
        ({"SHARD_IDS": "1,1", "SHARD_COUNT": "4"}, "must be different numbers below"),
        ({"PUBLIC_URL": "https://bot.example"}, "EASEL_PUBLIC_URL needs EASEL_WEB_LISTEN"),
        (
            {"WEB_LISTEN": ":8080", "HEALTH_LISTEN": ":8080"},
            "EASEL_HEALTH_LISTEN must be another port than that of EASEL_WEB_LISTEN",
        ),
        (
            {"WEB_LISTEN": "10.0.0.1:8080", "HEALTH_LISTEN": ":8080"},
            "EASEL_HEALTH_LISTEN must be another port than that of EASEL_WEB_LISTEN",
        ),
        (
            {"WEB_LISTEN": "[::]:8080", "HEALTH_LISTEN": "[::1]:8080"},
            "EASEL_HEALTH_LISTEN must be another port than that of EASEL_WEB_LISTEN",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(more: dict[str, str], said: str) -> None:
    assert said in refusal(**more)


@pytest.mark.parametrize(
    ("web", "health"),
    [
        (":8080", ":9000"),
        (":0", ":0"),
        ("127.0.0.1:8080", "10.0.0.1:8080"),
        ("0.0.0.0:8080", "[::]:8080"),
    ],
)
def test_health_may_be_answered_wherever_else_there_is_room(web: str, health: str) -> None:
    settings = load(NEEDED | {"EASEL_WEB_LISTEN": web, "EASEL_HEALTH_LISTEN": health})

    assert settings.health_listen is not None


def test_a_worker_may_name_a_public_address_that_another_process_serves() -> None:
    settings = load(NEEDED | {"EASEL_ROLE": "worker", "EASEL_PUBLIC_URL": "https://bot.example"})

    assert settings.public_url == "https://bot.example"


def test_an_empty_value_is_an_unset_one() -> None:
    assert load(NEEDED | {"EASEL_OHMYGPT_ADMIN_KEY": "", "EASEL_SHARD_COUNT": ""}).api_admin_key is None


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give an empty folder to stand in, and an environment without a single setting."""
    monkeypatch.chdir(tmp_path)
    for name in [*NEEDED, "EASEL_SECRETS_DIR", "EASEL_MAX_RUNNING", "EASEL_DATABASE"]:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_environment_wins_over_the_file_and_the_file_over_the_secrets_directory(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = bare / "secrets"
    secrets.mkdir()
    (secrets / "easel_discord_token").write_text("from-directory\n")
    (secrets / "easel_ohmygpt_key").write_text("from-directory\n")
    (bare / ".env").write_text("EASEL_OHMYGPT_KEY=from-file\nEASEL_MAX_RUNNING=4\n")
    monkeypatch.setenv("EASEL_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("EASEL_MAX_RUNNING", "5")

    settings = load()

    assert settings.discord_token.get_secret_value() == "from-directory"
    assert settings.api_key.get_secret_value() == "from-file"
    assert settings.max_running == 5


def test_settings_that_are_handed_over_come_from_nowhere_else(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare / ".env").write_text("EASEL_MAX_RUNNING=4\n")
    monkeypatch.setenv("EASEL_DATABASE", "sqlite:///elsewhere.db")

    settings = load(NEEDED)

    assert settings.max_running == 3
    assert settings.database == "sqlite+aiosqlite:///easel.db"


def test_the_secrets_directory_may_be_named_in_the_file_and_the_environment_goes_before_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("of-the-file", "of-the-environment"):
        (bare / name).mkdir()
        (bare / name / "easel_discord_token").write_text(name)
    (bare / ".env").write_text("EASEL_API_KEY=sk-own-123456\nEASEL_SECRETS_DIR=of-the-file\n")

    assert load().discord_token.get_secret_value() == "of-the-file"
    monkeypatch.setenv("EASEL_SECRETS_DIR", "of-the-environment")
    assert load().discord_token.get_secret_value() == "of-the-environment"


def test_a_secrets_directory_that_is_named_must_exist(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_SECRETS_DIR", str(bare / "nowhere"))

    with pytest.raises(StartupError, match="EASEL_SECRETS_DIR is not a directory"):
        load()


@pytest.mark.usefixtures("bare")
def test_a_verb_that_calls_nobody_needs_no_secret() -> None:
    assert load_local().database == "sqlite+aiosqlite:///easel.db"


def test_a_file_that_is_no_text_is_said_plainly(bare: Path) -> None:
    (bare / ".env").write_bytes(b"EASEL_ROLE=\xff\xfe\n")

    with pytest.raises(StartupError, match="is not UTF-8 text"):
        load()


def test_a_misspelt_setting_is_noticed(bare: Path) -> None:
    (bare / ".env").write_text("EASEL_MAX_RUNING=4\n")

    said = unknown_names({"EASEL_ROLE": "all", "EASEL_SERVICE_HOST": "10.0.0.1", "PATH": "/bin"})

    assert said[0] == "EASEL_MAX_RUNING is not a setting; did you mean EASEL_MAX_RUNNING?"
    assert said[1].startswith("EASEL_SERVICE_HOST is not a setting")
    assert len(said) == 2


def test_the_table_and_the_example_name_every_setting() -> None:
    table, example = settings_table(), env_example()

    assert "| `EASEL_DISCORD_TOKEN` | **required** |" in table
    assert "| `EASEL_DEFAULT_RULES` | `NORMAL=50/3/10,FAST=10/1/5,TURBO=5/1/3,DRAW=10/1/3` |" in table
    assert "# EASEL_MAX_RUNNING=3" in example
    assert "\nEASEL_DISCORD_TOKEN=\n" in example


def test_the_example_can_be_used_once_the_secrets_are_filled_in() -> None:
    lines = [
        line.removeprefix("# ") for line in env_example().splitlines() if "EASEL_" in line and "=" in line
    ]
    written = dict(line.split("=", 1) for line in lines if line.startswith("EASEL_"))

    assert load(written | NEEDED) == load(NEEDED)


# -- accounts and keys -----------------------------------------------------------------------------------

MASTER = "A" * 43 + "="


def test_accounts_are_named_mapped_and_kept_secret() -> None:
    settings = load(
        NEEDED
        | {
            "EASEL_ACCOUNTS": "Studio=sk-studio-1234, guest=sk-guest-1234",
            "EASEL_ACCOUNT_OF": "123=studio,123/fast=guest 456/NORMAL=default",
            "EASEL_MASTER_KEY": f"{MASTER}, {'B' * 43}=",
        }
    )

    assert {name: account.key.get_secret_value() for name, account in settings.accounts.items()} == {
        "studio": "sk-studio-1234",
        "guest": "sk-guest-1234",
    }
    assert settings.account_of == {
        (123, None): "studio",
        (123, Pool.FAST): "guest",
        (456, Pool.NORMAL): "default",
    }
    assert len(settings.master_key) == 2
    assert {"sk-studio-1234", "sk-guest-1234", MASTER} < set(settings.secrets())
    assert not [secret for secret in settings.secrets() if secret in repr(settings) + str(settings)]
    assert (settings.server_keys, settings.balance_low) == ("on", None)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("ACCOUNTS", "sk-abcdef123456", "must be names with keys"),
        ("ACCOUNTS", "guild:1=sk-abcdef123456", "must be names with keys"),
        ("ACCOUNTS", "default=sk-abcdef123456", "names the account default twice"),
        ("ACCOUNTS", "a=sk-abcdef123456,A=sk-abcdef123456", "names the account a twice"),
        ("ACCOUNT_OF", "here=studio", "must be servers with accounts"),
        ("ACCOUNT_OF", f"{2**63}=studio", "must be servers with accounts"),
        ("ACCOUNT_OF", "123/SLOW=studio", "must be servers with accounts"),
        ("ACCOUNT_OF", "123=studio", "names studio, which is none of EASEL_ACCOUNTS"),
        ("MASTER_KEY", "hunter2-hunter2", "must be 32 random bytes"),
        ("MASTER_KEY", f"{MASTER},short", "must be 32 random bytes"),
        ("MASTER_KEY", "é" * 44, "must be 32 random bytes"),
        ("SERVER_KEYS", "maybe", "'on' or 'off'"),
        ("BALANCE_LOW", "0", "greater than or equal to 1"),
        ("CREDITS", "FAST", "must read POOL=credits"),
        ("CREDITS", "FAST=5,FAST=6", "names FAST twice"),
        ("CREDIT_VALUE", "34000 yuan", "such as 34000 CNY, or off"),
    ],
)
def test_what_is_wrong_with_accounts_is_said_without_a_secret(name: str, value: str, hint: str) -> None:
    text = refusal(**{name: value})

    assert text.startswith(f"EASEL_{name} ")
    assert hint in text
    assert "abcdef123456" not in text
    assert "hunter2" not in text
