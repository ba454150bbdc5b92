"""Statements, forward, backward and undo: what changes the model or takes long, in the engine's main thread.

The calls of a forward run stay with the engine as run `run`; the interface asks for pages of them, also while the run
goes on (`CallsGrew` reports that there are more).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .base import Body, BodyPart, Problem
from .limits import Count, Depth, Direction, Names, Number, Page, Parts, Positions, Seconds, Share, Signed, Text
from .places import CallTensor
from .run_mode import RunMode


class Execute(Body):
    """Run one statement or block in the console; answered by `Executed`."""

    text: Text
    about: Names = []
    """Paths of tensors that it is known to change: a copy of these is kept however large the network is."""


class Executed(Body):
    """The outcome of an `Execute`."""

    value: Text | None = None
    """The bounded `repr` of an expression's value; None when there is none."""
    problem: Problem | None = None
    """What it raised, with the traceback cut to the user's own frames; None when nothing."""
    changed: Names = []
    """Paths whose values it changed, every name of a shared tensor included, at most 1,000."""
    effects: Text = ""
    """What it changed beside values and gradients, in words: `training of 0 and requires_grad of 1.weight`."""
    lasting: Text = ""
    """What of it cannot be undone, and why; empty where all can."""
    seconds: Seconds = 0.0
    run: Count | None = None
    """Number of the run that recorded its calls; None when it did not call the network."""


class Forward(Body):
    """Run the network on the input `X`; answered by `Ran`."""

    dry: bool = False
    """Whether to run it without values: shapes and costs, nothing computed."""


class Backward(Body):
    """Run backward from the result of the last forward run, from its loss if it has one; answered by `Ran`.

    Its text says from what in the result, such as `from ['loss']: [] float32, grad_fn NllLossBackward0`."""


class ReadInputs(Body):
    """Read the arguments of the network's forward as the fields of a form; answered by `InputFields`."""


class InputField(BodyPart):
    """One argument of a forward."""

    name: Text
    required: bool = False
    """Whether the forward cannot be called without it."""
    default: Text = ""
    """What it is when it is not given, in Python; empty where that cannot be said."""
    text: Text = ""
    """The SPEC that the present value was made from; empty for another value or none."""
    present: Text = ""
    """What its value is now, such as `float32[2, 20]`; empty where it has none."""
    several: bool = False
    """Whether it takes any number of `NAME=SPEC`, with spaces between them."""


class InputFields(Body):
    """The inputs of the next forward."""

    fields: Parts[InputField]
    origin: Text = ""
    """Where they come from, in a few words; empty when there are none."""
    mode: RunMode = RunMode()
    """What is switched for the time of the forward."""


class SetInputs(Body):
    """Set the inputs of the next forward, in the engine's main thread; answered by `InputsSet`."""

    texts: Names
    """Of each field a SPEC, or `=` and an expression in the console's names; as it was, or empty, keeps the value."""
    mode: RunMode | None = None
    """What is to be switched for the time of the forward; None keeps what is set."""


class InputsSet(Body):
    """The inputs are set; or, where there are errors, nothing changed."""

    text: Text = ""
    """The inputs in one line."""
    errors: Names = []
    """Of each field, empty where it has none; none at all when the inputs are set."""
    specs: Names = []
    """The inputs as `--input` takes them; empty where another than a SPEC made one of them."""
    mode: RunMode = RunMode()
    """What is switched for the time of the forward from now on."""


class ZeroGradients(Body):
    """Set every gradient to None; answered by `Done`."""


class Undo(Body):
    """Undo the last change of the network; answered by `Done`, whose text says what was undone."""

    again: bool = False
    """Whether to do again what was undone last instead."""


class Ran(Body):
    """The outcome of a `Forward` or `Backward`."""

    run: Count | None
    """Number of the run that recorded the calls; None where none did."""
    text: Text = ""
    """One or two lines on the result: `[2, 1] float32, grad_fn AddmmBackward0`, or what backward reached."""
    problem: Problem | None = None
    """What it raised; None when nothing."""
    changed: Names = []
    """Paths whose values it changed, as in `Executed`; so are `effects` and `lasting`."""
    effects: Text = ""
    lasting: Text = ""
    seconds: Seconds = 0.0


class KeepCall(Body):
    """Run the last forward again from where it started, and keep the tensors of a call; answered by `Done`.

    Its text says whether the second run was the same.  Fails with kind `usage` where it cannot be run again.
    """

    call: CallTensor


CallOrder = Literal[
    "run", "module", "op", "where", "depth", "repeat", "seconds", "self_seconds", "flops", "elementwise", "bytes",
    "kept", "peak", "min", "max", "mean", "std", "zeros", "rows", "nan", "inf", "nonfinite", "norm", "backward",
]  # fmt: skip
"""What the table of calls is sorted by: `run` is the order of execution; what is not known comes last."""


