"""One recorded call: of a module, or of an operation within one.  Keeps shapes and names, never a tensor."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from ..messages import CallRow


class Several(tuple["Shape", ...]):
    """The shapes of several values, where a plain tuple is the shape of one."""

    __slots__ = ()


Shape = tuple[int, ...] | Several | str | None
"""Of one value: a tensor's sizes; of several values; the text of a truth value; None for what has no shape."""


def shape_text(shape: Shape) -> str:
    """`[2, 20]`, `([2, 3], [2])`, `True`, or an empty text."""
    if shape is None or isinstance(shape, str):
        return shape or ""
    if isinstance(shape, Several):
        return f"({', '.join(shape_text(part) or '·' for part in shape)})"
    return str(list(shape))


@dataclass(slots=True, eq=False)
class Call:
    """One row of the trace while it is recorded; `row` gives what crosses the wall."""

    module: str
    op: str
    kind: Literal["module", "operation"]
    depth: int
    where: str
    inputs: tuple[Shape, ...] = ()
    output: Shape = None
    tensors: tuple[str, ...] = ()
    seconds: float | None = None
    failed: str = ""
    note: str = ""
    repeat: int = 1

    def sort(self) -> Hashable:
        """What two calls must have in common to be told as one that repeats."""
        return (self.module, self.op, self.where, self.inputs, self.output, self.tensors, self.note, self.depth)

    def absorb(self, later: Call) -> None:
        """Count `later`, a call of the same sort, as a repetition of this one."""
        self.repeat += later.repeat
        if self.seconds is not None and later.seconds is not None:
            self.seconds += later.seconds

    def row(self) -> CallRow:
        """The message: shapes as text."""
        return CallRow(
            module=self.module,
            op=self.op,
            kind=self.kind,
            depth=self.depth,
            inputs=[shape_text(shape) for shape in self.inputs],
            output=shape_text(self.output),
            tensors=list(self.tensors),
            where=self.where,
            repeat=self.repeat,
            seconds=self.seconds,
            failed=self.failed,
            note=self.note,
        )
