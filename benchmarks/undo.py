"""What undo costs: the looks for changes at a statement that changes nothing, and the memory of one changed tensor.

    python benchmarks/undo.py [RUNS]

Seconds are of the processor.  A forward in the console is measured with the looks and without them, in turn.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from side_by_side import ROOT, in_turn

sys.path.insert(0, str(ROOT))

from models.session.session import Session
from models.session.statement import run_statement

NETS = """\
from torch import nn

def layers():
    return nn.Sequential(*[nn.Linear(512, 512) for _ in range(12)])

def large():
    return nn.Sequential(nn.Linear(4096, 4096, bias=False), nn.Linear(4096, 1024, bias=False))
"""


class Unwatched(Session):
    """A session that looks for no changes."""

    def begin_change(self, label: str, about: Sequence[str] = (), **how: object) -> None:
        """Look for nothing."""

    def end_change(self) -> list[str]:
        """Report nothing."""
        return []


def taking(session: Session, text: str) -> Callable[[], float]:
    """Seconds of the processor that a statement takes."""

    def measure() -> float:
        started = time.process_time()
        run_statement(session, text)
        return time.process_time() - started

    return measure


def opened(kind: type[Session], source: str, spec: str) -> Session:
    """Return a session on `source`, with what only the first statement takes behind it."""
    session = kind()
    session.open(source, inputs=[spec])
    run_statement(session, "net(X)")
    return session


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nets_of_undo.py"
        file.write_text(NETS)
        for title, source, spec in (
            ("rgnet, 2 rows", "rgnet", "2x4"),
            ("12 layers of 512x512, 2,048 rows", f"{file}:layers", "2048x512"),
        ):
            found = in_turn(
                {
                    "watched": taking(opened(Session, source, spec), "net(X)"),
                    "not": taking(opened(Unwatched, source, spec), "net(X)"),
                },
                20 * runs,
            )
            ratio = min(found["watched"]) / min(found["not"])
            pairs = statistics.median(a / b for a, b in zip(found["watched"], found["not"], strict=True))
            print(f"net(X) of {title}: {ratio:.2f} of the same without looks for changes (median of pairs {pairs:.2f})")
        session = opened(Session, f"{file}:large", "1x4096")
        size = session.root[0].weight.nbytes
        run_statement(session, "net[0].weight.data[0, 0] += 1")
        before = psutil.Process().memory_info().rss
        run_statement(session, "net[0].weight.data[0, 0] += 1")
        more = psutil.Process().memory_info().rss - before
        print(f"one change of a tensor of {size / 1e6:.0f} MB: {more / size:.2f} of its size")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
