"""What stands in a process's journal is there for others when it is dead, and for nobody before; a bad disk breaks nothing.
Never here: who is told what (tests/services/intake/test_answer_journal.py)."""

from __future__ import annotations

import os
import stat
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.storage.people import answer_journal as room
from bot.storage.people.answer_journal import HEADLESS_S, PLACE, PLACES, REST_MS, FileAnswerJournal
from bot.storage.people.open_answers import ASIDE_MS, values_of
from tests.storage.making import NOON
from tests.storage.people.test_open_answers import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIFE = 30_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "easel.db"
    path.touch()
    return path


@pytest.fixture
def journal(database: Path) -> Iterator[FileAnswerJournal]:
    """A living process's."""
    made = FileAnswerJournal(database)
    assert made.keep(NOON, NOON + LIFE)
    yield made
    for number in range(1, PLACES + 2):
        made.erase(number, NOON)
    made.close()


def seen(database: Path, now: int) -> list[int]:
    """The interactions that another process finds left."""
    return [one.interaction_id for _, answers in FileAnswerJournal(database).left(now) for one in answers]


def files(database: Path) -> list[Path]:
    return [one for one in database.parent.iterdir() if room.SUFFIX in one.name]


def test_what_a_dead_process_wrote_others_find_whole(journal: FileAnswerJournal, database: Path) -> None:
    answer = replace(opened(1), locale="zh-CN", guild_id=None)
    assert journal.write(answer, NOON)

    ((name, left),) = FileAnswerJournal(database).left(NOON + LIFE)

    assert [*left] == [answer]
    FileAnswerJournal(database).discard(name)
    assert files(database) == []


def test_what_a_living_process_wrote_is_its_own(journal: FileAnswerJournal, database: Path) -> None:
    assert journal.write(opened(1), NOON)
    assert journal.keep(NOON + LIFE - 1, NOON + 2 * LIFE - 1)

    assert seen(database, NOON + LIFE) == []
    assert [*journal.left(NOON + 9 * LIFE)] == []


def test_a_clock_that_stood_ahead_keeps_nothing_for_ever(journal: FileAnswerJournal, database: Path) -> None:
    assert journal.write(opened(1), NOON)

    assert seen(database, NOON + LIFE - 2 * ASIDE_MS - 1) == [1]
    assert seen(database, NOON + LIFE - 2 * ASIDE_MS) == []


def test_what_is_over_is_found_by_nobody_and_its_token_is_gone(
    journal: FileAnswerJournal, database: Path
) -> None:
    assert journal.write(replace(opened(1), token="secret-token"), NOON)
    assert journal.write(opened(2), NOON)
    journal.erase(1, NOON)
    journal.erase(1, NOON)

    assert seen(database, NOON + LIFE) == [2]
    assert b"secret-token" not in files(database)[0].read_bytes()


@pytest.mark.parametrize("damage", ["cut", "other", "no line"])
def test_half_an_answer_is_none(journal: FileAnswerJournal, database: Path, damage: str) -> None:
    assert journal.write(opened(1), NOON)
    assert journal.write(opened(2), NOON)
    (path,) = files(database)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-20]
    elif damage == "other":
        content[2 * PLACE + 100] ^= 1
    else:
        content[content.rindex(b"\n")] = 32
    path.write_bytes(content)

    assert seen(database, NOON + LIFE) == [1]


def test_an_answer_of_another_version_hides_no_other(
    journal: FileAnswerJournal, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "values_of", lambda one: values_of(one) | {"kind": "dreamt"})
    assert journal.write(opened(1), NOON)
    monkeypatch.setattr(room, "values_of", lambda one: values_of(one) | {"mood": "good"})
    assert journal.write(opened(2), NOON)
    monkeypatch.setattr(room, "values_of", values_of)
    assert journal.write(opened(3), NOON)

    assert seen(database, NOON + LIFE) == [3]


