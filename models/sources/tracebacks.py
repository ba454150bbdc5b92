"""Errors as a user wants them: the traceback of their own lines, and the cause in one line.

Owns which frames are the user's own.  Must not import torch.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeGuard, TypeVar

from ..messages import Problem
from ..work.own_files import is_ours, is_own

_Exc = TypeVar("_Exc", bound=BaseException)

LONGEST_TITLE = 300
"""Characters of the title of a problem, at most."""
LONGEST_TEXT = 20_000
"""Characters of a traceback or of a message, at most."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception in parts."""

    type: str
    """As a traceback writes it: `ValueError`, `torch.OutOfMemoryError`."""
    message: str
    where: tuple[str, int] | None
    """File and line of the innermost own frame."""


def _kept(stack: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Return the own frames of `stack`; where there are none, those of libraries, and without those all of them."""
    stack = [frame for frame in stack if not frame.filename.startswith("<frozen ")]  # Python's import machinery
    for keeps in (is_own, lambda filename: not is_ours(filename)):
        kept = [frame for frame in stack if keeps(frame.filename)]
        if kept:
            return kept
    return stack


def own_frames(tb: TracebackType | None) -> list[traceback.FrameSummary]:
    """Return the user's own frames of `tb`, outermost first; what is there instead when none is."""
    return _kept(list(traceback.extract_tb(tb)))


def where(exc: BaseException) -> tuple[str, int] | None:
    """Return file and line of the innermost own frame of `exc`; None where it has none.

    For a syntax error it is the place of the error.
    """
    if _is(exc, SyntaxError) and exc.filename is not None and exc.lineno is not None:
        return exc.filename, exc.lineno
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(_traceback(exc))]
    for filename, line in reversed(frames):
        if is_own(filename):
            return filename, line
    return None


def _is(exc: BaseException, kind: type[_Exc]) -> TypeGuard[_Exc]:
    """Return what `isinstance` does, which would ask the object for its `__class__`."""
    return issubclass(type(exc), kind)


def _traceback(exc: BaseException) -> TracebackType | None:
    """Return the traceback, past any `__getattribute__` of the exception's class."""
    found = BaseException.__dict__["__traceback__"].__get__(exc)
    return found if isinstance(found, TracebackType) else None


def _message(exc: BaseException) -> str:
    try:
        return str(exc.msg if _is(exc, SyntaxError) and exc.msg is not None else exc)
    except (Exception, SystemExit):
        return f"<{type(exc).__name__} whose message cannot be read>"


def _type_name(exc: BaseException) -> str:
    kind = type(exc)
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def raised(exc: BaseException) -> Raised:
    """Return `exc` in parts, its message cut to `LONGEST_TEXT` characters."""
    return Raised(_shortened(_type_name(exc), LONGEST_TITLE), _shortened(_message(exc), LONGEST_TEXT), where(exc))


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    start, end = longest * 2 // 5, longest * 3 // 5 - 100
    return f"{text[:start]}\n… {len(text) - start - end:,} characters left out …\n{text[-end:]}"


def _title(exc: BaseException) -> str:
    message = _message(exc)[: 10 * LONGEST_TITLE]
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    title = f"{_type_name(exc)}: {first}" if first else _type_name(exc)
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _walk(report: traceback.TracebackException, visit: Callable[[traceback.TracebackException], None]) -> None:
    waiting, seen = [report], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        visit(one)
        inner = getattr(one, "exceptions", None) or []  # exception groups, from Python 3.11
        waiting += [next_one for next_one in (one.__cause__, one.__context__, *inner) if next_one is not None]


def _cut(report: traceback.TracebackException) -> None:
    stack = _kept(list(report.stack))
    if hasattr(report, "msg"):  # a syntax error, which has its own place; `exc_type` warns from Python 3.13 on
        stack = [frame for frame in stack if is_own(frame.filename)]
    report.stack = traceback.StackSummary.from_list(stack)


def problem_of(exc: BaseException, path: str | None = None) -> Problem:
    """Return `exc` as a problem: kind `model`, or `interrupted` for KeyboardInterrupt.

    The text is Python's own traceback of the user's frames, with causes, contexts and notes, at most `LONGEST_TEXT`
    characters.  `path` names the module that it is about; None where it is about none.
    """
    try:
        report = traceback.TracebackException(type(exc), exc, _traceback(exc), compact=True)
        _walk(report, _cut)
        text = "".join(report.format())
    except Exception:  # an exception class can break anything: its message, its notes, its attributes
        text = "".join(traceback.format_list(own_frames(_traceback(exc)))) + _type_name(exc)
    text = _shortened(text.rstrip("\n"), LONGEST_TEXT)
    parts = raised(exc)
    line = f"{Path(parts.where[0]).name}:{parts.where[1]}" if parts.where else ""
    kind, title = "model", _title(exc)
    if _is(exc, KeyboardInterrupt):
        kind, title = "interrupted", f"Interrupted at {line}" if line else "Interrupted"
        if not line:  # it met our own code, before the user's or behind it
            text = ""
    return Problem(kind, title, text, path, line, parts.type, parts.message)
