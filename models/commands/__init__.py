"""The headless commands, one a file: same facts as the explorer, through the same session.

Which there are stands in `models/engine/command_table.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

from ..engine.command_table import COMMANDS
from ..messages import Problem
from ..messages.errors import EngineProblem
from ..safe_text import clean
from .faults import report_fault

WRONG_USE = 2
INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run the headless command that `argv` names, with the rest of `argv`.

    Return its exit status (see the README: 0, 1, 2, 124, 130).
    """
    try:
        commands = {command.name: command for command in COMMANDS}
        name = argv[0] if argv else ""
        if name not in commands:
            print_error(f"no headless command {name!r}; there are {', '.join(commands)}")
            return WRONG_USE
        run: Callable[[list[str]], int] = import_module(f".{name}", __package__).main
        return run(argv[1:]) if commands[name].supervises else _supervised(run, argv[1:])
    except Exception as error:
        try:
            return refused(error)
        except Exception as fault:
            return report_fault(fault)
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED


def _supervised(command: Callable[[list[str]], int], argv: list[str]) -> int:
    """Run a command in a process of its own: what is opened may end it, and may leave behind what never ends."""
    from .options import ParserExit
    from .supervisor import crash, supervise

    def work(send: object) -> int:
        try:
            return command(argv)
        except ParserExit as error:  # --help, or a mistake, which was printed
            return error.code if isinstance(error.code, int) else WRONG_USE
        except SystemExit as error:  # of a tensor's class, whose code runs when its elements are read
            print_error(crash(error.code if isinstance(error.code, int) else int(error.code is not None))[1])
            return WRONG_USE
        except Exception as error:
            return refused(error)
        except KeyboardInterrupt:
            print_error("interrupted")
            return INTERRUPTED

    ending = supervise(work, lambda name, values: None)
    if ending.how == "interrupted":
        print_error("interrupted")
        return INTERRUPTED
    if ending.how == "crashed":
        print_error(crash(ending.status)[1])
        return WRONG_USE
    return ending.status


def refused(error: Exception) -> int:
    """Print in one line why nothing can be done, and return the exit status for it, 2.

    Raises:
        Exception: `error` itself, where it is no reason that a user can mend.
    """
    if isinstance(error, EngineProblem):
        print_error(one_line(error.problem))
    elif isinstance(error, ModuleNotFoundError) and error.name == "torch":
        print_error(f"{sys.executable} has no torch; --python PATH names a Python that has")
    elif isinstance(error, OSError) and error.filename is None and error.strerror:
        print_error(f"cannot write the result: {error.strerror}")
    else:
        raise error
    return WRONG_USE


def print_error(text: str) -> None:
    """Print one line on standard error, made safe for a terminal."""
    print(f"modulescope: {clean(text)}", file=sys.stderr, flush=True)


def one_line(problem: Problem) -> str:
    """Return the cause and the remedy in one line; of an error in the user's own code the cause and the place."""
    if "Traceback" in problem.text or problem.where:
        return f"{problem.title} ({problem.where})" if problem.where else problem.title
    remedy = " ".join(problem.text.split())
    if not remedy:
        return problem.title
    return f"{problem.title}{'' if problem.title.endswith(('.', '?', '!')) else '.'} {remedy}"
