"""The headless commands: show, run, console, stats, diff.  Same facts as the explorer, through the same session."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..safe_text import clean
from .faults import tell_fault

WRONG_USE = 2
INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run one headless command; returns its exit status (see the README: 0, 1, 2, 124, 130)."""
    try:
        from . import console, diff, run, show, stats

        commands = {"show": show.main, "run": run.main, "console": console.main, "stats": stats.main, "diff": diff.main}
        name = argv[0] if argv else ""
        if name not in commands:
            tell(f"no headless command {name!r}; there are {', '.join(commands)}")
            return WRONG_USE
        if name in ("run", "console"):
            return commands[name](argv[1:])  # which supervise what they run
        return _supervised(commands[name], argv[1:])
    except Exception as error:
        try:
            return refused(error)
        except Exception as fault:
            return tell_fault(fault)
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED


def _supervised(command: Callable[[list[str]], int], argv: list[str]) -> int:
    """Run a command in a process of its own: what is opened may end it, and may leave behind what never ends."""
    from .run_report import crash
    from .supervisor import supervise

    def work(tell_other: object) -> int:
        try:
            return command(argv)
        except SystemExit as error:  # of the options: --help, or a mistake, which was told
            return error.code if isinstance(error.code, int) else WRONG_USE
        except Exception as error:
            return refused(error)
        except KeyboardInterrupt:
            tell("interrupted")
            return INTERRUPTED

    ending = supervise(work, lambda name, values: None)
    if ending.how == "interrupted":
        tell("interrupted")
        return INTERRUPTED
    if ending.how == "crashed":
        tell(crash(ending.status)[1])
        return WRONG_USE
    return ending.status


def refused(error: Exception) -> int:
    """Say in one line why nothing can be done, and return the status for it; what is no such reason is raised again."""
    if isinstance(error, EngineProblem):
        tell(one_line(error.problem))
    elif isinstance(error, ModuleNotFoundError) and error.name == "torch":
        tell(f"{sys.executable} has no torch; --python PATH names a Python that has")
    elif isinstance(error, OSError) and error.filename is None and error.strerror:
        tell(f"cannot write the result: {error.strerror}")
    else:
        raise error
    return WRONG_USE


def tell(text: str) -> None:
    """One line on standard error, safe for a terminal."""
    print(f"modulescope: {clean(text)}", file=sys.stderr, flush=True)


def one_line(problem: Problem) -> str:
    """The cause and the remedy, or, when the user's own code failed, the cause and where."""
    if "Traceback" in problem.text or problem.where:
        return f"{problem.title} ({problem.where})" if problem.where else problem.title
    remedy = " ".join(problem.text.split())
    if not remedy:
        return problem.title
    return f"{problem.title}{'' if problem.title.endswith(('.', '?', '!')) else '.'} {remedy}"
