"""The settings as people read them: the README's table and the commented example of a `.env` file.
Never here: reading settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.config import Settings, setting_names

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


def settings_table() -> str:
    """Every setting as a Markdown table; the README holds this text, and a test compares the two."""
    rows = ["| Name | Default | Meaning |", "|---|---|---|"]
    for name, field in _fields().items():
        default = (
            "**required**" if field.is_required() else f"`{shown}`" if (shown := _shown(field)) else "unset"
        )
        rows.append(f"| `{name}` | {default} | {(field.description or '').replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def env_example() -> str:
    """Every setting as a commented `.env` file (`deploy/env.example`)."""
    blocks = ["# Easel's settings. Copy to .env, fill in the first two, delete what you do not need.\n"]
    for name, field in _fields().items():
        mark = "" if field.is_required() else "# "
        blocks.append(f"# {(field.description or '').replace('`', '')}\n{mark}{name}={_shown(field)}\n")
    return "\n".join(blocks)


def _fields() -> dict[str, FieldInfo]:
    fields = dict(zip(setting_names(), Settings.model_fields.values(), strict=True))
    return dict(sorted(fields.items(), key=lambda item: not item[1].is_required()))


def _shown(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "shown" in extra:
        return str(extra["shown"])
    default = field.default
    if field.is_required() or default is None or default == ():
        return ""
    return (
        str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
    )
