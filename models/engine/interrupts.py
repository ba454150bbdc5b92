"""Interrupting one job of the main thread by KeyboardInterrupt, and nothing else.

The signal's handler raises only while a frame of `_inside` is on the stack, so an interrupt that comes as the job ends
is forgotten instead of hitting the loop or the next job.  There is no flag that could be left in the wrong state.

While torch is imported, or a part of this package, an interrupt waits until that is done: torch cannot be imported a
second time in one process, and half of it is worse than none.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from .framing import FrameWriter
from .outbox import Outbox

T = TypeVar("T")

AGAIN = 0.05
"""Seconds until an interrupt that met an import is sent again."""


class Interrupts:
    """The interrupts of one main thread.

    Made in that thread, where it takes over SIGINT; `interrupt` may be called from any other.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._current: object | None = None
        self._target: object | None = None
        self._put_off: object | None = None
        """The job whose interrupt met an import that must not be cut."""
        self._late = False
        self.every = False
        """Whether each SIGINT interrupts what runs now: for when there is no interface any more to name a job."""
        signal.signal(signal.SIGINT, self._on_signal)

    def run(self, job: object, call: Callable[[], T]) -> T:
        """Return what `call` returns.  `job` is any object unique to this call: it identifies what `interrupt` means.

        Raises:
            KeyboardInterrupt: the job was interrupted, and `call` did not catch it.
        """
        self._late = False
        self._current = job
        try:
            return self._inside(job, call)
        finally:
            self._current = None
            if signal.getsignal(signal.SIGINT) != self._on_signal:  # the user's code installed its own
                signal.signal(signal.SIGINT, self._on_signal)

    def interrupt(self, job: object) -> None:
        """Interrupt `job` if it runs, or when it starts; do nothing if it is over."""
        self._target = job
        if self._current is job:
            signal.pthread_kill(self._thread, signal.SIGINT)
            threading.Thread(target=self._repeat, args=(job,), name="interrupting", daemon=True).start()

    def _repeat(self, job: object) -> None:
        """Send SIGINT again as often as it met an import, and then only: a handler of the user's own gets it once."""
        while True:
            time.sleep(AGAIN)
            if self._target is not job or self._current is not job:
                return
            if self._put_off is job:
                self._put_off = None
                signal.pthread_kill(self._thread, signal.SIGINT)

    def raise_late(self) -> None:
        """Raise the interrupt that was held back while a frame was written; to be called after writing within a job."""
        if self._late and threading.get_ident() == self._thread:
            self._late = False
            raise KeyboardInterrupt

    def _inside(self, job: object, call: Callable[[], T]) -> T:
        # A signal handled before this frame was there has left the target as it was.
        if self._target is job:
            self._target = None
            raise KeyboardInterrupt
        return call()

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if self.every:
            self._target = self._current
        if self._target is None or self._target is not self._current:
            return
        shielded = False
        imports = False
        while frame is not None and frame.f_code is not _INSIDE:
            shielded = shielded or frame.f_code in _SHIELDED
            imports = imports or _imports_what_must_be_whole(frame)
            frame = frame.f_back
        if imports:
            self._put_off = self._target
        if frame is None or imports:
            return
        self._target = None
        if shielded:
            self._late = True
        else:
            raise KeyboardInterrupt


def _imports_what_must_be_whole(frame: FrameType) -> bool:
    code = frame.f_code
    if code.co_name != "_find_and_load" or code.co_filename != "<frozen importlib._bootstrap>":
        return False
    return str(frame.f_locals.get("name")).partition(".")[0] in _WHOLE


_WHOLE = ("torch", __name__.partition(".")[0])
_INSIDE = Interrupts._inside.__code__
_SHIELDED = (FrameWriter.write.__code__, Outbox.write.__code__)
"""A frame half written would spoil the stream: an interrupt waits until it is out."""
