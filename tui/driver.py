"""Textual's driver for a terminal that may go, stand still, or be taken away and given back at any moment.

Draws on standard output, which is known to be a terminal, and not on standard error, which may lead to a file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
import time
from collections import deque
from typing import IO, Any

from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.geometry import Size
from textual.message import Message

from tui.ascii import ascii_only, drawn
from tui.ending import ENDING
from tui.input_order import LEAVES
from tui.terminal import HIGHEST, WIDEST, has_room, shell_above, terminal_size
from tui.terminal_reports import TerminalReports

WAITING_LIMIT = 30
"""Pieces of text that wait for the terminal before whoever draws waits too."""
TICK = 0.1
"""Seconds between two looks at whether waiting has an end."""
LAST = 0.5
"""Seconds that a terminal may take nothing before the last text is given up: one that stands still never takes it."""
SLOW = 5.0
"""Seconds for the last text on a machine that is so busy that the terminal waits for us."""


class Writer(threading.Thread):
    """What writes to the terminal; once that is gone what is drawn is forgotten, and the program ends.

    In the place of Textual's own, which dies of the first error, and lets the main thread wait for it for ever.
    """

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True, name="textual-output")
        self._descriptor = file.fileno()
        self._waiting: deque[str] = deque()
        self._change = threading.Condition()
        self._over = False
        self._gone = False
        self._plain = bool(ascii_only(os.environ))

    def write(self, text: str) -> None:
        """Have `text` written; wait while too much waits already."""
        with self._change:
            while len(self._waiting) >= WAITING_LIMIT and not self._over and ENDING.status is None:
                self._change.wait(TICK)
            if not self._over and len(self._waiting) < WAITING_LIMIT:
                self._waiting.append(text)
                self._change.notify_all()

    def flush(self) -> None:
        """Do nothing: each text is written as soon as may be."""

    def isatty(self) -> bool:
        """Return True: it is a terminal."""
        return True

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._descriptor

    def run(self) -> None:
        """Write until `stop`."""
        while True:
            with self._change:
                while not self._waiting and not self._over:
                    self._change.wait()
                if not self._waiting:
                    return
                text = "".join(self._waiting)
                self._waiting.clear()
                self._change.notify_all()
            if not self._gone:
                self._write((drawn(text) if self._plain else text).encode("utf-8", "backslashreplace"))

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # some program left the terminal in this mode
                has_room(self._descriptor, TICK)
            except OSError:
                self._gone = True
                ENDING.terminal_gone()
                return

    def stop(self) -> None:
        """Write what waits, and end; a terminal that takes nothing is not waited for."""
        with self._change:
            self._over = True
            self._change.notify_all()
        ends = time.monotonic() + SLOW
        given_up = time.monotonic() + LAST
        while self.is_alive() and time.monotonic() < min(ends, given_up):
            self.join(TICK)
            with contextlib.suppress(OSError):  # it is closed: its thread will notice
                if has_room(self._descriptor):  # else it is the terminal that is slow, and not this thread
                    given_up = time.monotonic() + LAST


vars(linux_driver)["WriterThread"] = Writer
vars(linux_driver)["XTermParser"] = TerminalReports


class TerminalDriver(LinuxDriver):
    """Textual's driver of the terminal, with our writer and our reports."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stdout__ is not None  # a terminal, as was made sure of at the start
        self._terminal = sys.__stdout__.fileno()
        self._file = sys.__stdout__
        self._on = False
        """Whether the terminal is ours now."""

    def _get_terminal_size(self) -> tuple[int, int]:
        return terminal_size(self._terminal, os.environ)

    def _size_changed(self, *_: object) -> None:
        """Have the new size taken in, in the event loop.

        Textual reads it here already: where one signal comes within the handler of another, the older size is the one
        that is taken in last.
        """
        with contextlib.suppress(RuntimeError):  # the loop is closed: the end is near
            self._loop.call_soon_threadsafe(self._take_size)

    def _take_size(self) -> None:
        if not self._in_band_window_resize:  # else the terminal reports it
            size = Size(*self._get_terminal_size())
            self._app.post_message(Resize(size, size))

    def process_message(self, message: Message) -> None:
        if isinstance(message, Resize):  # some terminals report their size themselves
            within = Size(min(message.size.width, WIDEST), min(message.size.height, HIGHEST))
            message = Resize(within, within, pixel_size=message.pixel_size)
        if isinstance(message, Key) and message.key == LEAVES:
            ENDING.quit_soon()
        super().process_message(message)

    # -- the terminal, taken and given back
    def start_application_mode(self) -> None:
        before = self._writer_thread
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._on = self._writer_thread is not before  # or we are in the background, and continued later
        if self._on:
            signal.signal(signal.SIGWINCH, self._size_changed)

    def stop_application_mode(self) -> None:
        if self._on:
            if self._app._exit:
                ENDING.over()  # before the terminal makes a signal of Ctrl+C again
            super().stop_application_mode()
            self._on = False

    def disable_input(self) -> None:
        if self._on:
            super().disable_input()
            # Until now a terminal's answer may have come that turned these on again.
            self._disable_in_band_window_resize()
            self._disable_mouse_support()

    def _disable_mouse_support(self) -> None:
        super()._disable_mouse_support()
        if self._mouse:
            self.write("\x1b[?1016l")  # which Textual asks for where it can be had, and leaves on

    def write(self, data: str) -> None:
        if self._writer_thread is not None:
            self._writer_thread.write(data)

    # -- stopped and continued by the shell, or by anyone
    def _sigtstp_application(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: the end is near
            self._loop.call_soon_threadsafe(self._stop_here)

    def _stop_here(self, job: bool = False) -> None:
        if self._on and self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        if job:  # with whoever is between the shell and this process
            os.killpg(os.getpgrp(), signal.SIGSTOP)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def suspend_job(self) -> bool:
        """Stop this, as Ctrl+Z stops other programs; return False where no shell is above that would continue it."""
        if shell_above():
            self._loop.call_soon(self._stop_here, True)
            return True
        return False

    def _sigcont_application(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._continue)

    def _continue(self) -> None:
        if not self._auto_restart or ENDING.status is not None or self._app._exit:
            return  # the terminal is given back, or will be in a moment
        if self._on:  # stopped without a word (SIGSTOP): the shell has set the terminal its own way meanwhile
            self.suspend_application_mode()
            self._must_signal_resume = True
        self.resume_application_mode()
        self._app.call_later(self._app.refresh, layout=True)

    # -- keys
    def _run_input_thread(self) -> None:
        while not self.exit_event.is_set():
            try:
                self.run_input_thread()
            except (OSError, termios.error):
                ENDING.terminal_gone()
                return
            except Exception as error:  # of what came instead of keys; the next ones are read anew
                self._loop.call_soon_threadsafe(self._fault, error)

    def _fault(self, error: Exception) -> None:
        self._app._handle_exception(error)
