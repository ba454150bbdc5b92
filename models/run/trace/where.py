"""Which of the user's lines led to a call: the innermost frame that is neither torch's, Python's nor ours."""

from __future__ import annotations

import sysconfig
from os import sep
from os.path import basename
from pathlib import Path
from types import CodeType, FrameType, TracebackType

from ...work.own_files import is_ours

_TRACER = frozenset(str(Path(__file__).with_name(name)) for name in ("recorder.py", "metered.py", "meter.py"))
"""Their frames lie between the user's frames."""
_STANDARD = tuple(f"{Path(sysconfig.get_path(name)).resolve()}{sep}" for name in ("stdlib", "platstdlib"))


def where_of(frame: FrameType | None, known: FrameType | None = None, there: str = "") -> str:
    """Return `file.py:12` for the innermost of the user's frames from `frame` outwards; empty when there is none.

    The search ends where the user's code was called from: at a frame of this package that is not the tracer's; and
    at the frame `known`, from which outwards the answer is `there`.
    """
    while frame is not None:
        if frame is known:
            return there
        code = frame.f_code
        found = _FILES.get(id(code))
        if found is None:
            _user_file(code)
            found = _FILES[id(code)]
        _, file, lines = found
        if file:
            place = lines.get(frame.f_lasti)
            if place is None:
                place = lines[frame.f_lasti] = f"{file}:{frame.f_lineno}"
            return place
        if file is None:
            return ""
        frame = frame.f_back
    return ""


def where_raised(trace: TracebackType | None) -> str:
    """Return `file.py:12` for the innermost of the user's lines that an exception went through; empty for none."""
    found = ""
    while trace is not None:
        file = _user_file(trace.tb_frame.f_code)
        if file:
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def is_user_code(code: CodeType) -> bool:
    """Return whether it is the user's: not torch's, Python's or ours."""
    return bool(_user_file(code))


def is_recorder(code: CodeType) -> bool:
    """Return whether it is the recorder's, whose frames lie between the user's and torch's."""
    return code.co_filename in _TRACER


def is_torch_file(file: str) -> bool:
    """Return whether a file is of the installed torch."""
    return ("site-packages" in file or "dist-packages" in file) and f"{sep}torch{sep}" in file


_FILES: dict[int, tuple[CodeType, str | None, dict[int, str]]] = {}
"""Answers of `_user_file` by identity of the code, which is kept alive: to hash code takes longer than to ask.

And those of `where_of` by instruction: to find its line takes as long as all the rest.
"""
_FILE_LIMIT = 10_000


_WHOLE_NAMES: dict[str, list[str]] = {}
"""By the name that a line is reported by, the files of that name, the one seen last first."""


def files_named(name: str) -> list[str]:
    """Return the whole names of the user's files called `name` that lines were reported of, the last one first."""
    return list(_WHOLE_NAMES.get(name, ()))


def _user_file(code: CodeType) -> str | None:
    """Return the name of the user's file; empty for code to be skipped; None for ours, that called the user's."""
    if len(_FILES) >= _FILE_LIMIT:
        _FILES.clear()
    file = _file_of(code.co_filename)
    _FILES[id(code)] = code, file, {}
    if file:
        known = _WHOLE_NAMES.setdefault(file, [])
        if code.co_filename in known:
            known.remove(code.co_filename)
        known.insert(0, code.co_filename)
    return file


def _file_of(file: str) -> str | None:
    if is_ours(file):
        return "" if file in _TRACER else None
    installed = "site-packages" in file or "dist-packages" in file
    if file.startswith("<frozen") or is_torch_file(file):
        return ""
    if file.startswith(_STANDARD) and not installed:
        return ""
    return basename(file)  # noqa: PTH119 (names such as <console> are no paths)
