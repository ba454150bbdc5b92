"""A trace relayed over a pipe: sent call by call while it is recorded, and built again where it is received."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..run.calls import Call, Several, Shape
from ..run.record import Trace
from .supervisor import Tell

FIELDS = tuple(field.name for field in fields(Call) if field.name != "repeat")
"""Of a call, as they are sent; what repeats is counted where it is received."""


class TraceSender(Trace):
    """Sends every call when it is recorded, before whatever comes next can hang or crash."""

    def __init__(self, send: Tell) -> None:
        super().__init__()
        self._send = send
        self._nonfinite_sent = False

    def add(self, call: Call) -> None:
        """Record an operation that is over, and send it."""
        self._send("add", _packed(call))
        super().add(call)
        self._send_nonfinite()

    def open(self, call: Call) -> int | None:
        """Record a module's call that begins, and send it; return its place, None where it is not kept."""
        self._send("open", _packed(call))
        return super().open(call)

    def close(self, place: int | None) -> None:
        """End the call opened at `place`, and send how it ended."""
        if place is not None:
            self._send("close", place, _packed(self._folding.rows[self.index(place)]))
        super().close(place)
        self._send_nonfinite()

    def _send_nonfinite(self) -> None:
        if self.nonfinite is not None and not self._nonfinite_sent:
            self._nonfinite_sent = True
            self._send("part", {"nonfinite": self.nonfinite})


class TraceReceiver:
    """Builds the trace again that a `TraceSender` sent."""

    def __init__(self) -> None:
        self.trace = Trace()
        self.under_way: list[Call] = []
        """Calls of modules that began and did not end, the innermost last."""
        self._open: dict[int, Call] = {}

    def receive(self, name: str, values: list[Any]) -> bool:
        """Take in one message; return False when it is not about the trace."""
        if name == "add":
            self.trace.add(_unpacked(values[0]))
        elif name == "open":
            call = _unpacked(values[0])
            self.under_way.append(call)
            place = self.trace.open(call)
            if place is not None:
                self._open[place] = call
        elif name == "close":
            place, packed = values
            call, ended = self._open.pop(place), _unpacked(packed)
            for field in FIELDS:
                setattr(call, field, getattr(ended, field))
            self.under_way = self.under_way[: self.under_way.index(call)]
            self.trace.close(place)
        elif name == "restart":
            self.__init__()  # type: ignore[misc]
        else:
            return False
        return True


def _packed(call: Call) -> list[Any]:
    return [getattr(call, field) for field in FIELDS]


def _unpacked(packed: list[Any]) -> Call:
    given = dict(zip(FIELDS, packed, strict=True))
    given["inputs"] = tuple(_shape(shape) for shape in given["inputs"])
    given["output"] = _shape(given["output"])
    given["tensors"] = tuple(given["tensors"])
    return Call(**given)


def _shape(value: Any) -> Shape:
    """A shape that came as JSON: a list of sizes only is one value's."""
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    if all(isinstance(size, int) for size in value):
        return tuple(value)
    return Several(_shape(part) for part in value)
