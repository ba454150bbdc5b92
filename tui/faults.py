"""Faults of modulescope's own: what is kept of one.

Nothing here raises: it serves when something went wrong already.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path

LONGEST = 200
"""Characters of a title."""
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Fault:
    """What is kept of one exception that no handler should have raised."""

    title: str
    """The exception in a line, not cleaned."""
    place: str
    """Where in our own code it came from: `widgets/lists/pages.py:120 in take`."""
    traceback: str
    """As Python prints it; no values of variables."""

    @property
    def signature(self) -> tuple[str, str]:
        """Return class and place of the fault: the same for the same fault at the same place."""
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
    frame = error.__traceback__
    while frame is not None:
        file = Path(frame.tb_frame.f_code.co_filename)
        inside = file.is_relative_to(_HERE)
        shown = file.relative_to(_HERE).as_posix() if inside else file.name
        place = f"{shown}:{frame.tb_lineno} in {frame.tb_frame.f_code.co_name}"
        if inside and shown != "guarded_app.py":
            ours = place
        frame = frame.tb_next
    return ours or place
