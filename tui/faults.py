"""Faults of modulescope's own: what is kept of one, and the file that its traceback is written to.

Nothing here raises: it serves when something went wrong already.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models import __version__
from tui.settings import state_folder

FILE_VARIABLE = "MODULESCOPE_FAULTS"
"""An environment variable: another file for the tracebacks."""
FILE_NAME = "faults.log"
LARGEST = 1_000_000
"""Bytes of the file, from which on a new one is begun; one old one is kept."""
LONGEST = 200
"""Characters of a title."""
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Fault:
    """One exception that no handler should have raised."""

    title: str
    """The exception in a line, not cleaned."""
    place: str
    """Where in our own code it came from: `widgets/pages.py:120 in take`."""
    traceback: str
    """As Python prints it; no values of variables."""

    @property
    def signature(self) -> tuple[str, str]:
        """The same for the same fault at the same place."""
        return self.title.partition(":")[0], self.place

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """Return what is kept of `error`; its frames, with the models and tensors in them, are not."""
        try:
            text = str(error)
        except Exception:
            text = "(its text cannot be made)"
        title = f"{type(error).__name__}: {text}".rstrip(": ")[:LONGEST]
        try:
            shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        except Exception:
            shown = f"{title}\n(its traceback cannot be made)\n"
        return cls(title, _place(error), shown)


def _place(error: BaseException) -> str:
    """The innermost frame in `tui/`, else the innermost of all."""
    place = "nowhere"
    ours = ""
    step = error.__traceback__
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename)
        inside = file.is_relative_to(_HERE)
        shown = file.relative_to(_HERE).as_posix() if inside else file.name
        place = f"{shown}:{step.tb_lineno} in {step.tb_frame.f_code.co_name}"
        if inside and shown != "guarded_app.py":
            ours = place
        step = step.tb_next
    return ours or place


class FaultFile:
    """Where tracebacks are kept for a report: `$MODULESCOPE_FAULTS`, else `faults.log` in the state folder.

    A folder that cannot be written to costs its place: then it is the folder for temporary files.
    """

    def __init__(self) -> None:
        own = os.environ.get(FILE_VARIABLE)
        self._places = [Path(own)] if own else [state_folder() / FILE_NAME]
        with suppress(OSError):
            self._places.append(Path(tempfile.gettempdir()) / f"modulescope-{os.getpid()}-{FILE_NAME}")

    def write(self, fault: Fault) -> Path | None:
        """Append a fault, with the versions that a report needs; return the file, None when there is none."""
        text = f"{datetime.now().isoformat(timespec='seconds')} {_surroundings()}\n{fault.traceback}\n"
        for place in self._places:
            with suppress(OSError, ValueError):
                place.parent.mkdir(parents=True, exist_ok=True)
                if place.exists() and place.stat().st_size > LARGEST:
                    place.replace(place.with_name(place.name + ".old"))
                with place.open("a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(text)
                return place
        return None


def _surroundings() -> str:
    textual = sys.modules.get("textual")
    terminal = os.environ.get("TERM", "")
    return (
        f"modulescope {__version__}, textual {getattr(textual, '__version__', '?')}, "
        f"Python {platform.python_version()}, {platform.system()}, TERM={terminal}"
    )
