"""What `run` reports, put together from what the run tells while it goes on."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

from ..run.calls import Call, Several, Shape
from ..run.record import Trace
from .supervisor import Ending
from .trace_relay import TraceReceiver


class Report:
    """The fields of `run --json`, complete at any moment as far as the run got."""

    def __init__(self) -> None:
        self._received = TraceReceiver()
        self._parts: dict[str, Any] = {"notes": []}
        self._began: float | None = None

    @property
    def started(self) -> bool:
        """Whether there is a run to report on: SOURCE could be opened."""
        return "input" in self._parts

    @property
    def stopped(self) -> str | None:
        """`timeout` or `interrupted`; None for a run that came to its own end."""
        return self._parts.get("stopped")

    @property
    def failed(self) -> bool:
        """Whether the model's own forward or backward failed."""
        return self._parts.get("error") is not None

    def receive(self, name: str, values: list[Any]) -> None:
        """Take in what the run tells."""
        if self._received.receive(name, values):
            return
        self._parts.update(values[0])
        if self.started and self._began is None:
            self._began = time.perf_counter()

    def end(self, ending: Ending) -> None:
        """The run is over, however it ended."""
        if ending.how in ("timeout", "interrupted"):
            self._parts["stopped"] = ending.how
        elif ending.how == "crashed":
            kind, message = crash(ending.status)
            call = self._received.under_way[-1] if self._received.under_way else None
            self._parts["error"] = {
                "type": kind,
                "message": message,
                "module": call.module if call else None,
                "op": call.op if call else None,
                "inputs": [call_shape(shape) for shape in call.inputs] if call else None,
                "where": (call.where or None) if call else None,
            }
        if self._parts.get("seconds") is None and self._began is not None:
            self._parts["seconds"] = time.perf_counter() - self._began

    @property
    def trace(self) -> Trace:
        """The calls."""
        return self._received.trace

    def fields(self) -> dict[str, Any]:
        """The object that `run --json` prints, `schema` left out.  What does not apply is None."""
        found = self._parts
        self.trace.finish()
        return {
            "input": found.get("input"),
            "inputs": found.get("inputs"),
            "keyword_inputs": found.get("keyword_inputs"),
            "output": found.get("output"),
            "calls": [call_report(call) for call in self.trace.calls],
            "gradients": found.get("gradients"),
            "error": found.get("error"),
            "nonfinite": found.get("nonfinite"),
            "seconds": found.get("seconds"),
            "complete": bool(found.get("complete")),
            "stopped": self.stopped,
            "dry": found.get("dry"),
            "notes": found["notes"],
        }


def crash(status: int) -> tuple[str, str]:
    """Type and message for a process that ended within the model's code."""
    if status >= 0:
        return "SystemExit", f"the model's code ended the process with exit status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    told = signal.strsignal(-status)
    return name, f"the model's code was ended by {name}" + (f" ({told})" if told else "")


def call_report(call: Call) -> dict[str, Any]:
    """One entry of `calls`."""
    return {
        "module": call.module,
        "op": call.op,
        "kind": call.kind,
        "depth": call.depth,
        "inputs": [call_shape(shape) for shape in call.inputs],
        "output": call_shape(call.output),
        "tensors": list(call.tensors),
        "where": call.where or None,
        "repeat": call.repeat,
        "seconds": call.seconds,
        "flops": None,
        "failed": call.failed or None,
        "note": call.note or None,
    }


def call_shape(shape: Shape) -> list[Any] | None:
    """A list of sizes; of several values a list of such; None for what has no shape."""
    if shape is None or isinstance(shape, str):
        return None
    return [call_shape(part) for part in shape] if isinstance(shape, Several) else list(shape)


def shape_from_text(text: str) -> list[Any] | None:
    """The same from a `CallRow`, which tells shapes as text: `[2, 20]`, `([2, 3], ·)`."""
    try:
        found = json.loads(text.translate({ord("("): "[", ord(")"): "]", ord("·"): "null"}))
    except ValueError:
        return None
    return found if isinstance(found, list) else None
