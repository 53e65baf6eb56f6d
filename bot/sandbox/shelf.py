"""What a sandbox keeps between two runs: the bot's database and master key, and the simulated API's tasks beside them.
Never here: the simulated Discord's messages; nothing can keep those."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.fernet import Fernet

from bot.domain.accounts import ApiKind
from bot.errors import StartupError
from bot.local_files import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.sandbox.upstream.loopback import LoopbackServer

FILES: Final = {ApiKind.OHMYGPT: "upstream.json", ApiKind.MJ_PROXY: "mj-proxy.json"}
"""Where the tasks of each kind of API are kept."""
ADVICE: Final = "make room and see that you may write there, or choose another directory with --data"


@dataclass(slots=True)
class Shelf:
    """A directory with three files."""

    directory: Path
    lasting: bool
    """Whether it outlives this run."""
    kind: ApiKind = ApiKind.OHMYGPT
    """Whose tasks these are."""
    _kept: int = -1

    @property
    def database(self) -> Path:
        """The bot's own."""
        return self.directory / "easel.db"

    @property
    def master_key(self) -> str:
        """The same at each start: keys that servers brought are sealed with it. Raises `StartupError`."""
        path = self.directory / "master.key"
        try:
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(Fernet.generate_key().decode(), encoding="ascii")
            return path.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            raise StartupError(f"{path} cannot be used ({error}): {ADVICE}.") from None

    @property
    def _tasks(self) -> Path:
        return self.directory / FILES[self.kind]

    def restore(self, upstream: LoopbackServer) -> None:
        """Give the simulated API its tasks back. Raises `StartupError` if they cannot be read, or are another kind's."""
        for kind, name in FILES.items():
            if kind is not self.kind and look_at(self.directory / name) is not None:
                raise StartupError(
                    f"{self.directory} belongs to a sandbox with --api {kind.value}: "
                    "start it with that, or choose another directory with --data."
                )
        if look_at(self._tasks) is None:
            return
        try:
            upstream.load(json.loads(self._tasks.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StartupError(
                f"{self._tasks} cannot be read ({error}): delete it, or choose another directory with --data."
            ) from None
        self._kept = upstream.paid

    def keep(self, upstream: LoopbackServer, *, whatever: bool = False) -> None:
        """Write the tasks if there are new ones, or whatever changed; a crash leaves the old file or the new one.

        Raises `StartupError`.
        """
        if not self.lasting or (upstream.paid == self._kept and not whatever):
            return
        self._kept = upstream.paid
        fresh = self._tasks.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(upstream.dump()), encoding="utf-8")
            fresh.replace(self._tasks)
        except OSError as error:
            raise StartupError(f"{self._tasks} cannot be written ({error.strerror}): {ADVICE}.") from None


@contextmanager
def open_shelf(directory: Path | None, kind: ApiKind = ApiKind.OHMYGPT) -> Iterator[Shelf]:
    """The given directory, or one that is gone afterwards. Raises `StartupError`."""
    if directory is None:
        with tempfile.TemporaryDirectory(prefix="easel-sandbox-", ignore_cleanup_errors=True) as name:
            yield Shelf(Path(name), lasting=False, kind=kind)
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass  # before anybody plays: what cannot be kept is noticed too late
    except OSError as error:
        raise StartupError(f"{directory} cannot be used ({error.strerror}): {ADVICE}.") from None
    yield Shelf(directory, lasting=True, kind=kind)