class CallRows(Body):
    """Read the calls from `start` to `start + count`, at most 500, of a run, folded; answered by `CallPage`.

    Fails with kind `usage` when the query cannot be read.
    """

    run: Signed
    start: Signed
    count: Signed
    order: CallOrder = "run"
    descending: bool = False
    query: Text = ""
    """Words that must each match module, operation, line, note or what it read, and terms such as `op:linear`,
    `ms>1`, `nan>0`, `line:net.py:12`."""
    toggled: Names = []
    """Keys of rows that are not folded as at first.  Rows are an outline in the order of execution without a query."""


class CallStatistics(BodyPart, frozen=True, kw_only=True):
    """Statistics of the elements a call returned, of all its repetitions together; `min` to `std` of finite ones."""

    min: Number | None
    max: Number | None
    mean: Number | None
    std: Number | None
    zeros: Share
    """Fraction of the elements that are zero."""
    nan: Count
    inf: Count
    rows: Number | None = None
    """How unlike the rows of the batch are: their distance from the mean row over the size of all elements; 0 where
    they are identical, None without a batch."""
    units: Count | None = None
    """Units of what a ReLU gave: its channels, else the elements of its last dimension; None for others."""
    dead: Count | None = None
    """How many of these were 0 for every row and position."""
    sampled: bool = False
    """Whether only a part of the elements was looked at."""


class CallBackward(BodyPart, frozen=True, kw_only=True):
    """What the last backward did at a call, of all its repetitions together."""

    seconds: Seconds
    norm: Number | None
    """Euclidean norm of the gradient that came to what it returned, the last time it did; None where none came."""
    min: Number | None
    """The smallest of these norms over its repetitions."""
    max: Number | None
    nonfinite: Literal["", "NaN", "infinity"] = ""
    """What its derivative made out of finite gradients; empty for neither."""


Ranged = tuple[Number, Number] | None
"""The least and the largest of several numbers; None where none is known."""
RangedSeconds = tuple[Seconds, Seconds] | None
"""The same of durations in seconds."""


class CallFields(msgspec.Struct, kw_only=True):
    """The fields of one call of a trace, declared once: recorded as `Call`, shown as `CallRow`, printed by `run`.

    Those two define the types of shapes and paths.  A field that is added here is recorded, relayed, sent and printed;
    calls that differ in it are not folded into one.
    """

    module: Text
    """Path of the module that was called or in which the operation ran; empty for the root."""
    op: Text
    """Name of the operation, such as `linear`, `relu`, `add`; of a module call its class name."""
    kind: Literal["module", "operation"]
    depth: Depth
    """Number of module calls around it: 0 for the network's own."""
    inputs: Any
    """Shapes of the tensors among its arguments."""
    output: Any
    """Shape of what it returned."""
    tensors: Any
    """Paths of the parameters, buffers and constants it read."""
    where: Text = ""
    """The user's line that led to the call, as `file.py:12`; empty where unknown."""
    repeat: Count = 1
    """Consecutive repetitions; over 1 for a folded loop."""
    seconds: Seconds | None = None
    """Duration of all repetitions together, recording left out; None while it runs."""
    self_seconds: Seconds | None = None
    """The same without the calls within it; None while it runs."""
    bytes: Count | None = None
    """Of what it returned, each time; None for no tensor."""
    kept: Count | None = None
    """Bytes that its backward needs, parameters left out, each storage once; None where that was not looked at."""
    peak: Count | None = None
    """The most bytes of activations that were alive at once while it ran; None where that was not measured.  In a run
    with values what an operation takes within itself and frees again is not seen."""
    flops: Count | None = None
    """Floating-point operations of its products, all repetitions together, 2 for each multiplication with its addition;
    None where they are not counted."""
    elementwise: Count | None = None
    """Its operations on single elements, likewise."""
    statistics: Any = None
    """Of the elements of the first tensor it returned; None where they were not measured, as those of a view."""
    producers: Any = ()
    """The calls whose results it read; as indices of rows where it is shown."""
    reads_input: bool = False
    """Whether it read what the network was given, or a view of that."""
    mode: Any = ()
    """What is switched otherwise than in the call around it: `train` or `eval`; `no_grad`, `inference_mode` or
    `enable_grad`; `autocast cpu bfloat16` or `no autocast`.  Of the network's own call train or eval, and what is
    otherwise than torch has it at first."""
    backward: Any = None
    """What the last backward did here; None before one, and where it did not come by."""
    failed: Text = ""
    """First line of the error that ended the run here; else empty."""
    note: Text = ""
    """Anything else for the user, such as calls that were not kept; empty for none."""

    def remark(self) -> str:
        """Return its mode, where that is another than around it, and its note; that a network trains is no remark."""
        return "; ".join(
            filter(None, [", ".join(each for each in self.mode if self.depth or each != "train"), self.note])
        )


