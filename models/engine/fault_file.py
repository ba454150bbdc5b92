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
"""An environment variable: another file for the tracebacks."""
FILE_NAME = "faults.log"
LARGEST = 1_000_000
"""Bytes of the file, from which on a new one is begun; one old one is kept."""


def keep_traceback(text: str) -> Path | None:
    """Append a traceback, with the versions that a report needs; return the file, None when there is none.

    It is `$MODULESCOPE_FAULTS`, else `faults.log` in the state folder.  A folder that cannot be written to costs its
    place: then it is the folder for temporary files.
    """
    own = os.environ.get(FILE_VARIABLE)
    places = [Path(own) if own else state_folder() / FILE_NAME]
    with suppress(OSError):
        places.append(Path(tempfile.gettempdir()) / f"modulescope-{os.getpid()}-{FILE_NAME}")
    for place in places:
        with suppress(OSError, ValueError):
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists() and place.stat().st_size > LARGEST:
                place.replace(place.with_name(place.name + ".old"))
            with place.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{datetime.now().isoformat(timespec='seconds')} {_surroundings()}\n{text}\n")
            return place
    return None


def _surroundings() -> str:
    loaded = [(name, sys.modules[name]) for name in ("textual", "torch") if name in sys.modules]
    versions = [f"{name} {getattr(module, '__version__', '?')}, " for name, module in loaded]
    return (
        f"modulescope {__version__}, {''.join(versions)}"
        f"Python {platform.python_version()}, {platform.system()}, TERM={os.environ.get('TERM', '')}"
    )
