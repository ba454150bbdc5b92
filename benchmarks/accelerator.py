"""Recording a run on a GPU: beside the plain run, and beside a look at each result that waits for the device.

    python -m benchmarks.accelerator

Prints the ratios of the minima of turns, and nothing but a line where there is no GPU.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.trace import run_tensors
from models.run.trace.tracing import Trace, tracing
from tests.cuda.networks import Encoder, Images

TURNS = 12


def seconds(run: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def recorded(net: nn.Module, X: Tensor) -> None:
    with tracing(net, LiveTree.of(net), Trace()):
        net(X)


def waiting(net: nn.Module, X: Tensor) -> None:
    later = run_tensors.is_read_later
    run_tensors.is_read_later = lambda tensor: False
    try:
        recorded(net, X)
    finally:
        run_tensors.is_read_later = later


def measure(name: str, net: nn.Module, X: Tensor) -> None:
    runs: list[Callable[[], object]] = [lambda: net(X), lambda: recorded(net, X), lambda: waiting(net, X)]
    turns = [[seconds(run) for run in runs] for _ in range(TURNS)]
    plain, mine, theirs = (min(turn[place] for turn in turns) for place in range(3))
    print(f"{name:<22} plain {1e3 * plain:6.2f} ms  recorded {mine / plain:5.2f}x  waiting {theirs / plain:5.2f}x")


def main() -> None:
    if not torch.cuda.is_available():
        print("no GPU")
        return
    with torch.no_grad():
        measure("12 blocks of 64", Encoder(64, 12).cuda(), torch.randint(100, (2, 16)).cuda())
        measure("12 blocks of 1,024", Encoder(1024, 12).cuda(), torch.randint(100, (16, 512)).cuda())
        measure("images of 128x128", Images().cuda(), torch.rand(256, 3, 128, 128).cuda())


if __name__ == "__main__":
    main()
