"""Runs one command with bounded memory, and reports how it ended and the most memory that it took.

A script: `launcher.py ANSWER MEMORY SECONDS COMMAND…`; its answer is JSON on the file descriptor ANSWER.  A process
of its own, for Linux counts what a process took before `exec` as taken by the program started: a command started right
from a large pytest seems as large as pytest.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time


def main() -> None:
    """Start, wait, answer."""
    answer, memory, seconds = map(int, sys.argv[1:4])
    command = sys.argv[4:]
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(answer)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        os.execv(command[0], command)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(seconds)
    _, status, usage = os.wait4(child, 0)
    ended = {
        "status": os.waitstatus_to_exitcode(status),
        "peak": usage.ru_maxrss * 1024,
        "seconds": time.monotonic() - started,
    }
    os.write(answer, json.dumps(ended).encode())


if __name__ == "__main__":
    main()
