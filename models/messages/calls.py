"""Messages on the calls of a run: their rows, pages, sorting and searching, and what is known of each.

The calls of a forward run stay with the engine as run `run`; the interface asks for pages of them, also while the run
goes on (`CallsGrew` reports that there are more).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .base import Body, BodyPart
from .comparing_runs import CallDifference
from .limits import Count, Depth, Direction, Names, Number, Page, Positions, Seconds, Share, Signed, Text
from .places import CallTensor


class KeepCall(Body):
    """Run the last forward again from where it started, and keep the tensors of a call; answered by `Done`.

    Its text says whether the second run was the same.  Fails with kind `usage` where it cannot be run again.
    """

    call: CallTensor


CallOrder = Literal[
    "run", "module", "op", "where", "depth", "repeat", "seconds", "self_seconds", "flops", "elementwise", "bytes",
    "kept", "peak", "min", "max", "mean", "std", "zeros", "rows", "nan", "inf", "nonfinite", "norm", "backward",
    "severity", "relative", "max_abs", "grew",
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
    against: Signed | None = None
    """The run with which `run` is compared: the calls of both are listed, with how they differ; None for none."""


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
    """Of its row; of a call that the other run of a comparison alone made, of its row there."""
    difference: CallDifference | None = None
    """How it differs from the same call of another run; None where runs are not compared."""
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
    against: Signed | None = None
    """As in `CallRows`."""
    of_other: bool = False
    """Whether the call is one that the run `against` alone made."""


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
    against: Signed | None = None
    """As in `CallRows`."""
    of_other: bool = False
    """Whether `after` is a call that the run `against` alone made."""


class CallPlace(Body):
    """The row that `NextCall` or `NextCallHit` found."""

    run: Count
    index: Count | None
    """None where the run does neither."""
    number: Count = 0
    """Which of those rows it is, from 1."""
    count: Count = 0
    """How many such rows there are."""
    of_other: bool = False
    """Whether it is a call that the run `against` alone made."""
