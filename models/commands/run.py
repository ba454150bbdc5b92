"""`run SOURCE`: a forward run, its calls in order, and what went wrong where."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

from ..engine.messages import CallRow, Problem
from ..engine.safe_text import clean, clean_lines
from ..session import Session
from .options import add_inputs, parser_for, result_stream, write_json

if TYPE_CHECKING:
    from ..run.trace import Trace

TIMED_OUT = 124
INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run SOURCE forward (and backward); 0, 1 when the model itself failed, 124 on time-out, 130 interrupted."""
    parser = parser_for("run", "Runs a network forward and lists the calls.")
    add_inputs(parser)
    parser.add_argument("--inputs", metavar="FILE.py:NAME", help="a function that returns the inputs")
    parser.add_argument("--backward", action="store_true", help="run backward on the result too")
    parser.add_argument("--dry", action="store_true", help="shapes only: compute no values, need no memory for them")
    parser.add_argument("--timeout", type=float, metavar="S", help="stop after S seconds, with status 124")
    options = parser.parse_args(argv)
    if options.dry and options.backward:
        parser.error("--dry computes no values, so there is no --backward with it")
    if options.timeout is not None and options.timeout <= 0:
        parser.error(f"--timeout wants seconds over 0, not {options.timeout:g}")
    stream = result_stream()
    session = Session()
    session.open(
        options.source,
        inputs=options.input,
        inputs_from=options.inputs,
        seed=options.seed,
        device=options.device,
    )
    work = Work(session, backward=options.backward, dry=options.dry)

    def write() -> None:
        if options.json:
            write_json(stream, work.report())
        else:
            write_text(stream, work.report())
            stream.flush()

    with timed(options.timeout, write):
        try:
            work.do()
        except KeyboardInterrupt:
            work.interrupted()
    write()
    if work.stopped:
        return INTERRUPTED
    return 1 if work.problem else 0


@contextlib.contextmanager
def timed(seconds: float | None, write: Callable[[], None]) -> Iterator[None]:
    """Within, after `seconds` the calls so far are written and the process ends with status 124.

    The process is ended from another thread: code that loops in C++ hears no exception.
    """
    if seconds is None:
        yield
        return
    settled = threading.Lock()

    def give_up() -> None:
        if settled.acquire(blocking=False):
            write()
            os._exit(TIMED_OUT)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if not settled.acquire(blocking=False):
            timer.join()  # it is writing; it ends the process


class Work:
    """One forward (and backward) run, which can be reported on at any moment."""

    def __init__(self, session: Session, *, backward: bool, dry: bool) -> None:
        self.session = session
        self.backward = backward
        self.dry = dry
        self.trace: Trace | None = None
        self.output: Any = None
        self.problem: Problem | None = None
        self.gradients: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.complete = False
        self.stopped = False
        self.started = time.perf_counter()
        self.seconds: float | None = None

    def do(self) -> None:
        """Run; what the model raises becomes `problem`."""
        from ..run.backward import run_backward
        from ..run.dry import run_dry
        from ..run.forward import run_forward
        from ..run.trace import Trace

        outline = self.session.model.outline
        args, kwargs = self.session.arguments
        self.trace = Trace()
        self.started = time.perf_counter()
        if self.dry:
            result, fallback = run_dry(outline.root, args, kwargs, outline, self.trace)
            if fallback:
                self.notes.append(fallback)
                self.trace = Trace()
                result = run_forward(outline.root, args, kwargs, outline, self.trace)
        else:
            result = run_forward(outline.root, args, kwargs, outline, self.trace)
        self.seconds = result.seconds
        self.output, self.problem = result.output, result.problem
        if self.backward and self.problem is None:
            self.problem = run_backward(self.output).problem
        if self.problem is not None and self.problem.kind == "interrupted":
            self.interrupted()
            return
        if self.backward:
            self.gradients = self._gradients()
        self.complete = True

    def interrupted(self) -> None:
        """Note that Ctrl+C ended the run: the report says that it is not complete."""
        self.stopped, self.complete = True, False

    def _gradients(self) -> list[dict[str, Any]]:
        from ..inspect.gradients import gradient_row

        outline = self.session.model.outline
        rows = []
        for node in outline.tensors(outline.nodes[0]):
            if node.kind == "parameter":
                row = gradient_row(node.path, node.item)  # type: ignore[arg-type]
                rows.append(
                    {"path": row.path, "state": "none" if row.state == "frozen" else row.state, "norm": row.norm}
                )
        return rows

    def report(self) -> dict[str, Any]:
        """The object that `run --json` prints, `schema` left out."""
        from ..run.forward import structure_of

        args, kwargs = self.session.arguments
        calls: list[CallRow] = []
        nonfinite = failed = None
        if self.trace is not None:
            total = len(self.trace)
            while len(calls) < total:
                page = self.trace.page(len(calls), 500)[2]
                if not page:
                    break
                calls.extend(page)
            nonfinite, failed = self.trace.nonfinite, self.trace.failed
        seconds = self.seconds if self.seconds is not None else time.perf_counter() - self.started
        return {
            "inputs": [structure_of(argument) for argument in args],
            "keyword_inputs": {name: structure_of(argument) for name, argument in kwargs.items()},
            "output": structure_of(self.output) if self.complete and self.problem is None else None,
            "calls": [call_report(call) for call in calls],
            "gradients": self.gradients,
            "error": error_report(self.problem, failed),
            "nonfinite": nonfinite,
            "seconds": seconds,
            "complete": self.complete and self.problem is None,
            "notes": self.notes,
        }


