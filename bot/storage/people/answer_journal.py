"""Open answers in a file of this process's own, beside SQLite's: on it at once, where a row waits for a turn with the writer.
Never here: what is said to whom, and rows (open_answers).

A place for each answer, overwritten when it is over; at its head until when the process counts as living. What is written is the
system's as soon as it is written: it outlives the process, and no power cut, as a row does that nobody waited on the disk for.
While another process keeps one beside it, nothing is written: the same interaction may be handed to both, and only rows tell
them of each other.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from binascii import crc32
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bot.domain.open_answers import AnswerKind, OpenAnswer
from bot.storage.people.open_answers import ASIDE_MS, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import FileIO
    from pathlib import Path

log = logging.getLogger(__name__)

SUFFIX: Final = ".answers-"
HEAD: Final = "easel open answers 1, until "
PLACE: Final = 1024
"""Bytes of one answer's place; one with a longer token gets a row."""
PLACES: Final = 1000
OVER: Final = b"\n".ljust(PLACE)
"""What stands in a place whose answer is over: its token may live."""
SLOW_S: Final = 0.05
"""A disk that takes longer holds up everybody, for this is written in the loop's thread:"""
REST_MS: Final = 60_000
"""so long it gets nothing then."""
HEADLESS_S: Final = 3_600.0
"""A file without a head that nobody touched for so long has lost its process while it was begun."""


class FileAnswerJournal:
    """The `AnswerJournal` of bot.domain.open_answers, beside a database's file."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._folder = database.parent
        self._named = database.name + SUFFIX
        self._path: Path | None = None
        self._file: FileIO | None = None
        self._places: dict[int, int] = {}
        self._free: list[int] = []
        self._unerased: set[int] = set()
        """Places that the disk refused to overwrite."""
        self._until = 0
        self._good_until = 0
        self._rests_until = 0
        self._seen: int | None = None
        """When the folder had changed last as the others in it were looked for."""
        self._is_alone = False
        self._is_closed = False
        self._complained: set[str] = set()

    # -- what this process owes --------------------------------------------------------------------------

    def write(self, answer: OpenAnswer, now: int) -> bool:
        """See the port."""
        if self._file is None or not self._free or not self._rests_until <= now < self._good_until:
            return False
        record = _spelled(answer)
        if len(record) > PLACE or not self._looks_alone(now):
            return False
        place = self._free.pop()
        began = time.perf_counter()
        try:
            _put(self._file, place, record)
        except OSError as error:
            self._free.append(place)
            self._rests_until = now + REST_MS
            _tell(error)
            return False
        if time.perf_counter() - began > SLOW_S:
            self._rests_until = now + REST_MS
        self._places[answer.interaction_id] = place
        return True

    def erase(self, interaction_id: int, now: int) -> bool:
        """See the port."""
        place = self._places.pop(interaction_id, None)
        if place is None or self._file is None:
            return False
        self._unerased.add(place)
        self._overwrite(self._file)
        return now < self._until

    def _overwrite(self, file: FileIO) -> None:
        """What the disk refuses stands there until it does not: nobody gets the place before."""
        for place in [*self._unerased]:
            try:
                _put(file, place, OVER)
            except OSError as error:
                _tell(error)
                return
            self._unerased.discard(place)
            self._free.append(place)

    def keep(self, now: int, until: int) -> bool:
        """See the port."""
        if self._is_closed:
            return True
        lapsed = self._file is not None and (now >= self._until or _is_gone(self._file))
        if lapsed:
            self._leave()
        self._seen = None
        try:
            if self._file is None:
                self._begin(until)
            else:
                _put(self._file, 0, _head(until))
                self._overwrite(self._file)
        except OSError as error:
            self._rests_until = now + REST_MS
            _tell(error)
            return not lapsed
        self._until = until
        # Well before others take it for a dead process's, so that nothing is written on what they are reading.
        self._good_until = now + (until - now) // 2
        return not lapsed

    def close(self) -> None:
        """See the port."""
        self._is_closed = True
        if self._file is not None and self._places:
            with suppress(OSError):
                _put(self._file, 0, _head(0))
            self._file.close()
            self._file = None
        self._leave()

    def _begin(self, until: int) -> None:
        path = self._folder / f"{self._named}{secrets.token_hex(6)}"
        file = open(path, "x+b", buffering=0, opener=_for_us_alone)  # noqa: SIM115 - it stays open
        try:
            _give(file, self._database)
            _put(file, 0, _head(until))
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            raise
        self._path, self._file = path, file
        self._free = [*range(PLACES, 0, -1)]

    def _leave(self) -> None:
        """End with this file: another process may be reading it, or nothing is left on it."""
        path, file = self._path, self._file
        self._path = self._file = None
        self._places, self._unerased = {}, set()
        if file is not None and path is not None:
            file.close()
            with suppress(OSError):  # where somebody reads it (Windows); then others take what stands on it
                path.unlink(missing_ok=True)

    # -- others ------------------------------------------------------------------------------------------

    def _looks_alone(self, now: int) -> bool:
        """Whether no other process keeps one; looked up when a file has come or gone here."""
        try:
            changed = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - before each answer, and this is the quickest
        except OSError:
            return False
        if changed != self._seen:
            self._seen = changed
            there = self._file is not None and not _is_gone(self._file)
            self._is_alone = there and not any(_lives(until, now) for _, until in self._others())
        return self._is_alone

    def left(self, now: int) -> Iterator[tuple[str, Sequence[OpenAnswer]]]:
        """See the port."""
        for name, until in [*self._others()]:
            if self._is_closed:
                return  # what this process itself left is among them
            if until is None or _lives(until, now):
                continue
            try:
                answers = [*_answers((self._folder / name).read_bytes())]
            except OSError:
                continue  # another process took it
            yield name, answers

    def discard(self, name: str) -> None:
        """See the port."""
        with suppress(OSError):
            (self._folder / name).unlink()

    def _others(self) -> Iterator[tuple[str, int | None]]:
        """Each other journal, and until when its process counts as living; None: nobody knows."""
        try:
            with os.scandir(self._folder) as entries:
                names = [entry.name for entry in entries if entry.name.startswith(self._named)]
        except OSError:
            return
        for name in names:
            if self._path is not None and name == self._path.name:
                continue
            try:
                with (self._folder / name).open("rb") as file:
                    head = file.read(PLACE)
                    age = time.time() - os.fstat(file.fileno()).st_mtime
            except FileNotFoundError:
                continue  # its process ended well, or another took it
            except OSError as error:
                if name not in self._complained:
                    self._complained.add(name)
                    _tell(error)
                yield name, None
                continue
            if age > HEADLESS_S and not head.strip(b"\0"):
                self.discard(name)
                continue
            yield name, _read(head)


def _lives(until: int | None, now: int) -> bool:
    """Whether its process counts as living. What is held for longer than anything ever is, a clock wrote that stood ahead."""
    return until is None or now < until <= now + 2 * ASIDE_MS


def _is_gone(file: FileIO) -> bool:
    """Whether somebody deleted it, though it can be written on for ever."""
    return os.fstat(file.fileno()).st_nlink == 0


def _tell(error: OSError) -> None:
    """Rows do instead."""
    log.warning("answer_journal_fails", extra={"reason": error.strerror or str(error)})


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # living tokens stand in it


def _give(file: FileIO, database: Path) -> None:
    """To whom the database belongs: who runs it as root once leaves nothing that its own user cannot read (as SQLite does)."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        found = database.stat()
        os.fchown(file.fileno(), found.st_uid, found.st_gid)


