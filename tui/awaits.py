"""What an app that does not go on is waiting for: a report for whoever mends it."""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import Any

TEXT_LIMIT = 300
"""Characters of a future's own text."""


def waiting_report(loop: asyncio.AbstractEventLoop | None = None) -> str:
    """Return what each task of a loop awaits, down to the future, and where each thread stands.

    `loop` is None for the one that runs in the calling thread; without any, threads alone.
    """
    try:
        tasks = asyncio.all_tasks(loop)
    except RuntimeError:  # no loop runs, or it changed meanwhile
        tasks = set()
    parts = [f"{task.get_name()}\n" + "".join(f"    {line}\n" for line in _chain(task.get_coro())) for task in tasks]
    for thread, frame in sys._current_frames().items():
        parts.append(f"thread {thread}\n" + "".join(traceback.format_stack(frame)))
    return "".join(parts)


def _chain(awaited: Any) -> list[str]:
    """Where a coroutine stands, what it awaits, and so on."""
    lines = []
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame is None:
            lines.append(repr(awaited)[:TEXT_LIMIT])
            break
        code, owner = frame.f_code, frame.f_locals.get("self")
        lines.append(f"{code.co_filename}:{frame.f_lineno} {code.co_name} of {type(owner).__name__}")
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
    return lines
