"""Pictures that go along with a prompt: in which place of it their addresses are sent.
Never here: reading files."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.domain.inputs import AssignedPicture, Input, InputRole, sent_prompt
from bot.domain.wording import links_at_head


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


@pytest.mark.parametrize(
    ("link", "until"),
    [
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=64&is=1&hm=2", 100_000),
        ("https://media.discordapp.net/attachments/1/2/a.png?width=9&ex=64", 100_000),
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=ffffffff&is=1&hm=2", 500_000),
        ("https://cdn.discordapp.com/attachments/1/2/a.png", 500_000),
        ("https://pictures.example/a.png?ex=1", 500_000),
        (None, None),
    ],
)
def test_a_members_own_link_serves_until_discord_lets_it_expire(link: str | None, until: int | None) -> None:
    given = Input(b"", "image/png", "fox.png", source_url=link)

    there = given.at_its_source(99_999, 500_000)
    later = given.at_its_source(100_000, 500_000)

    assert (None if there is None else (there.address, there.address_until)) == (
        None if until is None else (link, until)
    )
    assert (later is None) == (until in {None, 100_000})


@pytest.mark.parametrize(
    ("prompt", "links"),
    [
        (
            "https://e/a.png <https://s.mj.run/x> a fox https://e/c --ar 3:2",
            ("https://e/a.png", "https://s.mj.run/x"),
        ),
        ("a fox https://e/a.png", ()),
        ("", ()),
    ],
)
def test_links_before_the_first_word_are_pictures_to_start_from(prompt: str, links: tuple[str, ...]) -> None:
    assert links_at_head(prompt) == links
