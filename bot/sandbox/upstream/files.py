"""Uploaded files: private or public, with an end (contract §5.5).
Never here: HTTP, or what is inside a file."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One uploaded file."""

    content: bytes
    filename: str
    purpose: int
    public: bool
    expires: float | None
    tags: tuple[str, ...] = ()


class FileStore:
    """Files by their unique id."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._files: dict[str, StoredFile] = {}

    def add(self, stored: StoredFile) -> str:
        """Keep a file and give its id."""
        mark = hashlib.sha256(f"{len(self._files)}:{stored.filename}".encode() + stored.content[:4096])
        file_id = base64.b32encode(mark.digest())[:24].decode().lower()
        self._files[file_id] = stored
        return file_id

    def public(self, file_id: str) -> StoredFile | None:
        """A public file that has not expired."""
        stored = self._files.get(file_id)
        if (
            stored is None
            or not stored.public
            or (stored.expires is not None and stored.expires <= self._clock())
        ):
            return None
        return stored

    @property
    def all(self) -> Mapping[str, StoredFile]:
        """Every file that was uploaded, for tests."""
        return self._files

    def dump(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [
            {
                "id": file_id,
                "content": base64.b64encode(stored.content).decode(),
                "filename": stored.filename,
                "purpose": stored.purpose,
                "public": stored.public,
                "expires": stored.expires,
                "tags": list(stored.tags),
            }
            for file_id, stored in self._files.items()
        ]

    def load(self, dumped: Iterable[Mapping[str, Any]]) -> None:
        """What `dump` gave."""
        for entry in dumped:
            self._files[entry["id"]] = StoredFile(
                base64.b64decode(entry["content"]),
                entry["filename"],
                entry["purpose"],
                entry["public"],
                entry["expires"],
                tuple(entry["tags"]),
            )
