"""Copying, by every way there is, believing none that cannot be checked.

1. The system's clipboard through pyperclip, in a short-lived process of its own: its helpers (xclip, wl-copy, …) may
   hang, write to the screen or only claim to have worked, so their output is discarded, time is limited, and the text
   is read back and compared.
2. OSC 52 through the terminal, over SSH always and elsewhere when 1 failed.  Nothing shows whether it arrived.
3. A file, for what is too large for the terminal.
4. The text shown on the screen, to be selected.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from textual.app import App

from models.engine.state_folder import state_folder
from tui.text import clean, fit

OSC_52_LIMIT = 74_000
"""Bytes of text; base64 makes four of three, and terminals cut near 100 KB."""
SECONDS = 1.5
"""What pyperclip and its helpers get."""

UNSEEN = "Careful: it holds control or invisible characters, copied as they are."

# The text comes on the standard input, the import path as arguments: the folder the app was started in may hold files
# that are named like modules.
_CHILD = """
import sys
sys.path[:] = sys.argv[1:]
import pyperclip
text = sys.stdin.buffer.read().decode()
pyperclip.copy(text)
back = pyperclip.paste()
sys.exit(0 if back.replace("\\r\\n", "\\n") == text.replace("\\r\\n", "\\n") else 3)
"""


@dataclass(frozen=True)
class Copied:
    """What became of a text that was to be copied."""

    way: Literal["system", "terminal", "both", "file", "shown"]
    shown: str
    """One line for the user: what was copied and which way it went."""


async def copy(app: App[Any], text: str, environment: Mapping[str, str] = os.environ, note: str = "") -> Copied:
    """Copy `text` by the best way there is and say so in a notice; never raises (but passes cancellation on).

    `note` stands in the notice, too; without one it says whether the text holds what terminals act on or do not show.
    """
    copied = await _copy(app, text, environment)
    note = note or (UNSEEN if unseen(text.replace("\n", "").replace("\t", "")) else "")
    copied = replace(copied, shown=f"{copied.shown}\n{note}" if note else copied.shown)
    if copied.way == "shown":
        from tui.screens.selectable import Selectable

        app.push_screen(Selectable(text, copied.shown))
    else:
        app.notify(copied.shown, timeout=8 if copied.way == "file" else 4, markup=False)
    return copied


def unseen(text: str) -> bool:
    """Return whether there are control or invisible characters in a text, line breaks among them."""
    return clean(text, 2 * len(text) + 2) != text


async def _copy(app: App[Any], text: str, environment: Mapping[str, str]) -> Copied:
    text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate from a hostile name
    # Textual's own clipboard feeds ctrl+v in the prompt; the method that sets it also writes to the terminal.
    app._clipboard = text
    remote = bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))
    system = _may_have_clipboard(environment) and await _through_system(text)
    terminal = False
    fits = len(text.encode()) <= OSC_52_LIMIT
    if (remote or not system) and fits and _may_know_osc_52(environment):
        terminal = _through_terminal(app, text, environment)
    what = f"copied {summary(text)}"
    hint = "; in tmux: set -g set-clipboard on" if environment.get("TMUX") else ""
    if system and terminal:
        return Copied("both", f"{what} (system clipboard and, through the terminal, OSC 52{hint})")
    if system:
        return Copied("system", f"{what} (system clipboard)")
    if terminal:
        return Copied("terminal", f"{what} (through the terminal, OSC 52{hint})")
    if not fits and (path := _into_file(text)):
        shown = f"too large to go through the terminal ({len(text):,} characters): saved to {clean(str(path))}"
        return Copied("file", shown)
    return Copied("shown", "No clipboard can be reached from here: select the text and copy it with the terminal.")


def summary(text: str, width: int = 48) -> str:
    """Return one line of about `width` cells that says what was copied."""
    first, *rest = text.splitlines() or [""]
    first = clean(first, 200)
    if rest:
        return f"{fit(first, min(width, len(first)))} … ({len(rest) + 1:,} lines)"
    return first if len(first) <= width else f"{fit(first, width)} ({len(text):,} characters)"


def _may_have_clipboard(environment: Mapping[str, str]) -> bool:
    """Without a display pyperclip's helpers have nobody to talk to, and only cost time."""
    if sys.platform in ("darwin", "win32", "cygwin"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def _may_know_osc_52(environment: Mapping[str, str]) -> bool:
    """Known not to: the Linux console, and Apple's terminal."""
    if environment.get("TERM_PROGRAM") == "Apple_Terminal":
        return False
    return sys.platform == "win32" or environment.get("TERM", "") not in ("", "linux", "dumb")


async def _through_system(text: str) -> bool:
    """Copy with pyperclip and read it back; True only when the same text came back."""
    paths = [path for path in sys.path if path]
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _CHILD, *paths,
            stdin=asyncio.subprocess.PIPE,
            # Not pipes: a helper that stays (xclip serves its selection) would hold them open.
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError, NotImplementedError):
        return False
    try:
        await asyncio.wait_for(child.communicate(text.encode()), SECONDS)
    except (asyncio.TimeoutError, OSError):
        return False
    finally:
        if child.returncode is None:
            _end(child)
            # Shielded: a quit that cancels this still leaves no unawaited process behind.
            await asyncio.shield(child.wait())
    return child.returncode == 0


def _end(child: asyncio.subprocess.Process) -> None:
    """End the process and the helper that it waits for."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, 9)


def _through_terminal(app: App[Any], text: str, environment: Mapping[str, str]) -> bool:
    try:
        if environment.get("STY") and not environment.get("TMUX"):
            driver = app._driver
            if driver is None:
                return False
            driver.write(_for_screen(text))
        else:
            # Of the base class: the app's own `copy_to_clipboard` may lead here.
            App.copy_to_clipboard(app, text)
    except (OSError, RuntimeError):
        return False
    return True


def _for_screen(text: str) -> str:
    """OSC 52 wrapped for GNU screen, which passes device control strings on, but only short ones."""
    encoded = base64.b64encode(text.encode()).decode()
    parts = [encoded[start : start + 76] for start in range(0, len(encoded), 76)] or [""]
    parts[0] = f"\x1b]52;c;{parts[0]}"
    parts[-1] += "\a"
    return "".join(f"\x1bP{part}\x1b\\" for part in parts)


def _into_file(text: str) -> Path | None:
    path = state_folder() / "copied.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError:
        return None
    return path
