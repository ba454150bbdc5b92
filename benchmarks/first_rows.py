"""How long `f` takes until the first row of Calls is on the screen, and Ctrl+C until a long run is interrupted.

    python benchmarks/first_rows.py [TURNS]

The real program in a pseudo-terminal of 120x40, whose screen a terminal emulator (pyte) keeps; a time is that at which
the bytes came that make it so.  Each session has run once before.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyte
from side_by_side import PYTHON, Screen

NETWORKS = """\
import random, torch
from torch import nn

class Rows(nn.Module):
    '''1,000,000 operations whose rows no fold makes one, but for turns that happen to be alike.'''

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(20))

    def forward(self, x):
        order = random.Random(1)
        for _ in range(1_000_000):
            x = order.choice((torch.sin, torch.cos, torch.tanh, order.choice(self.layers)))(x)
        return x

class Loop(nn.Module):
    '''1,000,000 operations in a loop that becomes one row.'''

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        for _ in range(500_000):
            x = self.layer(x).tanh()
        return x

class Wide(nn.Module):
    '''1 GB of parameters, and 1,000,000 operations.'''

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.weights = nn.ParameterList(torch.ones(1024, 1024) for _ in range(256))

    def forward(self, x):
        for _ in range(500_000):
            x = self.layer(x).tanh()
        return x
"""
ROW = re.compile(r"^.(\s*\d+)? +\S")


class Seen:
    """What stands on the screen of a program."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._shown = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._shown)

    @property
    def lines(self) -> list[str]:
        """The screen's lines."""
        return list(self._shown.display)

    @property
    def rows(self) -> list[str]:
        """The rows of Calls, which lie between their titles and the last line."""
        lines = self.lines
        at = next((at for at, line in enumerate(lines) if re.match(r"^ +# module", line)), len(lines))
        return [line for line in lines[at + 1 : -1] if ROW.match(line)]

    def until(self, there: Callable[[], bool], timeout: float = 60) -> float:
        """Wait for something to stand there; return when the bytes came that made it so."""
        deadline = time.perf_counter() + timeout
        came = time.perf_counter()
        while not there():
            if time.perf_counter() > deadline:
                raise TimeoutError("\n".join(self.lines))
            data = self.screen.read(0.5)
            came = time.perf_counter()
            self._stream.feed(data)
        return came

    def rest(self, seconds: float) -> None:
        """Take in what comes for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._stream.feed(self.screen.read(left))

    def is_interrupted(self) -> bool:
        """Whether the screen says that a run was interrupted: a notice, or the row of its last call."""
        return any("forward interrupted" in line for line in self.lines[:8]) or self.ends_early()

    def ends_early(self) -> bool:
        """Whether the run that is shown ends with the call that was interrupted."""
        return any("✗" in row and "interrupted" in row for row in self.rows)


def turn(seen: Seen, runs_for: float) -> tuple[float, float]:
    """Milliseconds until the first row, and from Ctrl+C until the screen says that the run was interrupted."""
    before = seen.rows
    seen.screen.press(b"f")
    pressed = time.perf_counter()
    first = seen.until(lambda: bool(seen.rows) and seen.rows != before and not seen.ends_early()) - pressed
    seen.rest(runs_for)
    seen.until(lambda: not seen.is_interrupted())  # of the turn before
    seen.screen.press(b"\x03")
    pressed = time.perf_counter()
    said = seen.until(seen.is_interrupted) - pressed
    seen.rest(6)  # until the notice has gone
    return first * 1000, said * 1000


def main(turns: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "networks.py"
        file.write_text(NETWORKS)
        for name, runs_for in (("Rows", 2.0), ("Rows", 20.0), ("Loop", 2.0), ("Loop", 20.0), ("Wide", 2.0)):
            seen = Seen(Screen([PYTHON, "-m", "tui", f"{file}:{name}", "--input", "2x4"]))
            try:
                seen.until(lambda seen=seen: any("layer" in line for line in seen.lines))
                seen.rest(3)
                turn(seen, 1)
                found = [turn(seen, runs_for) for _ in range(turns)]
            finally:
                seen.screen.close()
            texts = []
            for what, times in zip(("first row", "interrupted"), zip(*found, strict=True), strict=True):
                texts.append(f"{what} median {statistics.median(times):6.1f} worst {max(times):6.1f} ms")
            print(f"{name}, {runs_for:g} s of it: {';  '.join(texts)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
