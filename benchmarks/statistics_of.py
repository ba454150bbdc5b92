"""Statistics and histogram of a large tensor, against the naive way and against copying it; and who waits meanwhile.

    python benchmarks/statistics_of.py [RUNS]

256 MB of float32 and one thread of torch's.  Seconds are of the processor, but for waiting.
"""

from __future__ import annotations

import statistics as middle
import sys
import threading
import time
from collections.abc import Callable

import torch
from side_by_side import ROOT, in_turn, report

sys.path.insert(0, str(ROOT))

from models.engine import messages as m
from models.engine.handlers import tree
from models.inspect.cancelled import Cancelled
from models.inspect.statistics import statistics
from models.session import Session


def taking(work: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return measure


def naive(tensor: torch.Tensor) -> None:
    """Eight reductions over the whole tensor."""
    tensor.min(), tensor.max(), tensor.mean(), tensor.std(), tensor.norm()
    (tensor == 0).sum(), tensor.isnan().sum(), torch.histc(tensor, 40)


def waiting(tensor: torch.Tensor) -> tuple[list[float], float]:
    """Milliseconds that pages of rows take while statistics are computed; those until a cancelled one ends."""
    session = Session()
    session.open("rgnet")
    stop, ended = threading.Event(), threading.Event()

    def compute() -> None:
        try:
            while True:
                statistics(tensor, path="", cancelled=stop.is_set)
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


def main(runs: int) -> None:
    torch.set_num_threads(1)
    tensor = torch.randn(2**26)
    copy = torch.empty_like(tensor)
    found = in_turn(
        {
            "naive": taking(lambda: naive(tensor)),
            "copy": taking(lambda: copy.copy_(tensor)),
            "statistics": taking(lambda: statistics(tensor, path="")),
        },
        runs,
    )
    report(found, [("statistics", "naive", 0.1), ("statistics", "copy", 2.5)])
    print(f"statistics: {tensor.nbytes / 1e9 / middle.median(found['statistics']):.2f} GB/s  (wanted: 1 or more)")
    pages, cancelled = waiting(tensor)
    print(f"a page of rows meanwhile: {middle.median(pages):.2f} ms, worst {max(pages):.1f}  (wanted: some 10)")
    print(f"cancelled within {cancelled:.1f} ms  (wanted: 50)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
