"""The `.env` file that `easel setup` writes: names set or replaced, everything else left as it stands, mode 600.
Never here: which settings there are."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from bot.errors import StartupError
from bot.local_files import hand_over, look_at, real

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PLAIN: Final = re.compile(r"[\w.,:/@%+=-]*")
"""What needs no quotes, whoever reads the file: python-dotenv, systemd, Docker Compose."""


def read(path: Path) -> dict[str, str]:
    """What the file sets; nothing if there is none. Raises `StartupError`."""
    if look_at(path) is None:
        return {}
    try:
        found = dotenv_values(path, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise StartupError(f"{path} is not UTF-8 text.") from None
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}.") from None
    return {name: value for name, value in found.items() if value is not None}


def write(path: Path, values: Mapping[str, str]) -> None:
    """Set these names; the file, or what a link leads to, is replaced at once, and only its owner may read it.

    Raises `StartupError`.
    """
    left = dict(values)
    lines = []
    before = look_at(path)
    try:
        for line in path.read_text("utf-8-sig").splitlines() if before else []:
            name = re.match(r"\s*(?:export\s+)?(\w+)\s*=", line)
            if name and name[1] in values:
                if name[1] in left:
                    lines.append(f"{name[1]}={_quoted(left.pop(name[1]))}")
                continue  # a second line of that name would win over ours
            lines.append(line)
        lines += [f"{name}={_quoted(value)}" for name, value in left.items()]
        target = real(path)
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        if before:
            hand_over(part, before)
        part.replace(target)
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}.") from None


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
