"""Warnings raised while a network is traced, reported at the user's line.

The recorder lies between the user's code and torch's: a warning of C++ is put down to the recorder's line, and
`stacklevel` counts its frames.  Such a warning is raised anew at the user's line, with the filters and the once-only
registry of that place.  A warning that torch has put down to a line of its own, as it does without the recorder too,
goes through the filters as ever, and is only shown with the user's line.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

from ...work.own_files import is_ours
from .where import is_recorder, is_torch_file, is_user_code

_SHOW = "_showwarnmsg"
"""What Python calls with a warning that passed the filters; `catch_warnings` and `showwarning` work behind it."""


class WarningsAtUserLines:
    """Has warnings of this thread reported at the user's line, from `on` until `off`."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._shown: Callable[[warnings.WarningMessage], None] | None = getattr(warnings, _SHOW, None)
        self._ours = self._show
        """Always the same object, to be known again."""

    def on(self) -> None:
        """Take the place of what shows warnings."""
        if self._shown is not None:
            setattr(warnings, _SHOW, self._ours)

    def off(self) -> None:
        """Put back what showed warnings, unless another has taken the place since; may be called again."""
        if self._shown is not None and getattr(warnings, _SHOW) is self._ours:
            setattr(warnings, _SHOW, self._shown)

    def _show(self, message: warnings.WarningMessage) -> None:
        assert self._shown is not None
        if threading.get_ident() != self._thread:
            self._shown(message)
        else:
            _show(message, self._shown, sys._getframe(1))


def _show(message: warnings.WarningMessage, shown: Callable[[Any], None], frame: FrameType) -> None:
    ours, torch = is_ours(message.filename), is_torch_file(message.filename)
    if not (ours or torch):
        shown(message)
        return
    if _is_of_our_work(frame):
        return
    located, user = _frames(message, frame)
    if user is None:
        shown(message)
    elif located is not None and _is_between(located):
        _raise_anew(message, located, user)
    else:
        message.filename, message.lineno = user.f_code.co_filename, user.f_lineno
        message.line = None
        shown(message)


def _is_of_our_work(frame: FrameType | None) -> bool:
    """Return whether an operation of the recorder's own warned, which the user never asked for."""
    while frame is not None:
        if is_recorder(frame.f_code):
            return frame.f_code.co_name != "__torch_function__"
        if is_user_code(frame.f_code):
            return False
        if is_ours(frame.f_code.co_filename) and frame.f_code.co_filename != __file__:
            return True
        frame = frame.f_back
    return False


def _frames(message: warnings.WarningMessage, frame: FrameType | None) -> tuple[FrameType | None, FrameType | None]:
    """Return the frame that a warning was put down to, and the nearest one outwards that is the user's.

    Where there is none further out, as for a large `stacklevel`, it is the outermost of the user's frames.
    """
    located, outermost = None, None
    while frame is not None:
        code = frame.f_code
        if located is None and code.co_filename == message.filename and frame.f_lineno == message.lineno:
            located = frame
        if is_user_code(code):
            outermost = frame
            if located is not None:
                break
        elif is_ours(code.co_filename) and outermost is not None and not is_recorder(code):
            break  # from here the user's code was called
        frame = frame.f_back
    return located, outermost


def _is_between(frame: FrameType) -> bool:
    """Return whether the frame is there because of the recorder alone."""
    return is_recorder(frame.f_code) or frame.f_globals.get("__name__") == "torch.overrides"


def _raise_anew(message: warnings.WarningMessage, located: FrameType, user: FrameType) -> None:
    """Raise the warning at the line of `user`, as if nothing lay between; forget that it was raised at `located`."""
    raised = message.message
    text = str(raised)
    registry = located.f_globals.get("__warningregistry__", {})
    for lineno in (message.lineno, 0):
        registry.pop((text, message.category, lineno), None)
    once: dict[object, object] = getattr(warnings, "onceregistry", {})
    once.pop((text, message.category), None)  # it passed a filter `once` just now, if any
    names = user.f_globals
    warnings.warn_explicit(
        raised if isinstance(raised, Warning) else text,
        message.category,
        user.f_code.co_filename,
        user.f_lineno,
        names.get("__name__") or "<unknown>",
        names.setdefault("__warningregistry__", {}),
        source=message.source,
    )
