"""The one piece that reads `.grad`: directly where no other thread can write it, else from the references that the
running code's own thread recorded, at an optimizer's step or when the statement began.

While code runs, `.grad` is touched by the thread that runs it and by no other: torch writes it without the
interpreter's lock, and a reader in another thread crashes the process.  References of its own survive.
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
from torch.nn import Parameter
from torch.optim import Optimizer

from ..tensors.plainly import attribute
from ..tensors.tensors import size_in_bytes
from ..work.switch_interval import undisturbed
from .optimizer_steps import STEPS, OptimizerSteps
from .training_threads import has_other_threads, mark_training, training_threads

KEPT_LIMIT = 256 * 2**20
"""Bytes of gradients that are kept alive from one step to the next, while a training may free its own."""
STEP_TIMEOUT = 0.05
"""Seconds to wait for the next step, where steps take less than that."""
KEEP_SECONDS = 2.0
"""Seconds after a request for which its gradients are kept, if steps are not slower."""
SLOW_STEPS = 3
"""Steps for which they are kept at least."""
POLL_INTERVAL = 0.0005
"""Seconds between two looks for the next step."""


class Unread(Enum):
    """The type of `UNREAD`."""

    UNREAD = "unread"


UNREAD = Unread.UNREAD
"""Stands for a gradient that cannot be read now, so that it is not known whether there is one."""
Gradient = Tensor | None | Unread
"""A gradient; `None` where there is none, `UNREAD` where that cannot be known now."""

RUNNING = "not read: code runs, and torch cannot be asked for a gradient meanwhile"
"""Note: why a gradient is `UNREAD`."""
AT_BEGIN = "as of when the statement began"
"""Note: the gradients were recorded when the code began to run."""


class GradientSnapshot(NamedTuple):
    """The gradients of some tensors, read together."""

    gradients: list[Gradient]
    """One a tensor, in the order of the request."""
    note: str = ""
    """When they were read, for the user; empty when they are current."""


class _Kept(NamedTuple):
    """A gradient recorded after an optimizer's step; holds the tensor so that its identity stays its own."""

    tensor: Tensor
    gradient: Gradient
    step: int


class _Run:
    """The gradients that there were when code began to run in a thread."""

    def __init__(self, tensors: Sequence[Tensor], gradients: Sequence[Gradient]) -> None:
        self._tensors = tensors
        self._gradients = gradients
        self._by_id: dict[int, int] | None = None

    def find(self, tensor: Tensor) -> Gradient:
        """Return the recorded gradient of `tensor`, `UNREAD` if it was not recorded."""
        if self._by_id is None:
            self._by_id = {id(each): index for index, each in enumerate(self._tensors)}
        index = self._by_id.get(id(tensor))
        return UNREAD if index is None else self._gradients[index]


