"""Measures several things in turn, A B C A B C …, and prints their ratios: machines are shared and drift.

Also a pseudo-terminal that reports when a text first stood on the screen.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as users have it: compiled once


def in_turn(measures: dict[str, Callable[[], float]], runs: int) -> dict[str, list[float]]:
    """Seconds of each measure, `runs` times after one warm-up round."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(runs + 1):
        for name, measure in measures.items():
            seconds = measure()
            if turn:
                found[name].append(seconds)
    return found


def report(found: dict[str, list[float]], against: Sequence[tuple[str, str, float]]) -> None:
    """Print medians, and for each (A, B, limit) the ratio A/B pair by pair."""
    for name, seconds in found.items():
        row = f"{min(seconds):8.3f} {statistics.median(seconds):8.3f} {max(seconds):8.3f}"
        print(f"{name:<28} {row} s  (min median max)")
    for a, b, limit in against:
        ratios = [x / y for x, y in zip(found[a], found[b], strict=True)]
        print(f"{a} / {b}: {statistics.median(ratios):.2f}  (wanted: {limit:g} or less)")


class Screen:
    """A program in a pseudo-terminal of 120x40."""

    def __init__(self, command: list[str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        environment["MODULESCOPE_STATE"] = "/tmp/modulescope-benchmark"
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environment, start_new_session=True
        )
        os.close(slave)
        self.output = b""

    def seconds_until(self, text: bytes, timeout: float = 60) -> float:
        """Seconds from the start until `text` was first written."""
        return self.seconds_until_one_of(text, timeout=timeout)

    def seconds_until_one_of(self, *texts: bytes, timeout: float = 60) -> float:
        """Seconds from the start until one of some texts was first written."""
        deadline = self.started + timeout
        while not any(text in self.output for text in texts):
            left = deadline - time.perf_counter()
            if left <= 0:
                raise TimeoutError(f"none of {texts!r} ever came; last: {self.output[-500:]!r}")
            self.read(left)
        return time.perf_counter() - self.started

    def read(self, timeout: float) -> bytes:
        """What was written, waiting at most `timeout` seconds for the first of it."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return b""
        data = os.read(self.master, 1 << 16)
        self.output += data
        return data

    def press(self, keys: bytes) -> None:
        """Type `keys`."""
        os.write(self.master, keys)

    def close(self) -> None:
        """Kill the program and its group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


def seconds_to(command: list[str], text: bytes) -> float:
    """Seconds until `command` has written `text` on its screen."""
    screen = Screen(command)
    try:
        return screen.seconds_until(text)
    finally:
        screen.close()


def seconds_of(command: list[str]) -> float:
    """Seconds that a whole command takes."""
    started = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


PYTHON = sys.executable
