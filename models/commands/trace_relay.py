"""A trace relayed over a pipe: sent call by call while it is recorded, and built again where it is received."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from ..messages import CallBackward
from ..run.trace.call_statistics import OutputStatistics
from ..run.trace.calls import OF_ROW, Call, Several, Shape
from ..run.trace.record import Trace
from .supervisor import Send

FIELDS = tuple(name for name in Call.__struct_fields__ if name not in ("repeat", "backward", *OF_ROW))
"""Of a call, as they are sent; what repeats is counted where it is received, and rows are the same there.  What a
backward did is sent when that is over."""


class TraceSender(Trace):
    """Trace that sends every call when it is recorded, before whatever comes next can hang or crash."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._nonfinite_sent: object = None

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

    def finish(self) -> None:
        """End the run; send at which row the first NaN or infinity is, now that none is folded, and what came late."""
        super().finish()
        self._send_nonfinite()
        if self.late:
            self._send("late", {call.index: _packed(call) for call in self.late})

    def send_kept(self) -> None:
        """Send the bytes that each row keeps for backward and has in use at its peak, where known: after the run."""
        kept = [call.kept for call in self.calls]
        if any(each is not None for each in kept):
            self._send("kept", kept)
        self._send("peaks", [call.peak for call in self.calls])

    def send_backward(self) -> None:
        """Send what a backward did at each row, where it was watched."""
        found = [None if call.backward is None else asdict(call.backward) for call in self.calls]
        if any(found):
            self._send("backward", found)

    def send_returned(self) -> None:
        """Send which rows gave what the call of each module returned: after the run."""
        self._send("returned", {call.index: call.returned_rows() for call in self.calls if call.returned})

    def _send_nonfinite(self) -> None:
        if self.nonfinite is not self._nonfinite_sent:
            self._nonfinite_sent = self.nonfinite
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
            self.trace.add(self._unpacked(values[0]))
        elif name == "open":
            call = self._unpacked(values[0])
            self.under_way.append(call)
            place = self.trace.open(call)
            if place is not None:
                self._open[place] = call
        elif name == "close":
            place, packed = values
            call = self._open.pop(place)
            self._complete(call, packed)
            self.under_way = self.under_way[: self.under_way.index(call)]
            self.trace.close(place)
        elif name == "late":
            for index, packed in values[0].items():
                self._complete(self.trace.row(int(index)), packed)
        elif name == "kept":
            for call, kept in zip(self.trace.calls, values[0], strict=False):
                call.kept = kept
        elif name == "peaks":
            for call, peak in zip(self.trace.calls, values[0], strict=False):
                call.peak = peak
        elif name == "backward":
            for call, found in zip(self.trace.calls, values[0], strict=False):
                call.backward = None if found is None else CallBackward(**found)
        elif name == "returned":
            for index, rows in values[0].items():
                self.trace.row(int(index)).returned = tuple(self.trace.row(row) for row in rows)
        elif name == "restart":
            self.__init__()  # type: ignore[misc]
        else:
            return False
        return True

    def _complete(self, call: Call, packed: list[Any]) -> None:
        ended = self._unpacked(packed)
        for field in FIELDS:
            setattr(call, field, getattr(ended, field))

    def _unpacked(self, packed: list[Any]) -> Call:
        given = dict(zip(FIELDS, packed, strict=True))
        given["producers"] = tuple(self.trace.row(index) for index in given["producers"])
        if given["statistics"] is not None:
            given["statistics"] = OutputStatistics(*given["statistics"])
        given["inputs"] = tuple(_shape(shape) for shape in given["inputs"])
        given["output"] = _shape(given["output"])
        given["tensors"], given["mode"] = tuple(given["tensors"]), tuple(given["mode"])
        return Call(**given)


def _packed(call: Call) -> list[Any]:
    given = {field: getattr(call, field) for field in FIELDS}
    given["producers"] = call.producer_rows()
    if call.statistics is not None:
        given["statistics"] = [getattr(call.statistics, name) for name in OutputStatistics.__slots__]
    return list(given.values())


def _shape(value: Any) -> Shape:
    """Return a shape that came as JSON: a list of sizes only is one value's."""
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    if all(isinstance(size, int) for size in value):
        return tuple(value)
    return Several(_shape(part) for part in value)
