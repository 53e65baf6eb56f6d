"""A plain client of the contract, as any foreign program would write it, and a clock that only moves when told.
Never here: assertions."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, Self

import httpx
from PIL import Image

if TYPE_CHECKING:
    from bot.sandbox.upstream import SimulatedUpstream

MJ = "/api/v1/ai/draw/mj/"
START = 1_900_000_000.0


class FakeClock:
    """Seconds that pass only on demand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


class Client:
    """Speaks HTTP to the simulated service."""

    def __init__(self, upstream: SimulatedUpstream, clock: FakeClock, key: str = "sk-sandbox") -> None:
        self.upstream = upstream
        self.clock = clock
        self.http = httpx.AsyncClient(
            base_url=upstream.origin, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def post(self, name: str, **body: Any) -> dict[str, Any]:
        """Post JSON to a Midjourney endpoint; the whole envelope."""
        response = await self.http.post(f"{MJ}{name}", json={"model": "midjourney", **body})
        read: dict[str, Any] = response.json()
        return read

    async def imagine(self, prompt: str = "a paper fox", **body: Any) -> int:
        answer = await self.post("imagine", prompt=prompt, **body)
        assert answer["statusCode"] == 200, answer
        return int(answer["data"])

    async def query(self, task_id: int) -> dict[str, Any]:
        answer = await self.post("query", taskId=str(task_id))
        assert answer["statusCode"] == 200, answer
        task: dict[str, Any] = answer["data"]
        return task

    async def finished(self, task_id: int) -> dict[str, Any]:
        """Let enough time pass and read the task."""
        self.clock.pass_by(120)
        return await self.query(task_id)

    async def press(self, task: dict[str, Any], label: str, **body: Any) -> dict[str, Any]:
        """Press the button with this label or emoji; the finished child."""
        found = next(
            entry
            for entry in task["actions"]
            if label in (entry["label"], entry["emoji"]) and entry.get("customId")
        )
        answer = await self.post(
            "action", taskId=str(task["taskId"]), customId=found["customId"], type=task["taskType"], **body
        )
        assert answer["statusCode"] == 200, answer
        return await self.finished(answer["data"])

    async def grid(self, prompt: str = "a paper fox", **body: Any) -> dict[str, Any]:
        """A finished grid."""
        return await self.finished(await self.imagine(prompt, **body))

    async def picture(self, task: dict[str, Any]) -> Image.Image:
        """The picture behind imageDcUrl."""
        response = await self.http.get(task["imageDcUrl"])
        assert response.status_code == 200, response.text
        picture = Image.open(io.BytesIO(response.content))
        picture.load()
        return picture


def data_url(picture: Image.Image, kind: str = "PNG") -> str:
    """A picture as a data URL."""
    written = io.BytesIO()
    picture.save(written, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(written.getvalue()).decode()}"


def families(task: dict[str, Any]) -> list[str]:
    """The customIds of a task without their uuid; links as an empty text."""
    listed = []
    for entry in task["actions"]:
        parts = entry.get("customId", "").split("::")
        listed.append("::".join(part for part in parts if len(part) != 36))
    return listed
