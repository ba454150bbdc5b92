"""A real pseudo-terminal with the real program in it, and a terminal emulator that shows what a user sees."""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pyte

ROOT = Path(__file__).resolve().parents[2]

KEYS = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C",
    "left": "\x1b[D", "ctrl+c": "\x03", "backspace": "\x7f", "home": "\x1b[H", "end": "\x1b[F",
}  # fmt: skip

OSC_52 = re.compile(rb"\x1b\]52;[a-z]*;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)")


class Terminal:
    """`with Terminal("rgnet") as terminal:` runs `python -m tui rgnet`.

    Args:
        arguments: of the program.
        size: columns and rows.
        environment: over a plain one without display, SSH or tmux.
        folder: in which it is started.
        controlling: whether the program gets a signal when the terminal is closed.
    """

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        environment: dict[str, str] | None = None,
        folder: Path = ROOT,
        state: Path | None = None,
        command: list[str] | None = None,
        controlling: bool = True,
    ) -> None:
        self.command = command or [sys.executable, "-m", "tui", *arguments]
        self.size = size
        # COLUMNS and LINES, which test runners set, would win over the terminal's real size.
        dropped = (
            "COLUMNS",
            "LINES",
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "SSH_CONNECTION",
            "SSH_TTY",
            "TMUX",
            "STY",
            "NO_COLOR",
            "COLORFGBG",
        )
        self.environment = {name: value for name, value in os.environ.items() if name not in dropped}
        self.environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)}
        if state is not None:
            self.environment["MODULESCOPE_STATE"] = str(state)
        self.environment |= environment or {}
        self.folder = folder
        self.controlling = controlling
        self._standing_still = threading.Event()
        self.raw = b""
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self._changed = threading.Condition()
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Terminal:
        self.master, slave = pty.openpty()
        self._set_size()
        self.process = subprocess.Popen(
            self.command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=self.folder,
            env=self.environment,
            start_new_session=True,
            preexec_fn=_take_terminal if self.controlling else None,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        family = self.family()
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait(10)
        self.hang_up()
        self._reader.join(10)

    def _set_size(self) -> None:
        columns, rows = self.size
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                if self._standing_still.is_set():
                    time.sleep(0.05)
                    if self.process.poll() is not None or self.master < 0:
                        break
                    continue
                ready, _, _ = select.select([self.master], [], [], 0.2)
                if not ready:
                    if self.process.poll() is not None:
                        break
                    continue
                data = os.read(self.master, 65536)
            except (OSError, ValueError):
                break
            if not data:
                break
            with self._changed:
                self.raw += data
                self._feed(data)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _feed(self, data: bytes) -> None:
        # pyte prints what it does not know; the queries that Textual makes are not part of the picture.
        data = re.sub(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z$]|\x1bP.*?\x1b\\|\x1b\]52;.*?(?:\x07|\x1b\\)", _keep_known, data)
        self._stream.feed(data)

    # -- what a user does ------------------------------------------------------------------------------------------
    def press(self, *keys: str) -> None:
        """Press keys one after another: a name of `KEYS`, or text that is typed."""
        for key in keys:
            os.write(self.master, KEYS.get(key, key).encode())

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        with self._changed:
            self.size = (columns, rows)
            self.screen.resize(rows, columns)
            self._set_size()
        os.killpg(self.process.pid, signal.SIGWINCH)

    def stand_still(self) -> None:
        """Take no more output, as a terminal does after Ctrl+S, or a connection that is stuck."""
        self._standing_still.set()

    def go_on(self) -> None:
        """Take output again."""
        self._standing_still.clear()

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        if self.master >= 0:
            master, self.master = self.master, -1  # the number may be another file's by the next time
            os.close(master)

    # -- what a user sees ------------------------------------------------------------------------------------------
    @property
    def text(self) -> str:
        """The whole screen, one line a row."""
        return "\n".join(self.screen.display)

    def wait_until(self, condition: Callable[[], bool], what: str, timeout: float = 60) -> None:
        """Wait for `condition`, looked at after each output; fails with the screen after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._reader.is_alive()):
                    raise AssertionError(f"never came: {what}\n{self.text}\nlast output: {self.raw[-300:]!r}")
                self._changed.wait(min(left, 0.5))

    def wait_for(self, *texts: str, timeout: float = 60) -> None:
        """Wait until all `texts` stand on the screen."""
        self.wait_until(lambda: all(text in self.text for text in texts), repr(texts), timeout)

    def wait_gone(self, text: str, timeout: float = 60) -> None:
        """Wait until `text` is no longer on the screen."""
        self.wait_until(lambda: text not in self.text, f"{text!r} gone", timeout)

    def clipboard(self) -> list[str]:
        """What was sent to the terminal's clipboard, oldest first."""
        return [base64.b64decode(found).decode() for found in OSC_52.findall(self.raw)]

    # -- processes ---------------------------------------------------------------------------------------------------
    def family(self) -> list[psutil.Process]:
        """The program and all its children."""
        try:
            root = psutil.Process(self.process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def engines(self) -> list[psutil.Process]:
        """The engine processes."""
        return [process for process in self.family()[1:] if "models/engine" in " ".join(process.cmdline())]

    def wait_end(self, timeout: float = 60) -> int:
        """Wait for the program's end, and until all that it wrote is read; its exit status."""
        status = self.process.wait(timeout)
        self._reader.join(timeout)
        return status


def _keep_known(match: re.Match[bytes]) -> bytes:
    found = match.group()
    return found if found.startswith(b"\x1b[?") and found[-1:] in b"hl" else b""


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def wait_dead(processes: list[psutil.Process], timeout: float = 60) -> list[psutil.Process]:
    """The processes that are still there after `timeout` seconds."""
    return psutil.wait_procs(processes, timeout)[1]
