"""How long a key takes to show while the engine is idle and while it is busy.

    python benchmarks/keys.py [KEYS]

Presses `j` and `k` in the tree, one after another, and takes the time until the bar of its cursor is written.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from side_by_side import PYTHON, Screen

BIG = """\
import torch
from torch import nn

class Big(nn.Module):
    def __init__(self):
        super().__init__()
        self.small = nn.Linear(4, 4)
        self.huge = nn.Parameter(torch.ones(256, 1024, 1024))  # 1 GB of float32

    def forward(self, x):
        return self.small(x)
"""

CURSOR = "▌".encode()

STREAM = """\
import random, torch
from torch import nn

class Stream(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(20))

    def forward(self, x):
        order = random.Random(1)
        while True:  # rows that no fold makes one
            x = order.choice((torch.sin, torch.cos, torch.tanh, order.choice(self.layers)))(x)
"""


def keys(screen: Screen, presses: int, first: int = 0) -> list[float]:
    """Milliseconds from each key until the bar of the cursor is drawn, which the list with the focus alone has."""
    found = []
    for press in range(first, first + presses):
        quiet_by = time.perf_counter() + 0.2  # what streams is never quiet for long
        while screen.read(0.02) and time.perf_counter() < quiet_by:
            pass
        started = time.perf_counter()
        screen.press(b"j" if press % 8 < 4 else b"k")
        came, end = b"", started + 2
        while CURSOR not in came and (left := end - time.perf_counter()) > 0:
            came += screen.read(left)
        found.append((time.perf_counter() - started) * 1000)
    return found


def settle(screen: Screen, seconds: float) -> None:
    """Read what comes for a while."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        screen.read(left)


def report(name: str, found: list[float], idle: list[float] | None = None) -> None:
    p95 = statistics.quantiles(found, n=20)[-1]
    line = f"{name:<36} median {statistics.median(found):6.1f}  p95 {p95:6.1f}  worst {max(found):6.1f} ms"
    if idle is not None:
        line += f"   p95 over idle: {p95 - statistics.quantiles(idle, n=20)[-1]:+.1f} ms"
    print(line, flush=True)


def main(presses: int) -> None:
    screen = Screen([PYTHON, "-m", "tui", "rgnet"])
    screen.seconds_until(b"block 0")
    settle(screen, 2)
    idle = keys(screen, presses)
    report("idle", idle)
    screen.press(b">while True: pass\r\r")
    settle(screen, 1)
    screen.press(b"\x1b")
    settle(screen, 1)
    report("the console runs while True: pass", keys(screen, presses), idle)
    screen.close()

    found = []
    while len(found) < presses:
        screen = Screen([PYTHON, "-m", "tui"])
        screen.seconds_until(b"rgnet")  # the catalogue stands; the engine imports torch for two seconds or so from now
        ends = time.perf_counter() + 1.5
        pressed: list[float] = []
        while time.perf_counter() < ends:
            pressed += keys(screen, 1, len(pressed))
        found += pressed
        screen.close()
    report("torch is imported", found, idle)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "big.py"
        file.write_text(BIG)
        screen = Screen([PYTHON, "-m", "tui", f"{file}:Big"])
        screen.seconds_until(b"huge")
        settle(screen, 3)
        found = []
        for _ in range(max(presses // 4, 1)):
            # Each press comes while the tensor under the cursor is being summarised.
            screen.press(b"gj")
            settle(screen, 0.15)
            found += keys(screen, 2)
        report("1 GB of tensor is summarised", found, idle)
        screen.close()

        file = Path(folder) / "stream.py"
        file.write_text(STREAM)
        screen = Screen([PYTHON, "-m", "tui", f"{file}:Stream", "--input", "2x4"])
        screen.seconds_until(b"layers")
        settle(screen, 3)
        before = keys(screen, presses)
        report("idle, of a network whose run streams", before)
        screen.press(b"f")
        settle(screen, 2)
        report("its run streams", keys(screen, presses), before)
        screen.press(b"\x03")
        screen.close()
    print(f"on {os.cpu_count()} cores")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
