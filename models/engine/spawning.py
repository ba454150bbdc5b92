"""Starting the engine's process: the one part of launching that is needed before the first frame.

Imports nothing but the standard library: the interface starts the engine with this before it imports Textual.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MAIN = str(Path(__file__).resolve().with_name("__main__.py"))
"""Path of the engine's main file; run by it, for the other Python need not have modulescope installed."""


def local_command(python: str | None = None, *, preload: bool = False, ahead: str | None = None) -> tuple[str, ...]:
    """Return the command line of an engine in the Python at `python`; None is this one.

    With `preload` it imports torch at once, with `ahead` it opens this checkpoint, before a request needs it.
    """
    first = ["--preload"] if preload else ["--ahead", ahead] if ahead else []
    return (python or sys.executable, MAIN, *first)


def spawn(command: Sequence[str], *, dies_with_us: bool) -> subprocess.Popen[bytes]:
    """Start an engine that leads a session and process group of its own, which no ctrl+c of the terminal reaches.

    To be called in the thread that runs the event loop, or will: on Linux an engine that `dies_with_us` dies with that
    thread.

    Raises:
        OSError: the process cannot be started.
    """
    argv = [*command, "--parent", str(os.getpid())] if dies_with_us else command
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)
