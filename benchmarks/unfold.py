"""A module of 10,000 submodules: how long until all of it is unfolded and its last row is on the screen.

    python benchmarks/unfold.py [RUNS]

The model is open by then.  `*` unfolds everything, `G` goes to the end.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import PYTHON, Screen

WIDE = """\
from torch import nn

def build():
    blocks = [nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(3333)]
    net = nn.Sequential(*blocks)
    net.add_module("the_last_one", nn.Identity())
    return net
"""


def main(runs: int) -> None:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wide.py"
        file.write_text(WIDE)
        for _ in range(runs):
            screen = Screen([PYTHON, "-m", "tui", f"{file}:build"])
            try:
                screen.seconds_until(b"ready")
                while screen.read(1.0):
                    pass
                screen.output = b""
                started = time.perf_counter()
                screen.press(b"*G")
                while b"the_last_one" not in screen.output:
                    screen.read(10)
                found.append(time.perf_counter() - started)
            finally:
                screen.close()
    print(f"10,001 modules, 16,668 rows: unfolded whole and its end shown in {statistics.median(found):.3f} s (median)")
    print(f"from {min(found):.3f} to {max(found):.3f} s in {runs} runs; wanted: 1 s or less")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