def beside(database: Path, content: bytes, *, seconds_ago: float = 0) -> Path:
    """A file that looks like a journal by its name."""
    path = database.with_name(database.name + room.SUFFIX + "abc")
    path.write_bytes(content)
    then = time.time() - seconds_ago
    os.utime(path, (then, then))
    return path


@pytest.mark.parametrize(
    "content", [b"easel open answers 2, until 0\n", b"easel open answers 1, until soon\n"]
)
def test_a_file_that_it_does_not_know_is_left_alone_and_may_be_a_living_neighbours(
    journal: FileAnswerJournal, database: Path, content: bytes
) -> None:
    path = beside(database, content, seconds_ago=9 * HEADLESS_S)

    assert [*FileAnswerJournal(database).left(NOON)] == []
    assert path.exists()
    assert not journal.write(opened(1), NOON)


@pytest.mark.parametrize("content", [b"", bytes(4 * PLACE)])
def test_a_file_that_was_never_begun_goes_once_its_process_cannot_be_at_it(
    database: Path, content: bytes
) -> None:
    path = beside(database, content, seconds_ago=HEADLESS_S - 60)
    assert [*FileAnswerJournal(database).left(NOON)] == []
    assert path.exists()

    beside(database, content, seconds_ago=HEADLESS_S + 60)
    assert [*FileAnswerJournal(database).left(NOON)] == []
    assert not path.exists()


def test_beside_another_living_process_everything_gets_a_row(
    journal: FileAnswerJournal, database: Path
) -> None:
    assert journal.write(opened(1), NOON)
    other = FileAnswerJournal(database)
    assert other.keep(NOON, NOON + LIFE)

    assert not journal.write(opened(2), NOON)
    assert not other.write(opened(2), NOON)
    other.close()
    assert journal.write(opened(2), NOON)


def test_a_neighbour_that_has_just_begun_counts(journal: FileAnswerJournal, database: Path) -> None:
    beside(database, b"")

    assert not journal.write(opened(1), NOON)


@pytest.mark.skipif(sys.platform == "win32", reason="nobody can delete a file there that is held")
def test_who_finds_its_file_gone_begins_another(journal: FileAnswerJournal, database: Path) -> None:
    assert journal.write(opened(1), NOON)
    files(database)[0].unlink()

    assert not journal.write(opened(2), NOON)
    assert not journal.keep(NOON + 1, NOON + 1 + LIFE)
    assert journal.write(opened(2), NOON + 1)
    assert seen(database, NOON + 1 + LIFE) == [2]


def test_who_has_closed_it_takes_its_own_for_nobody_elses(database: Path) -> None:
    made = FileAnswerJournal(database)
    assert made.keep(NOON, NOON + LIFE)
    assert made.write(opened(1), NOON)
    made.close()

    assert [*made.left(NOON + LIFE)] == []
    assert seen(database, NOON + LIFE) == [1]


def test_a_neighbour_that_was_killed_counts_until_its_lease_ends(
    journal: FileAnswerJournal, database: Path
) -> None:
    beside(database, room._head(NOON + 1))
    assert not journal.write(opened(1), NOON)

    assert journal.keep(NOON + 1, NOON + 1 + LIFE)

    assert journal.write(opened(1), NOON + 1)


