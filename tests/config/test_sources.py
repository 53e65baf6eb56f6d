"""Every setting is read alike from the environment, from `.env` and from a secrets directory, odd values too.
Never here: what a value means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from bot import config
from bot.config import Settings
from bot.errors import StartupError

if TYPE_CHECKING:
    from pathlib import Path

NEEDED: Final = {"discord_token": "a.b.c", "api_key": "sk-abcdefgh"}
MASTER: Final = "A" * 43 + "="
GOOD: Final = {
    "database": "sqlite:///x.db",
    "backups_kept": "0",
    "log_format": "JSON",
    "log_level": "debug",
    "discord_token": "1234567890",
    "api_key": "1234567890",
    "api_kind": "MJ-Proxy",
    "api_auth": "Bearer",
    "engine_model": "GPT-Image-1.5",
    "pool_routes": "normal=prefix:mj-relax|filter,FAST=key:sk-fast",
    "api_admin_key": "1234567890",
    "helper_model": "gpt-4o-mini",
    "helper_url": "http://127.0.0.1:7",
    "helper_key": "sk-chat",
    "accounts": "studio=123456,guest=sk-x",
    "account_of": "123456789012345678=default",
    "master_key": MASTER,
    "servers": "open",
    "server_ceiling": "5/50/1/2",
    "account_ceiling": "9/90/2/5",
    "credits": "NORMAL=2040,FAST/upscale=1700",
    "credit_value": "34000 CNY",
    "owner_guild": "123456789012345678",
    "server_keys": "off",
    "retention_days": "30",
    "balance_low": "100",
    "default_pool": "fast",
    "default_rules": "NORMAL=1/1/1,FAST=off",
    "max_running": "7",
    "show_video": "true",
    "web_listen": "8080",
    "health_listen": "127.0.0.1:9",
    "public_url": "https://x.example/",
    "api_url": "http://127.0.0.1:1",
    "api_storage": "http://127.0.0.1:2",
    "wsrv_origin": "http://127.0.0.1:3",
    "image_hosts": "a.example, b.example:8080",
    "reads_per_second": "2.5",
    "form_encoding": "1",
    "discord_api": "http://127.0.0.1:4/api/v10",
    "discord_gateway": "ws://127.0.0.1:5",
    "role": "Worker",
    "shard_count": "2",
    "shard_ids": "0",
    "stop_timeout": "0",
}
BESIDE: Final = {
    "api_kind": {"api_url": "http://127.0.0.1:6/sub"},
    "shard_ids": {"shard_count": "2"},
    "public_url": {"web_listen": ":80"},
    "helper_url": {"helper_key": "sk-chat"},
}
ODD: Final = (
    "0",
    "1",
    "null",
    "1-0",
    "0-1",
    "123456789012345678",
    "[]",
    "[1]",
    "{}",
    '"x"',
    "true",
    "-1",
    " ",
    "9" * 30,
)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"EASEL_{name.upper()}", raising=False)
    monkeypatch.setattr(config, "SECRETS_DIRECTORY", tmp_path / "none")
    return tmp_path


def readings(values: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What each source makes of the same values: settings, or a sentence."""
    read: dict[str, object] = {}

    def look(source: str) -> None:
        try:
            read[source] = dict(config.load())
        except StartupError as error:
            read[source] = str(error)

    with monkeypatch.context() as patch:
        for name, value in values.items():
            patch.setenv(f"EASEL_{name.upper()}", value)
        look("environment")
    file = folder / ".env"
    file.write_text("".join(f"EASEL_{name.upper()}='{value}'\n" for name, value in values.items()))
    look("file")
    file.unlink()
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    for name, value in values.items():
        (secrets / f"easel_{name}").write_text(f"{value}\n")
    with monkeypatch.context() as patch:
        patch.setenv("EASEL_SECRETS_DIR", str(secrets))
        look("secrets")
    for path in secrets.iterdir():
        path.unlink()
    return read


def test_every_setting_has_a_good_value_here() -> None:
    assert set(GOOD) == set(Settings.model_fields)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_value_is_read_alike_from_every_source(
    name: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**NEEDED, **BESIDE.get(name, {}), name: GOOD[name]}

    read = readings(values, bare, monkeypatch)

    assert isinstance(read["environment"], dict), read["environment"]
    assert read["environment"] == read["file"] == read["secrets"]
    default = Settings.model_fields[name].default
    assert read["environment"][name] != default


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", GOOD)
def test_an_odd_value_is_refused_or_read_alike_by_every_source(
    name: str, odd: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**NEEDED, **BESIDE.get(name, {}), name: odd}

    read = readings(values, bare, monkeypatch)

    assert read["environment"] == read["file"] == read["secrets"]
    said = read["environment"]
    if isinstance(said, str):
        assert said.startswith("EASEL_")
        assert "pydantic" not in said
        assert len(said.splitlines()) == 1


def test_an_empty_optional_secret_is_an_unset_one(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for read in readings({**NEEDED, "api_admin_key": "", "master_key": ""}, bare, monkeypatch).values():
        assert isinstance(read, dict)
        assert (read["api_admin_key"], read["master_key"]) == (None, ())


def test_a_file_that_windows_marked_as_utf_8_is_read(bare: Path) -> None:
    (bare / ".env").write_text(
        "EASEL_DISCORD_TOKEN=a.b.c\r\nEASEL_OHMYGPT_KEY=sk-x\r\n", encoding="utf-8-sig"
    )

    assert config.load().api_key.get_secret_value() == "sk-x"


def test_other_secrets_beside_ours_are_not_read(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NEEDED.items():
        (bare / f"EASEL_{name.upper()}").write_text(value)
    (bare / "tls.key").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setenv("EASEL_SECRETS_DIR", str(bare))

    assert config.load().discord_token.get_secret_value() == "a.b.c"
