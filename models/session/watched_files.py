"""Whether the files that the open source was made from have changed since: by their times, read when it is asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType

LIMIT = 500
"""Files that are looked at, at most."""

Stamp = tuple[int, int, int] | None
"""Time of the last change in nanoseconds, size, and number of a file; None for one that is not there."""


_EARLIER: Stamp = (0, -1, 0)
"""Of a file that was another when it was read, or may have been."""


class WatchedFiles:
    """The files of a source as they were when it was opened.

    Args:
        files: their paths.
        before: how those of them that were known were before they were read: one may be saved while others are read.
        since: when reading began, in nanoseconds: what was saved after that, and is not in `before`, has changed.
        late: whether files that a later look is the first to name were read too when this was made.
    """

    def __init__(
        self,
        files: Iterable[str] = (),
        before: Mapping[str, Stamp] = MappingProxyType({}),
        since: int | None = None,
        late: bool = False,
    ) -> None:
        files = list(files)
        self._since = since
        self._until = None if late else time.time_ns()
        self._opened: dict[str, Stamp] = {file: before[file] for file in files if file in before}
        self._last: dict[str, Stamp] = dict(self._opened)
        self.version = 0
        """Counts the looks at which the files were others than at the look before."""
        self.settled = True
        """Whether they were at the last look as they were at the one before."""
        self.look(files)

    def stamps(self) -> dict[str, Stamp]:
        """Return how the files are now."""
        return {file: _stamp(file) for file in self._opened}

    def look(self, files: Iterable[str]) -> list[str]:
        """Look at the files, those that came since included; return which have changed or are gone."""
        now = {file: _stamp(file) for file in list(dict.fromkeys([*self._opened, *files]))[:LIMIT]}
        for file, stamp in now.items():
            if file not in self._opened:
                self._opened[file] = self._last[file] = _EARLIER if self._saved_meanwhile(stamp) else stamp
        self.settled = all(self._last.get(file, stamp) == stamp for file, stamp in now.items())
        self.version += not self.settled
        self._last = now
        return [file for file, stamp in now.items() if self._opened[file] != stamp]

    def _saved_meanwhile(self, stamp: Stamp) -> bool:
        """Return whether a file was saved since reading began; a time that is still to come says nothing."""
        if self._since is None or stamp is None:
            return False
        return self._since < stamp[0] <= (self._until or time.time_ns())


def _stamp(file: str) -> Stamp:
    try:
        status = os.stat(file)  # noqa: PTH116 - each is looked at every second
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