class CallRanges(BodyPart, frozen=True, kw_only=True):
    """What differs between the calls that one row stands for: of each number the least and the largest."""

    seconds: RangedSeconds = None
    self_seconds: RangedSeconds = None
    rows: Ranged = None
    """As in `CallStatistics`."""
    std: Ranged = None
    norm: Ranged = None
    """Of the gradient that came to what they returned."""


class CallRow(BodyPart, CallFields, frozen=True, kw_only=True):
    """One call as the table shows it: shapes as text.

    In an outline a row may stand for several layers that are alike, whose paths `module` has as `blocks.0–11`, or for
    the calls of a loop together.
    """

    level: Depth | None = None
    """Levels of an outline around it; None in a list."""
    fold: Literal["", "open", "closed"] = ""
    """Whether what happened within it is listed below it; empty where there is nothing."""
    key: Text = ""
    """What `CallRows` names it by for folding."""
    group: Text = ""
    """What `CallRows` names those by that are alike, of which this is one, or which it stands for; empty for none."""
    alike: Count = 0
    """How many layers that are alike it stands for; 0 for one."""
    turns: Count = 0
    """How often the calls below it ran, of a row that is no call; 0 for a call."""
    ranges: CallRanges | None = None
    """What differs between those that it stands for."""

    index: Count = 0
    """Of its row."""
    statistics: CallStatistics | None = None
    producers: Positions = []
    mode: Names = []
    backward: CallBackward | None = None

    inputs: Names
    """Shapes, such as `[2, 20]`."""
    output: Text
    tensors: Names = []


class RunTotals(BodyPart, frozen=True):
    """What all calls of a run took together; None where it is not known."""

    seconds: Seconds | None = None
    flops: Count | None = None
    elementwise: Count | None = None
    kept: Count | None = None
    """Bytes that backward needs, parameters left out."""
    peak: Count | None = None
    """The most bytes of activations that were alive at once."""
    dry: bool = False
    """Whether it was a run without values."""


class CallPage(Body):
    """A page of `CallRows`."""

    run: Count
    total: Count
    """Rows that are listed."""
    start: Count
    complete: bool
    """Whether the run has ended."""
    rows: Page[CallRow]
    totals: RunTotals = RunTotals()
    """Of the whole run, once it has ended."""
    all: Count = 0
    """Rows of the run so far, whether or not they match."""
    remark: Text = ""
    """Which part of the query is not read as one might think; empty for none."""
    because: Text = ""
    """Why the run failed, in one line with what mends it; empty where that is not certain, and where it did not."""


class FindCall(Body):
    """Find the row of the call `index` of a run in its outline; answered by `FoundCall`."""

    run: Signed
    index: Signed
    toggled: Names = []


class FoundCall(Body):
    """Where in its outline a call of a run is."""

    run: Count
    place: Count | None
    """None where the run has no such call."""
    total: Count = 0
    """Rows of the outline."""
    toggled: Names = []
    """As asked for, and what had to be unfolded besides."""


class NextCall(Body):
    """Find the next row of a run, after `after`, that calls the module at `path` or reads the tensor there.

    After the last one comes the first again; -1 as `after` finds the first.  Answered by `CallPlace`.
    """

    run: Signed
    path: Text
    after: Signed = -1


class NextCallHit(Body):
    """Find the next row of a run that matches a query, from `after` on in `direction`; answered by `CallPlace`.

    After the last one comes the first again.  Fails with kind `usage` when the query cannot be read.
    """

    run: Signed
    query: Text
    after: Signed = -1
    direction: Direction = 1


class CallPlace(Body):
    """The row that `NextCall` or `NextCallHit` found."""

    run: Count
    index: Count | None
    """None where the run does neither."""
    number: Count = 0
    """Which of those rows it is, from 1."""
    count: Count = 0
    """How many such rows there are."""


class Complete(Body):
    """Complete the console text before `cursor`; answered by `Completions`."""

    text: Text
    cursor: Signed
    """Index of a character in `text`."""


class CompletionItem(BodyPart):
    """One completion."""

    text: Text
    """The whole name or key."""
    kind: Text
    """`module`, `parameter`, `function`, `class`, `keyword`, …, or empty."""


class Completions(Body):
    """The completions of a console text."""

    start: Count
    """Index in the text at which the completed name starts."""
    items: Page[CompletionItem]
    """At most 50."""


class Interrupt(Body):
    """Raise KeyboardInterrupt in what the main thread runs; answered by `Done` at once."""
