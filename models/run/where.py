"""Which of the user's lines led to a call: the innermost frame that is neither torch's, Python's nor ours."""

from __future__ import annotations

import sysconfig
from os import sep
from os.path import basename
from pathlib import Path
from types import CodeType, FrameType, TracebackType

_PACKAGE = Path(__file__).resolve().parents[1]
_OURS = f"{_PACKAGE}{sep}"
_EXAMPLES = f"{_PACKAGE / 'examples'}{sep}"
"""The documented networks are read like the user's own code."""
_TRACER = str(Path(__file__).with_name("recorder.py"))
"""Its frames lie between the user's frames."""
_STANDARD = tuple(f"{Path(sysconfig.get_path(name)).resolve()}{sep}" for name in ("stdlib", "platstdlib"))


def where_of(frame: FrameType | None, known: FrameType | None = None, there: str = "") -> str:
    """`file.py:12` for the innermost of the user's frames from `frame` outwards; empty when there is none.

    The search ends where the user's code was called from: at a frame of this package that is not the tracer's; and
    at the frame `known`, from which outwards the answer is `there`.
    """
    while frame is not None:
        if frame is known:
            return there
        code = frame.f_code
        found = _FILES.get(id(code))
        file = found[1] if found is not None else _user_file(code)
        if file:
            return f"{file}:{frame.f_lineno}"
        if file is None:
            return ""
        frame = frame.f_back
    return ""


def where_raised(trace: TracebackType | None) -> str:
    """`file.py:12` for the innermost of the user's lines that an exception went through; empty when there is none."""
    found = ""
    while trace is not None:
        file = _user_file(trace.tb_frame.f_code)
        if file:
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


_FILES: dict[int, tuple[CodeType, str | None]] = {}
"""Answers of `_user_file` by identity of the code, which is kept alive: to hash code takes longer than to ask."""
_MOST_FILES = 10_000


def _user_file(code: CodeType) -> str | None:
    """The name of the user's file; empty for code to be skipped; None for ours, that called the user's."""
    if len(_FILES) >= _MOST_FILES:
        _FILES.clear()
    file = _file_of(code.co_filename)
    _FILES[id(code)] = code, file
    return file


def _file_of(file: str) -> str | None:
    if file.startswith(_OURS) and not file.startswith(_EXAMPLES):
        return "" if file == _TRACER else None
    installed = "site-packages" in file or "dist-packages" in file
    if file.startswith("<frozen") or (installed and f"{sep}torch{sep}" in file):
        return ""
    if file.startswith(_STANDARD) and not installed:
        return ""
    return basename(file)  # noqa: PTH119 (names such as <console> are no paths)
