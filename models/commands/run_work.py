"""One forward (and backward) run, told part by part while it goes on."""

from __future__ import annotations

import math
from typing import Any

from ..live.gradients import gradient_row
from ..messages import CallRow, Problem
from ..run.arguments import device_of
from ..run.backward import run_backward
from ..run.dry import run_dry
from ..run.forward import ForwardResult, run_forward, structure_of
from ..run.inputs import Arguments, make_inputs
from ..run.specs import expression, parse_spec
from ..session.session import Session
from ..sources.tracebacks import problem_of
from .run_report import shape_from_text
from .supervisor import Tell
from .trace_relay import TraceSender

GUESSED = "the input {} is a guess from the first layers; --input says what it is"
UNKNOWN = "no input is known for this network, so it was called without one; --input says what it is"


class Work:
    """One run of the open network.

    The calls are sent as `TraceSender` does, everything else as `part`: fields of the report by their names.  Whatever
    the model raises is told, not raised.

    Args:
        specs: the inputs of a dry run, which makes them without memory; none for those of the session.
    """

    def __init__(
        self,
        session: Session,
        tell: Tell,
        *,
        backward: bool = False,
        dry: bool = False,
        specs: list[str] | None = None,
    ) -> None:
        self._session = session
        self._tell = tell
        self._backward = backward
        self._dry = dry
        self._specs = [parse_spec(text) for text in specs or []]
        self._trace = TraceSender(tell)
        self._failed = False
        self._notes: list[str] = []
        self._input = session.input_text
        if self._specs:
            self._input = ", ".join(map(expression, self._specs))
        elif session.input_guessed:
            self._note(GUESSED.format(self._input))

    def do(self) -> None:
        """Run, and tell how it went."""
        self._part(input=self._input or None)
        try:
            result = self._forward()
            self._fail(result.problem, self._trace.failed)
            if not self._failed:
                self._part(output=structure_of(result.output))
                if self._backward:
                    self._go_back(result.output)
            elif not self._input and isinstance(result.exception, TypeError):
                self._note(UNKNOWN)
        except BaseException as error:  # SystemExit and such from the model; Ctrl+C between the two
            self._fail(problem_of(error), self._trace.failed)
        self._part(nonfinite=self._trace.nonfinite)
        if not self._failed:
            self._part(complete=True)

    def _forward(self) -> ForwardResult:
        outline = self._session.live.outline
        if self._dry:
            result, reason = run_dry(self._arguments, outline, self._trace)
            if reason is None:
                self._part(dry=True, seconds=result.seconds)
                return result
            self._note(f"{reason}: this is a real run")
            self._tell("restart")
            self._trace = TraceSender(self._tell)
        args, kwargs = self._arguments()
        result = run_forward(outline.root, args, kwargs, outline, self._trace)
        self._part(dry=False, seconds=result.seconds)
        return result

    def _arguments(self) -> Arguments:
        arguments = self._session.arguments
        if self._specs:
            arguments = make_inputs(self._specs, device_of(self._session.root))
        args, kwargs = arguments
        self._part(
            inputs=[structure_of(each) for each in args],
            keyword_inputs={name: structure_of(each) for name, each in kwargs.items()},
        )
        return arguments

    def _go_back(self, output: object) -> None:
        result = run_backward(output)
        self._fail(result.problem, None)
        rows = self._gradients()
        self._part(gradients=rows, backward_seconds=result.seconds)
        if self._trace.nonfinite is None:
            self._trace.nonfinite = _first_nonfinite(rows)

    def _gradients(self) -> list[dict[str, Any]]:
        """State and norm of every parameter's gradient; `none` also for a frozen one."""
        outline = self._session.live.outline
        rows = []
        for node in outline.tensors(outline.nodes[0]):
            if node.kind == "parameter":
                row = gradient_row(node.path, node.item)  # type: ignore[arg-type]
                state = "none" if row.state == "frozen" else row.state
                rows.append({"path": row.path, "state": state, "norm": row.norm, "shared_with": list(node.shared_with)})
        return rows

    def _fail(self, problem: Problem | None, failed: CallRow | None) -> None:
        if problem is None:
            return
        self._failed = True
        if problem.kind == "interrupted":
            self._part(stopped="interrupted")
            return
        self._part(
            error={
                "type": problem.type or None,
                "message": problem.message if problem.type else "; ".join(filter(None, [problem.title, problem.text])),
                "module": None if failed is None else failed.module,
                "op": None if failed is None else failed.op,
                "inputs": None if failed is None else [shape_from_text(text) for text in failed.inputs],
                "where": (failed.where if failed else "") or problem.where or None,
            }
        )

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._part(notes=self._notes)

    def _part(self, **fields: Any) -> None:
        self._tell("part", fields)


def _first_nonfinite(rows: list[dict[str, Any]]) -> Any:
    """Backward goes from the output to the input: the last parameter whose gradient holds NaN or infinity."""
    for row in reversed(rows):
        norm = row["norm"]
        if norm is not None and not math.isfinite(norm):
            return {
                "phase": "backward",
                "what": "NaN" if math.isnan(norm) else "infinity",
                "module": row["path"].rpartition(".")[0],
                "op": None,
                "where": None,
                "call": None,
                "tensor": row["path"],
            }
    return None
