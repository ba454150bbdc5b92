"""One forward (and backward) run, sent part by part while it goes on."""

from __future__ import annotations

import math
from typing import Any

from msgspec.structs import asdict

from ..live.gradients import gradient_row
from ..messages import Problem
from ..run.backward import run_backward
from ..run.forward import ForwardResult, run_forward, structure_of
from ..run.gradients.weight_norms import weight_norms
from ..run.inputs.arguments import device_of
from ..run.inputs.inputs import ArgsKwargs, make_inputs
from ..run.inputs.run_mode import in_dtype
from ..run.inputs.specs import expression, parse_spec
from ..run.replaced import replaced_parameters, replaced_text
from ..run.trace.calls import Call
from ..run.trace.went_back import Conflict, WentBack
from ..session.findings import VALUES_LIMIT, findings_of_network
from ..session.session import Session
from ..sources.tracebacks import problem_of
from .run_report import error_report
from .supervisor import Send
from .trace_relay import TraceSender

GUESSED = "the input {} is a guess from {}; --input or --inputs says what it is"
UNKNOWN = (
    "no input is known for this network, so it was called without one; "
    "--input 2x20, NAME=2x20 or --inputs FILE.py:NAME says what it is"
)


class Work:
    """One run of the open network, sent part by part.

    The calls are sent as `TraceSender` does, everything else as `part`: fields of the report by their names.  What the
    model raises is sent as the field `error`.

    Args:
        backward: whether to go back from the result too.
        dry: whether to run without values where that is possible.
        values_limit: bytes of elements that are read for findings; None for all.
        specs: the inputs of a dry run, which makes them without memory; None for those of the session.

    Raises:
        SpecError: one of `specs` cannot be read.
    """

    def __init__(
        self,
        session: Session,
        send: Send,
        *,
        backward: bool = False,
        dry: bool = False,
        specs: list[str] | None = None,
        values_limit: int | None = VALUES_LIMIT,
    ) -> None:
        self._session = session
        self._send = send
        self._backward = backward
        self._dry = dry
        self._values_limit = values_limit
        self._specs = [parse_spec(text) for text in specs or []]
        self._trace = TraceSender(send)
        self._failed = False
        self._notes: list[str] = []
        self._after = session.live.tree
        """The network as it is after the forward: it may have replaced its own parameters."""
        self._replaced: dict[str, str] = {}
        self._input = session.inputs.text
        if self._specs:
            self._input = ", ".join(map(expression, self._specs))
        elif session.inputs.guessed_from:
            self._note(GUESSED.format(self._input, session.inputs.guessed_from))

    def do(self) -> None:
        """Run the network, and send how it went; raises nothing that the model raises."""
        mode = {name: value or None for name, value in asdict(self._session.inputs.mode).items()}
        self._part(input=self._input or None, mode=mode, weights=_weights(self._session))
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
        self._trace.send_returned()
        self._part(
            nonfinite=self._trace.nonfinite,
            not_counted=[{"op": name, "calls": calls} for name, calls in self._trace.not_counted.items()],
        )
        self._find()
        if not self._failed:
            self._part(complete=True)

    def _find(self) -> None:
        """Send what is remarkable about the network and the run."""
        found = findings_of_network(self._session, self._after, self._trace, values_limit=self._values_limit)
        self._part(findings=[asdict(each) for each in found.findings], looked_at=found.looked_at)

    def _forward(self) -> ForwardResult:
        tree, mode = self._session.live.tree, self._session.inputs.mode
        if self._dry:
            from ..run.dry.dry_run import run_dry  # with it comes sympy, which takes most of a second to import

            result, reason = run_dry(self._arguments, tree, self._trace, mode)
            if reason is None:
                self._trace.send_kept()
                self._part(dry=True, seconds=result.seconds)
                return result
            self._note(f"{reason}: this is a real run")
            self._send("restart")
            self._trace = TraceSender(self._send)
        args, kwargs = self._arguments()
        result = run_forward(tree.root, args, kwargs, tree, self._trace, mode=mode)
        self._trace.send_kept()
        if self._trace.warm_up:
            self._note(self._trace.warm_up)
        self._after = self._session.present_tree()
        self._replaced = self._trace.replaced = replaced_parameters(tree, self._after, self._trace)
        self._trace.replaced = self._replaced
        if self._replaced:
            self._note(replaced_text(self._replaced))
        self._part(dry=False, seconds=result.seconds)
        return result

    def _arguments(self) -> ArgsKwargs:
        arguments = self._session.inputs.arguments
        if self._specs:
            arguments = make_inputs(self._specs, device_of(self._session.root))
        arguments = args, kwargs = in_dtype(arguments, self._session.inputs.mode)
        self._part(
            inputs=[structure_of(each) for each in args],
            keyword_inputs={name: structure_of(each) for name, each in kwargs.items()},
        )
        return arguments

    def _go_back(self, output: object) -> None:
        result = run_backward(output, self._session.root, self._trace, self._after)
        self._trace.send_backward()
        conflict = result.conflict
        self._fail(result.problem, None if conflict is None else conflict.needed_by, conflict)
        if result.start is not None:
            self._part(**{"from": result.start.report()})
        if result.note:
            self._note(result.note)
        rows = self._gradients(result.went_back)
        self._part(gradients=rows, backward_seconds=result.seconds)
        if self._trace.nonfinite is None:
            self._trace.nonfinite = result.went_back.nonfinite or (None if result.watched else _first_nonfinite(rows))

    def _gradients(self, went_back: WentBack) -> list[dict[str, Any]]:
        """Return state and norm of the gradient of every parameter as it is after the run.

        The state is `none` also for a frozen one.
        """
        rows = []
        beside = weight_norms(self._after)
        for node in self._after.tensors_below(self._after.nodes[0]):
            if node.kind == "parameter":
                row = gradient_row(node.path, node.item)  # type: ignore[arg-type]
                state = "none" if row.state == "frozen" else row.state
                reason = went_back.reasons.get(node.path)
                cause = "frozen" if row.state == "frozen" else None if reason is None else reason.cause
                rows.append(
                    {
                        "path": row.path,
                        "state": state,
                        "norm": row.norm,
                        "relative": beside[node.path].relative if node.path in beside else None,
                        "shared_with": list(node.shared_with),
                        "reason": cause if state == "none" else None,
                        "where": (None if reason is None else reason.where) or self._replaced.get(node.path) or None,
                        "text": None if reason is None else reason.text,
                        "call": None if reason is None else reason.row,
                        "replaced": node.path in self._replaced,
                        "registered": node.registered,
                        "uses": [use.report() for use in went_back.uses.get(node.path, [])],
                    }
                )
        return rows

    def _fail(self, problem: Problem | None, failed: Call | None, conflict: Conflict | None = None) -> None:
        if problem is None:
            return
        self._failed = True
        self._trace.problem = problem
        if problem.kind == "interrupted":
            self._part(stopped="interrupted")
            return
        message = problem.message if problem.type else "; ".join(filter(None, [problem.title, problem.text]))
        error = error_report(problem.type or None, message, failed, problem.where, problem.hint)
        self._part(error=error if conflict is None else error | {"conflict": conflict.report()})

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._part(notes=self._notes)

    def _part(self, **fields: Any) -> None:
        self._send("part", fields)


def _weights(session: Session) -> dict[str, int | None]:
    """Return how many parameters the network has, and the bytes of those and of its buffers, each shared one once."""
    parameters, _, size = session.live.totals_of_parameters()
    return {"parameters": parameters, "weight_bytes": size}


def _first_nonfinite(rows: list[dict[str, Any]]) -> Any:
    """Return the last parameter whose gradient holds NaN or infinity: backward goes from the output to the input."""
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
                "cause": None,
                "text": None,
            }
    return None
