"""Whether this terminal can show the explorer, and what to use where it cannot."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

HINT = "use the headless commands there: modulescope show SOURCE, run SOURCE, console SOURCE"

UNDO = (
    b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l"
    b"\x1b[?2026l\x1b[?2048l\x1b[?7h\x1b[<u\x1b[0m\r\n"
)
"""What is sent to a terminal after an interface that could not do it: first screen, cursor, mouse, paste, keys."""
CANCEL = b"\x18"
"""Ends a sequence that was cut off."""
WIDEST, HIGHEST = 1_000, 500
"""Columns and rows that are drawn, whatever the terminal claims to have."""

INSTEAD = (
    "build the model in a file and run `modulescope FILE.py:NAME` in a terminal, "
    "or print it with `modulescope show FILE.py:NAME`"
)


def refusal() -> str | None:
    """Return one line that says why the explorer cannot start here, or None when it can."""
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        return f"the explorer needs a terminal, and input or output is none; {HINT}"
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return f"the terminal says it is {os.environ['TERM']!r} and cannot place text; {HINT}"
    if sys.stdout is sys.__stdout__ and _behind():
        return f"the explorer runs in the background, where it gets no keys: start it in the front; {HINT}"
    return None


def refusal_within() -> str | None:
    """Return one line that says why `explore()` cannot show anything in this program's terminal; None when it can."""
    if os.name != "posix":
        return f"explore() needs a POSIX terminal; {INSTEAD}"
    if sys.stdout is None or sys.stdout.closed:
        return "explore() needs standard output, and sys.stdout is closed"
    stream = type(sys.stdout).__module__.partition(".")[0]
    if stream in ("ipykernel", "idlelib", "google"):
        return f"explore() needs a terminal, and this is a notebook or an editor's window; {INSTEAD}"
    if not (os.isatty(0) and os.isatty(1)):
        return f"explore() needs a terminal, and input or output is none; {INSTEAD}"
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return f"the terminal says it is {os.environ['TERM']!r} and cannot place text; {INSTEAD}"
    return f"this program runs in the background: bring it to the front first (fg); {INSTEAD}" if _behind() else None


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def _behind() -> bool:
    """Whether another program of this terminal is in the front."""
    try:
        return os.tcgetpgrp(1) != os.getpgrp()
    except (AttributeError, OSError):  # a terminal without jobs
        return False


def shell_above() -> bool:
    """Return whether this job was started by a shell, which knows of jobs: by a process of the session, not of the job.

    A job without one would never be continued once it is stopped.
    """
    job = os.getpgrp()
    try:
        above = os.getppid() if job == os.getpid() else _parent_of(job)
        return above > 1 and os.getsid(above) == os.getsid(0) and os.getpgid(above) != job
    except (OSError, ValueError, IndexError):
        return False


def _parent_of(process: int) -> int:
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:  # Linux
        return int(file.read().rpartition(")")[2].split()[1])


def fill_streams() -> None:
    """Open something at descriptors 0 to 2: a file or pipe opened next would be taken for a standard stream.

    Programs that are started get them closed, as this one did.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  # for as long as the process


def terminal_settings(descriptor: int) -> list[Any] | None:
    """Return how the terminal behind a descriptor is set; None for what is none."""
    try:
        import termios

        return termios.tcgetattr(descriptor)
    except (ImportError, OSError, termios.error):
        return None


def give_back(settings: list[Any] | None, terminal: int = 1, undo: bool = True) -> None:
    """Set the terminal behind a descriptor as it was and, with `undo`, take back what an interface set in it.

    Never waits, never raises: the terminal may stand still, or be gone.
    """
    try:
        import termios

        descriptor = _opened_anew(terminal)
    except (ImportError, OSError):
        return
    # In the background setting a terminal would stop this process.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        if settings is not None:
            termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        if undo:
            sequence = UNDO
            if not has_room(descriptor):  # it stands still, within some sequence perhaps
                termios.tcflush(descriptor, termios.TCOFLUSH)
                sequence = CANCEL + sequence
            os.write(descriptor, sequence)
    except (OSError, termios.error):
        pass
    finally:
        os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def has_room(descriptor: int, seconds: float = 0) -> bool:
    """Return whether a terminal takes something, within so many seconds."""
    try:
        return bool(select.select([], [descriptor], [], seconds)[1])
    except ValueError:  # it is not for descriptors from 1,024 on
        look = select.poll()
        look.register(descriptor, select.POLLOUT)
        return bool(look.poll(seconds * 1000))


def _opened_anew(terminal: int) -> int:
    """The same terminal by a descriptor that never waits; one shared with other programs must not become such a one."""
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK
    if not os.isatty(terminal):  # closed by the program meanwhile
        return os.open(os.ctermid(), flags)
    try:
        return os.open(os.ttyname(terminal), flags)
    except OSError:  # it has no name here, as in some containers
        return os.dup(terminal)


def terminal_size(descriptor: int, environment: Mapping[str, str]) -> tuple[int, int]:
    """Return columns and rows, within reason: of the terminal, else as `COLUMNS` and `LINES` say, else Textual's."""
    try:
        columns, rows = os.get_terminal_size(descriptor)
    except OSError:
        columns = rows = 0
    columns = columns or _positive_or_zero(environment.get("COLUMNS", "")) or 80
    rows = rows or _positive_or_zero(environment.get("LINES", "")) or 25
    return min(columns, WIDEST), min(rows, HIGHEST)


def forget_claimed_size(environment: MutableMapping[str, str]) -> None:
    """Drop `COLUMNS` and `LINES` where the terminal knows better, or where they are absurd: Rich would believe them."""
    try:
        known = all(os.get_terminal_size(1))
    except OSError:
        known = False
    for name, limit in (("COLUMNS", WIDEST), ("LINES", HIGHEST)):
        if name in environment and (known or not 0 < _positive_or_zero(environment[name]) <= limit):
            del environment[name]


def _positive_or_zero(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def survive_odd_bytes() -> None:
    """Have Textual's driver replace bytes that are no UTF-8, which it would end the app for: a paste in Latin-1."""
    from codecs import IncrementalDecoder, getincrementaldecoder

    try:
        from textual.drivers import linux_driver
    except ImportError:  # Windows reads its keyboard in another way
        return

    def decoder_of(encoding: str) -> Callable[[], IncrementalDecoder]:
        return lambda: getincrementaldecoder(encoding)("replace")

    vars(linux_driver)["getincrementaldecoder"] = decoder_of
