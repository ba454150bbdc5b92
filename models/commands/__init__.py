"""The headless commands: show, run, console.  Same facts as the explorer, through the same session."""

from __future__ import annotations

import sys

from ..engine.errors import EngineProblem
from ..engine.messages import Problem
from ..engine.safe_text import clean, clean_lines


def main(argv: list[str]) -> int:
    """Run one headless command; returns its exit status (see the README: 0, 1, 2, 124, 130)."""
    from . import console, run, show

    commands = {"show": show.main, "run": run.main, "console": console.main}
    name = argv[0] if argv else ""
    if name not in commands:
        print(f"modulescope: no headless command {clean(name)!r}; there are {', '.join(commands)}", file=sys.stderr)
        return 2
    try:
        return commands[name](argv[1:])
    except EngineProblem as error:
        print(f"modulescope: {one_line(error.problem)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("modulescope: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def one_line(problem: Problem) -> str:
    """The cause and the remedy, or, when the person's own code failed, the cause and where."""
    if "Traceback" in problem.text:
        return clean(f"{problem.title} ({problem.where})" if problem.where else problem.title)
    return "; ".join(filter(None, [clean(problem.title), *(line.rstrip(".") for line in clean_lines(problem.text))]))
