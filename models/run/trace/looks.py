"""Looks at what calls gave for NaN and infinities, and reports the first: at once, or once a device has measured it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from torch import Tensor

from ...tensors.plainly import attribute
from .accelerator import Found, Pending, Readings, known
from .born import ATTENTION, LARGEST
from .call_statistics import OutputStatistics
from .calls import Call
from .flow import base_of
from .origins import Memory, Origin, Origins
from .reading import Reading
from .record import FirstNonfinite, Trace
from .shapes import LIMIT, tensors_in

Before = list[tuple[Tensor, Found]]
"""What an operation read, each tensor with its statistics before it; None where they are not known."""
Measure = Callable[[Tensor], Found]
"""Returns the statistics of a tensor."""
_Past = list[tuple[Memory, Found]]


class Looks:
    """What is not finite in the calls of one run.

    Args:
        path_of: as `Origins` has it.
        before: returns what an operation read.
        trace: where the first NaN or infinity is reported.
        readings: what devices are still measuring; what comes behind it is looked at later too, in its order.
    """

    def __init__(
        self,
        path_of: Callable[[Tensor], tuple[str, bool] | None],
        before: Callable[[Reading], Before],
        trace: Trace,
        readings: Readings,
    ) -> None:
        self._origins = Origins(path_of)
        self._before = before
        self._trace = trace
        self._readings = readings
        self._is_settled = False
        """Whether what the trace reports as not finite reached a result of the network."""

    def given(self, tensor: Tensor, found: Found, call: Call) -> None:
        """Look at what the network was given."""
        if type(found) is Pending or self._readings.waiting:
            self._readings.then(partial(self._given, Memory(tensor, kept=False), found, call))
        elif found is not None:
            self._given(Memory(tensor), found, call)

    def gave(
        self,
        output: Tensor,
        found: Found,
        reading: Reading | None,
        call: Call,
        row: Call,
        before: Before | None = None,
    ) -> None:
        """Look at what an operation gave, or wrote the whole of.

        Args:
            reading: the operation; None for a module within which none was seen.
            row: the call whose row it will be counted in.
            before: what it read, where that was looked up before it was noted what it wrote.
        """
        if type(found) is Pending or self._readings.waiting:
            past, literals = self._past(reading, before, kept=False)
            memory, is_own = Memory(output, kept=False), base_of(output) is None
            self._readings.then(partial(self._gave_late, memory, is_own, found, past, literals, call, row))
        elif found is not None and not found.all_finite:  # type: ignore[union-attr]
            self._gave(Memory(output), found, *self._past(reading, before, kept=True), call, row)
        elif self._origins.holds and base_of(output) is None:
            self._origins.finite(output)

    def wrote_parts(
        self,
        target: Tensor,
        before: Before,
        measure: Measure,
        reading: Reading,
        call: Call,
        row: Call,
    ) -> None:
        """Look at what an operation wrote into some elements of `target`: at the rest nobody looks again.

        Args:
            before: what it read.
            measure: returns the statistics of one of which they are not known.
        """
        wrote = [
            (tensor, each or measure(tensor))
            for tensor, each in before
            if tensor is not target and attribute(tensor, "dtype").is_floating_point
        ]
        literals = reading.literals
        if self._readings.waiting or any(type(each) is Pending for _, each in wrote):
            past = [(Memory(tensor, kept=False), each) for tensor, each in wrote]
            self._readings.then(partial(self._wrote, Memory(target, kept=False), past, literals, call, row))
        else:
            self._wrote(Memory(target), [(Memory(tensor), each) for tensor, each in wrote], literals, call, row)

    def end(self, output: object) -> None:
        """Report what is not finite in the network's result, now that the call of the network is over."""
        self._readings.read()
        if self._is_settled:
            return
        self._trace.nonfinite = self._trace.nonfinite_at = None  # what was made within is gone
        if not self._origins.any:
            return
        origins = self._origins.in_output(islice(tensors_in(output), LIMIT))
        if origins:
            self._is_settled = True
            self._trace.nonfinite = _described(origins[0], origins[0].call.row_of().index)
        elif (gone := self._origins.overflow()) is not None:
            self._trace.overflow = _described(gone, gone.call.row_of().index)

    def _past(self, reading: Reading | None, before: Before | None, kept: bool) -> tuple[_Past, list[float]]:
        """Return what an operation read, and the numbers among its arguments."""
        if reading is None:
            return [], []
        before = self._before(reading) if before is None else before
        return [(Memory(tensor, kept), found) for tensor, found in before], reading.literals

    def _given(self, memory: Memory, found: Found, call: Call) -> None:
        measured = known(found)
        if measured is None or not (measured.nan or measured.inf):
            return
        origin = self._origins.given(memory, measured, call)
        if origin is not None:
            call.row_of().add_note(f"{origin.what} in its input")
            self._report(origin, call)

    def _gave_late(
        self, memory: Memory, is_own: bool, found: Found, past: _Past, literals: list[float], call: Call, row: Call
    ) -> None:
        measured = known(found)
        if measured is not None and not measured.all_finite:
            self._gave(memory, measured, past, literals, call, row)
        elif is_own:
            self._origins.finite_at(memory.key)

    def _gave(self, memory: Memory, found: Found, past: _Past, literals: list[float], call: Call, row: Call) -> None:
        measured = known(found)
        assert measured is not None
        self._note(self._origins.made(memory, measured, _read(past), literals, call), call, row)

    def _wrote(self, target: Memory, past: _Past, literals: list[float], call: Call, row: Call) -> None:
        for memory, found in _read(past):
            if found is not None and (found.nan or found.inf):
                made = self._origins.made(target, found, [(memory, found)], literals, call, partly=True)
                self._note(made, call, row)
        written = _of_literals(literals)
        if written.nan or written.inf:
            self._note(self._origins.made(target, written, [], literals, call, partly=True), call, row)

    def _note(self, new: list[Origin], call: Call, row: Call) -> None:
        """Note what a call made that is not finite, the first of its kind at its row."""
        for origin in new:
            if self._origins.is_first(origin):
                cause = origin.cause
                made_of = f", of the infinity of {cause.call.op}" if cause is not None else ""
                row.row_of().add_note(f"first {origin.what}{made_of}")
                if origin.what == "NaN" and not self._is_settled and not _is_behind(row):
                    self._report(origin, row)

    def _report(self, origin: Origin, row: Call) -> None:
        """Report a NaN before it is known whether it reaches the result: the run may not come so far."""
        index = row.index if row.index >= 0 else len(self._trace)
        self._trace.nonfinite, self._trace.nonfinite_at = _described(origin, index), row


