"""Where one statement of the console ends and the next begins.

Reads lines as Python's own prompt does: a simple statement ends with its line, a block with its blank line.  Must not
import torch.
"""

from __future__ import annotations

import warnings
from codeop import compile_command
from collections.abc import Iterable, Iterator


def _command(text: str) -> bool | None:
    """Return True for a whole command of the prompt, False when more must follow, None when it can never be one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are shown once, when the text runs
        try:
            return compile_command(text, "<input>", "single") is not None
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            return None


def is_complete(text: str) -> bool | None:
    """Return whether Enter should run `text`: True, or False while more lines must follow; None when it is no Python.

    Unlike `statements` it takes several statements at once, as a pasted block holds them.
    """
    command = _command(text)
    if command is not None:
        return command
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile_command(text, "<input>", "exec") is not None
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            return None


def _says_something(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n"))


def statements(lines: Iterable[str]) -> Iterator[str]:
    """Yield the statements in `lines`, each as soon as its last line was read; blank lines and comments alone are none.

    What can never become Python is yielded as it is, so that running it shows the error; so is what the end of the
    input cuts short.
    """
    held: list[str] = []
    for line in lines:
        held.append(line.rstrip("\r\n"))
        text = "\n".join(held)
        if not _says_something(text):
            held.clear()
        elif _command(text) is not False:
            held.clear()
            yield text.rstrip("\n")
    if held:
        yield "\n".join(held).rstrip("\n")
