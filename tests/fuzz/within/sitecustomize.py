"""Python imports this in every program that is played: on a signal, it writes what the program waits for.

`faulthandler` says what threads do.  Of an app that is stuck while its loop is idle that says nothing.
"""

import os
import signal

PATH = "MODULESCOPE_TASKS"
"""Names the file that is written."""
SIGNAL = "SIGRTMIN"


def write(number: int, frame: object) -> None:
    """Write what each task of asyncio awaits."""
    from tui.awaits import waiting_report

    with open(os.environ[PATH], "a", encoding="utf-8") as file:
        file.write(waiting_report())


if os.environ.get(PATH) and hasattr(signal, SIGNAL):
    signal.signal(getattr(signal, SIGNAL), write)
