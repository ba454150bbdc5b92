"""A tiny program that draws a screen, with the faults planted that its arguments name.

dies: on o and two Enter in one read.     freezes: when the terminal gets narrower than 10 columns, once x was pressed.
mouse: reports stay on after q when m was pressed.     child: k leaves a process behind.     spins: after s.
fault: on v a traceback is written where faults are reported.     leaves: on w it ends as if it were asked to.
stuck: after d no key is read, a resize is answered.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

ON = "\x1b[?1049h\x1b[?1003h\x1b[?25l"
OFF = "\x1b[?1003l\x1b[?25h\x1b[?1049l"
planted = set(sys.argv[1:])
seen: set[str] = set()


def draw(*_: object) -> None:
    """The whole screen: a line for each row."""
    columns, rows = shutil.get_terminal_size()
    if "freezes" in planted and columns < 10 and "x" in seen:
        signal.signal(signal.SIGWINCH, signal.SIG_IGN)
        time.sleep(1000)
    print("".join(f"\x1b[{row};1H{'Console'[:columns]}" for row in range(1, rows + 1)), end="", flush=True)


def take(keys: str) -> None:
    """Do what `keys`, which came in one read, ask for."""
    seen.update(keys)
    if "dies" in planted and "o\r\r" in keys:
        raise KeyError(f"planted {len(keys)}")
    if "fault" in planted and "v" in keys:
        text = 'Traceback (most recent call last):\n  File "/x/tui/pane.py", line 3, in render\nValueError: planted 7\n'
        with Path(os.environ["MODULESCOPE_FAULTS"]).open("a") as file:
            file.write(text)
    if "child" in planted and "k" in keys:
        subprocess.Popen(["sleep", "1000"], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
    while "spins" in planted and "s" in keys:
        pass


def run() -> None:
    """Read keys until it is told to quit."""
    print(ON, end="")
    draw()
    while True:
        if "stuck" in planted and "d" in seen:
            time.sleep(0.05)
            continue
        if select.select([0], [], [], 0.2)[0]:
            keys = os.read(0, 4096).decode("latin-1")
            take(keys)
            if "q" in keys or "\x11" in keys or ("leaves" in planted and "w" in keys):
                return


before = termios.tcgetattr(0)
tty.setraw(0)
signal.signal(signal.SIGWINCH, draw)
try:
    run()
finally:
    termios.tcsetattr(0, termios.TCSANOW, before)
    print(OFF if "mouse" not in planted or "m" not in seen else OFF.replace("\x1b[?1003l", ""), flush=True)
