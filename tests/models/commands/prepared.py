"""Runs headless commands, each in a process of its own that has torch and the engine's package imported already.

A script.  Each line on standard input is a JSON request; each line on standard output is the status of what it asked
for.  What runs in the child is what `python -m tui` becomes for a headless command: the engine's main module, from
start to end.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import runpy
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import torch.fx.experimental.symbolic_shapes  # noqa: F401 - what runs without values need: sympy takes as long as torch

MAIN = Path(__file__).resolve().parents[3] / "models" / "engine" / "__main__.py"


def import_ours() -> None:
    """Import our package as the engine does, under its private name, with all that a command may need of it."""
    package = runpy.run_path(str(MAIN.with_name("boot.py")))["load"]()
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def asked() -> dict[str, Any] | None:
    """The next request, in a child made for it; None, in this process, when there are no more."""
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    with requests, answers:
        for line in requests:
            request: dict[str, Any] = json.loads(line)
            child = os.fork()
            if child == 0:
                return request
            signal.signal(signal.SIGALRM, lambda *_, child=child: os.kill(child, signal.SIGKILL))
            signal.alarm(request["seconds"])
            _, status = os.waitpid(child, 0)
            signal.alarm(0)
            print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
    return None


def become(request: dict[str, Any]) -> None:
    """Be the process that was asked for."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for number, name in enumerate(("in", "out", "err")):
        file = os.open(request[name], os.O_WRONLY if number else os.O_RDONLY)
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [str(MAIN), "headless", *request["arguments"]]
    sys.path[0] = str(MAIN.parent)
    try:
        runpy.run_path(str(MAIN), run_name="__main__")
    except SystemExit as ended:  # to take apart what torch made takes longer than most commands
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else int(ended.code is not None))


if __name__ == "__main__":
    import_ours()
    gc.collect()
    gc.freeze()
    request = asked()
    if request is not None:
        become(request)
