"""The engine's process, started: the one part of launching that is wanted before the first frame.

Imports nothing but the standard library: the interface starts the engine with this before it imports Textual.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MAIN = str(Path(__file__).resolve().with_name("__main__.py"))
"""Run by its path: the other Python need not have modulescope installed."""


def local_command(python: str | None = None, *, preload: bool = False, ahead: str | None = None) -> tuple[str, ...]:
    """The command line of an engine in this Python or another one.

    With `preload` it imports torch at once, with `ahead` it opens this checkpoint, before it is asked to.
    """
    first = ["--preload"] if preload else ["--ahead", ahead] if ahead else []
    return (python or sys.executable, MAIN, *first)


def spawn(command: Sequence[str], *, dies_with_us: bool) -> subprocess.Popen[bytes]:
    """Start an engine that leads a session and group of its own: no ctrl+c of the terminal reaches it.

    To be called in the thread that runs the event loop, or will: on Linux an engine that `dies_with_us` dies with that
    thread.

    Raises:
        OSError: it cannot be started.
    """
    argv = [*command, "--parent", str(os.getpid())] if dies_with_us else command
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
