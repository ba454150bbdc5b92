"""The user's editor: its command line, and what it is given to open.

What a class's file is called comes from the engine, which may be anybody's: an editor takes a name that starts with `+`
or `-` for a command, and some take `scp://` for an order to fetch something.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from tui.ending import ENDING


def unfit(file: str) -> str | None:
    """Return one sentence that says why no editor is to open `file`; None for a file of this machine, named whole."""
    try:
        if not Path(file).is_absolute():
            return "The engine names a file that is no whole path."
        if not Path(file).is_file():
            return "There is no such file here."
    except (OSError, ValueError):  # too long; holds a zero byte
        return "The engine names a file that cannot be one."
    return None


def editor_command(file: str, line: int) -> list[str] | None:
    """Return the command line that opens `file` at `line` in the user's editor; None when there is no editor.

    Raises:
        ValueError: `VISUAL` or `EDITOR` holds a quotation that is not closed.
    """
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    words = shlex.split(wanted) if wanted else []
    if not words:
        found = next((name for name in ("nano", "vim", "vi") if shutil.which(name)), None)
        if found is None:
            return None
        words = [found]
    line = max(int(line), 1)
    name = Path(words[0]).name
    if name in ("code", "codium", "cursor"):
        return [*words, "--wait", "--goto", f"{file}:{line}"]
    if name in ("subl", "zed", "hx", "helix"):
        return [*words, f"{file}:{line}"]
    return [*words, f"+{line}", file]


def edit(command: list[str]) -> int:
    """Run the editor in this terminal until it ends, and return its status.

    Raises:
        OSError: it cannot be started.
    """
    program = subprocess.Popen(command)
    with ENDING.lent_to(program):
        return program.wait()
