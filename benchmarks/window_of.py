"""A window of values at the far end of a sparse file of 200 GB, and `diff` of two checkpoints, over copying the bytes.

The files are made in a temporary folder: the first takes no space on the disk, the others 2 x 256 MB.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from side_by_side import in_turn, report  # noqa: E402

from models.checkpoint.model import CheckpointModel  # noqa: E402
from models.diff.difference import Tolerance  # noqa: E402
from models.diff.pairing import pair  # noqa: E402
from models.diff.sources import every_tensor  # noqa: E402
from models.diff.stream import differences  # noqa: E402
from models.opened.source import Source  # noqa: E402
from models.sources.opening import open_source  # noqa: E402
from models.stored.stored import Stored  # noqa: E402
from models.tensors.window import window  # noqa: E402

HUGE = 200 * 10**9
SIDE = 100_000
"""Of the square matrix that the huge file ends with: 40 GB of float32."""
ELEMENTS = 2**26
"""Of each file that is compared: 256 MB of float32."""
WANTED = 0.020
"""Seconds for a window."""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        huge(folder / "huge.safetensors")
        last = tensors(open_source(str(folder / "huge.safetensors")))[-1]
        seconds = sorted(seconds_of_window(last) for _ in range(20))
        print(f"window of 50 x 20: median {seconds[10] * 1e3:.2f} ms, worst {seconds[-1] * 1e3:.2f} ms", end="")
        print(f"  (wanted: {WANTED * 1e3:g} ms)")
        compared(folder)


def tensors(source: Source) -> list[Stored]:
    assert source.checkpoint is not None
    return source.checkpoint.tensors


def huge(path: Path) -> None:
    """One long vector and the matrix behind it; nothing of them is written."""
    rest = HUGE // 4 - SIDE * SIDE
    sizes = {"first": [rest], "last": [SIDE, SIDE]}
    header, at = {}, 0
    for name, shape in sizes.items():
        end = at + 4 * (shape[0] if len(shape) == 1 else shape[0] * shape[1])
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, end]}
        at = end
    write(path, header, at)


def write(path: Path, header: dict[str, dict[str, object]], size: int, data: bytes = b"") -> None:
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
        file.truncate(8 + len(text) + size)


def seconds_of_window(stored: Stored) -> float:
    started = time.perf_counter()
    cells = window(stored, path="last", row=SIDE - 50, rows=50, column=SIDE - 20, columns=20)
    seconds = time.perf_counter() - started
    assert (len(cells.values), cells.row) == (1000, SIDE - 50)
    return seconds


def compared(folder: Path) -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    values = torch.randn(ELEMENTS, generator=generator)
    header: dict[str, dict[str, object]] = {
        "w": {"dtype": "F32", "shape": [ELEMENTS], "data_offsets": [0, 4 * ELEMENTS]}
    }
    files = {"one": values, "same": values, "close": values * (1 + 1e-7), "other": values + 0.01}
    opened: dict[str, Source] = {}
    for name, numbers in files.items():
        data = ctypes.string_at(numbers.data_ptr(), 4 * ELEMENTS)
        write(folder / name, header, 4 * ELEMENTS, data)
        opened[name] = open_source(str(folder / name))
    torch.set_num_threads(1)
    found = in_turn(
        {
            "copy both": lambda: copied(folder / "one", folder / "other"),
            "torch.allclose": lambda: allclose(opened["one"], opened["close"]),
            "diff, equal": lambda: differ(opened["one"], opened["same"], "equal"),
            "diff, close": lambda: differ(opened["one"], opened["close"], "close"),
            "diff, changed": lambda: differ(opened["one"], opened["other"], "changed"),
        },
        3,
    )
    report(
        found,
        [
            ("diff, equal", "copy both", 2.5),
            ("diff, close", "copy both", 10),
            ("diff, changed", "copy both", 10),
            ("diff, close", "torch.allclose", 1),
        ],
    )


def copied(*paths: Path) -> float:
    """Read the bytes into memory, a megabyte at a time."""
    started = time.perf_counter()
    room = bytearray(2**20)
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.readinto(room):
                pass
    return time.perf_counter() - started


def allclose(a: Source, b: Source) -> float:
    """What one would do by hand: load both, ask torch, and take the norms."""
    import torch

    started = time.perf_counter()
    x, y = (torch.frombuffer(bytearray(tensors(each)[0].flat(0, ELEMENTS)), dtype=torch.float32) for each in (a, b))
    assert torch.allclose(x, y)
    assert (x - y).norm() / x.norm() < 1e-6
    assert (x - y).abs().max() < 1e-5
    assert torch.nn.functional.cosine_similarity(x, y, dim=0) > 0.99
    return time.perf_counter() - started


def differ(a: Source, b: Source, status: str) -> float:
    started = time.perf_counter()
    mine, theirs = (every_tensor(CheckpointModel(each, {})) for each in (a, b))
    pairs = pair(mine, theirs, True, lambda path: True)
    assert [each.status for each in differences(pairs, Tolerance())] == [status]
    return time.perf_counter() - started


if __name__ == "__main__":
    print(f"{len(os.sched_getaffinity(0))} cores" if hasattr(os, "sched_getaffinity") else "")
    main()