def call_report(call: CallRow) -> dict[str, Any]:
    """One entry of `calls`."""
    return {
        "module": call.module,
        "op": call.op,
        "kind": call.kind,
        "depth": call.depth,
        "inputs": [shape_list(text) for text in call.inputs],
        "output": shape_list(call.output),
        "tensors": list(call.tensors),
        "where": call.where or None,
        "repeat": call.repeat,
        "seconds": call.seconds,
        "flops": None,
    }


def shape_list(text: str) -> list[int] | None:
    """`[2, 20]` as a list of numbers; None for what is not one shape."""
    try:
        return [int(part) for part in text.strip("[]").split(",") if part.strip()] if text else None
    except ValueError:
        return None


def error_report(problem: Problem | None, failed: CallRow | None) -> dict[str, Any] | None:
    """`error`: what was raised, in which module and operation, on which shapes."""
    if problem is None:
        return None
    kind, _, message = problem.title.partition(": ")
    return {
        "type": kind,
        "message": message,
        "module": failed.module if failed else problem.path,
        "op": failed.op if failed else None,
        "inputs": [shape_list(text) for text in failed.inputs] if failed else None,
        "where": (failed.where if failed else "") or problem.where or None,
    }


def write_text(stream: TextIO, report: dict[str, Any]) -> None:
    """The calls as an aligned table, then the result or the error."""
    rows = [("module", "operation", "inputs", "output", "where")]
    for call in report["calls"]:
        times = f" x{call['repeat']}" if call["repeat"] > 1 else ""
        inputs = " ".join("·" if shape is None else str(shape) for shape in call["inputs"])
        output = "" if call["output"] is None else str(call["output"])
        name = clean("  " * call["depth"] + call["op"] + times, 80)
        rows.append((clean(call["module"] or "(root)", 80), name, inputs, output, clean(call["where"] or "", 80)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for row in rows:
        stream.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() + "\n")
    stream.write("\n")
    for note in report["notes"]:
        stream.write(f"note: {clean(note)}\n")
    for gradient in report["gradients"]:
        norm = "" if gradient["norm"] is None else f"{gradient['norm']:.6g}"
        stream.write(f"gradient  {clean(gradient['path'], 200)}  {gradient['state']}  {norm}".rstrip() + "\n")
    first = report["nonfinite"]
    if first:
        stream.write(f"first NaN or infinity: {first['op']} in {clean(first['module'] or '(root)')} at {first['where']}\n")
    error = report["error"]
    if error:
        stream.write(f"failed in {clean(error['module'] or '(root)')}: {clean(error['op'] or 'call')}\n")
        for line in clean_lines(f"{error['type']}: {error['message']}"):
            stream.write(f"  {line}\n")
        if error["where"]:
            stream.write(f"  at {clean(error['where'])}\n")
    elif report["complete"]:
        stream.write(f"output {report['output']}\n")
    else:
        stream.write("stopped early\n")
