"""The mask editor over HTTP: what a link opens, what a post begins, what is refused, and what nobody else learns.
Never here: what the page does in a browser (tests/browser/editing/test_editor.py)."""

from __future__ import annotations

import asyncio
import io
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import aiohttp
import pytest
from PIL import Image

from bot.domain.intake.window_words import WindowWords
from bot.domain.jobs import Route
from bot.domain.region_links import LINK_LIFE_MS
from bot.errors import StorageTrouble, UserError, WriteUnclear
from bot.log import setup
from bot.texts import text
from bot.web.region import AT_ONCE, IN_LINE, LARGEST_MASK, LOOKED_UP, OF_PERSON
from tests.storage.making import child
from tests.web.region_harness import ASKER, PARENT, SIZE, TOKEN, opened_room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.region_links import RegionLink, RegionLinkStore
    from tests.web.region_harness import Room

GONE = "This link was already used"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with opened_room(tmp_path) as opened:
        yield opened


def mask(size: tuple[int, int] = SIZE) -> bytes:
    image = Image.new("RGB", size)
    image.paste((255, 255, 255), (10, 10, 60, 40))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


async def send(
    client: aiohttp.ClientSession,
    link: str,
    body: bytes | None = None,
    *,
    kind: str = "image/png",
    site: str | None = "same-origin",
    **headers: str,
) -> tuple[int, str]:
    """Post as the page does, and return what it is told."""
    head = {"Content-Type": kind, **({} if site is None else {"Sec-Fetch-Site": site}), **headers}
    async with client.post(link, data=io.BytesIO(mask() if body is None else body), headers=head) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return answer.status, json.loads(await answer.read())["said"]


# -- the page ------------------------------------------------------------------------------------------------


async def test_a_link_opens_a_page_of_the_pictures_true_size_in_the_persons_words(
    room: Room, client: aiohttp.ClientSession
) -> None:
    async with client.get(await room.link()) as answer:
        page = await answer.text()

    assert answer.status == 200
    assert 'data-width="1200" data-height="800"' in page
    assert "Repaint</button>" in page
    assert "$" not in page
    assert room.counted == []


async def test_nothing_on_the_page_may_come_from_or_go_elsewhere(
    room: Room, client: aiohttp.ClientSession
) -> None:
    link = await room.link()

    for address in (link, f"{link}/picture", f"{room.address}/region/{'x' * 32}", f"{link}x"):
        async with client.get(address) as answer:
            body = await answer.read()
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert policy == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
            "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        assert b"http:" not in body.replace(b"http://www.w3.org", b"")
        assert b" style=" not in body
        assert not re.search(rb"<script(?![^>]* src=)|\son\w+=", body)


async def test_what_the_page_loads_is_there_and_kept_by_browsers(
    room: Room, client: aiohttp.ClientSession
) -> None:
    link = await room.link()
    async with client.get(link) as answer:
        loaded = re.findall(r'(?:href|src)="(assets/[^"]+)"', await answer.text())
    kinds = {}

    for name in [
        *loaded,
        loaded[1].replace("icon.svg", "marks.js"),
        loaded[1].replace("icon.svg", "view.js"),
    ]:
        async with client.get(f"{room.address}/region/{name}") as answer:
            kinds[name.rpartition("/")[2]] = answer.content_type
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]

    assert kinds == {
        "region.css": "text/css",
        "icon.svg": "image/svg+xml",
        "region.js": "text/javascript",
        "marks.js": "text/javascript",
        "view.js": "text/javascript",
    }


