"""What `run` reports, put together from what the run sends while it goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict, fields

from ..messages import CallBackward, Finding
from ..messages.calls import CallFields
from ..run.trace.calls import OF_ROW, Call, Several, Shape
from .run_costs import costs_of
from .supervisor import WorkEnd, crash
from .trace_relay import TraceReceiver

if TYPE_CHECKING:
    from ..run.trace.record import Trace

OPTIONAL = {field.name for field in fields(CallFields) if field.default == ""}
"""Texts of a call that may be empty, which the report says as None."""


class Report:
    """Collects the fields of `run --json`: complete at any moment as far as the run got."""

    def __init__(self) -> None:
        self._received = TraceReceiver()
        self._parts: dict[str, Any] = {"notes": []}
        self._began: float | None = None

    @property
    def started(self) -> bool:
        """Return whether there is a run to report on: SOURCE could be opened."""
        return "input" in self._parts

    @property
    def stopped(self) -> str | None:
        """Return `timeout` or `interrupted`; None for a run that came to its own end."""
        return self._parts.get("stopped")

    @property
    def failed(self) -> bool:
        """Return whether the model's own forward or backward failed."""
        return self._parts.get("error") is not None

    def receive(self, name: str, values: list[Any]) -> None:
        """Take in one message of the run: a call of its trace, or fields of the report."""
        if self._received.receive(name, values):
            return
        self._parts.update(values[0])
        if self.started and self._began is None:
            self._began = time.perf_counter()

    def end(self, ending: WorkEnd) -> None:
        """Complete the report of a run that is over, however it ended."""
        if ending.how in ("timeout", "interrupted"):
            self._parts["stopped"] = ending.how
        elif ending.how == "crashed":
            call = self._received.under_way[-1] if self._received.under_way else None
            self._parts["error"] = error_report(*crash(ending.status), call)
        if self._parts.get("seconds") is None and self._began is not None:
            self._parts["seconds"] = time.perf_counter() - self._began

    @property
    def trace(self) -> Trace:
        """Return the calls that were received, in order."""
        return self._received.trace

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Return what is remarkable about the run; of one that ended its process, that it failed."""
        found = self._parts.get("findings")
        if found is None and self.failed:
            error = self._parts["error"]
            text = ": ".join(filter(None, [error["type"], error["message"]]))
            failure = Finding(kind="failure", severity="error", text=text, path=error["module"], where=error["where"])
            found = [asdict(failure)]
        return found or []

    @property
    def kind(self) -> str | None:
        """Return `module` or `checkpoint`, as what was opened is; None before that was sent."""
        return self._parts.get("kind")

    @property
    def notes(self) -> list[str]:
        """Return remarks on the run."""
        return list(self._parts["notes"])

    @property
    def looked_at(self) -> str:
        """Return in a few words what the findings are about; empty for a run that did not come so far."""
        return str(self._parts.get("looked_at") or "")

    @property
    def loaded(self) -> dict[str, Any] | None:
        """Return what `--weights` loaded, and what not; None without it."""
        found: dict[str, Any] | None = self._parts.get("loaded")
        return found

    def fields(self) -> dict[str, Any]:
        """Return the object that `run --json` prints, `schema` left out; what does not apply is None."""
        found = self._parts
        self.trace.finish()
        return {
            "input": found.get("input"),
            "weights": self.loaded,
            "inputs": found.get("inputs"),
            "keyword_inputs": found.get("keyword_inputs"),
            "mode": found.get("mode"),
            "output": found.get("output"),
            "calls": [call_report(call) for call in self.trace.calls],
            "from": found.get("from"),
            "gradients": found.get("gradients"),
            "error": found.get("error"),
            "nonfinite": found.get("nonfinite"),
            "findings": self.findings,
            "not_counted": found.get("not_counted"),
            "costs": costs_of(self.trace.calls, found.get("weights")),
            "seconds": found.get("seconds"),
            "complete": bool(found.get("complete")),
            "stopped": self.stopped,
            "dry": found.get("dry"),
            "notes": found["notes"],
        }


def call_report(call: Call) -> dict[str, Any]:
    """Return one entry of `calls`: every field, shapes as lists, None where an optional text is empty."""
    found: dict[str, Any] = {}
    for name, value in asdict(call).items():
        if name in OF_ROW and name != "index":
            continue
        found[name] = None if value == "" and name in OPTIONAL else value
    found["inputs"] = [shape_as_list(shape) for shape in call.inputs]
    found["output"] = shape_as_list(call.output)
    found["tensors"], found["mode"] = list(call.tensors), list(call.mode)
    found["producers"] = call.producer_rows()
    found["statistics"] = None if call.statistics is None else asdict(call.statistics.message())
    found["backward"] = None if call.backward is None else _backward_report(call.backward)
    return found


def _backward_report(backward: CallBackward) -> dict[str, Any]:
    return asdict(backward) | {"nonfinite": backward.nonfinite or None}


def error_report(kind: str | None, message: str, call: Call | None, where: str = "", hint: str = "") -> dict[str, Any]:
    """Return `error`: what was raised, in which call, and at which line.

    Args:
        kind: the class of what was raised; None where nothing was.
        call: the innermost call that failed; None where none did.
        where: the line, for a call that knows none.
        hint: why it failed, and what mends it; empty where that is not known.
    """
    return {
        "type": kind,
        "message": message,
        "module": None if call is None else call.module,
        "op": None if call is None else call.op,
        "inputs": None if call is None else [shape_as_list(shape) for shape in call.inputs],
        "where": (call.where if call is not None else "") or where or None,
        "hint": hint or None,
        "conflict": None,
    }


def shape_as_list(shape: Shape) -> list[Any] | None:
    """Return a shape for JSON: a list of sizes, None for one that depends on values; of several values a list of such.

    None for what has no shape.
    """
    if shape is None or isinstance(shape, str):
        return None
    if isinstance(shape, Several):
        return [shape_as_list(part) for part in shape]
    return [None if size < 0 else size for size in shape]
