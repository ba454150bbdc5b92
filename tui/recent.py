"""The files that were opened last, kept between starts: paths of this machine, the newest first.

A folder that cannot be read or written costs a user this list and nothing else: no function here raises.  What stands
in the file is not trusted: another program may have written it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from models.engine.state_folder import state_folder

LIMIT = 12
"""Sources that are kept."""
LONGEST = 4_000
"""Characters of one of them."""
LARGEST_FILE = 1_000_000
"""Bytes of the list's file; a larger one is none of ours."""


class RecentSources:
    """The sources opened last, read when they are asked for: another program may have opened one meanwhile."""

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or state_folder()) / "recent.json"

    def read(self) -> list[str]:
        """Return the sources that are still there, the newest first; none where the list cannot be kept."""
        return [source for source in self._read() if is_there(source)]

    def add(self, source: str) -> None:
        """Put a source that was opened in front; one that is no path of this machine is not kept."""
        whole = whole_path(source)
        if whole is None or len(whole) > LONGEST:
            return
        kept = [whole, *(other for other in self._read() if other != whole)][:LIMIT]
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with suppress(OSError, ValueError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside.touch(0o600)
            beside.write_text(json.dumps(kept, indent=1), encoding="utf-8")
            beside.replace(self.path)

    def _read(self) -> list[str]:
        try:
            if not os.access(self.path.parent, os.W_OK) or self.path.stat().st_size > LARGEST_FILE:
                return []
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        if not isinstance(found, list):
            return []
        texts = [each for each in found if isinstance(each, str) and 0 < len(each) <= LONGEST]
        return list(dict.fromkeys(each for each in texts if _file_of(each).startswith("/")))[:LIMIT]


def whole_path(source: str) -> str | None:
    """Return a source with its path whole, so that it names the same from any folder; None where it is no path."""
    file = _file_of(source)
    try:
        if not os.path.lexists(file):
            return None
        return os.path.abspath(file) + source[len(file) :]  # noqa: PTH100 - a link keeps its name
    except (OSError, ValueError):
        return None


def is_there(source: str) -> bool:
    """Return whether the file or folder of a source is there."""
    try:
        return os.path.lexists(_file_of(source))
    except (OSError, ValueError):
        return False


def shown_path(source: str) -> str:
    """Return a source as a user would write it from here: below the working folder, or from home on."""
    for base, written in ((_here(), ""), (os.path.expanduser("~") + os.sep, "~/")):  # noqa: PTH111
        if len(base) > 1 and source.startswith(base) and len(source) > len(base):
            return written + source[len(base) :]
    return source


def _here() -> str:
    try:
        return os.getcwd() + os.sep  # noqa: PTH109
    except OSError:
        return ""


def _file_of(source: str) -> str:
    """Return the path of a source: of `FILE.py:NAME` the file."""
    file, colon, _ = source.partition(".py:")
    return f"{file}.py" if colon else source
