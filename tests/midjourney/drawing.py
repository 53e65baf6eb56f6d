"""Pictures for tests, drawn on the spot: stills, animations, a video's bare boxes, a bomb.
Never here: judgements."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import Image


def still(kind: str = "PNG", size: tuple[int, int] = (48, 32), mode: str = "RGB") -> bytes:
    """A plain picture: small in bytes."""
    written = io.BytesIO()
    Image.new(mode, size, 0 if mode in {"1", "L", "P", "I;16"} else "teal").save(written, kind)
    return written.getvalue()


def noise(kind: str = "PNG", size: tuple[int, int] = (256, 192), mode: str = "RGB") -> bytes:
    """A picture that no codec makes small."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = random.Random(7).randbytes(size[0] * size[1] * bands)  # noqa: S311 - noise, not a secret
    written = io.BytesIO()
    Image.frombytes(mode, size, pixels).save(written, kind)
    return written.getvalue()


def animation(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    """Two frames that differ."""
    frames = [Image.new("RGB", size, colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, kind, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return written.getvalue()


def box(name: bytes, content: bytes) -> bytes:
    """One box of an MP4 file: size, name, content."""
    return struct.pack(">I", 8 + len(content)) + name + content


def video(width: int = 640, height: int = 360, *, version: int = 0) -> bytes:
    """The boxes of an MP4 that tell its size: a sound track and a picture track."""

    def track(w: int, h: int) -> bytes:
        fixed = bytes([version, 0, 0, 7]) + bytes(84 - 4 - 8 if version == 0 else 96 - 4 - 8)
        return box(b"trak", box(b"tkhd", fixed + struct.pack(">II", w << 16, h << 16)))

    return (
        box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
        + box(b"free", b"")
        + box(b"moov", box(b"mvhd", bytes(100)) + track(0, 0) + track(width, height))
        + box(b"mdat", bytes(2000))
    )


def bomb(side: int = 40_000) -> bytes:
    """A PNG of a few hundred bytes whose head promises side x side pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
