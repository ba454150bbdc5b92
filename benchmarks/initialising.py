"""The preview of an initialiser on a matrix of 4096x4096, over the initialiser and the statistics by themselves.

    python benchmarks/initialising.py [RUNS]

One thread; wall clock, everything in turn in one run.  The first preview also takes the statistics of today's values,
later ones know them.
"""

from __future__ import annotations

import statistics as middle
import sys
import time
from collections.abc import Callable

import torch
from side_by_side import ROOT, in_turn, report
from torch import nn

sys.path.insert(0, str(ROOT))

from models import messages as m
from models.session.initialising import BINS, preview_initialiser
from models.session.session import Session
from models.tensors.statistics.statistics import statistics
from models.tensors.torch_readable import readable_of

RULES = ("xavier_uniform_", "kaiming_normal_", "trunc_normal_", "constant_")
SIZE = 4096


class Quiet:
    """Cancels nothing and shows nothing."""

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None:
        pass


def taking(work: Callable[[], object]) -> Callable[[], float]:
    def measure() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return measure


def main(runs: int) -> None:
    torch.set_num_threads(1)
    session = Session()
    session.open("parameter_access")
    session.namespace["net"] = nn.Linear(SIZE, SIZE)
    session.begin_change("another network")
    session.end_change()
    weight = torch.empty(SIZE, SIZE)
    for rule in RULES:
        how = m.PreviewInitialiser(
            how=m.Initialisation(path="weight", rule=rule, arguments=["1"] * (rule == "constant_"))
        )

        def alone(rule: str = rule) -> None:
            getattr(nn.init, rule)(torch.empty_like(weight), *([1.0] if rule == "constant_" else []))

        def measured() -> None:
            statistics(readable_of(weight), path="", bins=BINS)

        getattr(nn.init, rule)(weight, *([1.0] if rule == "constant_" else []))
        first = taking(lambda how=how: preview_initialiser(session, how, Quiet()))()  # type: ignore[misc]
        print(f"\n{rule}: the first preview {first:.2f} s")
        found = in_turn(
            {
                "initialiser": taking(alone),
                "statistics": taking(measured),
                "preview": taking(lambda how=how: preview_initialiser(session, how, Quiet())),  # type: ignore[misc]
            },
            runs,
        )
        found["both"] = [one + other for one, other in zip(found["initialiser"], found["statistics"], strict=True)]
        report(found, [("preview", "both", 1.5)])
        print(f"preview {middle.median(found['preview']):.2f} s", flush=True)


if __name__ == "__main__":
    main(int([*sys.argv, "5"][1]))
