"""What changes something or takes long: statements, forward, backward, undo.  All run in the engine's main thread.

The calls of a forward run stay with the engine as run `run`; the interface asks for pages of them, also while the run
goes on (`CallsGrew` tells that there are more).
"""

from __future__ import annotations

from typing import Literal

from .base import Body, Problem, Record
from .limits import Count, Depth, Names, Page, Seconds, Signed, Text


class Execute(Body):
    """One statement or block for the console; answered by `Executed`."""

    text: Text


class Executed(Body):
    value: Text | None = None
    """The bounded `repr` of an expression's value; None when there is none."""
    problem: Problem | None = None
    """What it raised, with the traceback cut to the user's own frames."""
    changed: Names = []
    """Paths whose values it changed, every shared name told (at most 1,000)."""
    seconds: Seconds = 0.0
    run: Count | None = None
    """The run that recorded its calls, when it called the network."""


class Forward(Body):
    """Run the network on the input `X`; answered by `Ran`."""


class Backward(Body):
    """Backward from the result of the last forward run (summed if it is no scalar); answered by `Ran`."""


class ZeroGradients(Body):
    """Set every gradient to None; answered by `Done`."""


class Undo(Body):
    """Take back the last change of values or gradients; answered by `Done` saying what was undone."""


class Ran(Body):
    run: Count | None
    text: Text = ""
    """One or two lines on the result: `[2, 1] float32, grad_fn AddmmBackward0`, or what backward reached."""
    problem: Problem | None = None
    changed: Names = []
    seconds: Seconds = 0.0


class CallRows(Body):
    """Calls `start` to `start + count` (at most 500) of a run, folded; answered by `CallPage`."""

    run: Signed
    start: Signed
    count: Signed


class CallRow(Record):
    module: Text
    """Path of the module that was called, or within which the operation ran."""
    op: Text
    """`linear`, `relu`, `add`, …; for a module call its class name."""
    kind: Literal["module", "operation"]
    depth: Depth
    inputs: Names
    """Shapes, such as `[2, 20]`."""
    output: Text
    tensors: Names = []
    """Paths of the parameters, buffers and constants it read."""
    where: Text = ""
    """`file.py:12`, the user's line that led to the call."""
    repeat: Count = 1
    """How often it came in a row; over 1 for a folded loop."""
    seconds: Seconds | None = None
    failed: Text = ""
    """The error's first line, when the run ended here."""
    note: Text = ""


class CallPage(Body):
    run: Count
    total: Count
    start: Count
    complete: bool
    rows: Page[CallRow]


class Complete(Body):
    """Completions of the console text before `cursor`; answered by `Completions`."""

    text: Text
    cursor: Signed


class CompletionItem(Record):
    text: Text
    """The whole name or key."""
    kind: Text
    """`module`, `parameter`, `function`, `class`, `keyword`, …, or empty."""


class Completions(Body):
    start: Count
    """Where in the text the completed name starts."""
    items: Page[CompletionItem]
    """At most 50."""


class Interrupt(Body):
    """Raise KeyboardInterrupt in what the main thread runs; answered by `Done` at once."""
