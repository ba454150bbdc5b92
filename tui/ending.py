"""How the program ends when something outside ends it: a signal, or a terminal that is gone without one.

The app is asked to leave, as by `q`; what does not react within `PATIENCE` seconds is ended all the same.  So is an app
that does not leave after the key that quits.  A thread of
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

from tui.terminal import give_back, terminal_settings

NAMES = (
    "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGXCPU",
    "SIGIO", "SIGPWR", "SIGSTKFLT",
)  # fmt: skip
"""All that end a process and can be caught; a crash in C code cannot."""
CAUGHT = frozenset(getattr(signal, name) for name in NAMES if hasattr(signal, name))
TYPED = frozenset(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))
"""What the terminal sends for keys, to whoever has it: while an editor does, they are meant for that."""
BASE = 128
"""Exit status of a program ended by signal n, as shells show it: this and n."""
HUNG_UP = BASE + 1
PATIENCE = 4.0
"""Seconds for the app to leave by itself: longer than a stuck engine takes to be killed."""
QUITTING = 10.0
"""Seconds that the app may take to leave after the key that quits, with a slow machine and a stuck engine to end."""
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
        self.report_stuck: Callable[[], None] = lambda: None
        """Writes down what an app that does not leave waits for."""
        self.at_last: list[Callable[[], None]] = []
        """What must be done even when the app does not react, such as killing the engine."""
        self._interrupted = BASE + signal.SIGINT
        self._program: subprocess.Popen[bytes] | None = None
        self._lent_until = 0.0
        self._wake = -1
        self._quitting = False
        self._settings: list[object] | None = None

    def install(self, interrupted: int = BASE + signal.SIGINT) -> None:
        """Take over the signals and watch the terminal; call it once, in the main thread, before all else.

        `interrupted` is the status of a SIGINT that comes before there is an app.  A signal that is ignored stays so.
        """
        if os.name != "posix" or self._wake >= 0:
            return
        self._interrupted = interrupted
        self._settings = terminal_settings(0)
        signalled, self._wake = os.pipe()
        for descriptor in (signalled, self._wake):
            os.set_blocking(descriptor, False)
        for number in CAUGHT:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        # Python's own part of a signal waits for the main thread; the number comes here at once.
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(signalled,), name="ending", daemon=True).start()

    def over(self) -> None:
        """Ignore keys that are signals from now on; call it in the main thread when the app leaves.

        The terminal is about to be given back: a Ctrl+C typed behind the key that quits is no signal to end otherwise.
        """
        for number in TYPED:
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, signal.SIG_IGN)

    def terminal_gone(self) -> None:
        """End the program: there is nobody any more to draw for.  May be called from any thread."""
        if self._wake >= 0:
            with contextlib.suppress(BlockingIOError):  # woken often enough
                os.write(self._wake, bytes([signal.SIGHUP]))

    def quit_soon(self) -> None:
        """End the program with status 0, should the app not have left by itself within `QUITTING` seconds.

        For the key that quits: whatever the app waits for then, the user need not.  May be called from any thread;
        only the first call counts.  Does nothing in a process whose end is not ours (`install`).
        """
        if self._wake < 0 or self._quitting:
            return
        self._quitting = True
        clock = threading.Timer(QUITTING, self._quit_at_once)
        clock.daemon = True
        clock.start()

    @contextlib.contextmanager
    def lending(self) -> Iterator[None]:
        """Leave keys that are signals to another program, from before the terminal is lent until it is taken back."""
        self._lent_until = math.inf
        try:
            yield
        finally:
            self._lent_until = time.monotonic() + LATE

    @contextlib.contextmanager
    def lent_to(self, program: subprocess.Popen[bytes]) -> Iterator[None]:
        """End `program`, which has the terminal meanwhile, when this process has to end."""
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

    def _watch(self, signalled: int) -> None:
        look = select.poll()
        look.register(signalled, select.POLLIN)
        if self._settings is not None:
            look.register(0, 0)
        status = None
        while status is None:
            for descriptor, what in look.poll(TICK):
                if descriptor != signalled:
                    status = HUNG_UP if what & (select.POLLHUP | select.POLLERR | select.POLLNVAL) else None
                    break
                numbers = set(CAUGHT.intersection(os.read(signalled, 4096)))
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
        self._end_at_once(status)

    def _quit_at_once(self) -> None:
        with contextlib.suppress(Exception):
            self.report_stuck()
        self._end_at_once(0)

    def _end_at_once(self, status: int) -> None:
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
