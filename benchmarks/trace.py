"""What recording the calls costs: a forward run traced and plain.

    python benchmarks/trace.py [RUNS]

Seconds are of the processor, with one thread of torch's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import torch
from side_by_side import ROOT, in_turn, report
from torch import nn

sys.path.insert(0, str(ROOT))

from models.examples.catalogue import build
from models.live.outline import Outline
from models.run.trace import Trace, tracing


def repeated(work: Callable[[], object], times: int) -> Callable[[], float]:
    """Seconds of the processor for one of `times` turns."""

    def measure() -> float:
        started = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - started) / times

    return measure


def compare(name: str, net: nn.Module, X: torch.Tensor, times: int, runs: int, limit: float) -> None:
    outline = Outline.of(net)

    def traced() -> None:
        with tracing(net, outline, Trace()):
            net(X)

    print(f"-- {name}")
    found = in_turn({"plain": repeated(lambda: net(X), times), "traced": repeated(traced, times)}, runs)
    report(found, [("traced", "plain", limit)])


def main(runs: int) -> None:
    torch.set_num_threads(1)
    tiny = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3000)])
    layer = nn.TransformerEncoderLayer(768, 12, 3072, dropout=0.0, batch_first=True)
    compare("the MLP of the document, 2x20", build("mlp"), torch.rand(2, 20), 200, runs, 3.3)
    compare("9,001 tiny modules", tiny, torch.rand(1, 4), 1, runs, 3.3)
    compare(
        "encoder of GPT-2's size, 64 tokens", nn.TransformerEncoder(layer, 12), torch.rand(1, 64, 768), 1, runs, 1.2
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
