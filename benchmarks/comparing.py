"""Comparing two sources, against reading and opening them.

    python benchmarks/comparing.py [RUNS] [MEGABYTES]

Two files of so many megabytes are compared and read in turn, in one process in which torch is imported: equal, with one
other value at the end, with every value another one.  Then files of 50,000 tensors, compared in turn with opening two;
then how long the explorer takes until it shows the first difference.  `--memory A B` prints what comparing two takes.
Seconds are of the clock, and in brackets of the processor.
"""

from __future__ import annotations

import ctypes
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from side_by_side import PYTHON, ROOT, Screen

sys.path.insert(0, str(ROOT))

from models import messages as m
from models.diff.difference import Tolerance
from models.diff.pairing import pair
from models.diff.sources import every_tensor
from models.diff.stream import differences
from models.opened.open_model import OpenModel
from models.session import comparing
from models.session.session import Session

NAMES = {torch.float32: "F32", torch.bfloat16: "BF16"}
PIECE = 2**18
"""Bytes that are read at a time where nothing is compared."""
MANY = 50_000
LATER = ("the first difference", "the explorer", "the first figures")
SHOWN = ((b" differ", b"changed"), (b"Compared",), (b"0.001",))
"""What stands on the screen then, one of each."""
Took = tuple[float, float]
"""Seconds of the clock and of the processor."""


class Patient:
    """The context of a request that nobody cancels."""

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None: ...


def write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    header, at = {}, 0
    for name, tensor in tensors.items():
        end = at + tensor.nbytes
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(ctypes.string_at(tensor.data_ptr(), tensor.nbytes))


def opened(path: Path) -> OpenModel:
    session = Session()
    session.open(str(path))
    return session.model


def timed(work: Callable[[], object]) -> Took:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def read(paths: list[Path]) -> None:
    room = bytearray(PIECE)
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while file.readinto(room):
                pass


def compare(paths: list[Path]) -> None:
    a, b = (every_tensor(opened(path)) for path in paths)
    pairs = pair(a, b, True, lambda path: True)
    for _ in differences(pairs, Tolerance(), squares=True, torch_is_there=lambda: True):
        pass


def against(what: str, runs: int, base: Callable[[], object], work: Callable[[], object]) -> None:
    """Print the best of both, taken in turn, and their ratio."""
    found: list[tuple[Took, Took]] = []
    for _ in range(runs + 1):
        found.append((timed(base), timed(work)))
    lines = []
    for part in (0, 1):
        first, second = (min(each[side][part] for each in found[1:]) for side in (0, 1))
        lines.append(f"{first:.2f} against {second:.2f} s, {first / second:.0%} of the speed, {second / first:.1f}x")
    print(f"{what:<38} {lines[0]}  [{lines[1]}]", flush=True)


def large(folder: Path, dtype: torch.dtype, megabytes: int, runs: int) -> None:
    generator = torch.Generator().manual_seed(0)
    size = megabytes * 2**20 // dtype.itemsize // 32
    tensors = {f"layers.{at}.weight": torch.randn(size, generator=generator).to(dtype) for at in range(32)}
    paths = [folder / "a.safetensors", folder / "b.safetensors"]
    write(paths[0], tensors)
    last = "layers.31.weight"
    for what in ("equal", "the last value differs", "every value differs"):
        if what == "the last value differs":
            tensors[last] = tensors[last].clone()
            tensors[last][-1] += 1
        elif what == "every value differs":
            tensors = {name: tensor + (tensor * 0.01).to(dtype) for name, tensor in tensors.items()}
        write(paths[1], tensors)
        against(f"{NAMES[dtype]}, {what}", runs, lambda: read(paths), lambda: compare(paths))


def many(folder: Path, runs: int) -> None:
    paths = [folder / "a.safetensors", folder / "b.safetensors"]
    names = [f"layers.{at // 500}.experts.{at // 5 % 100}.w{at % 5}" for at in range(MANY)]
    tensors = {name: torch.full((8, 8), float(at)) for at, name in enumerate(names)}
    write(paths[0], tensors)
    for what, step in (("equal", MANY + 1), ("100 differ", 500), ("all differ", 1)):
        write(paths[1], {name: t + (at % step == step - 1) for at, (name, t) in enumerate(tensors.items())})

        def both() -> None:
            for path in paths:
                opened(path).page(0, 40)

        def all_of_it() -> None:
            session = Session()
            session.open(str(paths[0]))
            comparing.compare(session, m.Compare(source=str(paths[1]), unfold_to=40))
            comparing.read_differences(session, Patient())

        against(f"{MANY:,} tensors, {what}", runs, both, all_of_it)


def first_difference(folder: Path, runs: int) -> None:
    paths = [folder / "a.safetensors", folder / "b.safetensors"]
    tensors = {f"layers.{at}.weight": torch.randn(2**22) for at in range(32)}
    write(paths[0], tensors)
    write(paths[1], {name: tensor + 1e-3 for name, tensor in tensors.items()})
    for _ in range(runs):
        screen = Screen([PYTHON, "-m", "tui", str(paths[0]), "--with", str(paths[1])])
        try:
            tree = screen.seconds_until(b"layers")
            seconds = [screen.seconds_until_one_of(*texts) for texts in SHOWN]
        finally:
            screen.close()
        found = ", ".join(f"{what} {each - tree:.2f} s" for what, each in zip(LATER, seconds, strict=True))
        print(f"the tree of A after {tree:.2f} s; behind it {found}", flush=True)


def peak() -> int:
    """The most memory this process took, in MB."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024


def main(runs: int, megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for dtype in NAMES:
            large(folder, dtype, megabytes, runs)
        many(folder, runs)
        first_difference(folder, runs)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--memory"]:
        before = peak()
        compare([Path(each) for each in sys.argv[2:4]])
        print(f"{peak() - before} MB more than with torch alone")
    else:
        main(*map(int, [*sys.argv[1:], *("5", "1024")[len(sys.argv) - 1 :]]))
