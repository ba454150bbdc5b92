"""How the program ends when something outside ends it: a signal, or a terminal that is gone without one.

The app is asked to leave, as by `q`; what does not react within `PATIENCE` seconds is ended all the same.  A thread of
its own does this: the main thread may be the one that is stuck.  In every case the terminal is given back, as far as
there is one, and no engine is left behind.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from tui.terminal import give_back, settings_of

NAMES = (
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU",
    "SIGIO", "SIGPWR", "SIGSTKFLT",
)  # fmt: skip
"""All that end a process and can be caught; a crash in C code cannot."""
CAUGHT = frozenset(getattr(signal, name) for name in NAMES if hasattr(signal, name))
TYPED = frozenset(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))
"""What the terminal sends for keys, to whoever has it: while an editor does, they are meant for that."""
BASE = 128
"""Exit status of a program ended by signal n, as shells tell it: this and n."""
HUNG_UP = BASE + 1
PATIENCE = 4.0
"""Seconds for the app to leave by itself: longer than a stuck engine takes to be killed."""
GRACE = 0.5
"""Seconds between asking a program that has the terminal to end, and killing it."""
LATE = 0.2
"""Seconds that a key, typed for another program, may take to arrive as a signal."""
TICK = 1000
"""Milliseconds between two looks, where a terminal that goes wakes nobody up."""


class Ending:
    """Why and how the program ends; one for the process, see `ENDING`."""

    def __init__(self) -> None:
        self.status: int | None = None
        """The exit status, once something outside ends the program."""
        self.leave: Callable[[int], bool] = lambda status: False
        """Asks the app to end with a status, from any thread; False while there is none to ask."""
        self.at_last: list[Callable[[], None]] = []
        """What must be done even when the app does not react, such as killing the engine."""
        self._interrupted = BASE + signal.SIGINT
        self._program: subprocess.Popen[bytes] | None = None
        self._lent_until = 0.0
        self._wake = -1
        self._settings: list[object] | None = None

    def install(self, interrupted: int = BASE + signal.SIGINT) -> None:
        """Take over the signals and watch the terminal; to be called once, in the main thread, before all else.

        `interrupted` is the status of a SIGINT that comes before there is an app.  A signal that is ignored stays so.
        """
        if os.name != "posix" or self._wake >= 0:
            return
        self._interrupted = interrupted
        self._settings = settings_of(0)
        heard, self._wake = os.pipe()
        for descriptor in (heard, self._wake):
            os.set_blocking(descriptor, False)
        for number in CAUGHT:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        # Python's own part of a signal waits for the main thread; the number comes here at once.
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(heard,), name="ending", daemon=True).start()

    def over(self) -> None:
        """The app leaves, and the terminal is about to be given back: a Ctrl+C typed behind the key that quits is no
        signal to end otherwise.  To be called in the main thread."""
        for number in TYPED:
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, signal.SIG_IGN)

    def terminal_gone(self) -> None:
        """There is nobody any more to draw for; may be called from any thread."""
        if self._wake >= 0:
            with contextlib.suppress(BlockingIOError):  # woken often enough
                os.write(self._wake, bytes([signal.SIGHUP]))

    @contextlib.contextmanager
    def lending(self) -> Iterator[None]:
        """While the terminal is another program's, from before it is lent until it is taken back: its keys are not
        for us."""
        self._lent_until = math.inf
        try:
            yield
        finally:
            self._lent_until = time.monotonic() + LATE

    @contextlib.contextmanager
    def lent_to(self, program: subprocess.Popen[bytes]) -> Iterator[None]:
        """While `program` has the terminal it is ended when this process has to end."""
        self._program = program
        try:
            yield
        finally:
            self._program = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._is_for_another(number):
            return
        if self.status is None:
            self.status = BASE + number
        if not self.leave(self.status):
            raise SystemExit(self._interrupted if number == signal.SIGINT else self.status)

    def _is_for_another(self, number: int) -> bool:
        """Whether a signal was typed for the program that the terminal is lent to."""
        return number in TYPED and time.monotonic() < self._lent_until

    def _watch(self, heard: int) -> None:
        look = select.poll()
        look.register(heard, select.POLLIN)
        if self._settings is not None:
            look.register(0, 0)
        status = None
        while status is None:
            for descriptor, what in look.poll(TICK):
                if descriptor != heard:
                    status = HUNG_UP if what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) else None
                    break
                numbers = set(CAUGHT.intersection(os.read(heard, 4096)))
                numbers = {number for number in numbers if not self._is_for_another(number)}
                if numbers:
                    status = BASE + min(numbers)
        if self.status is None:
            self.status = status
        self._end(self.status, gone=status == HUNG_UP)

    def _end(self, status: int, gone: bool) -> None:
        waited = 0.0
        while waited < PATIENCE:
            self.leave(status)
            if (program := self._program) is not None:
                _end_program(program, signal.SIGHUP if gone else signal.SIGTERM)
            _wait(GRACE)
            waited += GRACE
        for each in self.at_last:
            with contextlib.suppress(Exception):
                each()
        give_back(self._settings)
        os._exit(status)


def _end_program(program: subprocess.Popen[bytes], number: int) -> None:
    """End a program that has the terminal, and what it started."""
    with contextlib.suppress(OSError):
        if os.getpgrp() == os.getpid():  # all of ours, and nobody else's
            os.killpg(0, number)
        else:
            program.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(GRACE)
        program.kill()


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)  # the process ends meanwhile, and this thread with it


ENDING = Ending()
"""Of this process."""