async def test_an_older_page_gets_todays_files_for_now_and_no_others(
    room: Room, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{room.address}/region/assets/0123456789abcdef/region.js") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.status == 200
    for name in ("region.html", "..%2Fregion.py", "nothing.js"):
        async with client.get(f"{room.address}/region/assets/0123456789abcdef/{name}") as answer:
            assert answer.status == 404


@pytest.mark.parametrize(("size", "fit"), [((3000, 1500), (2048, 1024)), (SIZE, SIZE)])
async def test_the_picture_is_made_for_a_screen_and_fetched_once(
    tmp_path: Path, client: aiohttp.ClientSession, size: tuple[int, int], fit: tuple[int, int]
) -> None:
    async with opened_room(tmp_path, size=size) as room:
        link = await room.link()
        for _ in range(2):
            async with client.get(f"{link}/picture") as answer:
                shown = Image.open(io.BytesIO(await answer.read()))
            assert answer.content_type == "image/webp"
            assert (shown.format, shown.size) == ("WEBP", fit)

    assert room.fetched == 1


async def test_a_picture_that_is_not_to_be_had_is_explained(
    room: Room, client: aiohttp.ClientSession
) -> None:
    room.trouble = UserError(text("region.picture_later", key=PARENT.key))

    async with client.get(await room.link()) as answer:
        page = await answer.text()

    assert answer.status == 422
    assert "cannot be fetched at the moment" in page
    assert "`" not in page


# -- links that open nothing ---------------------------------------------------------------------------------


async def test_used_expired_and_unknown_links_get_one_and_the_same_page(
    room: Room, client: aiohttp.ClientSession
) -> None:
    used, expired = await room.link(), await room.link()
    assert (await send(client, used))[0] == 200
    room.clock.at += LINK_LIFE_MS
    pages = set()

    for link in (used, expired, f"{room.address}/region/{'x' * 32}", f"{room.address}/region/short"):
        for address in (link, f"{link}/picture"):
            async with client.get(address) as answer:
                pages.add((answer.status, await answer.text()))
        assert await send(client, link) == (410, next(iter(pages))[1].split("<p>")[1].split("</p>")[0])

    assert len(pages) == 1
    status, page = pages.pop()
    assert status == 410
    assert GONE in page
    assert "Press Vary (Region)" in page


async def test_a_link_is_good_until_its_last_moment(room: Room, client: aiohttp.ClientSession) -> None:
    link = await room.link()
    room.clock.at += LINK_LIFE_MS - 1

    assert (await send(client, link))[0] == 200


# -- the post ------------------------------------------------------------------------------------------------


async def test_a_post_begins_the_job_and_its_card_is_posted_at_once(
    room: Room, client: aiohttp.ClientSession
) -> None:
    sent = mask()

    status, said = await send(client, await room.link(), sent)

    await room.shown.wait()
    (begun,) = room.begun
    assert status == 200
    assert begun.key in said
    assert room.masks == [sent]
    ((showing, route),) = room.posted
    assert (showing.job.key, route) == (begun.key, Route.POST)
    assert begun.reply.token is None
    assert begun.reply.message_id is None
    assert room.counted == ["begun"]


async def test_where_words_are_taken_the_page_asks_for_them_and_sends_both(
    room: Room, client: aiohttp.ClientSession
) -> None:
    room.prompt = "a <paper> fox --ar 3:2"
    link = await room.link()
    async with client.get(link) as answer:
        page = await answer.text()
    assert 'id="words"' in page
    assert "a &lt;paper&gt; fox --ar 3:2</textarea>" in page
    assert "say below what should be there" in page

    form = aiohttp.FormData()
    form.add_field("mask", mask(), filename="mask.png", content_type="image/png")
    form.add_field("words", "ein roter Mond 月 —ar 1:1")
    async with client.post(link, data=form, headers={"Sec-Fetch-Site": "same-origin"}) as answer:
        assert answer.status == 200, await answer.text()

    assert room.masks == [mask()]
    assert room.words == [WindowWords(prompt="ein roter Mond 月 --ar 1:1")]


async def test_where_none_are_taken_no_page_asks_for_words(room: Room, client: aiohttp.ClientSession) -> None:
    async with client.get(await room.link()) as answer:
        assert 'id="words"' not in await answer.text()


async def test_words_that_cannot_be_sent_are_said_and_leave_the_link_good(
    room: Room, client: aiohttp.ClientSession
) -> None:
    room.prompt = "a fox"
    link = await room.link()
    form = aiohttp.FormData()
    form.add_field("mask", mask(), filename="mask.png", content_type="image/png")
    form.add_field("words", "a moon --aspekt 1:1")
    async with client.post(link, data=form, headers={"Sec-Fetch-Site": "same-origin"}) as answer:
        assert answer.status == 422
        assert "--aspekt" in (await answer.json())["said"]

    assert room.masks == []
    assert (await send(client, link))[0] == 200


@pytest.mark.parametrize("body", [b"", b"nonsense", b"--x\r\n\r\n"])
async def test_a_broken_form_begins_nothing(room: Room, client: aiohttp.ClientSession, body: bytes) -> None:
    status, _ = await send(client, await room.link(), body, kind="multipart/form-data; boundary=x")

    assert status == 415
    assert room.masks == []


async def test_posts_at_the_same_time_begin_one_job_and_show_one_card(
    room: Room, client: aiohttp.ClientSession
) -> None:
    link, room.hold = await room.link(), asyncio.Event()

    posts = [asyncio.create_task(send(client, link)) for _ in range(5)]
    await asyncio.sleep(0)
    room.hold.set()
    answers = await asyncio.gather(*posts)
    late = await send(client, link)
    await room.shown.wait()

    (begun,) = room.begun
    said = f"Your picture is being made: its card {begun.key} is in the channel."
    assert {*answers, late} == {(200, said)}
    assert len(room.posted) == 1
    async with client.get(link) as page:
        assert page.status == 410


async def test_a_refusal_is_said_plainly_and_leaves_the_link_good(
    room: Room, client: aiohttp.ClientSession
) -> None:
    link = await room.link()
    room.trouble = UserError(text("refused.newcomer", opens=room.clock.at // 1000 + 5 * 3600))

    refused = await send(client, link)
    room.trouble = None
    again = await send(client, link)

    assert refused == (422, "You are new here. You can make pictures in 5 hours.")
    assert again[0] == 200
    assert room.counted == ["refused", "begun"]


async def test_a_button_that_somebody_else_keeps_busy_takes_no_region_and_leaves_the_link_good(
    room: Room, client: aiohttp.ClientSession
) -> None:
    link = await room.link()
    room.others = child(PARENT, 3, interaction_id=99)

    status, said = await send(client, link)
    room.others = None

    assert status == 422
    assert room.posted == []
    assert "already being repainted" in said
    assert (await send(client, link))[0] == 200


@pytest.mark.parametrize(
    ("body", "kind", "status", "outcome"),
    [
        (b"GIF89a", "image/png", 415, "no_png"),
        (b"", "image/png", 415, "no_png"),
        (mask(), "image/jpeg", 415, "no_png"),
        (mask(), "multipart/form-data; boundary=x", 415, "no_png"),
        (b"\x89PNG\r\n\x1a\n".ljust(LARGEST_MASK + 1), "image/png", 413, "too_large"),
    ],
    ids=["another file", "nothing", "another type", "a form", "too large"],
)
async def test_what_is_no_mask_of_the_page_begins_nothing(
    room: Room, client: aiohttp.ClientSession, body: bytes, kind: str, status: int, outcome: str
) -> None:
    link = await room.link()

    refused = await send(client, link, body, kind=kind)

    assert refused[0] == status
    assert refused[1].endswith(".")
    assert (room.begun, room.counted) == ([], [outcome])
    assert (await send(client, link))[0] == 200


async def test_a_mask_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    async with opened_room(tmp_path, body_seconds=0.05) as room:
        link = await room.link()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(room.address.rpartition(":")[2]))
        writer.write(
            f"POST /region/{link.rpartition('/')[2]} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
            "Content-Type: image/png\r\nContent-Length: 50\r\n\r\n".encode()
        )
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"Press Repaint again" in answer
    assert room.begun == []


@pytest.mark.parametrize(
    ("kind", "body"), [("image/png", b"\x89PNG"), ("multipart/form-data; boundary=x", b"--x\r\n\r\n\x89PNG")]
)
async def test_a_phone_that_goes_away_while_it_sends_is_no_bug(
    logged: io.StringIO, tmp_path: Path, kind: str, body: bytes
) -> None:
    async with opened_room(tmp_path) as room:
        link = await room.link()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(room.address.rpartition(":")[2]))
        writer.write(
            f"POST /region/{link.rpartition('/')[2]} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
            f"Content-Type: {kind}\r\nContent-Length: 50000\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert b" 100 " in await reader.readline()
        writer.write(body)
        writer.write_eof()
        await reader.read()
        writer.close()

    assert (room.counted, room.begun) == (["slow"], [])
    assert "Traceback" not in logged.getvalue()


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("cross-site", None),
        ("same-site", None),
        ("none", None),
        (None, None),
        (None, "https://evil.example"),
        (None, "null"),
    ],
)
async def test_another_site_cannot_post(
    room: Room, client: aiohttp.ClientSession, site: str | None, origin: str | None
) -> None:
    link = await room.link()

    if origin is None:
        status, said = await send(client, link, site=site)
    else:
        status, said = await send(client, link, site=site, Origin=origin)

    assert (status, room.begun, room.counted) == (403, [], ["foreign"])
    assert "Open the link" in said