def _put(file: FileIO, place: int, record: bytes) -> None:
    file.seek(place * PLACE)
    if file.write(record) != len(record):
        raise OSError("the disk took a part of it")


def _head(until: int) -> bytes:
    return f"{HEAD}{until:020d}\n".encode()


def _read(head: bytes) -> int | None:
    """Until when its process counts as living; None: it is no such file, or of another version."""
    first = head.partition(b"\n")[0].decode(errors="replace")
    number = first.removeprefix(HEAD)
    return int(number) if number != first and number.isdecimal() else None


def _spelled(answer: OpenAnswer) -> bytes:
    told = json.dumps(values_of(answer)).encode()
    return b"%08x %s\n" % (crc32(told), told)


def _answers(content: bytes) -> Iterator[OpenAnswer]:
    """Those that stand in it whole: half of one was never answered, for it is written first."""
    for at in range(PLACE, len(content), PLACE):
        told, newline, _ = content[at : at + PLACE].partition(b"\n")
        if not newline or b"%08x" % crc32(told[9:]) != told[:8]:
            continue
        try:
            fields = json.loads(told[9:])
            yield OpenAnswer(**fields | {"kind": AnswerKind(fields["kind"])})
        except (TypeError, ValueError) as error:
            log.error("answer_not_read", extra={"reason": str(error)[:200]})  # noqa: TRY400 - the reason is the whole story
