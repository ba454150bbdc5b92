"""What is seen of a program that is played: whether it answers, what it takes, what it shows and how it ended."""

from __future__ import annotations

import contextlib
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyte
from pyte.modes import DECAWM

from .findings import Finding, of_stacks, of_traceback, ours, text_of
from .program import Ended, Frozen, Program, thread_states
from .sources import Source
from .within.sitecustomize import SIGNAL

HOME_SIZE = (160, 48)
RECENT = 200
"""Writes among which a key that quits explains an end: a loaded machine acts on it a second later."""
MEMORY_INTERFACE, MEMORY_ENGINE = 700 << 20, 3 << 30
"""Bytes."""
SPIN, SPIN_WORK, SPIN_LOOKS = 0.9, 4.0, 20
"""A thread is ready to run at this share of the looks, although there is nothing to do, until it has worked for so many
seconds of processor time; looks of which the share is taken."""
SETTLED = 120.0
"""Seconds that keys typed on a large screen of a busy machine may need."""
TASKS_WRITTEN = 0.5
"""Seconds for what the tasks of asyncio wait for."""
STACKS = 10.0
"""Seconds for the stacks of all threads."""
_NOT_DRAWN = re.compile(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z$]+|\x1bP.*?\x1b\\|\x1b\].*?(?:\x07|\x1b\\)")


@dataclass
class Outcome:
    """What came of one start of the program.

    Args:
        used: how many steps were played.
        finding: what went wrong, if something did.
        left: the session's end was reached; else the program was quit by a step on the way.
        keys: how many were pressed.
        memory: most bytes of the interface and of an engine.
    """

    used: int = 0
    finding: Finding | None = None
    left: bool = False
    keys: int = 0
    memory: tuple[int, int] = (0, 0)