def _is_behind(call: Call) -> bool:
    """Return whether it is of an operation behind the network, which has no row."""
    return call.kind == "operation" and not call.depth


def _read(past: _Past) -> list[tuple[Memory, OutputStatistics | None]]:
    return [(memory, known(found)) for memory, found in past]


def _of_literals(numbers: Iterable[float]) -> OutputStatistics:
    """Return how many of the numbers are NaN or infinite; nothing else of them."""
    numbers = list(numbers)
    signs = [math.isinf(number) and number > 0 for number in numbers]
    inf, nan = sum(map(math.isinf, numbers)), sum(map(math.isnan, numbers))
    return OutputStatistics(len(numbers), 0.0, 0.0, 0.0, 0.0, 0, nan, sum(signs), inf - sum(signs))


def _described(origin: Origin, index: int) -> FirstNonfinite:
    call, cause = origin.call, origin.cause
    return {
        "phase": origin.phase,
        "what": origin.what,
        "module": call.module,
        "op": call.op,
        "where": call.where or None,
        "call": index if index >= 0 else None,
        "tensor": origin.tensor,
        "cause": None if cause is None else {"op": cause.call.op, "where": cause.call.where or None},
        "text": None if origin.phase == "input" or origin.tensor is not None else _sentence(origin),
    }


def _sentence(origin: Origin) -> str:
    """Return which operation made it of what: `log of -0.31 at [0, 2], which read -0.83 to 0.58`."""
    call, cause = origin.call, origin.cause
    text = f"{call.op}{origin.made_of}"
    if cause is not None and not (call.op in ATTENTION and origin.made_of):  # which says it by the mask's own name
        text += f", of an infinity from {cause.call.op}" + (f" at {cause.call.where}" if cause.call.where else "")
    elif origin.range and not (origin.made_of and " to " not in origin.range):
        text += f", which read {origin.range}" + (" in all" if origin.made_of else "")
    return f"{text}; it is float16 there, which holds at most {LARGEST:,}" if origin.narrow else text
