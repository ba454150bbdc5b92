"""`console SOURCE`: the explorer's console without the screen, statements on standard input."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from typing import Any

from ..messages import Executed, Problem
from ..messages.errors import EngineProblem
from ..run.console.statements import statements
from ..safe_text import clean_lines
from ..session.session import Session
from . import INTERRUPTED, print_error, refused
from .options import add_inputs, parser_for
from .output import CommandOutput
from .printing import CapturedOutput, own_input
from .supervisor import Send, crash, supervise

FAILED = 1
LONGEST_LINE = 100_000
"""Characters of a line that are written: more than the console shows of any value."""


def main(argv: list[str]) -> int:
    """Run the statements on standard input in a process of their own.

    Return 0, 1 when any raised, 2 when SOURCE cannot be opened, 130 when interrupted.
    """
    parser = parser_for(
        "console",
        "Run statements from standard input with the network open, as Python's own prompt does: a block ends at its "
        "blank line, values are shown, and it goes on after an error. In scope are net, its own name, X (the input), "
        "torch, nn, F, what its file defines, undo() and redo(). Status 1 when any statement raised.",
        "echo 'net[2].state_dict()' | modulescope console parameter_access",
    )
    add_inputs(parser)
    options = parser.parse_args(argv)
    result = CommandOutput()
    results: list[dict[str, Any]] = []
    begun: list[str] = []

    def receive(name: str, values: list[Any]) -> None:
        (begun if name == "begin" else results).append(values[0])

    ending = supervise(partial(work, options, result), receive)
    if ending.status == 2 and ending.how == "done":
        return ending.status
    problem = None
    if ending.how != "done":
        kind, message = crash(ending.status) if ending.how == "crashed" else ("KeyboardInterrupt", "")
        problem = Problem("model", f"{kind}: {message}", type=kind, message=message)
        print_error(message or "interrupted")
    if options.json:
        if problem is not None and len(begun) > len(results):
            results.append(result_of(begun[-1], "", Executed(problem=problem), []))
        result.json({"results": results})
    if ending.how == "interrupted":
        return INTERRUPTED
    return FAILED if problem is not None else ending.status


def work(options: argparse.Namespace, result: CommandOutput, send: Send) -> int:
    """Open SOURCE and run each statement, in the child process; `send` what becomes of each where JSON is wanted.

    Return 0, 1 when any raised, 2 when SOURCE cannot be opened, 130 when interrupted.
    """
    lines = own_input()
    session = Session()
    try:
        session.open(
            options.source, inputs=options.input, seed=options.seed, device=options.device, trust=options.trust
        )
    except Exception as error:
        return refused(error)
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    status = 0
    is_screen = os.isatty(result.descriptor)  # which must not get what a model prints as it is
    printed = CapturedOutput(None if options.json or is_screen else result.descriptor)
    try:
        for text in statements(lines):
            send("begin", text)
            with printed:
                executed = run_statements(session, text)
            if executed.problem is not None:
                status = INTERRUPTED if executed.problem.kind == "interrupted" else FAILED
            if options.json:
                send("result", result_of(text, printed.text, executed, session.model.changed))
            else:
                write_text(result, printed.text, executed)
            if result.closed or status == INTERRUPTED:
                break
    except OSError as error:  # of writing the result: what statements raise is theirs
        return refused(error)
    except KeyboardInterrupt:
        print_error("interrupted")
        return INTERRUPTED
    return status


def run_statements(session: Session, text: str) -> Executed:
    """Run one statement and return what became of it; what the session refuses is the statement's problem too."""
    from ..session.statement import run_statement

    try:
        return run_statement(session, text, single=True)
    except EngineProblem as error:
        return Executed(problem=error.problem)


def write_text(result: CommandOutput, printed: str, executed: Executed) -> None:
    """Write what Python's prompt would show, made safe for a terminal; an error goes to standard error."""
    lines = clean_lines(printed.removesuffix("\n"), LONGEST_LINE) if printed else []
    if executed.value is not None:
        lines += clean_lines(executed.value, LONGEST_LINE)
    result.lines(lines)
    if executed.problem is not None:
        problem = executed.problem
        print(*clean_lines(problem.text or problem.title), sep="\n", file=sys.stderr, flush=True)


def result_of(text: str, printed: str, executed: Executed, changed: list[str]) -> dict[str, Any]:
    """Return one entry of `results`: what `text` printed, its value, its error, the paths that it changed."""
    return {
        "statement": text,
        "stdout": printed,
        "value": executed.value,
        "error": error_of(executed.problem),
        "changed": changed,
        "seconds": executed.seconds,
    }


def error_of(problem: Problem | None) -> dict[str, Any] | None:
    """Return type, message and place of a statement's error for JSON; None for none."""
    if problem is None:
        return None
    return {
        "type": problem.type or None,
        "message": problem.message if problem.type else "; ".join(filter(None, [problem.title, problem.text])),
        "where": problem.where or None,
    }
