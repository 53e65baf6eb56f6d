"""Which application the database belongs to, while several processes look and one command moves it.
Never here: servers that come and go (tests/cogs/test_coming_and_going.py)."""

from __future__ import annotations

from bot.services.presence import APPLICATION, move_to, other_application

OURS, THEIRS = 4711, 4712


class Shared:
    """A memory in which another process is quicker, once."""

    def __init__(self, quicker: str | None = None) -> None:
        self.words: dict[str, str] = {}
        self._quicker = quicker

    async def get(self, key: str, /) -> str | None:
        return self.words.get(key)

    async def swap(self, key: str, old: str | None, new: str, /) -> bool:
        if self._quicker is not None:
            self.words[key], self._quicker = self._quicker, None
        if self.words.get(key) != old:
            return False
        self.words[key] = new
        return True


async def test_the_first_application_is_remembered_and_every_other_one_is_told_which_it_is() -> None:
    memory = Shared()

    assert await other_application(memory, OURS) is None
    assert await other_application(memory, OURS) is None
    assert await other_application(memory, THEIRS) == str(OURS)


async def test_of_two_applications_that_come_first_at_once_one_is_the_other() -> None:
    assert await other_application(Shared(str(THEIRS)), OURS) == str(THEIRS)


async def test_a_move_takes_place_although_another_process_remembers_one_in_that_moment() -> None:
    memory = Shared(str(THEIRS))

    await move_to(memory, OURS)

    assert memory.words == {APPLICATION: str(OURS)}
