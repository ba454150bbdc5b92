"""Statistics of large tensors, against the naive way and against copying them; and who waits meanwhile.

    python benchmarks/statistics_of.py [RUNS] [GIGABYTES]
    python benchmarks/statistics_of.py --moments [RUNS]

The second measures only what a table or a filter needs, without a histogram, with torch alone and with the extra
`[fast]`, both over copying.

256 MB of each type and one thread of torch's; then a file of so many gigabytes, nearly all of it a hole.  Seconds are
of the processor, but for waiting.
"""

from __future__ import annotations

import json
import statistics as middle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch
from side_by_side import ROOT, in_turn, report

sys.path.insert(0, str(ROOT))

from models import messages as m
from models.engine.handlers import tree
from models.session.session import Session
from models.tensors.statistics import fast
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of
from models.work.cancelled import Cancelled

TYPES = ("float32", "float64", "bfloat16", "float16", "float8_e4m3fn", "int8", "int32")


def taking(work: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return measure


def naive(tensor: torch.Tensor) -> None:
    """Eight reductions over the whole tensor, and a histogram; as float32 where torch reduces no other."""
    if tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.float()
    tensor.amin(), tensor.amax(), tensor.mean(), tensor.std(), tensor.norm()
    tensor.count_nonzero(), tensor.isnan().sum(), tensor.isinf().sum(), torch.histc(tensor, 40)


def made(name: str) -> torch.Tensor:
    dtype = getattr(torch, name)
    numbers = torch.randn(2**28 // dtype.itemsize)
    return numbers.to(dtype) if dtype.is_floating_point else numbers.mul_(30).to(dtype)


def one_type(name: str, runs: int) -> None:
    tensor = made(name)
    copy = torch.empty_like(tensor)
    print(f"\n{name}")
    found = in_turn(
        {
            "naive": taking(lambda: naive(tensor)),
            "copy": taking(lambda: copy.copy_(tensor)),
            "statistics": taking(lambda: statistics(readable_of(tensor), path="")),
            "exact statistics": taking(lambda: statistics(readable_of(tensor), path="", exact=True)),
        },
        runs,
    )
    report(found, [("statistics", "naive", 0.1), ("statistics", "copy", 2.5)])
    print(f"{tensor.nbytes / 1e9 / middle.median(found['statistics']):.2f} GB/s")


def moments_only(name: str, runs: int) -> None:
    """Print the speed of moments and extremes over that of copying: the best of each, for others use the machine."""
    tensor = made(name)
    copy, readable, package = torch.empty_like(tensor), readable_of(tensor), fast.kernels

    def measure(with_package: bool) -> None:
        fast.kernels = package if with_package else lambda: None  # type: ignore[assignment]
        statistics(readable, path="", only_moments=True)
        fast.kernels = package

    measures = {"copy": lambda: copy.copy_(tensor), "torch alone": lambda: measure(False)}
    if fast.summariser(tensor.dtype) is not None:
        measures["with the extra"] = lambda: measure(True)
    measures["with a histogram"] = lambda: statistics(readable, path="")
    found = in_turn({each: taking(work) for each, work in measures.items()}, runs)
    line = [f"{name:<10} copy {tensor.nbytes / 1e9 / min(found['copy']):.1f} GB/s"]
    for each in list(measures)[1:]:
        ratios = [a / b for a, b in zip(found["copy"], found[each], strict=True)]
        line.append(f"{each} {min(found['copy']) / min(found[each]):.0%} (median {middle.median(ratios):.0%})")
    print("  ".join(line), flush=True)


def waiting(tensor: torch.Tensor) -> tuple[list[float], float]:
    """Milliseconds that pages of rows take while statistics are computed; those until a cancelled one ends."""
    session = Session()
    session.open("rgnet")
    stop, ended = threading.Event(), threading.Event()

    def compute() -> None:
        try:
            while True:
                statistics(readable_of(tensor), path="", should_cancel=stop.is_set)
        except Cancelled:
            ended.set()

    threading.Thread(target=compute).start()
    pages = []
    for _ in range(200):
        started = time.perf_counter()
        tree.tree_rows(session, m.TreeRows(start=0, count=60), None)
        pages.append((time.perf_counter() - started) * 1000)
        time.sleep(0.002)
    started = time.perf_counter()
    stop.set()
    ended.wait()
    return pages, (time.perf_counter() - started) * 1000


def hole(path: Path, gigabytes: int) -> None:
    """A safetensors file of one tensor, float32."""
    size = gigabytes * 2**30
    header = json.dumps({"zeros": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)


def peak() -> int:
    """The most memory this process took, in kB; `ru_maxrss` counts what the process took that started it."""
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


def streamed(path: Path) -> None:
    """In a process of its own: what a file takes of memory beyond what a small tensor takes."""
    statistics(readable_of(torch.randn(2**21)), path="")
    before = peak()
    from models.commands import stats

    started = time.perf_counter()
    stats.main([str(path), "--json"])
    seconds = time.perf_counter() - started
    more = (peak() - before) / 1024
    size = path.stat().st_size / 1e9
    print(f"{size:.0f} GB: {seconds:.0f} s, {size / seconds:.2f} GB/s", file=sys.stderr)
    print(f"memory: {more:.0f} MB over what a small tensor takes  (wanted: 300 or less)", file=sys.stderr)


def main(runs: int, gigabytes: int) -> None:
    torch.set_num_threads(1)
    for name in TYPES:
        one_type(name, runs)
    pages, cancelled = waiting(made("float32"))
    print(f"\na page of rows meanwhile: {middle.median(pages):.2f} ms, worst {max(pages):.1f}  (wanted: some 10)")
    print(f"cancelled within {cancelled:.1f} ms  (wanted: 50)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hole.safetensors")
        hole(path, gigabytes)
        subprocess.run([sys.executable, __file__, "--streamed", str(path)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--streamed"]:
        streamed(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--moments"]:
        torch.set_num_threads(1)
        for name in TYPES:
            moments_only(name, int([*sys.argv, "7"][2]))
    else:
        main(*map(int, [*sys.argv[1:], *("3", "32")[len(sys.argv) - 1 :]]))
