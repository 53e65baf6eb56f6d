"""Pictures that go along with a prompt: in which place of it their addresses are sent.
Never here: reading files."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.domain.inputs import AssignedPicture, Input, InputRole, sent_prompt


def picture(address: str | None, role: InputRole = InputRole.IMAGE) -> Input:
    return Input(b"", "image/png", "fox.png", role, address=address)


@pytest.mark.parametrize(
    ("prompt", "pictures", "sent"),
    [
        ("a fox --ar 3:2", [picture("https://s/1")], "https://s/1 a fox --ar 3:2"),
        ("a fox", [picture("https://s/1", InputRole.STYLE)], "a fox --sref https://s/1"),
        (
            "a fox --sref https://e/a --ar 3:2",
            [picture("https://s/1", InputRole.STYLE), picture("https://s/2", InputRole.STYLE)],
            "a fox --sref https://e/a https://s/1 https://s/2 --ar 3:2",
        ),
        (
            "a fox --ar 3:2",
            [picture("https://s/1", InputRole.STYLE), picture("https://s/2")],
            "https://s/2 a fox --ar 3:2 --sref https://s/1",
        ),
        ("a fox", [picture(None), picture(None, InputRole.STYLE)], "a fox"),
        ("a fox", [picture("https://s/1", InputRole.MASK)], "a fox"),
    ],
)
def test_pictures_stand_at_the_head_and_references_behind_what_is_given_already(
    prompt: str, pictures: list[Input], sent: str
) -> None:
    assert sent_prompt(prompt, pictures) == sent


@dataclass
class AFile:
    """What somebody points at."""

    filename: str = "fox.png"
    size: int | None = 5
    url: str | None = "https://e/fox.png"

    async def read(self) -> bytes:
        return b"a fox"


async def test_what_is_given_for_a_purpose_is_otherwise_as_it_was_given() -> None:
    file = AFile()
    given = AssignedPicture(file, InputRole.STYLE)

    assert (given.filename, given.size, given.url) == (file.filename, file.size, file.url)
    assert await given.read() == b"a fox"
