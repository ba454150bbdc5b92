"""Hands the headless commands to the model layer: the interface has no second implementation of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from models.engine.spawning import MAIN


def hand_over(arguments: list[str]) -> int:
    """Replace this process by the engine's Python running the command; `--python PATH` chooses another Python.

    Returns:
        The exit status, where that Python cannot be run.
    """
    python, rest = _python_of(arguments)
    command = [python, MAIN, "headless", *rest]
    try:
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until the new program can say what it does then
            os.execvp(python, command)
        return subprocess.call(command)
    except (OSError, ValueError) as error:
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        from tui.text import clean

        cause = (error.strerror if isinstance(error, OSError) else None) or error
        wrong = f"cannot run {python}: {cause}; --python wants a Python's path"
        print(f"modulescope: {clean(wrong, 1000)}", file=sys.stderr)
        return 2


def _python_of(arguments: list[str]) -> tuple[str, list[str]]:
    rest = list(arguments)
    for index, argument in enumerate(rest):
        if argument == "--python" and index + 1 < len(rest):
            return rest[index + 1], rest[:index] + rest[index + 2 :]
        if argument.startswith("--python="):
            return argument.partition("=")[2], rest[:index] + rest[index + 1 :]
    return sys.executable, rest
