"""Torch's fused path of attention, off while calls are recorded: its operations could not be seen.

The switch is global to the process, and recorders may be nested or run in several threads: it is back as it was when
the last of them is done, whichever that is.
"""

from __future__ import annotations

import threading

import torch.backends.mha as mha


class FusedPath:
    """The switch, held off by any number of recorders."""

    def __init__(self) -> None:
        self._holders: set[object] = set()
        self._was_on: bool | None = None
        """How the switch was before the first of them; None where nobody holds it."""
        self._lock = threading.Lock()

    def hold_off(self, holder: object) -> bool:
        """Switch the path off until `holder` releases it; return whether it would be taken otherwise."""
        with self._lock:
            if self._was_on is None:
                self._was_on = mha.get_fastpath_enabled()
            self._holders.add(holder)
            mha.set_fastpath_enabled(False)
            return self._was_on

    def release(self, holder: object) -> None:
        """End the holding off of `holder`, if it does; the last one puts the switch back.

        May be called again, as where an interrupt came.
        """
        with self._lock:
            self._holders.discard(holder)
            if not self._holders and self._was_on is not None:
                mha.set_fastpath_enabled(self._was_on)
                self._was_on = None


FUSED_PATH = FusedPath()
"""The process's only instance."""
