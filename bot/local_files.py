"""What stands on the local disk under a name, and where this user may not look; whose a file stays that root replaces.
Never here: what is in the files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from bot.errors import StartupError


def real(path: Path | str) -> Path:
    """Where it lies, or would lie, from the root on: what is put there takes the place of no link that leads there."""
    return Path(os.path.realpath(path))


def look_at(path: Path) -> os.stat_result | None:
    """What stands there; None if nothing does. Raises `StartupError` where that cannot be seen."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise StartupError(
            f"{path} cannot be looked at ({error.strerror}): give Easel's user the right to enter its directory, "
            "or name another file."
        ) from None
    except OSError as error:
        raise StartupError(f"{path} cannot be looked at ({error.strerror}): name another file.") from None


def is_directory(path: Path) -> bool:
    """Whether one stands there. Raises `StartupError` where that cannot be seen."""
    found = look_at(path)
    return found is not None and S_ISDIR(found.st_mode)


def has_content(path: Path) -> bool:
    """Whether a file stands there that is not empty. Raises `StartupError` where that cannot be seen."""
    found = look_at(path)
    return found is not None and S_ISREG(found.st_mode) and found.st_size > 0


def discard(path: Path) -> None:
    """Delete what a program of ours may have left there, where that can be; what then stands in the way says so itself."""
    with suppress(OSError):
        path.unlink()


def hand_over(path: Path, like: os.stat_result) -> None:
    """Give what root has made to whom another file belongs: a program that runs as somebody else has to open it."""
    if os.name != "posix" or os.geteuid() != 0:
        return
    made, wanted = path.stat(), (like.st_uid, like.st_gid)
    if (made.st_uid, made.st_gid) != wanted:  # file systems with one owner of everything refuse to be told
        os.chown(path, *wanted)
