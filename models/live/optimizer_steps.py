"""The steps of optimizers while the user's code runs: boundaries at which a model is of one piece.

Torch's global step hooks tell them, in the thread that steps.  The hooks are there only while somebody looks; of an
optimizer that is none of `torch.optim` they hear nothing.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from torch.optim import Optimizer
from torch.optim import optimizer as torch_optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from ..work.switch_interval import undisturbed
from .thread_stacks import look_at_stacks

PATIENCE = 0.05
"""Seconds to wait for a step to end, or for a moment at which hooks can be set or taken away."""
PAUSE = 0.0005


class OptimizerSteps:
    """A sequence lock for readers: what was read is of one step when none began meanwhile, and none ran.

    Writers, the user's training threads, never wait.
    """

    def __init__(self) -> None:
        self.count = 0
        """Steps that ended since the hooks were set."""
        self.begun = 0
        """Another number whenever a step began."""
        self.threads: set[int] = set()
        """Threads that stepped since the hooks were set."""
        self.on_step: Callable[[Optimizer], None] | None = None
        """Called after each step in the thread that steps."""
        self._begins = itertools.count(1)
        self._inside: dict[int, int] = {}
        """How many calls of `step` are open in a thread."""
        self._hooks: list[RemovableHandle] = []
        self._setting = threading.Lock()

    @property
    def is_watched(self) -> bool:
        """Whether the hooks are set."""
        return bool(self._hooks)

    def watch(self) -> bool:
        """Set the hooks, if they are not; false where that cannot be now."""
        with self._setting:
            return bool(self._hooks) or _at_rest(self._set, PATIENCE)

    def forget(self, patience: float = PATIENCE) -> bool:
        """Take the hooks away; false where that could not be for so many seconds: then they stay."""
        with self._setting:
            return not self._hooks or _at_rest(self._remove, patience)

    def _set(self, stepping: set[int]) -> bool:
        if stepping and (torch_optimizer._global_optimizer_pre_hooks or torch_optimizer._global_optimizer_post_hooks):
            return False  # whoever goes through them would fail; while there are none, nobody goes through them
        self.count, self.threads = 0, set()
        self._inside = dict.fromkeys(stepping, 1)
        self._hooks = [register_optimizer_step_pre_hook(self._before), register_optimizer_step_post_hook(self._after)]
        return True

    def _remove(self, stepping: set[int]) -> bool:
        if stepping:
            return False
        for hook in self._hooks:
            hook.remove()
        self._hooks, self._inside = [], {}
        return True

    def is_inside(self) -> bool:
        """Whether some thread is within a step now.  One that raised is over, though no hook tells of its end."""
        if not self._inside:
            return False
        stepping = _stepping()
        for thread in list(self._inside):
            if thread not in stepping:
                self._inside.pop(thread, None)
        return bool(self._inside)

    def wait_outside(self, deadline: float) -> bool:
        """Wait until no thread is within a step; false when it is `deadline`, of `time.monotonic`, before that."""
        while self.is_inside():
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)
        return True

    def _before(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        thread = threading.get_ident()
        self._inside[thread] = self._inside.get(thread, 0) + 1
        self.begun = next(self._begins)

    def _after(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        thread = threading.get_ident()
        left = self._inside.pop(thread, 1) - 1
        if left:  # an optimizer that steps others
            self._inside[thread] = left
        self.threads.add(thread)
        self.count += 1
        if self.on_step is not None:
            with contextlib.suppress(Exception):  # whatever it is, it is no reason to end somebody's training
                self.on_step(optimizer)


def _at_rest(change: Callable[[set[int]], bool], patience: float) -> bool:
    """Have the hooks changed, which is told what threads are within a step, as soon as it can be; whether it could."""
    deadline = time.monotonic() + patience
    while True:
        with undisturbed():
            if change(_stepping()):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)


def _stepping() -> set[int]:
    """Threads whose stack leads through the wrapper that calls the hooks."""
    return look_at_stacks(lambda frames: {thread for thread, frame in frames.items() if _is_within(frame, _WRAPPER)})


def _is_within(frame: FrameType | None, code: CodeType) -> bool:
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def _nothing(*args: object) -> None:
    """What is wrapped to find the wrapper's code."""


_WRAPPER: CodeType = Optimizer.profile_hook_step(_nothing).__code__

STEPS = OptimizerSteps()
"""Of this process: torch's hooks are the process's."""

__all__ = ["STEPS", "OptimizerSteps"]
