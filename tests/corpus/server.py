"""Runs headless commands, each in a child of its own with bounded memory, without starting Python anew for each.

A script; its arguments are good files to warm up with.  Then one JSON request a line on standard input, one JSON answer
a line on standard output.  What runs is what `python -m tui show …` runs, once its modules are imported.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOOT = ROOT / "models" / "engine" / "boot.py"


def load() -> object:
    """The headless commands, under the engine's private name."""
    spec = importlib.util.spec_from_file_location("boot", BOOT)
    assert spec is not None
    assert spec.loader is not None
    boot = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(boot)
    boot.load()
    return importlib.import_module(f"{boot.PRIVATE}.commands")


def warm(commands: object, paths: list[str]) -> None:
    """Show good files in this process, so that what reads them is imported."""
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    for path in paths:
        commands.main(["show", path])  # type: ignore[attr-defined]
        commands.main(["show", path, "--json"])  # type: ignore[attr-defined]
    sys.stdout.flush()
    os.dup2(kept, 1)
    assert "torch" not in sys.modules, "no torch is needed to look at files"


def run(commands: object, request: dict[str, object]) -> dict[str, object]:
    """One command in a child; its status, or the signal that ended it as a negative number."""
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_the_program(commands, request)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(int(request["seconds"]))  # type: ignore[call-overload]
    _, status, usage = os.wait4(child, 0)
    signal.alarm(0)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "peak": usage.ru_maxrss * 1024,
        "seconds": time.monotonic() - started,
    }


def _be_the_program(commands: object, request: dict[str, object]) -> None:
    status = 1
    try:
        limit = int(request["memory"])  # type: ignore[call-overload]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for number, name in ((1, "out"), (2, "err")):
            where = os.open(str(request[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(where, number)
        os.chdir(str(request["folder"]))
        status = commands.main(request["arguments"])  # type: ignore[attr-defined]
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Answer requests until there are no more."""
    commands = load()
    warm(commands, sys.argv[1:])
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        answer = run(commands, json.loads(line))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
