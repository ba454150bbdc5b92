"""The one piece that reads `.grad`: directly where nobody else can write it, else from what the running code's own
thread took down, at an optimizer's step or when the statement began.

While code runs, `.grad` is touched by the thread that runs it and by nobody else: torch writes it without the
interpreter's lock, and a reader in another thread ends the process.  References that the running thread took survive.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from enum import Enum
from typing import NamedTuple

from torch import Tensor
from torch.optim import Optimizer

from ..tensors.plainly import attribute
from ..tensors.tensors import size_in_bytes
from ..work.switch_interval import undisturbed
from .optimizer_steps import STEPS, OptimizerSteps
from .training_threads import note_training, strangers, training_threads

ROOM = 256 * 2**20
"""Bytes of gradients that are kept from one step to another for somebody who looks; a training may free its own."""
WAIT = 0.05
"""Seconds to wait for the next step, where steps come as quickly."""
INTEREST = 2.0
"""Seconds after a look until what was kept for it is let go, if steps are not slower."""
SLOW_STEPS = 3
"""Steps for which it is kept at least."""
PAUSE = 0.0005


class Unread(Enum):
    """A gradient that cannot be read now."""

    UNREAD = "unread"


UNREAD = Unread.UNREAD
Gradient = Tensor | None | Unread
"""`None` is no gradient; `UNREAD` one of which nobody knows now whether it is there."""

RUNNING = "not read: code runs, and torch cannot be asked for a gradient meanwhile"
"""Why a gradient is `UNREAD`."""
AT_BEGIN = "as of when the statement began"


class Taken(NamedTuple):
    """The gradients of some tensors."""

    gradients: list[Gradient]
    note: str = ""
    """Of when they are; empty when they are of now."""


class _Kept(NamedTuple):
    tensor: Tensor
    gradient: Gradient
    step: int


class _Run:
    """What was there when code began to run in a thread."""

    def __init__(self, tensors: Sequence[Tensor], gradients: Sequence[Gradient]) -> None:
        self._tensors = tensors
        self._gradients = gradients
        self._by_id: dict[int, int] | None = None

    def find(self, tensor: Tensor) -> Gradient:
        if self._by_id is None:
            self._by_id = {id(each): place for place, each in enumerate(self._tensors)}
        place = self._by_id.get(id(tensor))
        return UNREAD if place is None else self._gradients[place]


class GradientAccess:
    """Knows in which threads code runs.  One for the process: `GRADIENTS`."""

    def __init__(self, steps: OptimizerSteps) -> None:
        self._steps = steps
        self._lock = threading.RLock()
        """Held while gradients are read directly, and where code begins or ends to run: never for long."""
        self._runs: dict[int, _Run] = {}
        self._lanes: frozenset[int] = frozenset()
        """Threads whose code runs through us: of them `_runs` tells, and not what is seen of their stacks."""
        self._wanted: dict[int, Tensor] = {}
        """What somebody looks at: every step takes it down anew."""
        self._kept: dict[int, _Kept] = {}
        self._looks = itertools.count(1)
        self._look = 0
        """Number of the last look."""
        self._answered = 0
        """Number of the last look for which a step was taken down."""
        self._asked = 0.0
        self._step_time = 0.0
        self._last_step = 0.0
        steps.on_step = self._at_step

    @contextmanager
    def running(self, tensors: Sequence[Tensor]) -> Iterator[None]:
        """Code of the user's runs in this thread: what `tensors` have as gradients now is what others see of them."""
        thread = threading.get_ident()
        nested = thread in self._runs
        if not nested:
            with self._lock:
                self._lanes |= {thread}
                self._runs[thread] = _Run(tensors, self.take(tensors, wait=False).gradients)
        try:
            yield
        finally:
            if not nested:
                self.over()

    def over(self) -> None:
        """The code that ran in this thread is over, though its context may not be left yet."""
        with self._lock:
            self._runs.pop(threading.get_ident(), None)
            idle = not self._runs
        if idle and self._steps.is_watched and not training_threads(self._lanes):
            self._kept, self._wanted = {}, {}
            self._steps.forget()

    def close(self, patience: float) -> None:
        """Nobody looks any more."""
        self._kept, self._wanted, self._lanes = {}, {}, frozenset()
        self._steps.forget(patience)

    def runs_elsewhere(self) -> bool:
        """Whether code of the user's may run in another thread than this one."""
        mine = threading.get_ident()
        return any(thread != mine for thread in list(self._runs)) or bool(training_threads(self._lanes))

    def may_write(self) -> bool:
        """Whether this thread may set gradients now: no other one is known to train."""
        return not self.runs_elsewhere()

    def take(self, tensors: Sequence[Tensor], wait: bool = True) -> Taken:
        """The gradients of `tensors`, all at once, and of when they are.

        Without `wait` nothing is asked of the next step.
        """
        if not self.runs_elsewhere():
            others = strangers(self._lanes)
            with self._lock, undisturbed() if others else nullcontext():
                if not self.runs_elsewhere():
                    return Taken(list(map(_gradient, tensors)))
        if wait:
            self._want(tensors)
        return self._from_boundary(tensors)

    def _from_boundary(self, tensors: Sequence[Tensor]) -> Taken:
        found: list[Gradient] = []
        steps: set[int] = set()
        began = False
        runs, known = list(self._runs.values()), self._kept
        for tensor in tensors:
            kept = known.get(id(tensor))
            if kept is not None and kept.tensor is tensor and kept.gradient is not UNREAD:
                found.append(kept.gradient)
                steps.add(kept.step)
                continue
            before = next((each for run in runs if (each := run.find(tensor)) is not UNREAD), UNREAD)
            began = began or before is not UNREAD
            found.append(before)
        notes = [step_note(max(steps))] if steps else []
        if began:
            notes.append(f"others {AT_BEGIN}" if steps else AT_BEGIN)
        if any(each is UNREAD for each in found):
            notes.append(RUNNING)
        return Taken(found, "; ".join(notes))

    def _want(self, tensors: Sequence[Tensor]) -> None:
        """Have the next step take them down; wait for it where steps come quickly."""
        self._asked = asked = time.monotonic()
        fresh = not self._steps.is_watched
        if not self._steps.watch():
            return
        self._wanted = {**self._wanted, **{id(tensor): tensor for tensor in tensors}}
        self._look = look = next(self._looks)
        if fresh or (self._last_step > asked - WAIT and self._step_time < WAIT):
            while self._answered < look and time.monotonic() < asked + WAIT:
                time.sleep(PAUSE)

    def _at_step(self, optimizer: Optimizer) -> None:
        """In the thread that steps, after a step: take down what somebody looks at.

        Of the optimizer's own parameters only, which this thread has just read: another one may train the others.
        """
        note_training()
        now = time.monotonic()
        self._step_time, self._last_step = now - self._last_step, now
        look = self._look
        if look == self._answered and now > self._asked + max(INTEREST, SLOW_STEPS * self._step_time):
            self._kept, self._wanted = {}, {}
        wanted = self._wanted
        if not wanted:
            return
        own = {id(tensor): tensor for group in optimizer.param_groups for tensor in group["params"]}
        kept = {key: each for key, each in self._kept.items() if key not in own}
        room = ROOM - sum(_size(each.gradient) for each in kept.values())
        for key, tensor in wanted.items():
            if own.get(key) is tensor:
                gradient = _gradient(tensor)
                room -= _size(gradient)
                kept[key] = _Kept(tensor, gradient if room >= 0 else UNREAD, self._steps.count)
        self._kept = kept
        self._answered = look  # there may be another one by now


def step_note(step: int) -> str:
    """Of when something is that was read at an optimizer's step."""
    return f"as of step {step:,} since this was first looked at"


def _gradient(tensor: Tensor) -> Tensor | None:
    """`tensor.grad`, without the warning that torch prints for the result of an operation, past a class's own."""
    try:
        has = attribute(tensor, "is_leaf") or attribute(tensor, "retains_grad")
        gradient: Tensor | None = attribute(tensor, "grad") if has else None
        return gradient
    except Exception:  # what a later torch may think of
        return None


def _size(gradient: Gradient) -> int:
    return size_in_bytes(gradient) or 0 if isinstance(gradient, Tensor) else 0


GRADIENTS = GradientAccess(STEPS)
"""Of this process: whatever network code trains, it may be the open one."""
