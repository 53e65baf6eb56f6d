"""How much memory work on pictures takes, in a process of its own.
Never here: judgements."""

from __future__ import annotations

import subprocess
import sys

import pytest

only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process how much it took at most"
)
_CODE = """
import asyncio, sys
{work}

def kib(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))

async def main(data, small):
    await work(small)
    before = kib("VmRSS")
    await asyncio.gather(work(data), work(data))
    print((kib("VmHWM") - before) * 1024)

length = int(sys.argv[1])
given = sys.stdin.buffer.read()
asyncio.run(main(given[:length], given[length:]))
"""


def taken_by_two(work: str, data: bytes, small: bytes) -> int:
    """Bytes that are taken at most while `work`, a function's source, does something to a file twice at once; a small file
    of its kind goes before."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _CODE.format(work=work), str(len(data))],
        input=data + small,
        capture_output=True,
        check=True,
    )
    return int(done.stdout)