class Trouble(Exception):
    """Something is wrong with a program that still answers."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


class Looking:
    """Part of `Player`, which starts the program and plays the steps.

    Args:
        source: what is played.
        patience: seconds for everything that must happen.
    """

    program: Program
    faults: Path
    """The file to which the program appends the faults that it survived."""
    tasks: Path
    """The file to which the program writes what its tasks wait for, when it is asked."""

    def __init__(self, source: Source, patience: float) -> None:
        self.source = source
        self.patience = patience
        self.outcome = Outcome()
        self._recent: list[bytes] = []
        self._checked = 0
        self._stopped = False
        """An engine was stopped by a signal."""

    def _write(self, data: bytes) -> None:
        self._recent = [*self._recent[-RECENT:], data]
        self.program.write(data)

    def _rest(self) -> None:
        if self._recent and self._recent[-1].endswith(b"\x1b"):
            self._wait(self.source.escape_delay)
        self.program.rest()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.program.pump(left)

    def _interface(self) -> list[psutil.Process]:
        if self.source.interface:
            return self.program.named(self.source.interface)
        with contextlib.suppress(psutil.NoSuchProcess):
            return [psutil.Process(self.program.process.pid)]
        return []

    # -- on the way
    def _probe(self, quiet: float = 0.05) -> bytes:
        """Resize, wait until the lowest row is written anew, and until nothing was for `quiet` seconds; what was.

        Raises:
            Frozen: it never is.
        """
        program = self.program
        self._rest()
        columns, rows = program.size if min(program.size) > 10 else HOME_SIZE
        size = (columns - 1 if columns % 2 else columns + 1, rows)
        program.last_row = 0
        before = program.received
        program.resize(*size)
        until = time.monotonic() + self.patience
        while program.last_row < rows:
            if program.ended:
                raise Ended
            if time.monotonic() > until:
                said = "nothing" if program.received == before else "no whole screen"
                raise Frozen(f"writes {said} after a resize")
            program.pump(0.1)
        program.rest(quiet, max(1.0, 10 * quiet))
        return bytes(program.tail[-(program.received - before) :])

    def _faults(self) -> Finding | None:
        """What the program survived and wrote down."""
        if not self.faults.exists() or not self.faults.stat().st_size:
            return None
        text = self.faults.read_text(encoding="utf-8", errors="replace")
        return of_traceback("fault", text) or Finding("fault", "without a traceback", text[-4000:])

    def _look_for_faults(self) -> None:
        if fault := self._faults():
            raise Trouble(fault)

    def _check_all(self) -> None:
        """Memory, processor time, modes and tracebacks, the program being at rest."""
        program = self.program
        new = bytes(program.tail[-(program.received - self._checked) :]) if program.received > self._checked else b""
        self._checked = program.received
        if b"Traceback" in new and (text := ours(text_of(new))) and (found := of_traceback("traceback", text)):
            raise Trouble(found)
        if b"was never awaited" in new:
            raise Trouble(
                Finding("screen", "a warning is written over it: a coroutine was never awaited", text_of(new))
            )
        if 1049 not in program.modes:
            self._wait(1.0)  # an editor may be there for a moment
            if 1049 not in program.modes:
                raise Trouble(Finding("screen", "the alternate screen was left", self._picture()))
        self._check_memory()
        self._check_spin()

    def _check_memory(self) -> None:
        most = list(self.outcome.memory)
        interface = {process.pid for process in self._interface()}
        for process in self.program.family():
            with contextlib.suppress(psutil.Error):
                which = 0 if process.pid in interface else 1
                most[which] = max(most[which], process.memory_info().rss)
        self.outcome.memory = (most[0], most[1])
        for used, limit, who in zip(most, (MEMORY_INTERFACE, MEMORY_ENGINE), ("interface", "engine"), strict=True):
            if used > limit:
                raise Trouble(Finding("memory", f"the {who} takes more than {limit >> 20} MB", f"{used >> 20} MB"))

    def _check_spin(self) -> None:
        """Nobody presses a key, and nothing is written: the interface has nothing to do."""
        interface = self._interface()
        begin = [_worked(process) for process in interface]
        while True:
            received, ready = self.program.received, 0
            for _ in range(SPIN_LOOKS):
                self._wait(0.01)
                ready += any("R" in thread_states(process.pid) for process in interface)
            if ready < SPIN * SPIN_LOOKS or self.program.received - received > 5_000:
                return
            if any(_worked(process) - before > SPIN_WORK for process, before in zip(interface, begin, strict=True)):
                raise Trouble(of_stacks("spin", "works without being asked", self._stacks()))

    def _settle(self) -> None:
        """Wait until all that was typed has been acted on: a resize overtakes keys, and hundreds may be waiting."""
        until = time.monotonic() + SETTLED
        idle = 0
        while idle < SPIN_LOOKS and time.monotonic() < until:
            self._wait(0.02)
            working = any("R" in thread_states(process.pid) for process in self._interface())
            idle = 0 if working else idle + 1
        self._rest()

    # -- the end
    def _wait_end(self) -> bool:
        until = time.monotonic() + self.patience
        while not self.program.ended and time.monotonic() < until:
            with contextlib.suppress(Ended):
                self.program.pump(0.05)
                continue
            time.sleep(0.02)  # the terminal is gone; the process may take a moment more
        return self.program.ended

    def _judge(self, leave: str | None) -> Finding | None:
        """What is wrong with how the program ended; `leave` made it, None when it was no wish of the session's."""
        program = self.program
        if not self._wait_end():
            return Finding("freeze", "the terminal is let go but the process stays")
        with contextlib.suppress(Ended):
            while program.pump(0.1):
                pass
        output = bytes(program.tail)
        last = text_of(output[max(output.rfind(b"\x1b[?1049l"), output.rfind(b"\x1b[?1049h"), 0) :])
        return (
            self._faults() or self._wrong_status(leave, last) or self._wrong_terminal(leave) or self._left_behind(leave)
        )

    def _wrong_status(self, leave: str | None, last: str) -> Finding | None:
        """`last` is what was written behind the last change of screens."""
        status = self.program.process.returncode
        if self._interrupted_rightly(status):
            return None
        if status and leave in (None, "q", "ctrl+q"):
            how = f"status {status}" if status > 0 else f"signal {signal.Signals(-status).name}"
            if "Current thread" in last:
                return of_stacks("death", how, last)
            return of_traceback("death", last) or Finding("death", how, last[-4000:] or self._picture())
        if leave is None and not self._quit_explained():
            return Finding("ending", "ended without being asked", repr(self._recent[-12:]))
        if 1049 in self.program.modes:  # it is all that stood on its screen
            last = ours(last) or ""
        return of_traceback("traceback", last)

    def _interrupted_rightly(self, status: int) -> bool:
        """Whether a Ctrl+C ended it that was typed before the program had the terminal, or, to a program of the
        user's, when the explorer in it had given it back."""
        if status not in (-signal.SIGINT, 128 + signal.SIGINT) or b"\x03" not in b"".join(self._recent):
            return False
        return b"\x1b[?1049h" not in self.program.tail or (self.source.attached and 1049 not in self.program.modes)

    def _wrong_terminal(self, leave: str | None) -> Finding | None:
        left = [] if leave == "hang up" else self.program.not_given_back()
        if not left:
            return None
        what = f"not given back after {leave or 'q'}: {', '.join(left)}"
        return Finding("terminal", what, repr(bytes(self.program.tail[-300:])))

    def _left_behind(self, leave: str | None) -> Finding | None:
        until = time.monotonic() + self.patience
        while (there := self.program.marked()) and time.monotonic() < until:
            time.sleep(0.05)
        if not there:
            return None
        lines = []
        for process in there:
            with contextlib.suppress(psutil.Error):
                lines.append(" ".join(process.cmdline()))
        after = leave or "q"
        if self._stopped:
            after += ", the engine being stopped"
        return Finding("left behind", f"{len(lines)} processes after {after}", "\n".join(lines))

    def _quit_explained(self) -> bool:
        """Whether a key that quits, a click, or a choice in the palette is among what was written last."""
        written = b"".join(self._recent)
        return any(sign in written for sign in (b"q", b"\x11", b"\x1b[<", b":", b"\x10", b"\x1b[M"))

    # -- what belongs to a finding
    def _freeze(self, what: str) -> Finding:
        picture = self._picture()
        found = of_stacks("freeze", what, self._stacks())
        tasks = self.tasks.read_text(encoding="utf-8", errors="replace") if self.tasks.exists() else ""
        detail = f"{picture}\n\n{tasks}\n{found.detail}\nlast written: {self._recent[-6:]!r}"
        return Finding(found.kind, found.signature, detail)

    def _stacks(self) -> str:
        """What every task waits for, and every thread of the interface is doing; ends it."""
        begin = self.program.received
        for process in self._interface():
            with contextlib.suppress(psutil.Error):
                process.send_signal(getattr(signal, SIGNAL))
                self._wait(TASKS_WRITTEN)
                process.send_signal(signal.SIGABRT)
        with contextlib.suppress(Ended):
            until = time.monotonic() + STACKS
            while time.monotonic() < until:
                self.program.pump(0.5)
        new = self.program.received - begin
        return text_of(bytes(self.program.tail[-new:])) if new else ""

    def _picture(self, output: bytes | None = None) -> str:
        """What stands on the screen; of `output`, when that was a whole screen."""
        columns, rows = self.program.size
        if not columns or not rows:
            return ""
        screen = pyte.Screen(columns, rows)
        screen.mode.discard(DECAWM)  # a row of the size before must not push all others up
        stream = pyte.ByteStream(screen)
        kept = output if output is not None else bytes(self.program.tail[-400_000:])
        with contextlib.suppress(Exception):  # an emulator's own faults are none of ours
            stream.feed(_NOT_DRAWN.sub(b"", kept))
        return "\n".join(line.rstrip() for line in screen.display)


def _worked(process: psutil.Process) -> float:
    """Seconds of processor time; 0 when it is gone."""
    try:
        return sum(process.cpu_times()[:2])
    except psutil.Error:
        return 0.0