async def test_a_browser_that_says_no_more_than_its_origin_may_post(
    room: Room, client: aiohttp.ClientSession
) -> None:
    link = await room.link()

    assert (await send(client, link, site=None, Origin=room.address))[0] == 200


# -- troubles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [(StorageTrouble("locked"), "nothing charged"), (WriteUnclear("lost"), "/jobs list")],
)
async def test_trouble_with_the_database_promises_what_is_known_and_leaves_the_link_good(
    room: Room, client: aiohttp.ClientSession, trouble: StorageTrouble, sentence: str
) -> None:
    link = await room.link()
    room.trouble = trouble

    status, said = await send(client, link)
    room.trouble = None

    assert status == 503
    assert sentence in said
    assert (await send(client, link))[0] == 200


@pytest.fixture
def logged() -> io.StringIO:
    """All that the program writes down at its most talkative."""
    out = io.StringIO()
    setup(level="DEBUG", stream=out)
    return out


async def test_a_link_is_never_written_down_even_where_a_bug_is(
    logged: io.StringIO, tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    async with opened_room(tmp_path) as room:
        link = await room.link()
        async with client.get(link) as answer:
            assert answer.status == 200
        room.trouble = RuntimeError(f"odd: {link}")
        status, said = await send(client, link)
        room.trouble = None
        await send(client, link)

    written = logged.getvalue()
    assert status == 500
    assert said.rpartition(" ")[2] in written
    assert "region_request_failed" in written
    assert TOKEN not in written


async def test_painters_wait_for_each_other_and_health_for_none_of_them(
    tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    async with opened_room(tmp_path, at_once=1) as room:
        link, room.hold = await room.link(), asyncio.Event()
        first = asyncio.create_task(send(client, link))
        await room.asked.wait()

        second = asyncio.create_task(send(client, link))
        async with client.get(f"{room.address}/healthz") as health:
            assert health.status == 200
        room.hold.set()

        assert [(await first)[0], (await second)[0]] == [200, 200]


# -- crowds --------------------------------------------------------------------------------------------------


@dataclass
class SlowLinks:
    """A store of links that answers no look before it is told to."""

    inner: RegionLinkStore
    looks: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    is_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def find(self, digest: str) -> RegionLink | None:
        self.looks += 1
        self.is_asked.set()
        await self.answers.wait()
        return await self.inner.find(digest)


@dataclass
class SlowPosts:
    """Posts that send a byte and then nothing until they are told to."""

    client: aiohttp.ClientSession
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: set[asyncio.Task[int]] = field(default_factory=set)

    async def _post(self, link: str) -> int:
        async def body() -> AsyncIterator[bytes]:
            yield b"\x89"
            await self.goes_on.wait()

        head = {"Content-Type": "image/png", "Sec-Fetch-Site": "same-origin"}
        async with self.client.post(link, data=body(), headers=head) as answer:
            return answer.status

    async def crowd(self, link: str) -> None:
        """Post until as many are in hand as a person may have, which is told by one more being sent away."""
        posts = {asyncio.create_task(self._post(link)) for _ in range(OF_PERSON + IN_LINE + 1)}
        away, waiting = await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in away] == [503]
        self.waiting |= waiting

    async def end(self) -> set[int]:
        """Let all of them end, and tell how."""
        self.goes_on.set()
        return set(await asyncio.gather(*self.waiting))


@pytest.fixture
async def many() -> AsyncIterator[aiohttp.ClientSession]:
    """A client of as many connections as it likes."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session


async def test_a_flood_of_strangers_takes_no_place_of_whoever_has_a_link(
    room: Room, many: aiohttp.ClientSession
) -> None:
    async def status(address: str) -> int:
        async with many.get(address) as answer:
            return answer.status

    good, slow = await room.link(), SlowLinks(room.storage.region_links)
    room.links.store = slow  # type: ignore[assignment]  # nothing is written here
    strangers = [asyncio.create_task(status(f"{room.address}/region/{n:032}")) for n in range(100)]
    await slow.is_asked.wait()
    owner = asyncio.create_task(status(good))
    assert await status(f"{room.address}/healthz") == 200
    slow.answers.set()

    assert await owner == 200
    assert set(await asyncio.gather(*strangers)) == {410}


async def test_whoever_hangs_up_while_in_line_is_not_looked_up(
    room: Room, many: aiohttp.ClientSession
) -> None:
    async def status(name: str) -> int:
        async with many.get(f"{room.address}/region/{name:x>32}") as answer:
            return answer.status

    slow = SlowLinks(room.storage.region_links)
    room.links.store = slow  # type: ignore[assignment]  # nothing is written here
    first = [asyncio.create_task(status(f"{n}")) for n in range(LOOKED_UP)]
    while slow.looks < LOOKED_UP:
        slow.is_asked.clear()
        await slow.is_asked.wait()
    gone = [asyncio.create_task(status(f"gone-{n}")) for n in range(20)]
    assert await asyncio.gather(*(_healthy(many, room) for _ in gone)) == [200] * 20
    for one in gone:
        one.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert await _healthy(many, room) == 200
    last = asyncio.create_task(status("last"))
    assert await _healthy(many, room) == 200
    slow.answers.set()

    assert {await last, *await asyncio.gather(*first)} == {410}
    assert slow.looks == LOOKED_UP + 1


async def _healthy(client: aiohttp.ClientSession, room: Room) -> int:
    async with client.get(f"{room.address}/healthz") as answer:
        return answer.status


async def test_one_link_that_sends_slowly_and_often_keeps_nobody_from_painting(
    room: Room, many: aiohttp.ClientSession
) -> None:
    slow = SlowPosts(many)
    await slow.crowd(await room.link(user_id=666))
    good = await room.link()

    for address in (good, f"{good}/picture"):
        async with many.get(address) as answer:
            assert answer.status == 200
    sent = await send(many, good)

    assert sent[0] == 200
    assert room.counted == ["busy", "begun"]
    assert await slow.end() == {415}


async def test_two_links_of_one_person_leave_room_for_others_of_the_same_server(
    room: Room, many: aiohttp.ClientSession
) -> None:
    slow = SlowPosts(many)
    await slow.crowd(await room.link(user_id=666))

    one_more = await send(many, await room.link(user_id=666))
    others = await send(many, await room.link())

    assert (one_more[0], others[0]) == (503, 200)
    assert room.counted == ["busy", "busy", "begun"]
    assert await slow.end() == {415}


async def test_all_links_of_one_server_together_keep_no_other_server_from_painting(
    room: Room, many: aiohttp.ClientSession
) -> None:
    slow = SlowPosts(many)
    for user_id in range(600, 600 + AT_ONCE // OF_PERSON):
        await slow.crowd(await room.link(user_id=user_id))
    other = await room.link(reply=replace(ASKER.reply, guild_id=12))

    sent = await send(many, other)
    async with many.get(await room.link()) as same_server:
        assert same_server.status == 200

    assert sent[0] == 200
    assert await slow.end() == {415}


async def test_a_strangers_browser_is_answered_in_its_own_language_where_there_is_one(
    room: Room, client: aiohttp.ClientSession
) -> None:
    address = f"{room.address}/region/{'x' * 32}"

    for wished in ("xx-XX, en-GB;q=0.5", "", ";;;,", "*"):
        async with client.get(address, headers={"Accept-Language": wished}) as answer:
            assert '<html lang="en"' in await answer.text()