def test_where_the_folder_has_gone_nothing_is_written(
    journal: FileAnswerJournal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(journal, "_folder", tmp_path / "gone")

    assert not journal.write(opened(1), NOON)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_who_runs_it_as_root_once_leaves_nothing_that_its_own_user_cannot_read(database: Path) -> None:
    os.chown(database, 1234, 1235)
    made = FileAnswerJournal(database)
    assert made.keep(NOON, NOON + LIFE)

    found = files(database)[0].stat()
    made.close()

    assert (found.st_uid, found.st_gid) == (1234, 1235)


def test_a_file_that_may_not_be_read_is_complained_of_once(
    journal: FileAnswerJournal,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert journal.write(opened(1), NOON)
    other, path = FileAnswerJournal(database), type(database)

    def refuse(*_how: Any, **_more: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(path, "open", refuse)

    assert [*other.left(NOON + LIFE)] == [*other.left(NOON + LIFE)] == []
    assert [record.__dict__["reason"] for record in caplog.records] == ["Permission denied"]


def test_a_folder_that_cannot_be_read_holds_nothing(tmp_path: Path) -> None:
    assert [*FileAnswerJournal(tmp_path / "gone" / "easel.db").left(NOON)] == []


@pytest.mark.parametrize("late", [False, True])
def test_a_file_that_goes_while_it_is_read_held_nothing(
    journal: FileAnswerJournal,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    late: bool,  # noqa: FBT001 - pytest names it
) -> None:
    assert journal.write(opened(1), NOON)
    path = type(database)

    def gone(*_how: Any, **_more: Any) -> Any:
        raise FileNotFoundError(2, "No such file")

    monkeypatch.setattr(path, "read_bytes" if late else "open", gone)

    assert seen(database, NOON + LIFE) == []


def test_what_is_too_long_needs_a_row(journal: FileAnswerJournal, database: Path) -> None:
    assert not journal.write(replace(opened(1), token="x" * PLACE), NOON)
    assert seen(database, NOON + LIFE) == []


def test_a_full_one_takes_no_more_until_something_is_over(journal: FileAnswerJournal, database: Path) -> None:
    for number in range(1, PLACES + 1):
        assert journal.write(opened(number), NOON)

    assert not journal.write(opened(PLACES + 1), NOON)
    journal.erase(7, NOON)
    assert journal.write(opened(PLACES + 1), NOON)
    assert len(seen(database, NOON + LIFE)) == PLACES


def test_nothing_is_written_before_it_is_begun_nor_when_others_may_soon_read_it(database: Path) -> None:
    made = FileAnswerJournal(database)
    assert not made.write(opened(1), NOON)
    assert made.keep(NOON, NOON + LIFE)

    assert made.write(opened(1), NOON + LIFE // 2 - 1)
    assert not made.write(opened(2), NOON + LIFE // 2)
    made.erase(1, NOON)
    made.close()


def test_who_slept_too_long_begins_anew_on_another_file(journal: FileAnswerJournal, database: Path) -> None:
    assert journal.write(opened(1), NOON)
    before = files(database)

    assert not journal.keep(NOON + LIFE, NOON + 2 * LIFE)

    assert len(files(database)) == 1
    assert files(database) != before
    journal.erase(1, NOON)
    assert journal.write(opened(2), NOON + LIFE)
    assert seen(database, NOON + 2 * LIFE) == [2]


def test_a_process_that_ends_well_leaves_no_file_and_begins_none(database: Path) -> None:
    made = FileAnswerJournal(database)
    assert made.keep(NOON, NOON + LIFE)
    assert made.write(opened(1), NOON)
    assert made.erase(1, NOON)
    made.close()
    assert made.keep(NOON, NOON + LIFE)

    assert files(database) == []
    assert not made.write(opened(1), NOON)
    assert not made.erase(1, NOON)


def test_what_is_still_open_at_the_end_others_may_take_at_once(database: Path) -> None:
    made = FileAnswerJournal(database)
    made.keep(NOON, NOON + LIFE)
    assert made.write(opened(1), NOON)
    made.close()

    assert seen(database, NOON) == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="files have no such rights there")
def test_only_its_owner_may_read_it(journal: FileAnswerJournal, database: Path) -> None:
    assert journal.write(opened(1), NOON)

    assert stat.S_IMODE(files(database)[0].stat().st_mode) == 0o600


class Disk:
    """One that takes nothing, a part, or its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.trouble: OSError | None = None
        self._put = room._put
        monkeypatch.setattr(room, "_put", self.put)

    def put(self, *what: Any) -> None:
        if self.trouble is not None:
            raise self.trouble
        self._put(*what)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_a_full_disk_means_rows_for_a_while(
    journal: FileAnswerJournal, database: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.trouble = OSError(28, "No space left on device")
    assert not journal.write(opened(1), NOON)
    disk.trouble = None

    assert not journal.write(opened(1), NOON + 1)
    assert journal.keep(NOON + REST_MS - LIFE, NOON + REST_MS + 2 * LIFE) is False
    assert journal.write(opened(1), NOON + REST_MS)
    assert seen(database, NOON + REST_MS + 2 * LIFE) == [1]
    assert [record.__dict__["reason"] for record in caplog.records] == ["No space left on device"]


def test_a_disk_that_takes_only_a_part_took_nothing(
    journal: FileAnswerJournal, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = room._put

    class Short:
        """A file on a disk that is nearly full."""

        def __init__(self, file: Any) -> None:
            self.seek = file.seek
            self._file = file

        def write(self, record: bytes) -> int:
            return int(self._file.write(record[:-1]))

    monkeypatch.setattr(room, "_put", lambda file, *what: put(Short(file), *what))  # type: ignore[arg-type]  # all of a file that is asked

    assert not journal.write(opened(1), NOON)
    assert seen(database, NOON + LIFE) == []


def test_what_cannot_be_erased_keeps_its_place_until_it_can(
    journal: FileAnswerJournal, database: Path, disk: Disk
) -> None:
    assert journal.write(opened(1), NOON)
    disk.trouble = OSError(5, "Input/output error")
    assert journal.erase(1, NOON)
    disk.trouble = None

    assert journal.write(opened(2), NOON)
    assert sorted(seen(database, NOON + LIFE)) == [1, 2]
    assert journal.keep(NOON + 1, NOON + 1 + LIFE)
    assert seen(database, NOON + 1 + LIFE) == [2]


def test_a_file_that_somebody_holds_breaks_nothing(
    journal: FileAnswerJournal, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert journal.write(opened(1), NOON)

    def held(_self: Path, *_how: Any, **_more: Any) -> None:
        raise PermissionError(13, "it is used by another process")

    monkeypatch.setattr(type(database), "unlink", held)

    assert not journal.keep(NOON + LIFE, NOON + 2 * LIFE)
    assert not journal.erase(1, NOON + LIFE)
    assert journal.keep(NOON + LIFE + 1, NOON + 2 * LIFE)
    journal.close()
    assert journal.keep(NOON + LIFE + 2, NOON + 2 * LIFE)


def test_a_disk_that_refuses_a_sign_of_life_means_rows_for_a_while(
    journal: FileAnswerJournal, disk: Disk
) -> None:
    disk.trouble = OSError(5, "Input/output error")

    assert journal.keep(NOON + 10_000, NOON + 10_000 + LIFE)
    assert not journal.write(opened(1), NOON + 10_000)


def test_where_no_file_can_be_begun_everything_gets_a_row(database: Path, disk: Disk) -> None:
    disk.trouble = OSError(30, "Read-only file system")
    made = FileAnswerJournal(database)

    assert made.keep(NOON, NOON + LIFE)

    assert not made.write(opened(1), NOON)
    assert files(database) == []
    made.close()


def test_a_disk_that_holds_up_the_loop_is_spared_for_a_while(
    journal: FileAnswerJournal, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([0.0, room.SLOW_S + 0.01])
    monkeypatch.setattr("bot.storage.people.answer_journal.time.perf_counter", lambda: next(ticks))

    assert journal.write(opened(1), NOON)

    assert not journal.write(opened(2), NOON + 1)
    assert seen(database, NOON + LIFE) == [1]


def test_another_databases_journals_are_not_looked_into(journal: FileAnswerJournal, database: Path) -> None:
    assert journal.write(opened(1), NOON)

    assert seen(database.with_name("other.db"), NOON + LIFE) == []
