"""What recording the calls costs, with statistics of every result, dataflow and costs: a forward traced and plain.

And what watching a backward costs: gradients at every call, parts, the first NaN.

    python benchmarks/trace.py [RUNS]

Seconds are of the processor, with one thread of torch's.  The garbage collector is as in the engine, whose full
collections come seldom: what many calls leave would set off two in 20,000 operations.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch
from side_by_side import ROOT, in_turn, report
from torch import nn

sys.path.insert(0, str(ROOT))

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.run.backward import run_backward
from models.run.trace.tracing import Trace, tracing
from models.work.gc_paused import collect_seldom


def repeated(work: Callable[[], object], times: int) -> Callable[[], float]:
    """Seconds of the processor for one of `times` turns."""

    def measure() -> float:
        started = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - started) / times

    return measure


def compare(name: str, net: nn.Module, X: torch.Tensor, times: int, runs: int, limit: float) -> None:
    tree = LiveTree.of(net)

    def traced() -> None:
        with tracing(net, tree, Trace()):
            net(X)

    print(f"-- {name}")
    found = in_turn({"plain": repeated(lambda: net(X), times), "traced": repeated(traced, times)}, runs)
    report(found, [("traced", "plain", limit)])


def compare_backward(name: str, net: nn.Module, X: torch.Tensor, times: int, runs: int, limit: float) -> None:
    """A forward and a backward, plain and watched: norms at every call, parts, the first NaN, missing gradients.

    What is gone back from was recorded before, so that its calls are known; that is not counted.
    """

    def plain() -> None:
        net.zero_grad()
        net(X).sum().backward()

    def recorded() -> tuple[torch.Tensor, Trace, LiveTree]:
        tree, trace = LiveTree.of(net), Trace()
        with tracing(net, tree, trace):
            return net(X), trace, tree

    def measure_watched() -> float:
        results = [recorded() for _ in range(times)]

        def watched() -> None:
            net.zero_grad()
            net(X)
            result, trace, tree = results.pop()
            run_backward(result, net, trace, tree)

        return repeated(watched, times)()

    print(f"-- {name}")
    found = in_turn({"plain": repeated(plain, times), "watched": measure_watched}, runs)
    report(found, [("watched", "plain", limit)])


class Loop(nn.Module):
    """Many operations on a few numbers."""

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        for _ in range(6_667):
            X = (X + 1) * 0.5 - X
        return X


def convolutions() -> nn.Module:
    def block(taken: int, given: int) -> list[nn.Module]:
        return [nn.Conv2d(taken, given, 3, padding=1), nn.BatchNorm2d(given), nn.ReLU()]

    return nn.Sequential(*block(3, 32), *block(32, 32), nn.MaxPool2d(2), *block(32, 64), nn.MaxPool2d(2)).eval()


def main(runs: int) -> None:
    torch.set_num_threads(1)
    collect_seldom()
    tiny = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3000)])
    layer = nn.TransformerEncoderLayer(768, 12, 3072, dropout=0.0, batch_first=True)
    compare("the MLP of the document, 2x20", build_example("mlp"), torch.rand(2, 20), 200, runs, 3.3)
    compare("9,001 tiny modules", tiny, torch.rand(1, 4), 1, runs, 3.3)
    compare(
        "encoder of GPT-2's size, 64 tokens", nn.TransformerEncoder(layer, 12), torch.rand(1, 64, 768), 1, runs, 1.5
    )
    compare_backward("backward of that encoder", nn.TransformerEncoder(layer, 12), torch.rand(1, 64, 768), 1, runs, 1.1)
    layers = nn.Sequential(*[each for _ in range(12) for each in (nn.Linear(20, 20), nn.ReLU())])
    compare_backward("backward of 24 tiny layers", layers, torch.rand(2, 20), 50, runs, 2.5)
    with torch.no_grad():
        compare("convolutions of 128x128 pixels", convolutions(), torch.rand(1, 3, 128, 128), 3, runs, 1.6)
        compare("a loop of 20,000 operations on 4 elements", Loop(), torch.rand(4), 1, runs, 16)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
