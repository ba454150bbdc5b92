"""`console SOURCE`: the explorer's console without the screen, statements on standard input."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from ..engine.errors import EngineProblem
from ..engine.messages import Executed, Problem
from ..engine.safe_text import clean_lines
from ..run.statements import statements
from ..session import Session
from .options import add_inputs, parser_for, result_stream, write_json


def main(argv: list[str]) -> int:
    """Run each statement; 1 when any raised, 130 when interrupted."""
    parser = parser_for("console", "Runs statements from standard input with the network open.")
    add_inputs(parser)
    options = parser.parse_args(argv)
    stream = result_stream()
    session = Session()
    session.open(options.source, inputs=options.input, seed=options.seed, device=options.device)
    results: list[dict[str, Any]] = []
    status = 0
    with tempfile.TemporaryFile() as printed:
        for text in statements(sys.stdin):
            with captured(printed) if options.json else redirected(stream.fileno()):
                executed = run(session, text)
            problem = executed.problem
            if options.json:
                results.append(result_of(text, take(printed), executed))
            else:
                if executed.value is not None:
                    stream.write(executed.value + "\n")
                stream.flush()
                if problem is not None:
                    print(*clean_lines(problem.text or problem.title), sep="\n", file=sys.stderr, flush=True)
            if problem is not None:
                status = 1
                if problem.kind == "interrupted":
                    status = 130
                    break
    if options.json:
        write_json(stream, {"results": results})
    return status


def run(session: Session, text: str) -> Executed:
    """Run one statement; what the session itself refuses is told as the statement's problem."""
    from ..run.statement import run_statement

    try:
        return run_statement(session, text)
    except EngineProblem as error:
        return Executed(problem=error.problem)


def result_of(text: str, printed: str, executed: Executed) -> dict[str, Any]:
    """One entry of `results`."""
    return {
        "statement": text,
        "stdout": printed,
        "value": executed.value,
        "error": error_of(executed.problem),
        "changed": list(executed.changed),
    }


def error_of(problem: Problem | None) -> dict[str, Any] | None:
    """`type`, `message` and `where` of a statement's error."""
    if problem is None:
        return None
    kind, _, message = problem.title.partition(": ")
    return {"type": kind, "message": message, "where": problem.where or None}


@contextlib.contextmanager
def redirected(descriptor: int) -> Iterator[None]:
    """Within, standard output is `descriptor`, for Python and for C++."""
    kept_descriptor, kept_stream = os.dup(1), sys.stdout
    os.dup2(descriptor, 1)
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.close()
        sys.stdout = kept_stream
        os.dup2(kept_descriptor, 1)
        os.close(kept_descriptor)


@contextlib.contextmanager
def captured(file: IO[bytes]) -> Iterator[None]:
    """Within, standard output is collected in `file`."""
    file.seek(0)
    file.truncate()
    with redirected(file.fileno()):
        yield


def take(file: IO[bytes]) -> str:
    """What `captured` collected."""
    file.seek(0)
    return file.read().decode("utf-8", "replace")
