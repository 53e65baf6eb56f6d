"""Jobs at an account with windows and tags: what is stored before the second paid call, and how a lost answer is settled.
Never here: the wire (tests/midjourney/mjproxy) and accounts without windows (test_submission, test_reconcile)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.answers import Accepted, ExistingTask, TagSearchResult, WindowOpen
from bot.domain.capabilities import BY_SERVER, ServerKind
from bot.domain.failures import FailureKind
from bot.domain.inputs import Input, InputRole
from bot.domain.jobs import Job, JobKind, JobState, Press, ReplyTarget
from bot.domain.keys import key_from_bits
from bot.domain.pools import Pool
from bot.domain.schedule import UNCLEAR_GRACE_MS
from bot.domain.server_side import HOLD_BUSY, HOLD_UNREACHABLE
from bot.domain.settling import FILL_PATIENCE_MS, has_window, opened, tag_of, window_of
from bot.domain.tasks import RemoteTaskId, TaskPage, TaskSnapshot, TaskStatus
from bot.errors import RemoteError, RemoteFault, StorageTrouble
from bot.services.worker.reconcile import Reconciler
from bot.services.worker.submission import WORDS_UNASKED, Submitter

if TYPE_CHECKING:
    from collections.abc import Collection

NOW = 1_800_000_000_000
WINDOW, RESULT = RemoteTaskId("0042"), RemoteTaskId("task_9")


class Proxy:
    """A server of the family as the port shows it, with a diary of what was called."""

    def __init__(self, diary: list[str], server: ServerKind = ServerKind.PLUS) -> None:
        self.diary = diary
        self.capabilities = BY_SERVER[server]
        self.answer: Any = WindowOpen(WINDOW)
        self.filled: Any = Accepted(RESULT)
        self.tasks: dict[str, TaskSnapshot] = {}
        self.finding = TagSearchResult(None, complete=True)
        self.listed: list[TaskSnapshot] = []
        self.sent: dict[str, Any] = {}
        self.uploading = RemoteFault.REFUSED
        self.is_known = True
        self.asking: RemoteFault | None = None

    async def press(self, **sent: Any) -> Any:
        self.diary.append("press")
        return self._said(self.answer, sent)

    async def fill(self, **sent: Any) -> Any:
        self.diary.append("fill")
        return self._said(self.filled, sent)

    def _said(self, answer: Any, sent: dict[str, Any]) -> Any:
        self.sent = sent
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    async def query_many(self, ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        return {id_: self.tasks[id_] for id_ in ids if id_ in self.tasks}

    async def find(self, tag: str) -> TagSearchResult:
        self.diary.append(f"find {tag}")
        return self.finding

    async def page(self, number: int, *, size: int) -> TaskPage:
        return TaskPage(len(self.listed), tuple(self.listed[(number - 1) * size : number * size]))

    async def submit_imagine(self, **sent: Any) -> Any:
        self.diary.append("imagine")
        return self._said(Accepted(RESULT), sent)

    async def submit_blend(self, **sent: Any) -> Any:
        self.diary.append("blend")
        return self._said(Accepted(RESULT), sent)

    async def submit_describe(self, **sent: Any) -> Any:
        self.diary.append("describe")
        return self._said(Accepted(RESULT), sent)

    async def shorten(self, **sent: Any) -> Any:
        self.diary.append("shorten")
        return self._said(Accepted(RESULT), sent)

    async def _never(self, **_: Any) -> Any:
        raise AssertionError("this is not what the job is")

    async def upload_input(self, *_: Any, **__: Any) -> str:
        self.diary.append("upload picture")
        raise RemoteError(self.uploading, "this server keeps no files")

    async def check(self) -> None:
        if self.asking is not None:
            raise RemoteError(self.asking, "no answer")
        self.is_known = True

    animate = _never
    seed = cancel = _never


class Store:
    """Keeps the last row, and says in the diary what it was."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary
        self.trouble: StorageTrouble | None = None
        self.known: set[RemoteTaskId] = set()
        self.known_trouble: StorageTrouble | None = None
        self.inputs_of: tuple[Input, ...] = ()

    async def save(self, job: Job) -> None:
        if self.trouble is not None and window_of(job) is not None:
            raise self.trouble
        self.diary.append(f"{job.state.value} {job.task_id}")

    release = adopt = save

    async def known_tasks(self, _ids: Any, *, account: str | None = None) -> set[RemoteTaskId]:
        if self.known_trouble is not None:
            raise self.known_trouble
        # Another name of the account has it.
        return self.known if account is None else set()

    async def rivals(self, _job: Job, *, since: int) -> list[Job]:
        assert since < NOW
        return []

    async def address_inputs(self, _job: Job, given: tuple[Input, ...]) -> None:
        self.inputs_of = given

    async def inputs(self, _key: Any) -> tuple[Input, ...]:
        return self.inputs_of


