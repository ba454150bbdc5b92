"""A trace that is told to another process call by call, and the same trace built again over there."""

from __future__ import annotations

from typing import Any

from ..run.calls import Call, Several, Shape
from ..run.record import Trace
from .supervisor import Tell


class ToldTrace(Trace):
    """Tells every call when it is recorded, before whatever comes next can hang or crash."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell_other = tell
        self._nonfinite_told = False

    def add(self, call: Call) -> None:
        """Record an operation that is over, and tell it."""
        self._tell_other("add", _packed(call))
        super().add(call)
        self._tell_nonfinite()

    def open(self, call: Call) -> int | None:
        """Record a module's call that begins, and tell it."""
        self._tell_other("open", _packed(call))
        return super().open(call)

    def close(self, place: int | None) -> None:
        """The call opened at `place` is over: tell how it ended."""
        if place is not None:
            self._tell_other("close", place, _packed(self._folding.rows[self.index(place)]))
        super().close(place)
        self._tell_nonfinite()

    def _tell_nonfinite(self) -> None:
        if self.nonfinite is not None and not self._nonfinite_told:
            self._nonfinite_told = True
            self._tell_other("part", {"nonfinite": self.nonfinite})


class Replay:
    """What a `ToldTrace` told, as a trace again."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.under_way: list[Call] = []
        """Calls of modules that began and did not end, the innermost last."""
        self._open: dict[int, Call] = {}

    def hear(self, name: str, values: list[Any]) -> bool:
        """Take in one thing that was told; False when it is not about the trace."""
        if name == "add":
            self.trace.add(_unpacked(values[0]))
        elif name == "open":
            call = _unpacked(values[0])
            self.under_way.append(call)
            place = self.trace.open(call)
            if place is not None:
                self._open[place] = call
        elif name == "close":
            place, fields = values
            call, ended = self._open.pop(place), _unpacked(fields)
            call.inputs, call.output, call.tensors = ended.inputs, ended.output, ended.tensors
            call.seconds, call.failed, call.note = ended.seconds, ended.failed, ended.note
            self.under_way = self.under_way[: self.under_way.index(call)]
            self.trace.close(place)
        elif name == "restart":
            self.__init__()  # type: ignore[misc]
        else:
            return False
        return True


def _packed(call: Call) -> list[Any]:
    return [
        call.module,
        call.op,
        call.kind,
        call.depth,
        call.where,
        call.inputs,
        call.output,
        call.tensors,
        call.seconds,
        call.failed,
        call.note,
    ]


def _unpacked(fields: list[Any]) -> Call:
    module, op, kind, depth, where, inputs, output, tensors, seconds, failed, note = fields
    return Call(
        module=module,
        op=op,
        kind=kind,
        depth=depth,
        where=where,
        inputs=tuple(_shape(shape) for shape in inputs),
        output=_shape(output),
        tensors=tuple(tensors),
        seconds=seconds,
        failed=failed,
        note=note,
    )


def _shape(value: Any) -> Shape:
    """A shape that came as JSON: a list of sizes only is one value's."""
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    if all(isinstance(size, int) for size in value):
        return tuple(value)
    return Several(_shape(part) for part in value)