class GradientAccess:
    """Reads gradients; keeps record of the threads in which the user's code runs.  One for the process: `GRADIENTS`."""

    def __init__(self, steps: OptimizerSteps) -> None:
        self._steps = steps
        self._lock = threading.RLock()
        """Held while gradients are read directly, and where code begins or ends: never for long."""
        self._runs: dict[int, _Run] = {}
        """By thread identifier."""
        self._run_threads: frozenset[int] = frozenset()
        """Threads whose code runs within `running`: `_runs` knows of them, their stacks need not be inspected."""
        self._requested: dict[int, Tensor] = {}
        """Tensors by identity, whose gradients every step records anew."""
        self._kept: dict[int, _Kept] = {}
        """By identity of the tensor; replaced as a whole, never changed in place, so that readers need no lock."""
        self._request_ids = itertools.count(1)
        self._last_request = 0
        """Identifier of the last request."""
        self._answered_request = 0
        """Identifier of the last request for which a step was recorded."""
        self._requested_at = 0.0
        self._step_time = 0.0
        self._last_step = 0.0
        steps.on_step = self._at_step

    @contextmanager
    def running(self, tensors: Sequence[Tensor]) -> Iterator[None]:
        """Mark that the user's code runs in this thread; other threads see the gradients that `tensors` have now."""
        thread = threading.get_ident()
        nested = thread in self._runs
        if not nested:
            with self._lock:
                self._run_threads |= {thread}
                self._runs[thread] = _Run(tensors, self.take(tensors, wait=False).gradients)
        try:
            yield
        finally:
            if not nested:
                self.end_run()

    def end_run(self) -> None:
        """Mark that the code in this thread has ended, though the context of `running` may not be left yet."""
        with self._lock:
            self._runs.pop(threading.get_ident(), None)
            idle = not self._runs
        if idle and self._steps.is_watched and not training_threads(self._run_threads):
            self._kept, self._requested = {}, {}
            self._steps.unwatch()

    def close(self, timeout: float) -> None:
        """Drop all requests and take the hooks out of torch, which is tried for `timeout` seconds."""
        self._kept, self._requested, self._run_threads = {}, {}, frozenset()
        self._steps.unwatch(timeout)

    def runs_elsewhere(self) -> bool:
        """Return whether the user's code may run in another thread than this one."""
        mine = threading.get_ident()
        return any(thread != mine for thread in list(self._runs)) or bool(training_threads(self._run_threads))

    def may_write(self) -> bool:
        """Return whether this thread may set gradients now: no other one is known to train."""
        return not self.runs_elsewhere()

    def take(self, tensors: Sequence[Tensor], wait: bool = True) -> GradientSnapshot:
        """Return the gradients of `tensors`, read together, and when they were read.

        With `wait`, where code runs elsewhere, the next optimizer step is requested to record them, and is waited for
        up to `STEP_TIMEOUT` seconds where steps are as quick as that.
        """
        if not self.runs_elsewhere():
            others = has_other_threads(self._run_threads)
            with self._lock, undisturbed() if others else nullcontext():
                if not self.runs_elsewhere():
                    return GradientSnapshot(list(map(_read_gradient, tensors)))
        if wait:
            self._request(tensors)
        return self._from_boundary(tensors)

    def has_any(self, tensors: Sequence[Tensor]) -> bool:
        """Return whether one of `tensors` has a gradient, as far as can be read now; quick for very many."""
        if not self.runs_elsewhere():
            others = has_other_threads(self._run_threads)
            with self._lock, undisturbed() if others else nullcontext():
                if not self.runs_elsewhere():
                    return any(map(_has_gradient, tensors))
        return any(isinstance(each, Tensor) for each in self._from_boundary(tensors).gradients)

    def _from_boundary(self, tensors: Sequence[Tensor]) -> GradientSnapshot:
        found: list[Gradient] = []
        steps: set[int] = set()
        began = False
        runs, kept_gradients = list(self._runs.values()), self._kept
        for tensor in tensors:
            kept = kept_gradients.get(id(tensor))
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
        return GradientSnapshot(found, "; ".join(notes))

    def _request(self, tensors: Sequence[Tensor]) -> None:
        """Request that the next step record them; wait for it where steps are quick."""
        self._requested_at = requested_at = time.monotonic()
        fresh = not self._steps.is_watched
        if not self._steps.watch():
            return
        self._requested = {**self._requested, **{id(tensor): tensor for tensor in tensors}}
        self._last_request = request = next(self._request_ids)
        if fresh or (self._last_step > requested_at - STEP_TIMEOUT and self._step_time < STEP_TIMEOUT):
            while self._answered_request < request and time.monotonic() < requested_at + STEP_TIMEOUT:
                time.sleep(POLL_INTERVAL)

    def _at_step(self, optimizer: Optimizer) -> None:
        """Record what was requested; called after a step, in the thread that steps.

        Only of the optimizer's own parameters, which this thread has just read: another one may train the others.
        """
        mark_training()
        now = time.monotonic()
        self._step_time, self._last_step = now - self._last_step, now
        request = self._last_request
        if request == self._answered_request and now > self._requested_at + max(
            KEEP_SECONDS, SLOW_STEPS * self._step_time
        ):
            self._kept, self._requested = {}, {}
        requested = self._requested
        if not requested:
            return
        own = {id(tensor): tensor for group in optimizer.param_groups for tensor in group["params"]}
        kept = {key: each for key, each in self._kept.items() if key not in own}
        remaining = KEPT_LIMIT - sum(_size(each.gradient) for each in kept.values())
        for key, tensor in requested.items():
            if own.get(key) is tensor:
                gradient = _read_gradient(tensor)
                remaining -= _size(gradient)
                kept[key] = _Kept(tensor, gradient if remaining >= 0 else UNREAD, self._steps.count)
        self._kept = kept
        self._answered_request = request  # there may be a newer one by now


def step_note(step: int) -> str:
    """Return the note on what was read at an optimizer's step."""
    return f"as of step {step:,} since this was first looked at"


def _read_gradient(tensor: Tensor) -> Tensor | None:
    """Return `tensor.grad` without torch's warning about non-leaf tensors, bypassing attributes of a subclass."""
    try:
        has = attribute(tensor, "is_leaf") or attribute(tensor, "retains_grad")
        gradient: Tensor | None = attribute(tensor, "grad") if has else None
        return gradient
    except Exception:  # a later torch may raise other things
        return None


def _has_gradient(tensor: Tensor) -> bool:
    if type(tensor) is Tensor or type(tensor) is Parameter:
        return tensor.is_leaf and tensor.grad is not None
    return _read_gradient(tensor) is not None


def _size(gradient: Gradient) -> int:
    return size_in_bytes(gradient) or 0 if isinstance(gradient, Tensor) else 0


GRADIENTS = GradientAccess(STEPS)
"""The process's only access: whatever network code trains, it may be the open one."""