class World:
    """Both halves of the engine around one job."""

    def __init__(self, server: ServerKind = ServerKind.PLUS) -> None:
        self.diary: list[str] = []
        self.api, self.store, self.now = Proxy(self.diary, server), Store(self.diary), NOW
        parts: dict[str, Any] = {
            "store": self.store,
            "accounts": self,
            "clock": Clock(self),
            "metrics": self,
            "chance": lambda: 0.5,
        }
        self.submitter = Submitter(**parts, webhook_address=lambda _token: None)
        self.reconciler = Reconciler(**parts)

    async def reach(self, _name: str) -> Any:
        return self.api

    def count(self, *_: Any, **__: Any) -> None:
        pass


class Clock:
    """The world's time, by hand."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> int:
        return self._world.now

    async def pause(self, *_: Any) -> bool:
        return False


def a_press() -> Job:
    key = key_from_bits(1)
    press = Press(key_from_bits(2), 0, "MJ::Inpaint::1::u::SOLO", "Vary (Region)", RemoteTaskId("7"), 1, 2)
    return Job(
        key=key,
        kind=JobKind.ACTION,
        root=key_from_bits(2),
        pool=Pool.NORMAL,
        prompt="a paper fox",
        account="mj-proxy",
        home=1,
        user_id=1,
        user_name="Mia",
        locale="en",
        interaction_id=1,
        reply=ReplyTarget(1, 1, 1, None, 0, None),
        created_at=NOW,
        changed_at=NOW,
        due_at=NOW,
        webhook_token="token",
        press=press,
    ).submitting(NOW)


@pytest.fixture
def world() -> World:
    return World()


async def test_the_window_is_on_disk_before_the_call_that_fills_it(world: World) -> None:
    job = await world.submitter.send(a_press())

    assert world.diary == ["press", f"submitting {WINDOW}", "fill", f"submitted {RESULT}"]
    assert (job.state, job.task_id, window_of(job)) == (JobState.SUBMITTED, RESULT, None)
    assert (world.api.sent["window"], world.api.sent["prompt"]) == (WINDOW, "a paper fox")
    assert world.api.sent["tag"] == tag_of(a_press())


async def test_the_place_in_the_servers_queue_is_what_the_answer_that_filled_the_window_says(
    world: World,
) -> None:
    world.api.filled = Accepted(RESULT, 3)

    job = await world.submitter.send(a_press())

    assert (job.state, job.server.ahead) == (JobState.SUBMITTED, 3)


async def test_a_window_that_cannot_be_written_down_is_not_filled(world: World) -> None:
    world.store.trouble = StorageTrouble("the disk is full")

    job = await world.submitter.send(a_press())

    assert "fill" not in world.diary
    assert (job.state, job.task_id) == (JobState.QUEUED, None)


async def test_a_fill_without_an_answer_is_settled_by_the_window_and_never_sent_again(world: World) -> None:
    world.api.filled = RemoteError(RemoteFault.UNCLEAR, "the line broke")
    job = await world.submitter.send(a_press())
    assert (job.state, window_of(job)) == (JobState.UNCLEAR, WINDOW)

    world.api.tasks[WINDOW] = TaskSnapshot(WINDOW, TaskStatus.MODAL)
    job = await world.reconciler.settle(job)
    assert (job.state, window_of(job)) == (JobState.UNCLEAR, WINDOW)

    world.api.tasks[WINDOW] = TaskSnapshot(WINDOW, TaskStatus.IN_PROGRESS)
    job = await world.reconciler.settle(job)
    assert (job.state, job.task_id) == (JobState.SUBMITTED, WINDOW)
    assert world.diary.count("fill") == 1


async def test_a_window_that_nobody_takes_up_is_given_up_in_the_end(world: World) -> None:
    # The worker died between storing the window and hearing of its second call.
    dead = opened(a_press(), WINDOW, NOW)
    world.api.tasks[WINDOW] = TaskSnapshot(WINDOW, TaskStatus.MODAL)
    job = await world.reconciler.settle(dead)
    assert job.state is JobState.UNCLEAR

    world.now += FILL_PATIENCE_MS + 1
    job = await world.reconciler.settle(job)

    assert (job.state, job.refund_due) == (JobState.FAILED, True)
    assert not {"press", "fill"} & set(world.diary)


async def test_a_press_without_an_answer_is_found_by_its_tag(world: World) -> None:
    world.api.answer = RemoteError(RemoteFault.UNCLEAR, "the line broke")
    job = await world.submitter.send(a_press())
    world.api.finding = TagSearchResult(TaskSnapshot(RESULT, TaskStatus.SUBMITTED), complete=True)

    job = await world.reconciler.settle(job)

    assert (job.state, job.task_id) == (JobState.SUBMITTED, RESULT)
    assert f"find {tag_of(a_press())}" in world.diary
    assert world.diary.count("press") == 1


async def test_where_a_search_by_tag_was_cut_short_the_list_is_read(world: World) -> None:
    world.api.answer = RemoteError(RemoteFault.UNCLEAR, "the line broke")
    job = await world.submitter.send(a_press())
    world.api.finding = TagSearchResult(None, complete=False)
    world.api.listed = [
        TaskSnapshot(RemoteTaskId("41"), TaskStatus.SUCCESS, prompt="an owl", submitted_at=NOW),
        TaskSnapshot(RESULT, TaskStatus.IN_PROGRESS, prompt="a paper fox", submitted_at=NOW),
    ]

    job = await world.reconciler.settle(job)

    assert (job.state, job.task_id) == (JobState.SUBMITTED, RESULT)
    assert world.diary.count("press") == 1


@pytest.mark.parametrize("complete", [True, False])
async def test_what_waited_in_a_copy_is_found_though_nobody_knows_when_it_was_sent(
    world: World, *, complete: bool
) -> None:
    job = a_press()
    sent = replace(job, sent_at=NOW - 5_000)
    put_back = replace(job, state=JobState.UNCLEAR, created_at=NOW - 9_000, sent_at=NOW - 9_001)
    world.api.finding = TagSearchResult(None, complete=complete)
    world.api.listed = [
        TaskSnapshot(
            RemoteTaskId("41"),
            TaskStatus.SUCCESS,
            prompt="a paper fox",
            tag="somebody-else",
            submitted_at=NOW,
        ),
        TaskSnapshot(
            RESULT, TaskStatus.IN_PROGRESS, prompt="a paper fox", tag=tag_of(sent), submitted_at=NOW
        ),
    ]

    found = await world.reconciler.settle(put_back)

    assert (found.state, found.task_id) == (JobState.SUBMITTED, RESULT)


@pytest.mark.parametrize("server", [ServerKind.PLUS, ServerKind.NEW_API])
async def test_what_nobody_finds_is_given_up_after_the_grace_and_not_sent_again(server: ServerKind) -> None:
    world = World(server)
    world.api.answer = RemoteError(RemoteFault.UNCLEAR, "the line broke")
    world.api.finding = TagSearchResult(None, complete=server is ServerKind.PLUS)
    job = await world.reconciler.settle(await world.submitter.send(a_press()))
    assert job.state is JobState.UNCLEAR

    world.now += 2 * UNCLEAR_GRACE_MS
    job = await world.reconciler.settle(job)

    assert (job.state, world.diary.count("press")) == (JobState.FAILED, 1)


async def test_a_task_that_exists_already_is_taken_only_if_no_job_has_it(world: World) -> None:
    world.api.answer = ExistingTask(RESULT, TaskStatus.SUCCESS)
    assert (await world.submitter.send(a_press())).task_id == RESULT

    world.store.known = {RESULT}
    job = await world.submitter.send(a_press())
    assert (job.state, job.task_id) == (JobState.FAILED, None)


async def test_whether_a_task_is_known_cannot_be_read_so_it_is_asked_again(world: World) -> None:
    world.api.answer = ExistingTask(RESULT, TaskStatus.SUCCESS)
    world.store.known_trouble = StorageTrouble("the disk is full")

    job = await world.submitter.send(a_press())

    assert (job.state, job.task_id) == (JobState.QUEUED, None)


@pytest.mark.parametrize(
    ("kind", "pictures", "called"),
    [
        (JobKind.SHORTEN, 0, "shorten"),
        (JobKind.IMAGINE, 0, "imagine"),
        (JobKind.BLEND, 2, "blend"),
        (JobKind.DESCRIBE, 1, "describe"),
        (JobKind.BLEND, 1, None),
        (JobKind.DESCRIBE, 0, None),
    ],
)
async def test_each_kind_has_its_call_and_is_not_sent_without_what_it_is_made_of(
    world: World, kind: JobKind, pictures: int, called: str | None
) -> None:
    world.store.inputs_of = tuple(Input(b"x", "image/png", f"{n}.png") for n in range(pictures))
    new = replace(a_press(), kind=kind, press=None, inputs=pictures)

    job = await world.submitter.send(new)

    paid = [word for word in world.diary if " " not in word]
    assert paid == ([] if called is None else [called])
    assert (job.state, job.task_id) == (
        (JobState.FAILED, None) if called is None else (JobState.SUBMITTED, RESULT)
    )
    if called is not None:
        assert world.api.sent["tag"] == tag_of(new)


async def test_a_window_without_words_is_filled_with_those_of_the_picture_above(world: World) -> None:
    parent = RemoteTaskId("7")
    world.api.tasks[parent] = TaskSnapshot(parent, TaskStatus.SUCCESS, prompt="a fox, as it was sent")

    await world.submitter.send(replace(a_press(), prompt=""))
    assert world.api.sent["prompt"] == "a fox, as it was sent"

    world.api.tasks.clear()
    await world.submitter.send(replace(a_press(), prompt=""))
    assert world.api.sent["prompt"] == ""


SHOWN = "https://cdn.discordapp.com/a.png a paper fox --ar 3:2"
MASKED = Input(b"x", "image/png", "mask.png", role=InputRole.MASK)


@pytest.mark.parametrize(
    ("asked", "taken_along", "sent"),
    [
        ({}, (), SHOWN),
        ({"remix": True}, (), "a paper fox"),
        ({"zoom": "1.4"}, (), "a paper fox --zoom 1.4"),
        ({}, (MASKED,), "a paper fox"),
    ],
)
async def test_a_press_alone_sends_what_its_window_shows_and_one_that_asked_for_more_sends_that(
    world: World, asked: dict[str, Any], taken_along: tuple[Input, ...], sent: str
) -> None:
    world.api.answer, world.store.inputs_of = WindowOpen(WINDOW, SHOWN), taken_along
    pressed = a_press()
    assert pressed.press is not None
    press = replace(pressed.press, custom_id="MJ::JOB::variation::2::u", **asked)

    await world.submitter.send(replace(pressed, press=press, inputs=len(taken_along)))

    assert world.api.sent["prompt"] == sent


@pytest.mark.parametrize("fault", [RemoteFault.UNCLEAR, RemoteFault.UNREACHED])
async def test_a_window_whose_words_could_not_be_read_was_not_filled_and_is_opened_again(
    world: World, fault: RemoteFault
) -> None:
    async def silent(ids: Collection[RemoteTaskId]) -> dict[RemoteTaskId, TaskSnapshot]:
        del ids
        raise RemoteError(fault, "no answer within 15 s")

    world.api.query_many = silent  # type: ignore[method-assign]  # one world, one test

    job = await world.submitter.send(replace(a_press(), prompt=""))

    assert "fill" not in world.diary
    assert (job.state, job.task_id) == (JobState.QUEUED, None)


async def test_an_unknown_window_is_not_the_picture_above_and_other_refusals_stay_what_they_are(
    world: World,
) -> None:
    world.api.filled = RemoteError(RemoteFault.REFUSED, "task not found", kind=FailureKind.GONE)
    job = await world.submitter.send(a_press())
    assert job.failure is not None
    assert job.failure.kind is FailureKind.UNFILLED

    world.api.filled = RemoteError(RemoteFault.REFUSED, "banned", kind=FailureKind.BANNED_PROMPT)
    job = await world.submitter.send(a_press())
    assert job.failure is not None
    assert job.failure.kind is FailureKind.BANNED_PROMPT


@pytest.mark.parametrize(("remix", "notes"), [(True, (WORDS_UNASKED,)), (False, ())])
async def test_a_press_that_opened_no_window_says_that_nobody_was_asked_for_words(
    world: World, *, remix: bool, notes: tuple[str, ...]
) -> None:
    world.api.answer = Accepted(RESULT)
    pressed = a_press()
    assert pressed.press is not None

    job = await world.submitter.send(replace(pressed, press=replace(pressed.press, remix=remix)))

    assert (job.state, job.notes) == (JobState.SUBMITTED, notes)


async def test_of_a_window_that_was_not_filled_nothing_is_known_once_a_later_press_begins_at_once(
    world: World,
) -> None:
    pressed = a_press()
    assert pressed.press is not None
    press = replace(pressed.press, custom_id="MJ::JOB::variation::2::u")
    world.api.filled = RemoteError(RemoteFault.THROTTLED, "busy")
    waits = await world.submitter.send(replace(pressed, press=press))
    assert (waits.state, has_window(waits)) == (JobState.QUEUED, True)

    world.api.answer = Accepted(RESULT)
    job = await world.submitter.send(waits.submitting(NOW))

    assert (job.state, has_window(job)) == (JobState.SUBMITTED, False)


async def test_a_window_whose_opening_nobody_heard_of_is_left_alone_and_its_units_come_back(
    world: World,
) -> None:
    world.api.answer = RemoteError(RemoteFault.UNCLEAR, "the line broke")
    job = await world.submitter.send(a_press())
    world.api.finding = TagSearchResult(TaskSnapshot(WINDOW, TaskStatus.MODAL), complete=True)
    world.now += 2 * UNCLEAR_GRACE_MS

    job = await world.reconciler.settle(job)

    assert (job.state, job.refund_due) == (JobState.FAILED, True)
    assert world.diary.count("press") == 1


def test_a_job_sent_again_has_another_tag() -> None:
    first = a_press()
    again = replace(first.requeued("hold.busy", due_at=NOW), due_at=NOW).submitting(NOW + 1)

    assert tag_of(first) != tag_of(again)


# -- pictures of prompts where no file can be left ---------------------------------------------------------


LINK = f"https://cdn.discordapp.com/attachments/1/2/a.png?ex={NOW // 1000 + 3600:x}&is=1&hm=2"
FOX = Input(b"a fox", "image/png", "fox.png")
LINKED = replace(FOX, source_url=LINK)
STYLE = replace(FOX, role=InputRole.STYLE)


def with_pictures(world: World, *pictures: Input) -> Job:
    """A prompt with pictures, at a server that keeps no files."""
    world.store.inputs_of = pictures
    return replace(a_press(), kind=JobKind.IMAGINE, press=None, inputs=len(pictures))


@pytest.mark.parametrize("server", [ServerKind.NOVI, ServerKind.RESELLER])
async def test_a_server_that_keeps_no_files_is_given_the_picture_itself_in_the_prompts_body(
    server: ServerKind,
) -> None:
    world = World(server)

    job = await world.submitter.send(with_pictures(world, FOX, LINKED))

    assert job.state is JobState.SUBMITTED
    assert (world.api.sent["prompt"], world.api.sent["images"]) == ("a paper fox", [FOX.data_url] * 2)


@pytest.mark.parametrize("linked", [True, False])
async def test_a_reference_needs_a_link_and_without_one_nothing_is_sent(linked: bool) -> None:  # noqa: FBT001 - a case
    world = World(ServerKind.RESELLER)
    style = replace(STYLE, source_url=LINK if linked else None)

    job = await world.submitter.send(with_pictures(world, FOX, style))

    if linked:
        assert job.state is JobState.SUBMITTED
        assert (world.api.sent["prompt"], world.api.sent["images"]) == (
            f"a paper fox --sref {LINK}",
            [FOX.data_url],
        )
    else:
        assert job.failure is not None
        assert (job.failure.kind, "imagine" in world.diary) == (FailureKind.NO_ADDRESS, False)


async def test_a_server_that_takes_files_is_not_given_them_in_the_body(world: World) -> None:
    job = await world.submitter.send(with_pictures(world, LINKED))

    assert job.state is JobState.SUBMITTED
    assert (world.api.sent["prompt"], world.api.sent["images"]) == (f"{LINK} a paper fox", [])


async def test_whether_a_server_keeps_files_is_not_guessed_before_it_was_asked() -> None:
    world = World(ServerKind.RESELLER)
    world.api.uploading = world.api.asking = RemoteFault.UNREACHED
    world.api.is_known = False

    job = await world.submitter.send(with_pictures(world, FOX))

    assert (job.state, "imagine" in world.diary) == (JobState.QUEUED, False)


@pytest.mark.parametrize("server", [ServerKind.NEW_API, ServerKind.ONE_HUB])
@pytest.mark.parametrize("known", [True, False])
async def test_a_gateway_that_charges_for_uploads_is_given_the_picture_in_the_prompts_body(
    server: ServerKind, *, known: bool
) -> None:
    world = World(server)
    world.api.is_known = known

    job = await world.submitter.send(with_pictures(world, FOX, LINKED))

    assert job.state is JobState.SUBMITTED
    assert (world.api.sent["prompt"], world.api.sent["images"]) == ("a paper fox", [FOX.data_url] * 2)
    assert "upload picture" not in world.diary


@pytest.mark.parametrize(
    ("server", "uploads"), [(ServerKind.NEW_API, 2), (ServerKind.ONE_HUB, 2), (ServerKind.PLUS, 6)]
)
async def test_an_upload_without_an_answer_is_repeated_once_where_it_is_charged_and_often_where_not(
    server: ServerKind, uploads: int
) -> None:
    world = World(server)
    world.api.uploading = RemoteFault.UNCLEAR

    job = await world.submitter.send(with_pictures(world, STYLE))
    for _ in range(5):
        if job.state is JobState.QUEUED:
            world.now = job.due_at
            job = await world.submitter.send(job.submitting(world.now))

    assert (world.diary.count("upload picture"), "imagine" in world.diary) == (uploads, False)
    if server is ServerKind.PLUS:
        assert job.state is JobState.QUEUED
    else:
        assert job.failure is not None
        assert job.failure.kind is FailureKind.NO_ADDRESS


SOON_GONE = replace(FOX, source_url=LINK.replace(f"{NOW // 1000 + 3600:x}", f"{NOW // 1000 + 60:x}"))
LONG_THERE = replace(FOX, source_url=LINK.replace(f"{NOW // 1000 + 3600:x}", f"{NOW // 1000 + 80_000:x}"))


@pytest.mark.parametrize(("picture", "uploads"), [(LONG_THERE, 0), (SOON_GONE, 1), (FOX, 1)])
async def test_a_window_at_a_gateway_has_its_pictures_uploaded_only_where_no_link_of_theirs_lasts(
    picture: Input, uploads: int
) -> None:
    world = World(ServerKind.NEW_API)
    world.store.inputs_of = (picture,)
    zoomed = a_press()
    assert zoomed.press is not None

    await world.submitter.send(replace(zoomed, press=replace(zoomed.press, zoom="1.4"), inputs=1))

    assert world.diary.count("upload picture") == uploads


@pytest.mark.parametrize(
    ("picture", "prompt", "inside"),
    [
        (LONG_THERE, f"{LONG_THERE.source_url} a paper fox", []),
        (SOON_GONE, "a paper fox", [FOX.data_url]),
    ],
)
async def test_a_gateway_is_sent_the_members_own_link_while_it_lasts_as_not_every_proxy_takes_pictures(
    picture: Input, prompt: str, inside: list[str]
) -> None:
    world = World(ServerKind.NEW_API)

    job = await world.submitter.send(with_pictures(world, picture))

    assert job.state is JobState.SUBMITTED
    assert (world.api.sent["prompt"], world.api.sent["images"]) == (prompt, inside)
    assert "upload picture" not in world.diary


@pytest.mark.parametrize("hold", [HOLD_UNREACHABLE, HOLD_BUSY])
async def test_an_upload_is_repeated_at_a_gateway_after_refusals_that_were_none_of_an_upload(
    hold: str,
) -> None:
    world = World(ServerKind.NEW_API)
    job = with_pictures(world, STYLE)
    for _ in range(4):
        job = job.requeued(hold, due_at=NOW).submitting(NOW)
    world.api.uploading = RemoteFault.UNCLEAR
    job = await world.submitter.send(job)
    assert job.state is JobState.QUEUED

    # The service being away in between makes nobody forget the upload.
    job = job.submitting(NOW).requeued(HOLD_BUSY, due_at=NOW)
    job = await world.submitter.send(job.submitting(NOW))

    assert job.failure is not None
    assert (job.failure.kind, world.diary.count("upload picture")) == (FailureKind.NO_ADDRESS, 2)


async def test_who_died_before_it_was_settled_how_a_picture_goes_along_has_sent_nothing() -> None:
    world = World(ServerKind.RESELLER)
    job = with_pictures(world, FOX)

    before = await world.reconciler.settle(job)
    await world.submitter.send(job)
    after = await world.reconciler.settle(job)

    assert (before.state, after.state) == (JobState.QUEUED, JobState.UNCLEAR)


@pytest.mark.parametrize(
    ("shown", "above", "sent"),
    [
        (f"{LINK} a paper fox --ar 3:2", None, f"{LINK} an owl --zoom 1.4"),
        (None, f"<{LINK}> a paper fox", f"{LINK} an owl --zoom 1.4"),
        ("a paper fox", "a paper fox", None),
    ],
)
async def test_other_words_for_a_picture_stand_behind_the_links_that_the_server_wrote(
    shown: str | None, above: str | None, sent: str | None
) -> None:
    world = World(ServerKind.RESELLER)
    world.api.answer, world.store.inputs_of = WindowOpen(WINDOW, shown), (FOX,)
    zoomed = a_press()
    assert zoomed.press is not None
    parent = zoomed.press.parent_task
    world.api.tasks[parent] = TaskSnapshot(parent, TaskStatus.SUCCESS, prompt=above)

    job = await world.submitter.send(
        replace(zoomed, prompt="an owl", press=replace(zoomed.press, zoom="1.4"), inputs=1)
    )

    if sent is None:
        assert job.failure is not None
        assert (job.failure.kind, "fill" in world.diary) == (FailureKind.NO_ADDRESS, False)
    else:
        assert (job.state, world.api.sent["prompt"]) == (JobState.SUBMITTED, sent)
