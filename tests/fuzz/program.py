"""The program in a pseudo-terminal: bytes in, bytes out, modes, processes.  One thread, nothing waited for in vain."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

MARK = "MODULESCOPE_FUZZ"
"""In the environment of the program and of whatever it starts."""
DROPPED = ("COLUMNS", "LINES", "DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY", "TMUX", "STY", "NO_COLOR",
           "COLORFGBG", "VISUAL", "PYTEST_CURRENT_TEST")  # fmt: skip
TAIL = 2_000_000
"""Bytes of output that are kept."""
INPUT_PART = 1024
"""Bytes: what is written at once even when the program reads nothing."""

_CONTROL = re.compile(
    rb"\x1b\[\?(?P<modes>[0-9;]+)(?P<set>[hl])|\x1b\[(?P<kitty>[<>])[0-9;]*u|\x1b\[\?(?P<asked>\d+)\$p"
    rb"|\x1b\[(?P<row>\d+);\d+H"
)
_CUT_OFF = re.compile(rb"\x1b(?:\[[?<>]?[0-9;]*)?\Z")

WORDS_OF_MODES = {
    1049: "alternate screen", 25: "cursor hidden", 1000: "mouse", 1002: "mouse", 1003: "mouse", 1006: "mouse",
    1015: "mouse", 1016: "mouse", 2004: "bracketed paste", 1004: "focus reports", 2048: "resize reports",
    2026: "synchronised output", 7: "no line wrap",
}  # fmt: skip
_ON_AT_FIRST = {25, 7}


class Frozen(Exception):
    """The program does not do what it must within the patience; the text says what."""


class Ended(Exception):
    """The program has ended."""


class Program:
    """A program in a pseudo-terminal of its own, started.

    Args:
        command: its arguments.
        size: columns and rows.
        folder: where it runs.
        environment: on top of this process's.
        answers: the modes that the terminal knows when asked.
        patience: seconds for everything that must happen.
    """

    def __init__(
        self,
        command: Sequence[str],
        size: tuple[int, int],
        folder: Path,
        environment: Mapping[str, str],
        answers: Sequence[int] = (),
        patience: float = 10.0,
    ) -> None:
        self.patience = patience
        self.answers = answers
        self.tail = bytearray()
        self.received = 0
        """Bytes in all."""
        self.modes: set[int] = set(_ON_AT_FIRST)
        self.kitty = 0
        """Key protocols pushed and not popped."""
        self.last_row = 0
        """The lowest row that was written to since it was set to 0."""
        self.mark = uuid.uuid4().hex
        self.size = size
        kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
        kept |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", MARK: self.mark, **environment}
        self.master, slave = pty.openpty()
        self._closed = False
        os.set_blocking(self.master, False)
        self._set_size(size)
        self.settings = termios.tcgetattr(self.master)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=kept, start_new_session=True,
            preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(slave)
        self._cut = b""

    # -- output
    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def pump(self, seconds: float) -> bool:
        """Take what comes within `seconds`, at most one piece of it; whether anything came.

        Raises:
            Ended: nothing comes any more.
        """
        if self._closed:
            raise Ended
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 1 << 18)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return False
            raise Ended from None  # nobody has the other end any more
        if not data:
            raise Ended
        self._take(data)
        return True

    def rest(self, quiet: float = 0.03, limit: float = 0.6) -> None:
        """Wait until no output came for `quiet` seconds, at most `limit` seconds.

        Raises:
            Ended: the program has ended.
        """
        until = time.monotonic() + limit
        while self.pump(min(quiet, max(until - time.monotonic(), 0))) and time.monotonic() < until:
            pass
        if self.ended:
            raise Ended

    def _take(self, data: bytes) -> None:
        self.received += len(data)
        self.tail += data
        if len(self.tail) > TAIL:
            del self.tail[: -TAIL // 2]
        data = self._cut + data
        cut = _CUT_OFF.search(data)
        self._cut = cut.group() if cut else b""
        for found in _CONTROL.finditer(data):
            if found["row"]:
                self.last_row = max(self.last_row, int(found["row"]))
            elif found["modes"]:
                modes = {int(mode) for mode in found["modes"].split(b";") if mode}
                self.modes = self.modes | modes if found["set"] == b"h" else self.modes - modes
            elif found["kitty"]:
                self.kitty += 1 if found["kitty"] == b">" else -1
            elif int(found["asked"]) in self.answers:
                with contextlib.suppress(OSError):
                    os.write(self.master, b"\x1b[?%s;2$y" % found["asked"])

    def not_given_back(self) -> list[str]:
        """What of the terminal is not as it was before the program."""
        left = {words for mode, words in WORDS_OF_MODES.items() if (mode in self.modes) != (mode in _ON_AT_FIRST)}
        if self.kitty > 0:
            left.add("key protocol")
        with contextlib.suppress(termios.error, OSError):
            if self._lines(termios.tcgetattr(self.master)) != self._lines(self.settings):
                left.add("line settings")
        return sorted(left)

    @staticmethod
    def _lines(settings: list[Any]) -> list[Any]:
        return [*settings[:4], settings[6]]

    # -- input
    def write(self, data: bytes) -> None:
        """Have the program read `data`.

        Raises:
            Frozen: it takes none of it for the patience.
            Ended: it has ended.
        """
        until = time.monotonic() + self.patience
        while data:
            try:
                done = os.write(self.master, data[: max(INPUT_PART, min(len(data), 4096))])
            except BlockingIOError:
                done = 0
            except OSError:
                raise Ended from None
            data = data[done:]
            if done:
                until = time.monotonic() + self.patience
            if data:
                self.pump(0.0 if done else 0.02)
                if self.ended:
                    raise Ended
                if time.monotonic() > until:
                    raise Frozen("takes no input")

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, and say so as it was asked to."""
        self.size = (columns, rows)
        self._set_size(self.size)
        if 2048 in self.modes:
            self.write(b"\x1b[48;%d;%d;%d;%dt" % (rows, columns, rows * 16, columns * 8))

    def _set_size(self, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        if not self._closed:
            self._closed = True
            os.close(self.master)

    # -- processes
    def family(self) -> list[psutil.Process]:
        """The program and all its children."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def named(self, part: str) -> list[psutil.Process]:
        """Those of the family that have `part` in their command line."""
        found = []
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                if part in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def marked(self) -> list[psutil.Process]:
        """Every process that comes of this program, whosever child it is now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def kill(self) -> None:
        """End whatever is there, and leave nothing behind."""
        for _ in range(3):
            for process in {*self.family(), *self.marked()}:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
                break
        self.hang_up()


def thread_states(pid: int) -> list[str]:
    """The state of each thread as Linux has it: R runs or would if it could, S waits; empty where that is unknown.

    Processor time would say less: on a loaded machine a thread that never waits gets little of it.
    """
    states = []
    for task in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError, IndexError):
            states.append(task.read_text().rpartition(")")[2].split()[0])
    return states


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):  # which a shell may have had ignored
        signal.signal(number, signal.SIG_DFL)
