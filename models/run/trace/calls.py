"""One recorded call: of a module, or of an operation within one.  Keeps shapes and names, and copies where asked to."""

from __future__ import annotations

from collections.abc import Hashable
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from ...messages import CallDifference, CallRow
from ...messages.calls import CallBackward, CallFields
from .call_statistics import OutputStatistics

if TYPE_CHECKING:
    from .captured import CallTensors


class Several(tuple["Shape", ...]):
    """Shapes of several values, where a plain tuple is the shape of one."""

    __slots__ = ()


Shape = tuple[int, ...] | Several | str | None
"""Of one value: a tensor's sizes, -1 for one that depends on values; of several values; the text of a truth value; None
for what has no shape."""


def sizes_of(shape: Shape) -> tuple[int, ...] | None:
    """Return the sizes of one tensor; None for several, and for what has none."""
    return shape if isinstance(shape, tuple) and not isinstance(shape, Several) else None


def shape_as_text(shape: Shape) -> str:
    """Return a shape as text: `[2, 20]`, `[?, 4]`, `([2, 3], [2])`, `True`; empty for what has no shape."""
    if shape is None or isinstance(shape, str):
        return shape or ""
    if isinstance(shape, Several):
        return f"({', '.join(shape_as_text(part) or '·' for part in shape)})"
    return str(list(shape)).replace("-1", "?") if -1 in shape else str(list(shape))


INTERRUPTED = "interrupted"
"""In place of an error, of a call that the user interrupted: that is no failure."""


class Call(CallFields, kw_only=True, eq=False):
    """One call while it is recorded; `row` returns what crosses the wall."""

    inputs: tuple[Shape, ...] = ()
    output: Shape = None
    tensors: tuple[str, ...] = ()
    statistics: OutputStatistics | None = None
    producers: tuple[Call, ...] = ()
    subject: Call | None = None
    """Of a loss, the call that made what it compares with its target; None for what no call made, and for no loss."""
    odd: str = ""
    """Of a loss, what is wrong with the numbers that it was given; empty for nothing."""
    along: int | None = None
    """Of a softmax, the dimension whose elements it makes sum to 1; None where it is not known."""
    mode: tuple[str, ...] = ()
    backward: CallBackward | None = None
    captured: CallTensors | None = None
    """Copies of what it was given and returned; None where none were taken."""
    difference: CallDifference | None = None
    """How it differs from the same call of the run that it is compared with; None where it is not compared."""
    index: int = -1
    """Of its row; -1 for a call that has none of its own."""
    into: Call | None = None
    """The call whose row counts this one too; None for one with a row of its own."""
    returned: tuple[Call, ...] = ()
    """Of a module's call, those whose results it returned."""

    def add_note(self, note: str) -> None:
        """Add a remark for the user behind those that are there, once."""
        if note not in self.note:
            self.note = f"{self.note}; {note}" if self.note else note

    def row_of(self) -> Call:
        """Return the call whose row this one is counted in."""
        call = self
        while call.into is not None:
            call = call.into
        return call

    def producer_rows(self) -> list[int]:
        """Return the indices of the rows of the calls whose results it read, ascending."""
        rows = {call.row_of().index for call in self.producers}
        rows.discard(-1)
        return sorted(rows)

    def returned_rows(self) -> list[int]:
        """Return the indices of the rows of the calls whose results a module's call returned, ascending."""
        rows = {call.row_of().index for call in self.returned}
        rows.discard(-1)
        return sorted(rows)

    def fold_key(self) -> Hashable:
        """Return what two calls must have in common to be counted as one that repeats: all but what is joined."""
        return _fold_key(self)

    def place_key(self) -> Hashable:
        """Return the same without shapes and notes: what is called, from where, and what of the network it reads."""
        return self.module, self.op, self.kind, self.depth, self.where, self.tensors

    def is_like(self, other: Call) -> bool:
        """Return whether their `fold_key` is the same; quicker where it is."""
        return (
            self.where == other.where
            and self.op == other.op
            and self.output == other.output
            and self.inputs == other.inputs
            and self.module == other.module
            and self.tensors == other.tensors
            and self.bytes == other.bytes
            and self.depth == other.depth
            and self.kind == other.kind
            and self.note == other.note
            and self.mode == other.mode
            and self.failed == other.failed
        )

    def absorb(self, later: Call) -> None:
        """Count `later`, a call of the same key, as a repetition of this one: join what is `JOINED`."""
        if later.note and later.note not in self.note and len(self.note) < LONGEST_NOTE:
            self.add_note(f"{later.note} in turn {self.repeat + 1:,}")
        if later.output != self.output or later.inputs != self.inputs:  # of a run with very many rows
            self.add_note(OTHER_SHAPES)
            self.bytes = max(self.bytes or 0, later.bytes or 0)
        else:
            later.output, later.inputs = self.output, self.inputs  # the same, once for all
        self.repeat += later.repeat
        if self.seconds is not None and later.seconds is not None:
            self.seconds += later.seconds
        if self.self_seconds is not None and later.self_seconds is not None:
            self.self_seconds += later.self_seconds
        if self.flops is not None:
            self.flops = None if later.flops is None else self.flops + later.flops
        if self.elementwise is not None:
            self.elementwise = None if later.elementwise is None else self.elementwise + later.elementwise
        if self.peak is not None and later.peak is not None and later.peak > self.peak:
            self.peak = later.peak
        if self.statistics is not None and later.statistics is not None:
            self.statistics = self.statistics.joined(later.statistics)
        producers = self.producers
        if later.producers and len(producers) < PRODUCER_LIMIT:
            for call in later.producers:
                if (call if call.into is None else call.row_of()) not in producers:
                    mine = {call.row_of(): None for call in (*producers, *later.producers)}
                    self.producers = tuple(mine)[:PRODUCER_LIMIT]
                    break
        self.captured = later.captured
        if later.reads_input:
            self.reads_input = True
        # or a call would keep all those before it
        later.producers = later.returned = ()
        later.statistics = later.captured = later.subject = None
        later.into = self

    def row(self) -> CallRow:
        """Return the call as a message: shapes as text."""
        given = asdict(self)
        given["inputs"] = [shape_as_text(shape) for shape in self.inputs]
        given["output"] = shape_as_text(self.output)
        given["tensors"], given["mode"] = list(self.tensors), list(self.mode)
        given["statistics"] = None if self.statistics is None else self.statistics.message()
        given["producers"] = self.producer_rows()
        given["index"] = max(self.index, 0)
        del given["into"], given["captured"], given["returned"], given["subject"], given["odd"], given["along"]
        return CallRow(**given)


OTHER_SHAPES = "other shapes in other turns"
LONGEST_NOTE = 300
"""Characters of a note to which those of later repetitions are added."""
JOINED = (
    *("repeat", "seconds", "self_seconds", "kept", "peak", "flops", "elementwise", "statistics", "producers"),
    "backward",
    "reads_input",
)
"""Fields that `absorb` joins over the repetitions of a call; `kept` and `backward` are found when all are folded."""
OF_ROW = ("index", "into", "captured", "returned", "difference", "subject", "odd", "along")
"""Fields that are of one row alone."""
PRODUCER_LIMIT = 16
"""Producers that a row has over all its repetitions."""
_fold_key = attrgetter(*[name for name in Call.__struct_fields__ if name not in (*JOINED, *OF_ROW)])
