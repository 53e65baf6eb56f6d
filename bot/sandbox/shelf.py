"""What a sandbox keeps between two runs: the bot's database, and the simulated API's tasks beside it.
Never here: the simulated Discord's messages; nothing can keep those."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.upstream import SimulatedUpstream


@dataclass(slots=True)
class Shelf:
    """A directory with two files."""

    directory: Path
    lasting: bool
    """Whether it outlives this run."""
    _kept: int = -1

    @property
    def database(self) -> Path:
        """The bot's own."""
        return self.directory / "easel.db"

    @property
    def _tasks(self) -> Path:
        return self.directory / "upstream.json"

    def restore(self, upstream: SimulatedUpstream) -> None:
        """Give the simulated API its tasks back. Raises `StartupError` if they cannot be read."""
        if not self._tasks.exists():
            return
        try:
            upstream.load(json.loads(self._tasks.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StartupError(
                f"{self._tasks} cannot be read ({error}): delete it, or choose another directory with --data."
            ) from None
        self._kept = len(upstream.tasks)

    def keep(self, upstream: SimulatedUpstream, *, whatever: bool = False) -> None:
        """Write the tasks if there are new ones, or whatever changed; a crash leaves the old file or the new one."""
        if not self.lasting or (len(upstream.tasks) == self._kept and not whatever):
            return
        self._kept = len(upstream.tasks)
        fresh = self._tasks.with_suffix(".new")
        fresh.write_text(json.dumps(upstream.dump()), encoding="utf-8")
        fresh.replace(self._tasks)


@contextmanager
def open_shelf(directory: Path | None) -> Iterator[Shelf]:
    """The given directory, or one that is gone afterwards. Raises `StartupError`."""
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="easel-sandbox-", ignore_cleanup_errors=True) as name:
            yield Shelf(Path(name), lasting=False)
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"{directory} cannot be used: {error.strerror}.") from None
    yield Shelf(directory, lasting=True)
