"""What the engine adds to a network of 10,000 modules: opening it, unfolding it, a statement, a page of rows.

    python benchmarks/model_layer.py [RUNS]

Seconds are of the processor, so that other programs count less.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from side_by_side import ROOT, in_turn, report

sys.path.insert(0, str(ROOT))

from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.session.session import Session
from models.session.statement import run_statement

NETS = """\
from torch import nn

def blocks():
    return nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3333)])

def layers():
    return nn.Sequential(*[nn.Sequential(*[nn.Linear(4, 4) for _ in range(99)]) for _ in range(101)])
"""


def taking(work: Callable[[], object]) -> Callable[[], float]:
    """Seconds of the processor that `work` takes."""

    def measure() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return measure


def shown_whole(session: Session) -> None:
    """What opening does once the network is there, all unfolded, with its first rows."""
    source = session.model.source
    model = LiveModel(source, LiveTree.of(session.root, source.name), {})
    model.fold_state.fold("", "all")
    model.rows(0, 60)


def main(runs: int) -> None:
    namespace: dict[str, Callable[[], object]] = {}
    exec(NETS, namespace)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large_nets.py"
        file.write_text(NETS)
        for name in ("blocks", "layers"):
            session = Session()
            session.open(f"{file}:{name}")
            modules, rows = session.summary().modules, session.summary().rows
            print(f"-- {name}: {modules:,} modules, {rows - modules:,} tensors")
            measures: dict[str, Callable[[], object]] = {
                "torch builds it": namespace[name],
                "open and unfold, shown": lambda session=session: shown_whole(session),
                "1 + 1": lambda session=session: run_statement(session, "1 + 1"),
            }
            run_statement(session, "1 + 1")  # copies the values, once
            found = in_turn({title: taking(work) for title, work in measures.items()}, runs)
            report(found, [])
            for title, wanted in (("open and unfold, shown", 1.0), ("1 + 1", 0.1)):
                pairs = zip(found[title], found["torch builds it"], strict=True)
                ratio = statistics.median(mine / built for mine, built in pairs)
                seconds = statistics.median(found[title])
                print(f"{title}: {seconds:.3f} s (wanted: {wanted:g}), {ratio:.2f} of what torch takes to build it")
        session = Session()
        session.open("rgnet")
        times = [taking(lambda: run_statement(session, "1 + 1"))() for _ in range(20 * runs)]
        print(f"-- rgnet: 1 + 1 takes {statistics.median(times) * 1000:.2f} ms (median; wanted: 3 or less)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
