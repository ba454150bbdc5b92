"""Comparing two runs call by call: which run with which, how what their calls returned differs."""

from __future__ import annotations

import math
from typing import Literal

from .base import Body, BodyPart, Problem
from .limits import Count, Number, Page, Shape, Share, Signed, Text
from .run_mode import RunMode

CallStatus = Literal["", "equal", "alike", "close", "changed", "dtype", "shape", "only_a", "only_b", "unreadable"]
"""What came of comparing a call, in the order of how serious it is; empty where that is not known yet.

`alike`: there is no copy on one side, and a sample and the statistics of both are the same."""
CALL_STATUSES: tuple[CallStatus, ...] = (
    "", "equal", "alike", "close", "changed", "dtype", "shape", "only_b", "only_a", "unreadable",
)  # fmt: skip
"""The same, the most serious last."""


class CallDifference(BodyPart, frozen=True, kw_only=True):
    """How what a call returned in run B differs from what the same call returned in run A."""

    status: CallStatus = ""
    differs: bool = False
    """Whether it is known to differ: numbers that are neither equal nor close, another shape, or in one run alone."""
    max_abs: Number | None = None
    """The largest `|a - b|` of the elements that are finite in both; None where there is none, or it is not known."""
    relative: Number | None = None
    """`‖a - b‖₂ / ‖a‖₂` of those elements; None where it is not known."""
    grew: Number | None = None
    """How many times as large `relative` is as the largest one of what the call read; None where all of that is equal,
    or it is not known."""
    nonfinite: Count = 0
    """How many elements differ of which one is NaN or infinite."""
    index: Shape | None = None
    """The index of the largest change; None where there is none."""
    output: Count = 0
    """Which of the tensors that it returned this is about: the first one that differs."""
    by_statistics: bool = False
    """Whether statistics alone say that it differs: there is no copy of what it returned in one of the runs."""
    sampled: bool = False
    """Whether `relative` is that of some elements, as there is no copy of all of them in one of the runs."""
    text: Text = ""
    """What it returned in A and in B, where that is not the same: `[2, 4] → [2, 5]`; why it could not be compared."""
    first: bool = False
    """Whether it is the first call that differs."""
    share: Share | None = None
    """`relative` on a logarithmic scale from the least to the largest of any call; None where it is not known."""
    other: Count | None = None
    """Index of the row in the other run; None where the other run has no such call."""

    @property
    def how_much(self) -> float | None:
        """Return a number that sorts by how much it differs: infinity where no number says it; None if unknown."""
        if not self.status or self.status == "unreadable":
            return None
        if self.nonfinite or (self.relative is None and self.differs):
            return math.inf
        return self.relative or 0.0


class ListRuns(Body):
    """List with what the newest run can be compared; answered by `RunList`."""


class RunItem(BodyPart):
    """One run that is kept."""

    run: Count
    name: Text = ""
    """That it is kept under; empty for none."""
    detail: Text = ""
    """What it was: its mode, when, how it ended, what changed since."""
    newest: bool = False
    """Whether nothing ran after it."""
    beside: bool = False
    """Whether it was made to be compared, by `RunBeside`."""
    reseeds: bool = False
    """Whether the newest run drew other random numbers, and can be run again with those of this one: `RunBeside` with
    `random`."""


class RunOffer(BodyPart):
    """A run that can be made to be compared with: `RunBeside`."""

    what: Text
    """What `RunBeside.what` calls it."""
    title: Text
    detail: Text = ""


class RunList(Body):
    """The runs that are kept, the newest first, then those that were made to be compared; and what can be made."""

    run: Count
    """The newest run, with which they are compared; 0 before the first."""
    runs: Page[RunItem]
    offers: Page[RunOffer] = []
    why_not: Text = ""
    """Why nothing can be run to be compared; empty where it can, and before the first run."""


class KeepRun(Body):
    """Keep a run with its copies under a name until what is open is closed, or no longer; answered by `Done`.

    Fails with kind `usage` where as many are kept as there may be, or the name is taken; `gone` where it is no longer
    kept.
    """

    run: Signed
    name: Text = ""
    """Empty for its number."""
    drop: bool = False
    """Whether to keep it no longer."""


class RunBeside(Body):
    """Run forward once more to compare with a run, and leave everything as it is; answered by `RanBeside`.

    From the same inputs and the same random numbers.  Fails with kind `usage` where that cannot be.
    """

    run: Signed
    """The run that it is to be compared with."""
    what: Text
    """One of `RunOffer.what`; or `random`: as it is now, with the random numbers of `run`."""
    mode: RunMode = RunMode()


class RanBeside(Body):
    """The run that was made."""

    run: Count
    title: Text
    """What it is, in a few words: `in eval`."""
    a: Count
    """Which of the two runs comes first where they are compared."""
    b: Count
    problem: Problem | None = None
    """What ended it; None where it ended well."""


class CompareRuns(Body):
    """Put two runs side by side, call by call, until `EndRunComparison` or another comparison; answered by
    `RunsCompared`.

    Nothing is read: `ReadCallDifferences` does that.  Fails with kind `gone` where one of them is no longer kept.
    """

    a: Signed
    b: Signed


class RunsCompared(Body):
    """Which runs are compared."""

    a: Count
    b: Count
    title_a: Text
    """What A is, in a few words."""
    title_b: Text
    rows: Count
    """Calls of both together."""
    both: Count
    """Those that both made."""
    note: Text = ""
    """What else is not the same in both: other inputs, other random numbers; empty for nothing."""


class ReadCallDifferences(Body):
    """Compare what the calls returned that are not compared yet; answered by `CallDifferencesRead`.

    Sends `Progress`; `CallRow.difference` says what is known.  Can be cancelled: what is known by then stays.
    """


class CallDifferencesRead(Body):
    """The result of comparing two runs."""

    text: Text
    """In a sentence."""
    details: Text = ""
    """Lines on the first call that differs: what it was given, what it reads that changed; empty for none."""
    differing: Count = 0
    """How many calls differ."""
    unread: Count = 0
    """How many could not be compared, as one side has no values."""
    curve: Text = ""
    """How the relative difference goes on from call to call: a line of bars, logarithmic; empty for none."""
    first: Count | None = None
    """Row of the first call that differs, in the run that made it; None where none does."""
    of_a: bool = False
    """Whether run A alone made that call."""


class EndRunComparison(Body):
    """Compare no longer; answered by `Done`."""
