"""The file that tracebacks of modulescope's own faults are written to, for a report.

Nothing here raises: it serves when something went wrong already.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from .. import __version__
from .state_folder import state_folder

FILE_VARIABLE = "MODULESCOPE_FAULTS"
"""Environment variable that names another file for the tracebacks."""
FILE_NAME = "faults.log"
"""Name of the file in the state folder."""
FILE_LIMIT = 1_000_000
"""Bytes of the file beyond which a new one is begun; one old one is kept."""

_elsewhere: Path | None = None


def keep_traceback(text: str) -> Path | None:
    """Append a traceback, with the versions that a report needs; return the file, None when none can be written.

    It is `$MODULESCOPE_FAULTS`, else `faults.log` in the state folder.  Where that cannot be
    written to, it is a file in the folder for temporary files.
    """
    own = os.environ.get(FILE_VARIABLE)
    record = f"{datetime.now().isoformat(timespec='seconds')} {_surroundings()}\n{text}\n"
    with suppress(OSError, ValueError):
        place = Path(own) if own else state_folder() / FILE_NAME
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and place.stat().st_size > FILE_LIMIT:
            place.replace(place.with_name(place.name + ".old"))
        with place.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(record)
        return place
    with suppress(OSError, ValueError):
        return _keep_elsewhere(record)
    return None


def _keep_elsewhere(record: str) -> Path:
    """Append to a file of this process in the folder for temporary files, which no other user can have made."""
    global _elsewhere
    if _elsewhere is None:
        descriptor, made = tempfile.mkstemp(prefix="modulescope-", suffix=f"-{FILE_NAME}")
        _elsewhere = Path(made)
    else:
        descriptor = os.open(_elsewhere, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
    with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        if os.fstat(descriptor).st_size > FILE_LIMIT:
            file.truncate(0)
        file.write(record)
    return _elsewhere


def _surroundings() -> str:
    loaded = [(name, sys.modules[name]) for name in ("textual", "torch") if name in sys.modules]
    versions = [f"{name} {getattr(module, '__version__', '?')}, " for name, module in loaded]
    return (
        f"modulescope {__version__}, {''.join(versions)}"
        f"Python {platform.python_version()}, {platform.system()}, TERM={os.environ.get('TERM', '')}"
    )
