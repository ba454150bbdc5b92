"""What a trace leaves behind: the calls so far, folded, readable from another thread while the run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from ...messages import CallRow, Problem, RunMode, RunTotals
from .calls import Call
from .folding import Folding
from .loops import Loop
from .totals import join_peaks, totals_of
from .went_back import WentBack

if TYPE_CHECKING:
    from weakref import ref

    from torch import Tensor

    from .captured import Captures
    from .lineage import Lineage
    from .live_memory import LiveMemory
    from .recorder import Recorder

REPORT_EVERY = 0.05
"""Seconds between two calls of `on_grow`."""


NODES = 20_000
"""Calls of which the numbers of their nodes are kept."""
MADE = 16
REGISTERED = 10_000
"""Names of which it is noted where they were registered during a run."""


class NonfiniteCause(TypedDict):
    """Where the infinity came from that a NaN was made of."""

    op: str
    where: str | None


class FirstNonfinite(TypedDict):
    """The first NaN or infinity of a run, as `run --json` prints it."""

    phase: str
    """`input` when the network was given it, else `forward`; `backward` for the forward call whose derivative made
    it."""
    what: str
    """`NaN` or `infinity`."""
    module: str
    op: str
    where: str | None
    call: int | None
    """Index of the row."""
    tensor: str | None
    """Path of the parameter, buffer or constant that held one before, when the operation read such."""
    cause: NonfiniteCause | None
    """Of a NaN that was made of an infinity, such as that of a mask: the operation that made or placed that."""
    text: str | None
    """Of a forward: what the operation made it of, such as `log of -0.31 at [0, 2]`; of a backward what happened there
    and what mends it."""


class Maker(NamedTuple):
    """Where a tensor of a run comes from."""

    call: Call | None
    """The call that gave or last wrote it; None for what came from outside."""
    path: str
    """Of a parameter, buffer or constant of the network; empty for another tensor."""
    is_input: bool
    """Whether the network was given it."""


class Trace:
    """The calls of one run in order of execution, folded; may be read while another thread records."""

    def __init__(self, on_grow: Callable[[int], None] | None = None, captures: Captures | None = None) -> None:
        self.captures = captures
        """Takes copies of the tensors of the calls; None for none."""
        self.gradients: Captures | None = None
        """Took copies of the gradients of the last backward; None before the first."""
        self.on_grow = on_grow
        """Called with the number of rows in the running thread, at most every 0.05 s, once when an interrupt ends it,
        and once at the end."""
        self.nonfinite: FirstNonfinite | None = None
        self.overflow: FirstNonfinite | None = None
        """Where a number grew too large, of a run whose result is finite all the same."""
        self.nonfinite_backward: FirstNonfinite | None = None
        """The same of the last backward from the run's result."""
        self.failed: Call | None = None
        """A copy of the innermost call that raised what ended the network's last call: of the operation, or else of the
        module; None when nothing did."""
        self.failed_outside: Call | None = None
        """Where none did, the operation outside of the network that ended a statement, such as a loss."""
        self.problem: Problem | None = None
        """What ended the forward, or the last backward from its result; known after the run."""
        self.returned_nothing = False
        """Whether the forward ran to its end and returned None."""
        self.hint = ""
        """Why the run failed, in one line with what mends it; empty where that is not certain, and where none did."""
        self.maker_of: Callable[[Tensor], Maker] | None = None
        """Returns who made a tensor that the call that failed was given; None where none failed, and once what it
        raised is explained."""
        self.registered: dict[str, str] = {}
        """By path, the user's line that registered a parameter or module of the network during the run."""
        self.replaced: dict[str, str] = {}
        """By path, the line that put another parameter there, empty where none was seen; known after the run."""
        self.written: dict[str, Call] = {}
        """By path of a parameter, buffer or constant, the first call that wrote into it."""
        self.uncalled: dict[str, Call] = {}
        """By path of a module, the first call that read its tensors while it was not being called."""
        self.forward_called: dict[str, Call] = {}
        """Those of them whose `forward` was called by itself, which its hooks do not see."""
        self.nodes: list[tuple[int, int, Call]] = []
        """Of each call that made nodes of autograd's graph, the sequence numbers from the first until after the last;
        ascending, at most `NODES`."""
        self.went_back: WentBack | None = None
        """What the last backward from its result found out; None before one."""
        self.in_threads = False
        """Whether other threads ran modules of the network: then the number of a node does not say which call made it,
        as each thread numbers its own."""
        self.memory: LiveMemory | None = None
        """The memory of a run's own tensors that is in use; None without one that counts it."""
        self.not_counted: dict[str, int] = {}
        """How often an operation ran whose cost is not counted, by its name."""
        self.mode = RunMode()
        """What was switched for the time of the run."""
        self.warm_up = ""
        """How the run before it went, in a sentence; empty where there was none."""
        self.is_dry = False
        """Whether it is of a run without values."""
        self.nonfinite_at: Call | None = None
        """The call that `nonfinite` is about while the run goes on: its row may yet be folded into another."""
        self.late: set[Call] = set()
        """Rows to which something was added after they were recorded: what a device had measured meanwhile."""
        self.given: list[ref[Tensor]] = []
        """What the network was called with last that requires a gradient."""
        self.made_parameters: list[Call] = []
        """Calls that read a parameter which the forward itself made, at most `MADE`."""
        self.losses: list[Call] = []
        """Losses that statements took of what the network returned, which have no rows."""
        self.behind: list[Call] = []
        """Operations on what the network returned that were looked at, which have no rows."""
        self.made_by: Callable[[Tensor], Call | None] | None = None
        """Returns the call that gave a tensor, behind the run too; None where that is not known any more."""
        self.recorder: Recorder | None = None
        """What recorded it, which knows the tensors of the run; None where later statements are not looked at."""
        self.interrupted = False
        """Whether an interrupt ended what was recorded."""
        self.finished = False
        self._folding = Folding()
        self._lock = threading.Lock()
        self._reported = 0.0

    @cached_property
    def lineage(self) -> Lineage:
        """Return the operations of the run in their order; made when a run asks for it, for it needs torch."""
        from .lineage import Lineage

        return Lineage()

    def __len__(self) -> int:
        return len(self._folding.rows)

    @property
    def nodes_complete(self) -> bool:
        """Return whether the nodes of all calls are known."""
        return len(self.nodes) < NODES

    @property
    def events(self) -> int:
        """Return how many calls were recorded, each turn of a folded loop counted."""
        return self._folding.events

    @property
    def calls(self) -> list[Call]:
        """Return all rows."""
        with self._lock:
            return list(self._folding.rows)

    def page(self, start: int, count: int) -> tuple[int, bool, list[CallRow]]:
        """Return how many rows there are, whether the run is over, and at most `count` rows from `start` on."""
        with self._lock:
            rows = [call.row() for call in self._folding.rows[max(0, start) : max(0, start + count)]]
            return len(self._folding.rows), self.finished, rows

    def totals(self) -> RunTotals:
        """Return what all calls took together; nothing of it while the run goes on."""
        return totals_of(self.calls, self.is_dry) if self.finished else RunTotals()

    def snapshot(self) -> tuple[list[Call], list[Loop], bool]:
        """Return all rows so far, the loops among them, those around others before these, and whether it is over."""
        with self._lock:
            return list(self._folding.rows), self._folding.loops(), self.finished

    def uses_of(self, path: str) -> list[int]:
        """Return the indices of the rows that call the module at `path` or read the tensor there.

        Those of a module that is called by nobody itself, as one that only holds others, are all that run within it.
        """
        with self._lock:
            rows = list(self._folding.rows)
        found = [row.index for row in rows if path in row.tensors or (row.kind == "module" and row.module == path)]
        within = f"{path}."
        return found or [row.index for row in rows if row.module == path or row.module.startswith(within)]

    def forget_tensors(self) -> list[object]:
        """Forget the copies of the calls' tensors, and return what held them: they are freed with that."""
        if self.captures is None and self.gradients is None and self.memory is None:
            return []  # it was asked for before: all but some of the newest runs have none
        calls = (*self.calls, *([] if self.failed is None else [self.failed]))
        held: list[object] = [call.captured for call in calls]
        held += (self.captures, self.gradients, self.memory, self.recorder, self.made_by)
        self.captures = self.gradients = self.memory = self.recorder = self.made_by = None
        for call in calls:
            call.captured = None
        return held

    def forget_gradients(self) -> list[object]:
        """Forget the copies of the gradients that came to the calls, and return what held them."""
        held: list[object] = [self.gradients, self.memory, self.recorder, self.made_by]
        self.gradients = self.memory = self.recorder = self.made_by = None
        for call in self.calls:
            if call.captured is not None:
                held.append(call.captured.gradient)
                call.captured.gradient = None
        return held

    def add(self, call: Call) -> None:
        """Record an operation that is over."""
        with self._lock:
            self._folding.add(call)
        if self.on_grow is not None:
            self._report(self.on_grow)

    def open(self, call: Call) -> int | None:
        """Record a module's call that begins, and return the place to `close` it by; None when there is no room."""
        with self._lock:
            place = self._folding.open(call)
        if self.on_grow is not None:
            self._report(self.on_grow)
        return place

    def close(self, place: int | None) -> None:
        """End the call opened at `place`; does nothing for None, a call that was not kept."""
        if place is not None:
            with self._lock:
                self._folding.close(place)

    def row(self, index: int) -> Call:
        """Return the call of a row."""
        return self._folding.rows[index]

    def index(self, place: int) -> int:
        """Return the index of the row of the open call at `place`."""
        return self._folding.row_of(place)

    def interrupt(self) -> None:
        """Note that an interrupt ends what is recorded, and report that at once."""
        self.interrupted = True
        if self.on_grow is not None:
            self.on_grow(len(self))

    def finish(self) -> None:
        """End the run, and report that once."""
        if self.finished:
            return
        dropped = self._folding.dropped
        if dropped:
            with self._lock:
                last = self._folding.rows[-1]
                last.note = f"{last.note}; " * bool(last.note) + f"{dropped:,} more calls were not kept"
        if self.nonfinite is not None and self.nonfinite_at is not None:
            index = self.nonfinite_at.row_of().index
            self.nonfinite = {**self.nonfinite, "call": index if index >= 0 else None}
        join_peaks(self._folding.rows)
        self.finished = True
        if self.on_grow is not None:
            self.on_grow(len(self))

    def _report(self, on_grow: Callable[[int], None]) -> None:
        now = time.perf_counter()
        if now - self._reported >= REPORT_EVERY:
            self._reported = now
            on_grow(len(self))
